"""300 tunes of a network that has learned nothing: each can be played, and is as it was asked for.

`benchmarks/tunes.py` asks the same of thousands, and of a trained network.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from seqgen.config.options import SamplingOptions, TuneOptions
from seqgen.evaluation.tunes.validators.bars import bar_exact
from seqgen.evaluation.tunes.validators.music21 import music21_agrees
from seqgen.generation import TextGenerator, load
from seqgen.music.abc import fields, parser
from seqgen.music.core.tune import Tune
from seqgen.music.normal.book_facts import TuneFacts

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

ASKED = {
    "nothing": (1.0, TuneOptions()),
    "nothing, cold": (0.5, TuneOptions()),
    "nothing, hot": (1.5, TuneOptions()),
    "all": (0.9, TuneOptions(meter="6/8", key="Ador", rhythm="jig", bars=16, form="AABB")),
    "key of many sharps": (1.2, TuneOptions(meter="C|", key="F#", form="AAB")),
    "key of many flats": (0.7, TuneOptions(meter="3/2", key="Bbmin")),
    "rhythm": (1.5, TuneOptions(rhythm="slip jig", key="Ephr", form="ABC")),
    "bars": (1.0, TuneOptions(meter="12/8", bars=5)),
    "bars and form": (0.5, TuneOptions(meter="5/8", key="Glyd", bars=9, form="AABC")),
    "form": (1.5, TuneOptions(rhythm="polka", form="AABBCC")),
}
# Away from sections' ends, which nothing else keeps from coming at once.
BIAS = {"|]": -3.0, ":|": -2.0, "||": -1.0, "|": 1.0, "(3": 1.0}
EACH = 30


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory, make: Callable[..., Path]) -> TextGenerator:
    path = tmp_path_factory.mktemp("random") / "tunes"
    of_tunes = {"kind": "tunes", "tokens": "abc", "text": "".join(LINES), "documents": 99}
    return load(make(path, **of_tunes, facts=FACTS, scale=0.3, bias=BIAS))


@pytest.mark.parametrize("name", ASKED)
def test_every_tune_is_playable_and_as_asked(writer: TextGenerator, name: str) -> None:
    temperature, asked = ASKED[name]
    options = SamplingOptions(count=EACH, seed=len(name), temperature=temperature)
    texts = dict(writer.pieces("", options, asked))
    assert len(set(texts.values())) == EACH
    for abc in texts.values():
        tune = parser.parse_tune(abc)
        assert bar_exact(tune) is None, abc
        assert as_asked(tune, asked), abc
        assert music21_agrees(abc, tune) is None, abc


def as_asked(tune: Tune, asked: TuneOptions) -> bool:
    meter = asked.meter and str(fields.parse_meter(asked.meter))
    return (
        (meter is None or str(tune.meter) == meter)
        and (asked.key is None or tune.key == fields.key(asked.key))
        and (asked.rhythm is None or tune.rhythm == asked.rhythm)
        and (asked.bars is None or bars(tune) == asked.bars)
        and (asked.form is None or form(tune) == asked.form)
    )


def bars(tune: Tune) -> int:
    """Whole bars, each second ending left out, a pickup with the bar that leaves room for it."""
    return int(sum(bar.length for bar in tune.bars if bar.ending != "2") / tune.meter.length)


def form(tune: Tune) -> str:
    """A letter a section, twice where it is repeated."""
    found: list[str] = []
    repeated = False
    for bar, after in zip(tune.bars, [*tune.bars[1:], None], strict=True):
        repeated = repeated or bar.left == "|:"
        if bar.right != "|" and not (after and after.ending == "2" != bar.ending):
            found.append(chr(ord("A") + len(found)) * (2 if repeated else 1))
            repeated = False
    return "".join(found)
