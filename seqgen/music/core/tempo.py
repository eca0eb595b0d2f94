"""The tempo of a tune: as it states, or as usual for its rhythm and meter."""

from seqgen.music.core.meter import Meter
from seqgen.music.core.tune import Tune

# About the tempo of an easy session, a little slower than for dancing. The unit is a bar where a
# rhythm is written in several meters (a reel in 4/4, 2/2 or 2/4), else a beat or a quarter note.
USUAL = {
    "reel": (52, "bar"), "hornpipe": (38, "bar"), "strathspey": (30, "bar"),
    "waltz": (46, "bar"), "mazurka": (46, "bar"), "minuet": (38, "bar"), "polska": (40, "bar"),
    "barn dance": (38, "bar"), "clog": (40, "bar"), "schottische": (36, "bar"),
    "fling": (40, "bar"), "highland": (40, "bar"), "two-step": (104, "beat"),
    "slip jig": (114, "beat"), "hop jig": (122, "beat"), "jig": (114, "beat"),
    "slide": (130, "beat"), "polka": (116, "beat"), "march": (104, "beat"),
    "quickstep": (108, "beat"), "lament": (66, "quarter"), "air": (84, "quarter"),
    "song": (92, "quarter"), "lullaby": (72, "quarter"),
}  # fmt: skip
SLOW = 0.7  # of the usual tempo where the rhythm is called slow
# Beats a minute of a tune that names no rhythm.
BY_METER = {"6/8": 108, "9/8": 108, "12/8": 112, "3/8": 50, "2/2": 88, "2/4": 96, "4/4": 126}
OTHERWISE = 116

MARKS = {1.0: "♩", 1.5: "♩.", 2.0: "half note"}
"""Sign of a beat, by its length in quarter notes."""


def beat(meter: Meter) -> float:
    """The beat of a meter in quarter notes.

    A dotted quarter in 3/8, 6/8, 9/8 and 12/8, a half in 2/2 and 3/2, else a quarter.
    """
    if meter.unit == 8 and meter.beats % 3 == 0 and meter.beats:
        return 1.5
    return 2.0 if meter.unit == 2 and meter.beats else 1.0


def tempo_of(tune: Tune, beats: float | None = None) -> float:
    """Quarter notes a minute.

    beats: requested beats a minute; by default the tune's own tempo, or else the usual one.
    """
    if beats is not None:
        return beats * beat(tune.meter)
    return tune.tempo or usual(tune.rhythm, tune.meter)


def usual(rhythm: str, meter: Meter) -> float:
    """The usual tempo of a rhythm in a meter, in quarter notes a minute."""
    name = next((name for name in USUAL if name in rhythm), None)
    if name is None:
        return BY_METER.get(str(meter), OTHERWISE) * beat(meter)
    count, of = USUAL[name]
    if of == "bar" and meter.beats:
        quarters = count * 4 * float(meter.length)
    else:
        quarters = count * (1.0 if of == "quarter" else beat(meter))
    return quarters * (SLOW if "slow" in rhythm and name != "air" else 1.0)
