"""`seqgen render`: any ABC tunes as MIDI, score, sound or page, or shown in the terminal."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from seqgen.cli.completion import complete_corpus
from seqgen.cli.options import with_options
from seqgen.cli.terminal import print_notice
from seqgen.config.options import RenderOptions
from seqgen.data.corpora.document import Document
from seqgen.errors import CorpusError, TuneError
from seqgen.music.core.tune import Tune


@with_options(RenderOptions)
def render(
    source: Annotated[
        str,
        typer.Argument(
            help="File of ABC tunes, corpus of tunes, or -.",
            autocompletion=complete_corpus,
        ),
    ],
    given: dict[str, Any],
    output: Annotated[
        Path | None, typer.Option(help="Output file; its suffix is the format.")
    ] = None,
    tune: Annotated[
        int | None, typer.Option(help="Only the tune with this number (X:).", metavar="N")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of the file.", show_default="UTF-8 or BOM")
    ] = None,
) -> None:
    """Convert ABC tunes to MIDI, scores, sound or HTML, or play them.

    A tune that cannot be rendered is named and left out. The exit status is 1 if none is left or
    a file cannot be written.
    """
    options = RenderOptions(**given)
    from seqgen.cli import outputs

    outputs.check(options, not outputs.is_requested(options, output), output)
    from seqgen.cli.tune_view import print_tune
    from seqgen.music.render.terminal import not_shown

    tunes = list(readable(chosen(source, tune, encoding)))
    if not tunes:
        raise TuneError(f"{source}: no tune that can be read")
    if outputs.is_requested(options, output):
        outputs.print_notices(outputs.render(tunes, options, output=output))
        return
    shown = 0
    lost = outputs.Losses(len(tunes) > 1)
    for each, _ in tunes:
        try:
            print_tune(each, options.tempo, above=shown > 0)
            shown += 1
            lost.shown.add(not_shown(each))
        except TuneError as error:
            outputs.print_notices([outputs.left_out(each, error)])
    outputs.print_notices(map(outputs.Notice, lost.lines()))
    if not shown:
        raise TuneError("no tune could be shown")


def chosen(source: str, number: int | None, encoding: str | None) -> list[tuple[Document, str]]:
    """The tunes of a source, or those with a number, each with the rhythm that its book states.

    Raises CorpusError if the source has none.
    """
    from seqgen.data.corpora import open_corpus
    from seqgen.music.normal.tunebook import with_rhythms

    corpus = open_corpus([source], encoding=encoding)
    if corpus.kind != "tunes":
        raise CorpusError(
            f"{source}: no tune in it (a tune begins with an X: line and has a K: line)"
        )
    for notice in corpus.notices:
        print_notice(notice)
    tunes = list(with_rhythms(corpus.documents))
    if number is None:
        return tunes
    found = [(document, rhythm) for document, rhythm in tunes if number_of(document) == number]
    if not found:
        numbers = [n for n in map(number_of, corpus.documents) if n is not None]
        among = f"; they go from {min(numbers)} to {max(numbers)}" if numbers else ""
        raise CorpusError(f"{source}: no tune with X:{number}{among}")
    return found


def number_of(document: Document) -> int | None:
    """What stands behind ``X:``, if it is a number."""
    digits = re.match(r"X:\s*(\d{1,9})", str(document.text))
    return int(digits[1]) if digits else None


def readable(documents: list[tuple[Document, str]]) -> Iterator[tuple[Tune, str]]:
    """The tunes that can be read, with their ABC.

    The others are reported on standard error: those with the same fault in one line that counts
    them and says where the first is.
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
