"""One name for each rhythm, however a book writes it."""

import pytest

from seqgen.music.abc.tune_type import (
    KNOWN,
    base_rhythm,
    collection_rhythm,
    file_rhythm,
    fits_meter,
    in_meter,
    rhythm,
    rhythm_in,
)
from seqgen.music.core.meter import NO_METER, Meter


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
        ("LULLABIES", "lullaby"),
        ("HORNPIPE", "hornpipe"),
        ("Barndance", "barn dance"),
        ("Long Dance", "set dance"),
        ("Highland Schottische", "schottische"),
        ("Quick March", "quickstep"),
        ("slow reel", "slow reel"),
        ("Romanze, Ballade]", "romanze ballade"),
        ("", ""),
    ],
)
def test_a_rhythm_has_one_name(value, name):
    assert rhythm(value) == name
    assert rhythm(rhythm(value)) == name


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("Irish Reel", "reel"),
        ("Slow Air", "air"),
        ("jig (double)", "jig"),
        ("Scottish Slip Jigs", "slip jig"),
        ("Halling", "halling"),
        ("", ""),
    ],
)
def test_a_longer_name_states_a_known_rhythm(value, name):
    assert base_rhythm(value) == name


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_name_is_itself(name):
    assert rhythm(name) == name


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Shaw's -- Reel", "reel"),
        ("Miss McLeod's Reel", "reel"),
        ("The Rakish Paddy (reel)", "reel"),
        ("Drowsy Maggie [reel]", "reel"),
        ("BANNOCKS' O' BARLEY MEAL- JIG.", "jig"),
        ("Kesh Jig, The", "jig"),
        ("Fisher's Hornpipe (2nd Setting)", "hornpipe"),
        ("The Time of Day Slip Jig", "slip jig"),
        ("Maggie in the Woods Polka", "polka"),
        ("Polka No. 3", "polka"),
        ("Polkas 1 & 2", "polka"),
        ("Vincent Campbell's Mazurka", "mazurka"),
        ("The Stack of Barley Barn Dance", "barn dance"),
        ("The South Wind Waltz in D major", "waltz"),
        ("Orange and Blue, Schottische", "schottische"),
        ("Mr. Davidson's Strathsy.", "strathspey"),
        ("Cassey's Highland", "highland"),
        ("The Blackbird (Set Dance)", "set dance"),
        ("King of Sweden's March with Variations.", "march"),
        ("The Weavers March or 21st. of August.", "march"),
        ("March 3d. Regt. Dragoon Guards.", "march"),
        ("Quick March 10th. Regt.", "quickstep"),
        ("Arran Air", "air"),
        ("Air de Chasse", "air"),
        ("New Year's Song", "song"),
        ("Planxty Irwin", "planxty"),
        ("The Reel of Tullochgorum", "reel"),
        ("The Butchers' March -- Jig", "jig"),
        ("The Reel", "reel"),
        ("The First of March", ""),
        ("17th March", ""),
        ("March 17th", ""),
        ("In the Month of March", ""),
        ("Castles in the Air", ""),
        ("The Girl with the Reel", ""),
        ("Waltzing Matilda", ""),
        ("The Jig Is Up", ""),
        ("Highland Laddie", ""),
        ("?", ""),
        ("", ""),
    ],
)
def test_a_title_may_state_the_rhythm(title, name):
    assert rhythm_in([title], NO_METER) == name


def test_a_second_title_may_state_the_rhythm():
    assert rhythm_in(["Tibby Fowler", "A Strathspey"], NO_METER) == "strathspey"
    assert rhythm_in([], NO_METER) == ""


@pytest.mark.parametrize(
    ("title", "meter", "name"),
    [
        ("The Kesh Jig", (6, 8), "jig"),
        ("The Kesh Jig", (4, 4), ""),
        ("The Butterfly Jig", (9, 8), "slip jig"),
        ("Miss Hall's Reel", (6, 8), ""),
        ("Miss Hall's Reel", (2, 2), "reel"),
        ("A Waltz", (4, 4), ""),
        ("The Butchers' March -- Jig", (2, 4), "march"),
        ("Brian Boru's March", (6, 8), "march"),
    ],
)
def test_a_title_names_no_rhythm_that_its_meter_contradicts(title, meter, name):
    assert rhythm_in([title], Meter(*meter)) == name


@pytest.mark.parametrize("name", [*KNOWN, "halling"])
def test_every_rhythm_fits_a_meter_and_a_tune_without_one(name):
    assert fits_meter(name, NO_METER)
    assert any(fits_meter(name, Meter(*m)) for m in ((2, 4), (3, 4), (6, 8), (9, 8)))


def test_a_jig_of_three_beats_is_a_slip_jig():
    assert in_meter("jig", Meter(9, 8)) == "slip jig"
    assert in_meter("jig", Meter(6, 8)) == "jig"
    assert in_meter("jig", Meter(4, 4)) == ""


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
