"""Bars 5 to 8 of held-out tunes, removed and written anew: exactness, fit, returns and time.

``python -m benchmarks.rewriting NAME [--count 200] [--book SOURCE] [--bars 5 8]`` takes tunes of
the book that the model was not trained on, fills some of their bars, and prints a table for three
kinds of fills: as ``seqgen sample --rewrite`` does; sampled from left to right without regard to
what follows; and the bars as they were. Likelihoods are means in nats of what follows the bars,
by the model itself. A fill returns a bar if one of its bars equals a known bar of the tune; such
fills are counted where the original does the same. Of the time, the median of 4 candidates is
measured in one process, and once in a new one.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks import command
from seqgen.checkpoint import document_hashes
from seqgen.config.resolved import SamplingSpec
from seqgen.data.corpora import open_corpus
from seqgen.data.tokenizers.base import END
from seqgen.errors import TuneError
from seqgen.evaluation.tunes.validators.abc2midi import abc2midi_agrees, installed
from seqgen.evaluation.tunes.validators.bars import bar_exact
from seqgen.evaluation.tunes.validators.music21 import music21_agrees
from seqgen.generation import load
from seqgen.generation.generator import TextGenerator
from seqgen.generation.rewrite import TuneRewriter, write_bars
from seqgen.generation.rewriting import bar_tokens
from seqgen.generation.scoring import token_losses
from seqgen.generation.selection import contains
from seqgen.music.abc.bar_spans import SpannedTune, read_spans
from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.tune import Bar, NormalTune, Note
from seqgen.music.normal.codec import encode_tune
from seqgen.music.normal.model_tokens import model_tune
from seqgen.music.normal.position_features import PositionTracker
from seqgen.music.normal.written_form import with_bars, written_form
from seqgen.music.render.abc_writer import abc
from seqgen.tasks.tunes import tune_fingerprint

CANDIDATES = 4
CHOSEN, LEFT_TO_RIGHT, ORIGINAL = "rewritten", "left to right", "as it was"


@dataclass(frozen=True)
class HeldOutTune:
    """A tune of the book with a gap.

    Attributes:
        source: The tune.
        form: Its normal form, with one bar for each of the source.
        gap: Indices of the bars that are removed.
    """

    source: SpannedTune
    form: NormalTune
    gap: range


@dataclass
class Figures:
    """Figures of one kind of fill: nats of what follows, fills that return, and faults."""

    right: list[float] = field(default_factory=list)
    returns: list[bool] = field(default_factory=list)
    returned_bars: list[bool] = field(default_factory=list)
    faults: dict[str, list[str]] = field(default_factory=dict)


def held_out_tunes(
    generator: TextGenerator, source: str, first: int, last: int
) -> Iterator[HeldOutTune]:
    """Yield the tunes of a book that have these bars, and that the model was not trained on."""
    hashes = document_hashes.corpus_hashes(generator.checkpoint)
    for document in open_corpus(source).documents:
        try:
            spanned = read_spans(str(document.text))
            form = written_form(spanned.tune)
            if len(form.pieces) > 1 or None in form.places:
                continue
            fingerprint = tune_fingerprint(encode_tune(form.pieces[0]))
        except TuneError:
            continue
        held_out = hashes is None or (
            contains(hashes.held_out, fingerprint)
            if len(hashes.held_out)
            else not contains(hashes.training, fingerprint)
        )
        bars = [spanned.numbers.index(n) for n in range(first, last + 1) if n in spanned.numbers]
        gap = range(bars[0], bars[-1] + 1) if bars else range(0)
        known = len(spanned.spans) > gap.stop
        if held_out and known and len(bars) == len(gap) == last - first + 1:
            yield HeldOutTune(spanned, form.pieces[0], gap)


def notes_of(bar: Bar) -> tuple[Note, ...]:
    """The notes of a bar, without a tie over its end."""
    return (*bar.notes[:-1], bar.notes[-1]._replace(tied=False))


def returning(tune: HeldOutTune, bars: dict[int, Bar]) -> list[bool]:
    """Whether each bar of a fill equals a known bar of the tune."""
    known = {notes_of(bar) for n, bar in enumerate(tune.form.bars) if n not in tune.gap}
    return [notes_of(bars[n]) in known for n in tune.gap]


def faults_of(tune: HeldOutTune, bars: dict[int, Bar]) -> Iterator[tuple[str, str]]:
    """Yield validators that reject the tune with new bars, with the reason."""
    text = write_bars(tune.source, bars)
    if text is None:
        yield "other bars stay", "another bar changes"
        return
    if fault := bar_exact(written_form(parse_tune(text)).pieces[0]):
        yield "bars add up", fault
    written = abc(with_bars(tune.form, bars))
    read = parse_tune(written)
    if fault := music21_agrees(written, read):
        yield "music21 agrees", fault
    if installed() and (fault := abc2midi_agrees(written, read)):
        yield "abc2midi agrees", fault


def original_right(generator: TextGenerator, tune: HeldOutTune) -> float:
    """Log-likelihood of what follows the bars as they were, in nats."""
    pieces = generator.checkpoint.tokenizer.pieces
    common = generator.config.data.transpose == "common"
    model = model_tune(tune.form, pieces, common)
    encoded = model.encode(model.tune)
    ids = {piece: id for id, piece in enumerate(pieces)}
    sequence = [END, *(ids[token] for token in encoded), END]
    rows: np.ndarray = np.array(sequence)
    if generator.config.feature_sizes:
        tracker = PositionTracker(pieces)
        rows = np.array([(id, *tracker.push(id)) for id in sequence])
    losses = token_losses(generator._engine, rows, streams=1)
    return -float(losses[bar_tokens(encoded)[tune.gap[-1]].end :].sum())


def measure(generator: TextGenerator, tunes: Sequence[HeldOutTune]) -> dict[str, Figures]:
    """Fill the gaps of tunes in each way."""
    rewriter = TuneRewriter(generator.checkpoint, generator._engine)
    spec = SamplingSpec(temperature=generator.default_temperature)
    figures = {name: Figures() for name in (CHOSEN, LEFT_TO_RIGHT, ORIGINAL)}
    for seed, tune in enumerate(tunes):
        gap = [tune.gap]
        fills = {
            CHOSEN: rewriter.fill(tune.form, gap, 1, spec, seed)[0],
            LEFT_TO_RIGHT: rewriter.fill(tune.form, gap, 1, spec, seed, returns=False, proposals=1)[
                0
            ],
        }
        original = {n: tune.form.bars[n] for n in tune.gap}
        before = returning(tune, original)
        figures[ORIGINAL].right.append(original_right(generator, tune))
        for name, bars in {ORIGINAL: original, **{k: f.bars for k, f in fills.items()}}.items():
            after = returning(tune, bars)
            if any(before):
                both = [a for a, b in zip(after, before, strict=True) if b]
                figures[name].returns.append(any(both))
                figures[name].returned_bars += both
            for validator, fault in faults_of(tune, bars):
                figures[name].faults.setdefault(validator, []).append(fault)
        for name, fill in fills.items():
            figures[name].right.append(fill.right)
    return figures


def seconds_of_candidates(
    generator: TextGenerator, tunes: Sequence[HeldOutTune], bars: str
) -> list[float]:
    """Measure the time of 4 candidates for each tune."""
    seconds = []
    for tune in tunes:
        began = time.perf_counter()
        generator.rewrite(tune.source.text, bars, candidates=CANDIDATES, seed=1)
        seconds.append(time.perf_counter() - began)
    return seconds


def seconds_of_process(name: str, tune: HeldOutTune, bars: str) -> float:
    """Measure the time of 4 candidates in a new process."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tune.abc"
        path.write_text(tune.source.text, encoding="utf-8")
        began = time.perf_counter()
        command.run(
            "sample", name, "--tune", f"@{path}", "--rewrite", bars,
            "--candidates", CANDIDATES, "--seed", 1, quiet=True,
        )  # fmt: skip
        return time.perf_counter() - began


def table(figures: dict[str, Figures], count: int) -> Iterator[str]:
    """The lines of the table."""
    yield "| figure | " + " | ".join(figures) + " |"
    yield "|---" * (len(figures) + 1) + "|"

    def row(name: str, values: Sequence[str]) -> str:
        return f"| {name} | " + " | ".join(values) + " |"

    validators = ["other bars stay", "bars add up", "music21 agrees"]
    for name in [*validators, *(["abc2midi agrees"] if installed() else [])]:
        shares = [1 - len(each.faults.get(name, ())) / count for each in figures.values()]
        yield row(name, [f"{share:.1%}" for share in shares])
    means = [statistics.mean(each.right) for each in figures.values()]
    yield row("log-likelihood of what follows, nats", [f"{mean:.1f}" for mean in means])
    plain = figures[LEFT_TO_RIGHT].right
    above = [np.mean(np.array(each.right) > plain) for each in figures.values()]
    yield row("above that of left to right", [f"{share:.0%}" for share in above])
    for name, attribute in (
        ("returns a bar where the original does", "returns"),
        ("bars that return, of those in the original", "returned_bars"),
    ):
        values = [getattr(each, attribute) for each in figures.values()]
        yield row(name, [f"{np.mean(v):.0%}" if v else "–" for v in values])


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table and the times."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("name", help="checkpoint")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--book", default="tunes", help="corpus of the model")
    parser.add_argument("--timed", type=int, default=20, help="tunes whose time is measured")
    parser.add_argument("--bars", type=int, nargs=2, default=(5, 8), help="first and last bar")
    known = parser.parse_args(arguments)
    first, last = known.bars
    generator = load(known.name)
    tunes = list(held_out_tunes(generator, known.book, first, last))
    places = np.linspace(0, len(tunes) - 1, min(known.count, len(tunes))).round().astype(int)
    chosen = [tunes[place] for place in places]
    if not chosen:
        sys.exit(f"{known.book} has no tune with bars {first} to {last} that was held out")
    print(f"{len(chosen)} of {len(tunes)} tunes that were held out, bars {first} to {last}\n")
    figures = measure(generator, chosen)
    print("\n".join(table(figures, len(chosen))))
    with_return = len(figures[ORIGINAL].returns)
    print(f"\n{with_return} of the originals return a bar.")
    for name, each in figures.items():
        for validator, faults in each.faults.items():
            print(f"{name}: {validator}: {faults[0]}", file=sys.stderr)
    seconds = seconds_of_candidates(generator, chosen[: known.timed], f"{first}-{last}")
    cold = seconds_of_process(known.name, chosen[0], f"{first}-{last}")
    print(
        f"{CANDIDATES} candidates take {statistics.median(seconds):.2f} s (median; longest "
        f"{max(seconds):.2f} s), and {cold:.2f} s with the start of a process."
    )


if __name__ == "__main__":
    main(sys.argv[1:])
