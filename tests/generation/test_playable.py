"""150 tunes of a random network: each is playable and satisfies the options.

`benchmarks/tunes.py` checks thousands, also of a trained network.
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

REQUESTS = {
    "nothing": (1.0, TuneOptions()),
    "nothing, cold": (0.5, TuneOptions()),
    "nothing, hot": (1.5, TuneOptions()),
    "all": (0.9, TuneOptions(meter="6/8", key="Ador", rhythm="jig", bars="16", form="AABB")),
    "key of many sharps": (1.2, TuneOptions(meter="C|", key="F#", form="AAB")),
    "key of many flats": (0.7, TuneOptions(meter="3/2", key="Bbmin")),
    "rhythm": (1.5, TuneOptions(rhythm="slip jig", key="Ephr", form="ABC")),
    "bars": (1.0, TuneOptions(meter="12/8", bars=5)),
    "bars and form": (0.5, TuneOptions(meter="5/8", key="Glyd", bars=9, form="AABC")),
    "form": (1.5, TuneOptions(rhythm="polka", form="AABBCC")),
}
# Makes the ends of sections less likely, so that sections have some length.
BIAS = {"|]": -3.0, ":|": -2.0, "||": -1.0, "|": 1.0, "(3": 1.0}
COUNT = 15
# One of them is enough for `make check`.
FAST = "all"


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory, make: Callable[..., Path]) -> TextGenerator:
    path = tmp_path_factory.mktemp("random") / "tunes"
    options = {"kind": "tunes", "tokens": "abc", "text": "".join(LINES), "documents": 99}
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
        assert music21_agrees(abc, tune) is None, abc


def satisfies(tune: Tune, requested: TuneOptions) -> bool:
    meter = requested.meter and str(fields.parse_meter(requested.meter))
    return (
        (meter is None or str(tune.meter) == meter)
        and (requested.key is None or tune.key == fields.parse_key_field(requested.key).key)
        and (requested.rhythm is None or tune.rhythm == requested.rhythm)
        and (requested.bars is None or bars(tune) == requested.bars)
        and (requested.form is None or form(tune) == requested.form)
    )


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
