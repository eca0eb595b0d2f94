"""Evaluate generated tunes, with the grammar and without, beside validation tunes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

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

CONSTRAINED, UNCONSTRAINED, REAL = "constrained", "unconstrained", "real"

Validator = Callable[[str, Tune], str | None]
"""Takes ABC and the parsed tune; returns what is wrong, or None."""


@dataclass(frozen=True)
class Report:
    """Metrics of a network's tunes.

    Attributes:
        rows: Each metric of the tunes generated with the grammar ("constrained"), without it
            ("unconstrained") and of the validation tunes ("real").
        copies: The longest run of each that occurs in the training tunes.
    """

    rows: list[Row]
    copies: dict[str, CopiedRun]


def installed_validators() -> dict[str, Validator]:
    """Return the validators by name: music21, and abc2midi where it is installed."""
    validators: dict[str, Validator] = {"music21": music21_agrees}
    if abc2midi.installed():
        validators["abc2midi"] = abc2midi.abc2midi_agrees
    return validators


def report(
    generator: TextGenerator,
    training: Sequence[Tune],
    validation: Sequence[Tune],
    options: SamplingOptions,
    validators: Mapping[str, Validator],
    on_progress: Callable[[str], None] = lambda activity: None,
    written: Sequence[Tune | None] | None = None,
) -> Report:
    """Generate ``options.count`` tunes with the grammar and as many without, and measure them.

    Args:
        generator: Generates tunes in the keys in which they are written for people.
        training: The training tunes, in any keys.
        validation: The validation tunes, in any keys.
        options: How tunes are sampled.
        validators: Applied to every tune.
        on_progress: Called with what is done next.
        written: The validation tunes in their written keys, None for each whose key is not known;
            by default the keys of ``validation`` are these.

    Raises:
        SeqgenError: Without validation tunes.
    """
    if not validation:
        raise SeqgenError("there are no validation tunes to compare with")
    columns = {}
    for name, grammar in ((CONSTRAINED, True), (UNCONSTRAINED, False)):
        on_progress(f"generating {options.count} {name} tunes")
        texts = [text for _, text in generator.pieces("", options, TuneOptions(grammar=grammar))]
        on_progress(f"validating the {name} tunes")
        columns[name] = validate(texts, validators, generator.allowed_mass if grammar else None)
    on_progress("validating real tunes")
    # Evenly spaced, since the parts of a book differ.
    chosen = np.linspace(0, len(validation) - 1, min(len(validation), options.count)).astype(int)
    columns[REAL] = validate([abc_writer.abc(validation[n]) for n in chosen], validators)
    if written is not None:
        known = tuple(tune for n in chosen if (tune := written[n]) is not None)
        columns[REAL] = replace(columns[REAL], written=known)
    on_progress("computing metrics")
    rows, copies = table(columns, Book(training))
    return Report(rows, copies)


def validate(
    texts: Sequence[str], validators: Mapping[str, Validator], allowed_mass: float | None = None
) -> Column:
    """Parse tunes in ABC and apply each validator."""
    tunes = []
    accepted = dict.fromkeys(validators, 0)
    for text in texts:
        try:
            tune = parser.parse_tune(text)
        except TuneError:
            continue
        tunes.append(tune)
        for name, validator in validators.items():
            accepted[name] += validator(text, tune) is None
    shares = {name: count / len(texts) for name, count in accepted.items()}
    return Column(tunes, len(texts) - len(tunes), shares, allowed_mass)
