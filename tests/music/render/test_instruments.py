import pytest

from seqgen.errors import ConfigError
from seqgen.music.render.instruments import BOWED, COUNT, PIPE, PLUCKED, REED, find, names


def test_each_name_has_a_number_and_a_sound_of_its_family() -> None:
    assert {find(name).number for name in names()} <= set(range(1, COUNT + 1))
    sounds = {"harp": PLUCKED, "banjo": PLUCKED, "fiddle": BOWED, "accordion": REED, "flute": PIPE}
    assert {name: find(name).timbre for name in sounds} == sounds
    for number in range(1, COUNT + 1):
        assert find(str(number)).number == number


@pytest.mark.parametrize("name", ["0", "129", "9" * 30, "-1", "3.5", "", "kazoo", "٣x"])
def test_an_unknown_instrument_raises_an_error(name: str) -> None:
    with pytest.raises(ConfigError):
        find(name)


def test_an_error_suggests_a_similar_instrument() -> None:
    with pytest.raises(ConfigError, match=r"did you mean fiddle\?"):
        find("fidle")
