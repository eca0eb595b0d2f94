"""`seqgen corpora`: list, show and download the built-in corpora."""

from typing import Annotated, Any

import typer

from seqgen.cli._common import download_progress, open_sources, print_json
from seqgen.cli.completion import complete_corpus
from seqgen.cli.help import Command, Group
from seqgen.cli.options import AsJson, Encoding
from seqgen.cli.terminal import print_notice, write_stdout
from seqgen.data.corpora.builtin import describe, open_builtin
from seqgen.data.corpora.document import Corpus
from seqgen.data.corpora.registry import corpus_names, entries, find_entry, get_entry
from seqgen.errors import ConfigError
from seqgen.tasks import TASKS

app = typer.Typer(
    cls=Group, help="List, show and download the built-in corpora.", add_completion=False
)

SCREEN = 2_000  # characters


@app.callback(invoke_without_command=True)
def corpora(context: typer.Context, as_json: AsJson = False) -> None:
    """List, show and download the built-in corpora."""
    if context.invoked_subcommand is not None:
        return
    rows = [describe(entry) for entry in entries().values()]
    if as_json:
        print_json(rows)
    else:
        print_table(rows)


@app.command(cls=Command)
def show(
    source: Annotated[
        str,
        typer.Argument(
            help="Corpus, file, folder or glob pattern.", autocompletion=complete_corpus
        ),
    ],
    characters: Annotated[
        int | None, typer.Option(min=1, help="Characters to print.", show_default="a screen")
    ] = None,
    encoding: Encoding = None,
    report: Annotated[bool, typer.Option(help="Count rejected tunes by reason.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the beginning of a corpus, or facts about it."""
    if characters is not None and (report or as_json):
        raise ConfigError("has no effect with `report` or `json`", option="characters")
    corpus = open_sources([source], encoding)
    for notice in corpus.notices:
        print_notice(notice)
    if report:
        print_report(corpus, as_json)
    elif as_json:
        print_json(corpus_facts(corpus))
    else:
        write_stdout(beginning(corpus, characters))


@app.command(cls=Command)
def fetch(
    names: Annotated[
        list[str],
        typer.Argument(help="Corpora, such as gutenberg:2600.", autocompletion=complete_corpus),
    ],
) -> None:
    """Download corpora that are not on this machine; print their paths."""
    for corpus in [get_entry(name) for name in names]:
        with download_progress() as progress:
            open_builtin(corpus, progress)
        print(f"{corpus.name}: {describe(corpus)['path']}")


def corpus_facts(corpus: Corpus) -> dict[str, Any]:
    """Return measurements of a corpus, with the facts of the registry for a built-in one."""
    count, unit = TASKS.load(corpus.kind).count_documents(corpus)
    entry = find_entry(corpus.sources[0])
    return (describe(entry) if entry else {}) | {
        "name": corpus.name,
        "kind": corpus.kind,
        "documents": count,
        "unit": unit,
        "characters": corpus.characters,
        "fingerprint": corpus.fingerprint,
        "notices": corpus.notices,
    }


def beginning(corpus: Corpus, characters: int | None) -> str:
    """Return the first characters of a corpus; by default whole lines that fit on a screen."""
    limit = characters or SCREEN
    separator = TASKS.load(corpus.kind).document_separator
    parts, length = [], 0
    for document in corpus.documents:
        if length >= limit:
            break
        parts.append(str(document.text[:limit]))
        length += len(document.text) + len(separator)
    text = separator.join(parts)[:limit]
    if characters is None and length > limit and "\n" in text:
        text = text[: text.rindex("\n") + 1]
    return text


def print_report(corpus: Corpus, as_json: bool) -> None:
    """Print which tunes a model can train on. Raises ConfigError for a text."""
    facts = TASKS.load(corpus.kind).corpus_report(corpus)
    if facts is None:
        raise ConfigError(f"is for tunes, and {corpus.name} is a text", option="report")
    if as_json:
        print_json({"name": corpus.name} | facts)
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from seqgen.music.core.left_out import summary_lines

    def share(count: int) -> str:
        return f"{count / facts['tunes']:.1%}"

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(f"{facts['tunes']:,} tunes")
    table.add_column("tunes", justify="right", no_wrap=True)
    table.add_column("share", justify="right", no_wrap=True)
    table.add_column("for example", overflow="fold")
    for what, key in (
        ("in normal form", "normal"),
        ("  used for training", "kept"),
        ("  duplicates of an earlier tune", "duplicates"),
    ):
        table.add_row(what, f"{facts[key]:,}", share(facts[key]), style="bold" * (key == "kept"))
    if facts["divided"]:
        table.add_row("  divided into a tune per key or meter", f"{facts['divided']:,}")
    table.add_section()
    for reason, rejected in facts["rejected"].items():
        # Text: a path with brackets is no markup.
        cells = (reason, f"{rejected['tunes']:,}", share(rejected["tunes"]), rejected["example"])
        table.add_row(*map(Text, cells))
    console = Console()
    console.print(table)
    counts, tunes = (
        {kind: entry[key] for kind, entry in facts["left_out"].items()}
        for key in ("count", "tunes")
    )
    for line in summary_lines(counts, tunes):
        console.print(Text(line))
    for what in ("keys", "meters", "rhythms"):
        values = ", ".join(f"{name} {count:,}" for name, count in facts[what].items())
        console.print(Text(f"{what}: {values}"))


def print_table(rows: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.filesize import decimal
    from rich.table import Table
    from rich.text import Text

    more = f"{corpus_names()[-1]} is Project Gutenberg's work number N"
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        caption=f"seqgen corpora fetch NAME downloads; {more}",
    )
    table.add_column("name", style="bold", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("what")
    table.add_column("licence", overflow="fold")
    table.add_column("where", overflow="fold")
    for row in rows:
        what = row["title"] + (f" ({row['year']})" if row["year"] else "")
        size = decimal(row["bytes"]) if row["bytes"] else "?"
        cells = (row["name"], row["kind"], size, what, row["licence"], row["where"])
        # Text: a path with brackets is no markup.
        table.add_row(*map(Text, cells), style=None if row["path"] else "dim")
    Console().print(table)
