"""`seqgen render`: convert ABC tunes to other formats, play them, or show them in the terminal."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from seqgen.cli.completion import complete_corpus
from seqgen.cli.options import Encoding, with_options
from seqgen.cli.terminal import print_notice
from seqgen.data.corpora.document import Document
from seqgen.errors import CorpusError, TuneError
from seqgen.music.core.tune import Tune
from seqgen.music.render.writers import WRITERS, RenderOptions
from seqgen.tasks import TASKS


@with_options(RenderOptions)
def render(
    source: Annotated[
        str,
        typer.Argument(
            help="File of ABC tunes, corpus of tunes, or -.", autocompletion=complete_corpus
        ),
    ],
    given: dict[str, Any],
    output: Annotated[
        Path | None,
        typer.Option(
            help="Output file; its suffix is the format.",
            metavar="|".join(WRITERS.builtin_names()),
        ),
    ] = None,
    tune: Annotated[
        int | None, typer.Option(help="Only the tune with this number (X:).", metavar="N")
    ] = None,
    encoding: Encoding = None,
) -> None:
    """Convert ABC tunes to MIDI, scores, sound or HTML, or play them.

    A tune that cannot be rendered is named and left out. The exit status is 1 if none is left or
    a file cannot be written.
    """
    options = RenderOptions(**given)
    from seqgen.cli import outputs

    written = options.play or bool(outputs.paths(options, output))
    outputs.check(options, not written, output)
    tunes = list(parse_tunes(select_documents(source, tune, encoding)))
    if not tunes:
        raise TuneError(f"{source}: no tune can be read")
    if written:
        outputs.print_notices(outputs.render(tunes, options, output=output))
    else:
        show_tunes([each for each, _ in tunes], options.tempo)


def show_tunes(tunes: list[Tune], tempo: float | None) -> None:
    """Draw tunes in the terminal. Raises TuneError if none can be drawn."""
    from seqgen.cli import outputs
    from seqgen.music.render.terminal import not_shown

    count = 0
    losses = outputs.Losses(len(tunes) > 1)
    for tune in tunes:
        try:
            outputs.print_tune(tune, tempo, above=count > 0)
            count += 1
            losses.printed.add(not_shown(tune))
        except TuneError as error:
            outputs.print_notices([outputs.skip_notice(tune, error)])
    outputs.print_notices(map(outputs.Notice, losses.lines()))
    if not count:
        raise TuneError("no tune could be shown")


def select_documents(
    source: str, number: int | None, encoding: str | None
) -> list[tuple[Document, str]]:
    """Return the tunes of a source, or those with a number, each with the rhythm of its book.

    Raises CorpusError if there are none.
    """
    from seqgen.data.corpora import open_corpus
    from seqgen.music.normal.tunebook import with_rhythms

    corpus = open_corpus([source], encoding=encoding)
    if not TASKS.load(corpus.kind).abc_samples:
        raise CorpusError(
            f"{source}: it has no ABC tune, which begins with an X: line and has a K: line"
        )
    for notice in corpus.notices:
        print_notice(notice)
    tunes = list(with_rhythms(corpus.documents))
    if number is None:
        return tunes
    numbers = [_number(document) for document, _ in tunes]
    if number not in numbers:
        known = [n for n in numbers if n is not None]
        extent = f"; its tunes are X:{min(known)} to X:{max(known)}" if known else ""
        raise CorpusError(f"{source}: no tune with X:{number}{extent}")
    return [each for each, n in zip(tunes, numbers, strict=True) if n == number]


def _number(document: Document) -> int | None:
    """Return the number in the ``X:`` line."""
    digits = re.match(r"X:\s*(\d{1,9})", str(document.text))
    return int(digits[1]) if digits else None


def parse_tunes(documents: list[tuple[Document, str]]) -> Iterator[tuple[Tune, str]]:
    """Yield the tunes that can be parsed, with their ABC.

    The others are reported on standard error: one line for each kind of fault, with its count and
    the position of the first.
    """
    from seqgen.music.abc.parser import parse_tune

    failed: dict[str, list[TuneError]] = {}
    for document, rhythm in documents:
        abc = str(document.text)
        try:
            tune = parse_tune(abc, document.origin)
            yield replace(tune, rhythm=tune.rhythm or rhythm), abc
        except TuneError as error:
            failed.setdefault(error.reason, []).append(error)
    for reason, errors in failed.items():
        if len(errors) == 1:
            print_notice(f"left out: {errors[0]}")
        else:
            first = f"; the first: {errors[0].where}" if errors[0].where else ""
            print_notice(f"left out: {len(errors):,} tunes: {reason}{first}")
