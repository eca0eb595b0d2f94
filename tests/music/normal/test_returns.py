"""Plans copy bars from where tunes return."""

import pytest

from seqgen.music.abc.parser import parse_tune
from seqgen.music.normal.normalize import normalize
from seqgen.music.normal.returns import bar_positions, return_plans

HEAD = "X:1\nM:4/4\nL:1/8\nK:C\n"
SIXTEEN = "|:" + "|".join(["C8"] * 8) + ":||:" + "|".join(["G8"] * 8) + ":|"


def tune(music):
    return normalize(parse_tune(HEAD + music))


@pytest.mark.parametrize(
    ("music", "positions"),
    [
        ("|:C8|D8|E8|1 F8:|2 G8||A8|]", [1, 2, 3, 4, 4, 5]),
        ("C2|D8|E6:||:F2|G8|A6|]", [None, 1, 2, None, 3, 4]),
        ("C2|:D8|E8:|", [None, 1, 2]),
    ],
)
def test_positions_follow_the_order_of_playing(music, positions):
    assert bar_positions(tune(music)) == positions


def test_plans_copy_known_bars_at_usual_distances():
    gap = range(4, 8)
    plans = return_plans(tune(SIXTEEN), gap, set(gap))
    assert sum(plans.values()) == pytest.approx(1)
    assert 0.3 <= plans[None, None, None, None] < 0.35
    assert (0, 1, 2, 3) in plans
    assert (0, 1, None, None) in plans
    assert (None, None, 14, 15) in plans
    assert (0, 1, 14, 15) in plans
    assert (0, None, None, 15) in plans
    copied = {bar for plan in plans for bar in plan if bar in gap}
    assert copied <= {4, 5, 6}  # of bars that precede the copy
    assert all(bar is None or bar < gap[place] for plan in plans for place, bar in enumerate(plan)
               if bar in gap)  # fmt: skip


def test_unknown_bars_and_bars_of_other_lengths_are_not_copied():
    gap = range(6, 8)
    plans = return_plans(tune(SIXTEEN), gap, {6, 7, 14, 15})
    assert not {14, 15} & {bar for plan in plans for bar in plan}
    pickups = tune("C2|" + "D8|" * 7 + "E6:|")
    plans = return_plans(pickups, range(8, 9), {8})  # the last bar, which is shorter
    assert set(plans) == {(None,)}


def test_plans_without_copies():
    assert return_plans(tune(SIXTEEN), range(4, 6), None) == {(None, None): 1.0}
