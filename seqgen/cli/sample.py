"""`seqgen sample`: write text or tunes from a checkpoint."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from seqgen.checkpoint.layout import BEST, WEIGHTS_OF
from seqgen.checkpoint.locate import is_shipped
from seqgen.cli._common import Progress
from seqgen.cli.completion import complete_checkpoint, complete_names
from seqgen.cli.options import with_options
from seqgen.cli.terminal import escape_controls, print_notice
from seqgen.config.fields import check_utf_8, grouped
from seqgen.config.options import (
    INT8,
    LINE,
    PRECISIONS,
    RenderOptions,
    SamplingOptions,
    TuneOptions,
)
from seqgen.errors import ConfigError, SamplingError, TuneError
from seqgen.tasks import TASKS

if TYPE_CHECKING:
    from seqgen.generation import TextGenerator
    from seqgen.music.core.tune import Tune


# Looping samples that are reported one by one.
MAX_LOOPS = 3


@with_options(SamplingOptions, TuneOptions, RenderOptions)
def sample(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of a checkpoint, or path of its folder.",
            autocompletion=complete_checkpoint,
        ),
    ],
    given: dict[str, Any],
    prompt: Annotated[
        str,
        typer.Option(help="Text to continue: text, @FILE, or - (@@: a literal @)."),
    ] = "",
    echo: Annotated[bool, typer.Option(help="Print the prompt too.")] = True,
    output: Annotated[
        Path | None,
        typer.Option(help="Output file; for tunes, its suffix is the format."),
    ] = None,
    precision: Annotated[
        str,
        typer.Option(
            help="float32 is exact, int8 is faster.",
            hidden=True,
            metavar="|".join(PRECISIONS),
            autocompletion=complete_names(PRECISIONS),
        ),
    ] = INT8,
    weights: Annotated[
        str,
        typer.Option(
            help="Weights to load.",
            hidden=True,
            metavar="|".join(WEIGHTS_OF),
            autocompletion=complete_names(tuple(WEIGHTS_OF)),
        ),
    ] = BEST,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print the model and the seed.")
    ] = False,
) -> None:
    """Generate text or tunes from a checkpoint.

    Tunes are printed as ABC; a terminal shows their bars. A prompt of a tune model is ABC: header
    lines (K:D), the first bars, or both.
    """
    options, asked, rendering = grouped(given, SamplingOptions, TuneOptions, RenderOptions)
    if rendering != RenderOptions():
        from seqgen.cli import outputs

        rendered = output if outputs.is_rendered(output) else None
        outputs.check(rendering, output is None and sys.stdout.isatty(), rendered)
    check_files(output, rendering)
    text = read_prompt(prompt)
    from seqgen.generation import load

    generator = load(name, precision=precision, weights=weights)
    tokenizer = generator.checkpoint.tokenizer
    tunes = TASKS.load(generator.config.task).abc_samples
    if rendering != RenderOptions() and not tunes:
        raise ConfigError(f"{name} generates text; `score`, `audio` and the like are for tunes")
    generator.counts_copies = verbose
    reading = PromptProgress() if sys.stderr.isatty() else None
    pieces = generator.pieces(text, options, asked, reading)
    if not tunes and options.on_unknown == "skip" and (lacking := tokenizer.unknown(text)):
        from seqgen.data.tokenizers.base import listed

        print_notice(f"skipped in the prompt: {listed(lacking)}")
        text = tokenizer.skip_unknown(text)
    if verbose:
        print_notice(described(generator.config, generator.checkpoint.path))
    if (verbose or sys.stderr.isatty()) and is_shipped(generator.checkpoint.path):
        print_notice(f"{name}: the checkpoint shipped with seqgen")
    if verbose or (options.seed is None and sys.stderr.isatty()):
        print_notice(f"seed {generator.seed}")
    if tunes:
        from seqgen.music.core.left_out import summary_lines

        for line in summary_lines(generator.prompt_left_out):
            print_notice(f"prompt: {line}")
        write_tunes(generator, pieces, output, rendering, verbose)
        return
    items = generator.config.corpus.unit == LINE and generator.config.corpus.learns_ends
    layout = laid_out_items if items else laid_out
    written = layout(pieces, text if echo else "")
    watched = sys.stderr.isatty() and (output is not None or not sys.stdout.isatty())
    written = counted(written, shown=watched)
    if output is None:
        stream(written, sys.stdout.buffer, sys.stdout.isatty())
    else:
        from seqgen.io.atomic import write_atomic

        write_atomic(output, "".join(written).encode("utf-8", "replace"))
    print_selection(generator)
    print_loops(generator, options.count)


def check_files(output: Path | None, rendering: RenderOptions) -> None:
    """Raise CheckpointError, before anything is sampled, for a file that cannot be written."""
    if output is None and rendering == RenderOptions():
        return
    from seqgen.cli import outputs

    if paths := outputs.paths(rendering, output):
        from seqgen.io.atomic import check_writable

        for path in paths:
            check_writable(path)


def print_loops(generator: "TextGenerator", count: int) -> None:
    """Print which samples ended because they repeated themselves."""
    from seqgen.generation.loops import REPEATS

    for loop in generator.loops[:MAX_LOOPS]:
        which = "the sample" if count == 1 else f"sample {loop.sample + 1}"
        passage = loop.passage if len(loop.passage) <= 60 else loop.passage[:59] + "…"
        print_notice(
            f"{which} ended because it repeated the same {len(loop.passage)} characters "
            f"{REPEATS} times ({passage!r}); `loops=False` avoids that"
        )
    if len(generator.loops) > MAX_LOOPS:
        print_notice(f"so did {len(generator.loops) - MAX_LOOPS} more samples")


def print_selection(generator: "TextGenerator") -> None:
    """Print how many candidates were rejected, or how many samples are copies."""
    if (selection := generator.selection) is None or not selection.candidates:
        return
    for line in selection.report():
        print_notice(line)


def write_tunes(
    generator: "TextGenerator",
    pieces: Iterator[tuple[int, str]],
    output: Path | None,
    rendering: RenderOptions,
    verbose: bool,
) -> None:
    """Print tunes as they are generated; then write the requested files."""
    shown = output is None and sys.stdout.isatty()
    every: list[str] = []
    for abc in counted((abc for _, abc in pieces), not shown, "generating"):
        if shown:
            show(abc, rendering.tempo, above=bool(every))
        elif output is None:
            stream(iter(["\n" * bool(every) + abc]), sys.stdout.buffer, False)
        every.append(abc)
    from seqgen.cli import outputs

    rendered = output if outputs.is_rendered(output) else None
    if output is not None and rendered is None:
        from seqgen.io.atomic import write_atomic

        write_atomic(output, "\n".join(every).encode())
    print_selection(generator)
    if generator.allowed_mass is not None and (verbose or sys.stderr.isatty()):
        print_notice(f"the grammar allowed {generator.allowed_mass:.1%} of the probability")
    if outputs.is_requested(rendering, rendered):
        readable = [(tune, abc) for abc in every if (tune := tune_of(abc)) is not None]
        made_by = f"{outputs.command_line()}, seed {generator.seed}"
        outputs.print_notices(outputs.render(readable, rendering, made_by, rendered))


def show(abc: str, tempo: float | None, above: bool) -> None:
    """Draw a tune in the terminal; one that cannot be read, as ABC."""
    from seqgen.cli.tune_view import print_tune

    if (tune := tune_of(abc)) is not None:
        print_tune(tune, tempo, above)
    else:
        sys.stdout.write("\n" * above + escape_controls(abc))


def tune_of(abc: str) -> "Tune | None":
    """The tune, or None, with a line on standard error, where ABC is none."""
    from seqgen.music.abc.parser import parse_tune

    try:
        return parse_tune(abc)
    except TuneError as error:
        number = abc.partition("X:")[2].partition("\n")[0]
        print_notice(f"tune {number} cannot be read: {error}")
        return None


def read_prompt(prompt: str) -> str:
    """The prompt itself, or what the file or standard input holds that it names.

    prompt: ``@FILE``, ``-`` for standard input, or the text; ``@@text`` is the text ``@text``.
    Raises ConfigError if the file cannot be read or the text is not UTF-8.
    """
    if prompt.startswith("@@"):
        prompt = prompt[1:]
    elif prompt == "-" or prompt.startswith("@"):
        return read_prompt_file(prompt)
    check_utf_8(prompt, "prompt")
    return prompt


def read_prompt_file(source: str) -> str:
    """The text of ``@FILE``, or of standard input (``-``), lines ending in ``\\n``."""
    from seqgen.data.corpora.decode import HEAD, is_binary, normalize_line_ends
    from seqgen.data.corpora.formats import detect_format

    origin = "standard input" if source == "-" else source[1:]
    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(origin).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        literal = f"; write @{source} for a prompt that begins with @" if source != "-" else ""
        raise ConfigError(f"cannot read {origin}: {reason}{literal}", option="prompt") from error
    if found := detect_format(data[:HEAD], is_binary(data[:HEAD])):
        raise ConfigError(f"{found.message(origin)}", option="prompt")
    try:
        return normalize_line_ends(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{origin} is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}",
            option="prompt",
        ) from error


def laid_out_items(pieces: Iterator[tuple[int, str]], before: str) -> Iterator[str]:
    """Items of a list, one a line. before: what each of them begins with."""
    at = -1
    try:
        for index, text in pieces:
            while at < index:
                yield ("\n" if at >= 0 else "") + before
                at += 1
            yield text
    except SamplingError:
        if at >= 0:
            yield "\n"
        raise
    if at >= 0:
        yield "\n"


def laid_out(pieces: Iterator[tuple[int, str]], before: str) -> Iterator[str]:
    """The samples one after the other, a blank line between two.

    before: what each of them begins with.
    """
    at, end = -1, ""
    for index, text in pieces:
        while at < index:
            at += 1
            if at:
                yield "\n" if end.endswith("\n") else "\n\n"
            if before:
                yield before
                end = before
        yield text
        end = text


def stream(texts: Iterator[str], file: BinaryIO, terminal: bool) -> None:
    """Write each text as it comes, so that one sees it grow and a pipe gets it at once.

    terminal: whether it goes to one, which no character of it may then drive.
    """
    text = ""
    for text in texts:
        file.write((escape_controls(text) if terminal else text).encode("utf-8", "replace"))
        file.flush()
    if terminal and not text.endswith("\n"):
        file.write(b"\n")
        file.flush()


def described(config: Any, path: Path) -> str:
    units = ", ".join(map(str, config.model.units))
    return (
        f"{path}: {config.model.cell}, layers of {units} units, {config.parameters:,} parameters, "
        f"{config.vocab:,} tokens ({config.data.tokenizer}), trained on {config.corpus.name}"
    )


class PromptProgress:
    """Shows how much of a prompt was read, if that takes longer than ``DELAY``."""

    DELAY = 1.0  # seconds

    def __init__(self) -> None:
        self._progress = Progress(self.DELAY)

    def __call__(self, done: int, tokens: int) -> None:
        """Show that ``done`` of the prompt's tokens were read."""
        if done == tokens:
            self._progress.stop()
        else:
            text = f"reading the prompt: {done:,} of {tokens:,} tokens"
            self._progress(text, done / tokens)


def counted(texts: Iterator[str], shown: bool, start: str = "") -> Iterator[str]:
    """Pass texts on, and show the number of their characters; before the first, ``start``."""
    if not shown:
        yield from texts
        return
    characters = 0
    with Progress() as progress:
        if start:
            progress(start)
        for text in texts:
            characters += len(text)
            progress(f"{characters:,} characters")
            yield text
