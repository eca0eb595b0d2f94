"""150 tunes of a random network: each is playable and satisfies the options.

`benchmarks/tunes.py` checks thousands, also of a trained network.
"""

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from seqgen.config.options import SamplingOptions, TuneOptions
from seqgen.evaluation.tunes.validators.bars import bar_exact
from seqgen.evaluation.tunes.validators.music21 import music21_agrees
from seqgen.generation import TextGenerator, load
from seqgen.music.abc import fields, parser
from seqgen.music.core.tune import Bar, Tune
from seqgen.music.normal.book_facts import TuneFacts
from seqgen.music.normal.known_lines import unknown_lines
from seqgen.music.normal.tokens import COPIES

METERS = {
    "jig": ("6/8",), "slip jig": ("9/8",), "reel": ("4/4", "2/2"), "polka": ("2/4",),
    "waltz": ("3/4",), "none": ("3/4", "12/8", "3/2", "5/8"),
}  # fmt: skip
MODES = ("maj", "min", "dor", "mix", "phr", "lyd")
FACTS = TuneFacts(
    tonics={mode: {"D": 3, "G": 2, "A": 1, "F#": 1} for mode in MODES},
    meters=METERS,
    tunes=99,
    validation_notes=20,
    long=250,
)
LINES = [
    *(f"R:{name}\nM:{meter}\n" for name, meters in METERS.items() for meter in meters),
    *(f"K:C{mode}\n" for mode in MODES),
]
OUTLINES = [
    *(f"O:{tonic}\n" for tonic in ("D", "G", "A", "F#", "A,", "Bb'")),
    *(f"L:{note}\nH:{other}\n" for note, other in zip("CDEFGABcd", "efgabc", strict=False)),
    "L:C,\nL:G,\nH:c'\nH:e'\n",
    *(f"P:{bars}\nP:{bars}*\n" for bars in (2, 3, 4, 8)),
    *(f"F:{degree},{eighths}\n" for degree in (1, 2, 5) for eighths in (1, 2, 3)),
    *unknown_lines(True),
    *COPIES,
]

REQUESTS = {
    "nothing": (1.0, TuneOptions()),
    "nothing, cold": (0.5, TuneOptions()),
    "nothing, hot": (1.5, TuneOptions()),
    "all": (0.9, TuneOptions(meter="6/8", key="Ador", rhythm="jig", bars="16", form="AABB")),
    "key of many sharps": (1.2, TuneOptions(meter="C|", key="F#", form="AAB")),
    "key of many flats": (0.7, TuneOptions(meter="3/2", key="Bbmin")),
    "rhythm": (1.5, TuneOptions(rhythm="slip jig", key="Ephr", form="ABC")),
    "bars": (1.0, TuneOptions(meter="12/8", bars="5")),
    "range of bars": (1.0, TuneOptions(meter="4/4", bars="7-11")),
    "bars and form": (0.5, TuneOptions(meter="5/8", key="Glyd", bars="9", form="AABC")),
    "range": (1.0, TuneOptions(range="D4:B5", key="G", meter="6/8")),
    "instrument": (1.2, TuneOptions(for_="whistle", key="D")),
    "tonic": (1.0, TuneOptions(tonic=True, bars="8", meter="4/4")),
    "tonic of a form": (0.6, TuneOptions(tonic=True, form="ABAC", part_bars="2,3,4", key="Amix")),
    "returning sections": (1.0, TuneOptions(form="AABBACCA", part_bars="4", rhythm="jig")),
    "refrain": (1.0, TuneOptions(form="AABB", part_bars="8", meter="3/4", refrain=True)),
    "form": (1.5, TuneOptions(rhythm="polka", form="AABBCC")),
}
# Makes the ends of sections less likely, so that sections have some length.
BIAS = {"|]": -3.0, ":|": -2.0, "||": -1.0, "|": 1.0, "(3": 1.0}
COUNT = 15
# One of them is enough for `make check`.
FAST = "all"


@pytest.fixture(scope="module", params=["with outlines", "without outlines"])
def generator(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    make: Callable[..., Path],
) -> TextGenerator:
    path = tmp_path_factory.mktemp("random") / "tunes"
    text = "".join([*LINES, *(OUTLINES if request.param == "with outlines" else ())])
    options = {"kind": "tunes", "tokens": "abc", "text": text, "documents": 99}
    return load(make(path, **options, facts=FACTS, scale=0.3, bias=BIAS))


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name == FAST else pytest.mark.slow) for name in REQUESTS],
)
def test_every_tune_is_playable_and_satisfies_the_options(
    generator: TextGenerator, name: str
) -> None:
    temperature, requested = REQUESTS[name]
    options = SamplingOptions(count=COUNT, seed=len(name), temperature=temperature)
    texts = dict(generator.pieces("", options, requested))
    assert len(set(texts.values())) == COUNT
    for abc in texts.values():
        tune = parser.parse_tune(abc)
        assert bar_exact(tune) is None, abc
        assert satisfies(tune, requested), abc
        assert has_range(tune, requested), abc
        assert not requested.tonic or has_cadence(tune), abc
        assert sections_return(tune, requested), abc
        assert music21_agrees(abc, tune) is None, abc


def satisfies(tune: Tune, requested: TuneOptions) -> bool:
    meter = requested.meter and str(fields.parse_meter(requested.meter))
    return (
        (meter is None or str(tune.meter) == meter)
        and (requested.key is None or tune.key == fields.parse_key_field(requested.key).key)
        and (requested.rhythm is None or tune.rhythm == requested.rhythm)
        and (requested.bars is None or is_within(bars(tune), requested.bars))
        and (requested.form is None or form(tune) == kinds(requested.form))
    )


def is_within(number: int, text: str) -> bool:
    least, _, most = text.partition("-")
    return int(least) <= number <= int(most or least)


def kinds(form: str) -> str:
    """A form with another letter for each section, as `form` has it."""
    runs = re.findall(r"(.)(\1?)", form)
    return "".join(chr(ord("A") + n) * (2 if again else 1) for n, (_, again) in enumerate(runs))


def has_range(tune: Tune, requested: TuneOptions) -> bool:
    lowest, highest = 0, 127
    if requested.range or requested.for_:
        lowest, highest = 62, 83  # D4 to B5
    midi = [note.pitches[0].midi for bar in tune.bars for note in bar.notes if note.pitches]
    return lowest <= min(midi) and max(midi) <= highest


def has_cadence(tune: Tune) -> bool:
    """Whether a tune ends on its tonic, not too short, approached by at most a fifth.

    A larger leap is right where the tonic of the nearer octave is out of range.
    """
    notes = [note for bar in tune.bars for note in bar.notes if note.pitches]
    last, before = notes[-1].pitches[0], notes[-2].pitches[0]
    steps = [note.pitches[0].step for note in notes]
    nearer = last.step + (7 if before.step > last.step else -7)
    assert tune.key is not None
    return (
        (last.letter, last.alter) == (tune.key.letter, tune.key.alter)
        and notes[-1].length >= Fraction(1, 8)
        and (abs(last.step - before.step) <= 4 or not min(steps) <= nearer <= max(steps))
    )


def sections_return(tune: Tune, requested: TuneOptions) -> bool:
    """Whether the sections with the same letter, and the ends of a refrain, have equal notes."""
    sections = [[bar.notes for bar in bars if bar.ending != "1"] for bars in split(tune)]
    letters = [letter for letter, _ in re.findall(r"(.)(\1?)", requested.form or "")]
    if requested.refrain and sections[0][-2] != sections[-1][-2]:
        return False
    return all(sections[n] == sections[letters.index(x)] for n, x in enumerate(letters))


def split(tune: Tune) -> list[list[Bar]]:
    """The bars of each section, without those before the first ``|:``."""
    sections: list[list[Bar]] = [[]]
    for bar, after in zip(tune.bars, [*tune.bars[1:], None], strict=True):
        if bar.left == "|:":
            sections[-1] = []
        sections[-1].append(bar)
        if bar.right != "|" and not (after and after.ending == "2" != bar.ending):
            sections.append([])
    return [bars for bars in sections if bars]


def bars(tune: Tune) -> int:
    """Number of full bars, without second endings; a pickup completes a shortened bar."""
    return int(sum(bar.length for bar in tune.bars if bar.ending != "2") / tune.meter.length)


def form(tune: Tune) -> str:
    """One letter per section, twice if it is repeated."""
    letters: list[str] = []
    repeated = False
    for bar, after in zip(tune.bars, [*tune.bars[1:], None], strict=True):
        repeated = repeated or bar.left == "|:"
        if bar.right != "|" and not (after and after.ending == "2" != bar.ending):
            letters.append(chr(ord("A") + len(letters)) * (2 if repeated else 1))
            repeated = False
    return "".join(letters)
