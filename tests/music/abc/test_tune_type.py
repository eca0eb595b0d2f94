"""One name for each rhythm, however a book writes it."""

import pytest

from seqgen.music.abc.tune_type import KNOWN, collection_rhythm, file_rhythm, rhythm, rhythm_in


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
        ("Waltzes", "waltz"),
        ("marches", "march"),
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
def test_the_last_word_of_a_title_states_the_rhythm(titles, name):
    assert rhythm_in(titles) == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("jigs", "jig"),
        ("hornpipes-2", "hornpipe"),
        ("slip_jigs", "slip jig"),
        ("SlipJigs", "slip jig"),
        ("Irish Reels, vol. 3", "reel"),
        ("waltz", "waltz"),
        ("Slow Airs", ""),
        ("airs", "air"),
        ("airdsAirs", ""),
        ("jigs-and-reels", ""),
        ("The Reel Book", ""),
        ("tunes", ""),
        ("", ""),
    ],
)
def test_the_name_of_a_collection_may_state_its_rhythm(name, expected):
    assert collection_rhythm(name) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/a/jigs.abc", "jig"), ("reels/polkas.abc", "polka"), ("reels/12.abc", "reel"),
     ("reels/other/12.abc", ""), ("stdin", ""), ("", "")],
)  # fmt: skip
def test_a_file_states_it_before_its_folder(path, expected):
    assert file_rhythm(path) == expected
