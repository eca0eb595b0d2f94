"""`seqgen sample`: generate text or tunes from a checkpoint."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from seqgen.checkpoint.layout import BEST, WEIGHTS_OF
from seqgen.checkpoint.locate import is_shipped
from seqgen.cli._common import Progress
from seqgen.cli.completion import complete_names
from seqgen.cli.options import CheckpointName, with_options
from seqgen.cli.terminal import print_notice
from seqgen.config.fields import check_utf_8, group_options
from seqgen.config.options import (
    INT8,
    LINE,
    PRECISIONS,
    RewriteOptions,
    SamplingOptions,
    TuneOptions,
)
from seqgen.errors import ConfigError, SamplingError, TuneError
from seqgen.io.control_characters import show_controls
from seqgen.music.render.writers import WRITERS, RenderOptions
from seqgen.tasks import TASKS

if TYPE_CHECKING:
    from seqgen.generation import TextGenerator
    from seqgen.generation.rewrite import Rewrite
    from seqgen.music.core.tune import Tune


# Looping samples that are reported individually.
MAX_LOOPS = 3


@with_options(SamplingOptions, TuneOptions, RewriteOptions, RenderOptions)
def sample(
    name: CheckpointName,
    given: dict[str, Any],
    prompt: Annotated[
        str, typer.Option(help="Text to continue: text, @FILE, or - (@@: a literal @).")
    ] = "",
    echo: Annotated[bool, typer.Option(help="Print the prompt too.")] = True,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Output file; for tunes, its suffix is the format.",
            metavar="|".join(WRITERS.builtin_names()),
        ),
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
    lines (K:D), the first bars, or both. With --tune, bars of a given tune are rewritten.
    """
    options, tune_options, rewriting, rendering = group_options(
        given, SamplingOptions, TuneOptions, RewriteOptions, RenderOptions
    )
    rewrites = rewriting != RewriteOptions()
    if rewrites:
        rewriting = check_rewriting(rewriting, prompt, tune_options)
    text = read_prompt(prompt)
    from seqgen.generation import load

    generator = load(name, precision=precision, weights=weights)
    tokenizer, config = generator.checkpoint.tokenizer, generator.config
    tunes = TASKS.load(config.task).abc_samples
    if tunes and not echo:
        raise ConfigError("has no effect on tunes, which contain their prompt", option="no_echo")
    check_files(name, tunes, output, rendering)
    generator.counts_copies = verbose
    progress = PromptProgress() if sys.stderr.isatty() else None
    versions = generator.rewrites(options, rewriting) if rewrites else []
    pieces = iter([(n, version.abc) for n, version in enumerate(versions)])
    if not rewrites:
        pieces = generator.pieces(text, options, tune_options, progress)
    if not tunes and options.on_unknown == "skip" and (unknown := tokenizer.unknown(text)):
        from seqgen.data.tokenizers.base import name_characters

        print_notice(f"skipped in the prompt: {name_characters(unknown)}")
        text = tokenizer.skip_unknown(text)
    if verbose:
        print_notice(describe_model(config, generator.checkpoint.path))
    if (verbose or sys.stderr.isatty()) and is_shipped(generator.checkpoint.path):
        print_notice(f"{name}: the checkpoint shipped with seqgen")
    if verbose or (options.seed is None and sys.stderr.isatty()):
        print_notice(f"seed {generator.seed}")
    print_versions(versions)
    if tunes:
        write_tunes(generator, pieces, output, rendering, verbose)
        return
    join = join_items if config.corpus.unit == LINE and config.corpus.learns_ends else join_samples
    watched = sys.stderr.isatty() and (output is not None or not sys.stdout.isatty())
    texts = count_characters(join(pieces, text if echo else ""), show=watched)
    if output is None:
        write_stream(texts, sys.stdout.buffer, sys.stdout.isatty())
    else:
        from seqgen.io.atomic import write_atomic

        write_atomic(output, "".join(texts).encode("utf-8", "replace"))
    print_selection(generator)
    print_loops(generator, options.count)


def check_files(name: str, tunes: bool, output: Path | None, rendering: RenderOptions) -> None:
    """Check, before anything is sampled, that the requested files can be written."""
    from seqgen.io.atomic import check_writable

    if tunes:
        from seqgen.cli import outputs

        rendered = output if outputs.is_rendered(output) else None
        outputs.check(rendering, output is None and sys.stdout.isatty(), rendered)
    else:
        for option, value in vars(rendering).items():
            if value:
                raise ConfigError(f"is for models of tunes; {name} generates text", option=option)
    for path in (*rendering.files(), *([output] if output else [])):
        check_writable(path)


def check_rewriting(
    rewriting: RewriteOptions, prompt: str, tune_options: TuneOptions
) -> RewriteOptions:
    """Return the options with the text of the tune; check that others do not contradict it."""
    if prompt:
        raise ConfigError("cannot be given with `tune`, which is the whole tune", option="prompt")
    for option, value in vars(tune_options).items():
        if value != getattr(TuneOptions, option):
            raise ConfigError("cannot be given with `tune`, which decides it", option=option)
    if rewriting.tune is None:
        return rewriting  # the library says what is missing
    return replace(rewriting, tune=read_text(rewriting.tune, "tune"))


def print_versions(versions: "Sequence[Rewrite]") -> None:
    """Print which bars were rewritten, how likely the versions are, and what is left out."""
    from seqgen.music.core.left_out import summary_lines

    for number, version in enumerate(versions, start=1):
        less = versions[0].log_likelihood - version.log_likelihood
        which = f"version {number}: " if len(versions) > 1 else ""
        likely = f", {less:.1f} nats less likely than version 1" if number > 1 else ""
        print_notice(f"{which}rewrote {bar_names(version.bars)}{likely}")
        for line in summary_lines(version.left_out):
            print_notice(f"{which}{line}")
        if version.sung:
            print_notice(f"{which}the words under {bar_names(version.sung)} and after may not fit")


def bar_names(bars: "Sequence[int]") -> str:
    """Name bars by their numbers, which ascend: ``bar 3``, ``bars 1-2, 5``."""
    runs: list[list[int]] = []
    for bar in bars:
        if runs and bar == runs[-1][-1] + 1:
            runs[-1].append(bar)
        else:
            runs.append([bar])
    names = ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
    return f"bars {names}" if len(bars) > 1 else f"bar {names}"


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
    from seqgen.cli import outputs
    from seqgen.music.core.left_out import summary_lines

    for line in summary_lines(generator.prompt_left_out):
        print_notice(f"prompt: {line}")
    drawn = output is None and sys.stdout.isatty()
    tunes: list[str] = []
    for abc in count_characters((abc for _, abc in pieces), not drawn, "generating"):
        if drawn:
            draw(abc, rendering.tempo, above=bool(tunes))
        elif output is None:
            write_stream(iter(["\n" * bool(tunes) + abc]), sys.stdout.buffer, False)
        tunes.append(abc)
    rendered = output if outputs.is_rendered(output) else None
    if output is not None and rendered is None:
        from seqgen.io.atomic import write_atomic

        write_atomic(output, "\n".join(tunes).encode())
    print_selection(generator)
    if generator.allowed_mass is not None and (verbose or sys.stderr.isatty()):
        print_notice(f"the grammar allowed {generator.allowed_mass:.1%} of the probability")
    if rendering.play or outputs.paths(rendering, rendered):
        readable = [(tune, abc) for abc in tunes if (tune := parse_or_report(abc)) is not None]
        made_by = f"{outputs.command_line()}, seed {generator.seed}"
        outputs.print_notices(outputs.render(readable, rendering, made_by, rendered))


def draw(abc: str, tempo: float | None, above: bool) -> None:
    """Draw a tune in the terminal; print ABC that cannot be parsed as it is."""
    from seqgen.cli import outputs

    if (tune := parse_or_report(abc)) is not None:
        outputs.print_tune(tune, tempo, above)
    else:
        sys.stdout.write("\n" * above + show_controls(abc))


def parse_or_report(abc: str) -> "Tune | None":
    """Parse a tune; if that fails, print why and return None."""
    from seqgen.music.abc.parser import parse_tune

    try:
        return parse_tune(abc)
    except TuneError as error:
        number = abc.partition("X:")[2].partition("\n")[0]
        print_notice(f"tune {number} cannot be read: {error}")
        return None


def read_prompt(prompt: str) -> str:
    """Return the text of a prompt, as `read_text`."""
    return read_text(prompt, "prompt")


def read_text(value: str, option: str) -> str:
    """Return the text of an option, which may name a file or standard input.

    Args:
        value: ``@FILE``, ``-`` for standard input, or the text; ``@@text`` is the text ``@text``.
        option: Name of the option.

    Raises:
        ConfigError: If the file cannot be read or the text is not UTF-8.
    """
    if value.startswith("@@"):
        value = value[1:]
    elif value == "-" or value.startswith("@"):
        return _read_file(value, option)
    check_utf_8(value, option)
    return value


def _read_file(source: str, option: str) -> str:
    from seqgen.data.corpora.decode import HEAD, is_binary, normalize_line_ends
    from seqgen.data.corpora.formats import detect_format

    origin = "standard input" if source == "-" else source[1:]
    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(origin).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        literal = f"; write @{source} for a {option} that begins with @" if source != "-" else ""
        raise ConfigError(f"cannot read {origin}: {reason}{literal}", option=option) from error
    if binary := detect_format(data[:HEAD], is_binary(data[:HEAD])):
        raise ConfigError(binary.message(origin), option=option)
    try:
        return normalize_line_ends(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{origin} is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}",
            option=option,
        ) from error


def join_items(pieces: Iterator[tuple[int, str]], prompt: str) -> Iterator[str]:
    """Yield the items of a list, one per line, each after the prompt."""
    current = -1
    try:
        for index, text in pieces:
            while current < index:
                yield ("\n" if current >= 0 else "") + prompt
                current += 1
            yield text
    except SamplingError:
        if current >= 0:
            yield "\n"
        raise
    if current >= 0:
        yield "\n"


def join_samples(pieces: Iterator[tuple[int, str]], prompt: str) -> Iterator[str]:
    """Yield the samples, each after the prompt, with a blank line between two."""
    current, end = -1, ""
    for index, text in pieces:
        while current < index:
            current += 1
            if current:
                yield "\n" if end.endswith("\n") else "\n\n"
            if prompt:
                yield prompt
                end = prompt
        yield text
        end = text


def write_stream(texts: Iterator[str], file: BinaryIO, terminal: bool) -> None:
    """Write and flush each text as it comes; control characters do not reach a terminal."""
    text = ""
    for text in texts:
        file.write((show_controls(text) if terminal else text).encode("utf-8", "replace"))
        file.flush()
    if terminal and not text.endswith("\n"):
        file.write(b"\n")
        file.flush()


def describe_model(config: Any, path: Path) -> str:
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


def count_characters(texts: Iterator[str], show: bool, activity: str = "") -> Iterator[str]:
    """Yield the texts and show the number of their characters; before the first, ``activity``."""
    if not show:
        yield from texts
        return
    characters = 0
    with Progress() as progress:
        if activity:
            progress(activity)
        for text in texts:
            characters += len(text)
            progress(f"{characters:,} characters")
            yield text
