"""One name for each rhythm, however a book writes it."""

import pytest

from seqgen.music.rhythm import KNOWN, rhythm, rhythm_in


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("Reel", "reel"),
        (" slipjig ", "slip jig"),
        ("SLIP JIG", "slip jig"),
        ("double jig", "jig"),
        ("Highland Fling", "fling"),
        ("Quick Step.", "quickstep"),
        ("hornpipes", "hornpipe"),
        ("Romanze, Ballade]", "romanze ballade"),
        ("", ""),
    ],
)
def test_a_rhythm_has_one_name(value, name):
    assert rhythm(value) == name
    assert rhythm(rhythm(value)) == name


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_name_is_itself(name):
    assert rhythm(name) == name


@pytest.mark.parametrize(
    ("titles", "name"),
    [
        (["Shaw's -- Reel"], "reel"),
        (["BANNOCKS' O' BARLEY MEAL- JIG."], "jig"),
        (["The Time of Day Slip Jig"], "slip jig"),
        (["Tibby Fowler", "Strathspey"], "strathspey"),
        (["Mr. Davidson's Strathsy."], "strathspey"),
        (["The First of March", "Castles in the Air", "Reel of Tulloch", "", "?"], ""),
        ([], ""),
    ],
)
def test_a_title_tells_it_with_its_last_word(titles, name):
    assert rhythm_in(titles) == name
