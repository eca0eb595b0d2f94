"""How good the tunes of a network are: written with the grammar and without, beside real ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from seqgen.config.options import SamplingOptions, TuneOptions
from seqgen.errors import SeqgenError, TuneError
from seqgen.evaluation.tunes.copying import CopiedRun
from seqgen.evaluation.tunes.metrics import Book
from seqgen.evaluation.tunes.table import Column, Row, table
from seqgen.evaluation.tunes.validators import abc2midi
from seqgen.evaluation.tunes.validators.music21 import music21_agrees
from seqgen.generation.generator import TextGenerator
from seqgen.music.abc import parser
from seqgen.music.core.tune import Tune
from seqgen.music.render import abc_writer

GOVERNED, FREE, REAL = "governed", "free", "real"

Judge = Callable[[str, Tune], str | None]
Judges = dict[str, Judge]
Told = Callable[[str], None]


@dataclass(frozen=True)
class Report:
    """What was found of a network.

    rows: each figure of the tunes that it wrote with the grammar ("governed"), without it ("free"),
        and of those that were held back ("real"). copies: the longest run of each that was learned.
    """

    rows: list[Row]
    copies: dict[str, CopiedRun]


def judges() -> Judges:
    """Those that this machine has, by name: music21, and abc2midi where it is installed."""
    found: Judges = {"music21": music21_agrees}
    if abc2midi.installed():
        found["abc2midi"] = abc2midi.abc2midi_agrees
    return found


def report(
    generator: TextGenerator,
    training: Sequence[Tune],
    held_back: Sequence[Tune],
    options: SamplingOptions,
    judges: Judges,
    told: Told = lambda doing: None,
) -> Report:
    """Let a network write ``options.count`` tunes with the grammar and as many without; measure.

    training, held_back: the tunes that were learned from, and those that were not.
    judges: asked of every tune; none is quicker.
    told: is called with what is done next.
    Raises SeqgenError if nothing was held back.
    """
    if not held_back:
        raise SeqgenError("no tune was held back to compare with")
    columns = {}
    for name, free in ((GOVERNED, False), (FREE, True)):
        told(f"writing {options.count} tunes, {name}")
        texts = [text for _, text in generator.pieces("", options, TuneOptions(grammar=not free))]
        told(f"judging the tunes, {name}")
        columns[name] = judged(texts, judges, None if free else generator.kept)
    told("judging real tunes")
    # Evenly over the book, whose parts differ.
    places = np.linspace(0, len(held_back) - 1, min(len(held_back), options.count)).astype(int)
    columns[REAL] = judged([abc_writer.abc(held_back[place]) for place in places], judges)
    told("measuring")
    rows, copies = table(columns, Book(training))
    return Report(rows, copies)


def judged(texts: Sequence[str], judges: Judges, kept: float | None = None) -> Column:
    """The column of some tunes in ABC."""
    tunes = []
    passed = dict.fromkeys(judges, 0)
    for text in texts:
        try:
            tune = parser.parse_tune(text)
        except TuneError:
            continue
        tunes.append(tune)
        for name, judge in judges.items():
            passed[name] += judge(text, tune) is None
    shares = {name: count / len(texts) for name, count in passed.items()}
    return Column(tunes, len(texts) - len(tunes), shares, kept)
