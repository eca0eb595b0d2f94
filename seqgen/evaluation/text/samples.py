"""Generate samples of a model of text and measure them beside real text of the same lengths."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqgen.config.options import SamplingOptions
from seqgen.evaluation.metric import SHARE, Metric
from seqgen.evaluation.text.novelty import (
    RUNS,
    CopiedText,
    copied_spans,
    find_matches,
    longest_copy,
    novelty,
)
from seqgen.evaluation.text.python_syntax import is_python, parsing_blocks
from seqgen.evaluation.text.repetition import find_loop, repeated_share, words
from seqgen.evaluation.text.substring_match import Matches
from seqgen.evaluation.text.vocabulary_coverage import known_words
from seqgen.generation.generator import TextGenerator
from seqgen.generation.text_sample import TEXT_LENGTH

GENERATED, REAL = "generated", "real"
CHARACTERS = "characters"

EXAMPLE_TEMPERATURES = (0.5, 0.8, 1.0)
MAX_EXAMPLE_LENGTH = TEXT_LENGTH
MAX_EXAMPLE_DOCUMENTS = 10
MAX_SAMPLES = 10_000
# Copies from this length on are marked in examples; few texts share as much by chance.
MIN_MARKED = 24
MAX_UNKNOWN_WORDS = 24
_WORD_RUN, _CHARACTER_RUN = 4, 16
# Characters before a real text in which the beginning of a line is searched.
_LINE_SEARCH = 200


@dataclass(frozen=True)
class Example:
    """A sample to read.

    Attributes:
        temperature: Softmax temperature.
        text: The sample.
        copied: Begin and end of its parts of at least `MIN_MARKED` characters that occur in the
            training text.
    """

    temperature: float
    text: str
    copied: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class SampleMetrics:
    """Metrics of generated samples.

    Attributes:
        count: Number of samples.
        temperature: Softmax temperature.
        seed: Random seed.
        rows: The metrics of columns `GENERATED` and `REAL`.
        copies: The longest substring of each column that occurs in the training text.
        loop: The string that a sample ends by repeating; None if none does.
        unknown_words: Words of the samples that the training text lacks, most frequent first.
        examples: A sample at each of `EXAMPLE_TEMPERATURES`.
    """

    count: int
    temperature: float
    seed: int
    rows: tuple[Metric, ...]
    copies: Mapping[str, CopiedText | None]
    loop: str | None
    unknown_words: tuple[str, ...]
    examples: tuple[Example, ...]


def measure_samples(
    generator: TextGenerator,
    training: str,
    validation: str,
    options: SamplingOptions,
    on_progress: Callable[[str], None] = lambda activity: None,
) -> SampleMetrics:
    """Generate ``options.count`` samples and measure them.

    A model of short documents generates as many as fit into the length.

    Args:
        generator: A model of text.
        training: Its training text, with a NUL between documents.
        validation: Text that it was not trained on, likewise.
        options: Count, length, temperature and seed.
        on_progress: Called with each activity.
    """
    chosen = options.temperature
    temperature = generator.default_temperature if chosen is None else chosen
    options = replace(options, temperature=temperature)
    length = min(options.length or MAX_EXAMPLE_LENGTH, MAX_EXAMPLE_LENGTH)
    facts = generator.config.corpus
    documents = max(1, length // facts.long) if facts.learns_ends and facts.long else 1
    options = replace(options, count=min(options.count * documents, MAX_SAMPLES))
    on_progress(f"generating {options.count} samples")
    samples = _generate(generator, options)
    sizes = [*map(len, samples)]
    columns = {GENERATED: samples, REAL: real_texts(validation.replace("\0", "\n"), sizes)}
    on_progress("generating samples at other temperatures")
    few = replace(
        options, count=min(documents, MAX_EXAMPLE_DOCUMENTS), length=length, seed=generator.seed
    )
    examples = [
        "\n".join(_generate(generator, replace(few, temperature=t))) for t in EXAMPLE_TEMPERATURES
    ]
    on_progress("looking for the samples in the training text")
    substrings = find_matches([*samples, *columns[REAL], *examples], training)
    by_column = {
        GENERATED: substrings[: len(samples)],
        REAL: substrings[len(samples) : -len(examples)],
    }
    copies = {n: longest_copy(texts, by_column[n], training) for n, texts in columns.items()}
    rows = [_size_row(columns), *_novelty_rows(by_column), _copies_row(copies)]
    rows += [*_repetition_rows(columns), _words_row(columns, training)]
    if is_python(generator.config.corpus.sources):
        programs = real_programs(validation.split("\0"), max(sizes))
        rows.append(_parsing_row({GENERATED: samples, REAL: programs}))
    return SampleMetrics(
        count=options.count,
        temperature=temperature,
        seed=generator.seed or 0,
        rows=tuple(rows),
        copies=copies,
        loop=next(filter(None, map(find_loop, samples)), None),
        unknown_words=known_words(samples, training)[1][:MAX_UNKNOWN_WORDS],
        examples=tuple(
            Example(at, text, tuple(copied_spans(text, each, MIN_MARKED)))
            for at, text, each in zip(
                EXAMPLE_TEMPERATURES, examples, substrings[-len(examples) :], strict=True
            )
        ),
    )


def real_texts(text: str, sizes: Sequence[int]) -> list[str]:
    """Cut a text into evenly spaced parts of given lengths, each from the beginning of a line.

    Returns as many parts as the text suffices for, at least one.
    """
    room = int(np.searchsorted(np.cumsum(sizes), len(text), side="right"))
    sizes = sizes[: max(1, room)]
    begins = np.linspace(0, max(0, len(text) - max(sizes, default=0)), len(sizes)).astype(int)
    parts = []
    for begin, size in zip(begins.tolist(), sizes, strict=True):
        line = text.rfind("\n", max(0, begin - _LINE_SEARCH), begin) + 1
        begin = line or (begin if begin > _LINE_SEARCH else 0)
        parts.append(text[begin : begin + size])
    return parts


def real_programs(documents: Sequence[str], size: int) -> list[str]:
    """Cut Python programs, so that they begin with a top-level block after two blank lines."""
    parts = [document.partition("\n\n\n") for document in documents]
    return [after[:size] for _, separator, after in parts if separator]


def _generate(generator: TextGenerator, options: SamplingOptions) -> list[str]:
    texts = [""] * options.count
    for index, text in generator.pieces("", options):
        texts[index] += text
    return texts


def _mean(values: Sequence[float | None]) -> float | None:
    """Mean of the values that are not None."""
    numbers = [value for value in values if value is not None]
    return sum(numbers) / len(numbers) if numbers else None


def _size_row(columns: Mapping[str, Sequence[str]]) -> Metric:
    values = {name: sum(map(len, texts)) for name, texts in columns.items()}
    return Metric("characters", "measured", CHARACTERS, values)


def _novelty_rows(matches: Mapping[str, Sequence[Matches]]) -> list[Metric]:
    return [
        Metric(
            f"novel_{n}",
            f"new runs of {n} characters",
            SHARE,
            {name: novelty(each, n) for name, each in matches.items()},
        )
        for n in RUNS
    ]


def _copies_row(copies: Mapping[str, CopiedText | None]) -> Metric:
    values = {name: len(copy.copied) if copy else 0 for name, copy in copies.items()}
    return Metric("longest_copy", "longest copied run", CHARACTERS, values)


def _repetition_rows(columns: Mapping[str, Sequence[str]]) -> list[Metric]:
    def row(key: str, name: str, measure: Callable[[str], float | None]) -> Metric:
        values = {column: _mean([*map(measure, texts)]) for column, texts in columns.items()}
        return Metric(key, name, SHARE, values)

    return [
        row(
            "repeated_words",
            f"repeated runs of {_WORD_RUN} words",
            lambda text: repeated_share(words(text), _WORD_RUN),
        ),
        row(
            "repeated_characters",
            f"repeated runs of {_CHARACTER_RUN} characters",
            lambda text: repeated_share(text, _CHARACTER_RUN),
        ),
        row("loops", "samples that end in a loop", lambda text: find_loop(text) is not None),
    ]


def _words_row(columns: Mapping[str, Sequence[str]], training: str) -> Metric:
    values = {name: known_words(texts, training)[0] for name, texts in columns.items()}
    return Metric("known_words", "words in the training text", SHARE, values)


def _parsing_row(columns: Mapping[str, Sequence[str]]) -> Metric:
    counts = {name: parsing_blocks(texts) for name, texts in columns.items()}
    values = {name: good / every if every else None for name, (good, every) in counts.items()}
    return Metric("parsing_blocks", "top-level blocks that parse as Python", SHARE, values)
