"""Samples of a network, measured beside as much real text that was held back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqgen.config.options import SamplingOptions
from seqgen.evaluation.text.novelty import RUNS, Copy, copied, longest_copy, matches, novelty
from seqgen.evaluation.text.repetition import loop, repeated, words
from seqgen.evaluation.text.substring_match import Matches
from seqgen.evaluation.text.vocabulary_coverage import is_python, known_words, parsing_blocks
from seqgen.generation.generator import TextGenerator
from seqgen.generation.text_sample import TEXT_LENGTH

GENERATED, REAL = "generated", "real"
SHARE = "%"  # of a share of 1
CHARACTERS = "characters"

# One sample each is shown at these, from safe to wild, of so many tokens at most.
SHOWN_AT = (0.5, 0.8, 1.0)
SHOWN_LENGTH = TEXT_LENGTH
SHOWN = 10  # short documents
MOST_SAMPLES = 10_000
# Characters from which on a copy is marked in them: by chance hardly any is as long.
MARKED = 24
WORDS, LETTERS = 4, 16  # of the n-grams that are looked for in a sample itself
LACKING = 24  # words that are named
# Characters in which the beginning of a line is looked for, with which a real text begins too.
LINE = 200

Told = Callable[[str], None]


@dataclass(frozen=True)
class Measure:
    """One figure of the samples, and of the real text.

    key: a word for programs. name: for people. unit: `SHARE`, or what it counts.
    values: by column, `GENERATED` and `REAL`; None where a text has no such figure.
    """

    key: str
    name: str
    unit: str
    values: Mapping[str, float | None]


@dataclass(frozen=True)
class Shown:
    """A sample to look at.

    copied: begin and end of its stretches of at least `MARKED` characters that stand in the
        training text.
    """

    temperature: float
    text: str
    copied: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class SampleFigures:
    """What samples of a network are like.

    count, temperature, seed: with which they were drawn.
    rows: the figures. copies: by column, the longest stretch that stands in the training text.
    loop: a cycle that one of the samples was caught in at its end; None if none was.
    lacking: words of the samples that the training text lacks, the most frequent first.
    shown: a sample at each temperature of `SHOWN_AT`.
    """

    count: int
    temperature: float
    seed: int
    rows: tuple[Measure, ...]
    copies: Mapping[str, Copy | None]
    loop: str | None
    lacking: tuple[str, ...]
    shown: tuple[Shown, ...]


def sample_figures(
    generator: TextGenerator,
    training: str,
    held_back: str,
    options: SamplingOptions,
    told: Told = lambda doing: None,
) -> SampleFigures:
    """Let a network write ``options.count`` samples, and measure them.

    training: the text that it learned from. held_back: some that it did not. In both, a NUL stands
        between two documents.
    told: is called with what is done next.
    """
    chosen = options.temperature
    temperature = generator.default_temperature if chosen is None else chosen
    options = replace(options, temperature=temperature)
    length = min(options.length or SHOWN_LENGTH, SHOWN_LENGTH)
    facts = generator.config.corpus
    # As many short documents as one long sample has tokens.
    several = max(1, length // facts.long) if facts.learns_ends and facts.long else 1
    options = replace(options, count=min(options.count * several, MOST_SAMPLES))
    told(f"writing {options.count} samples")
    samples = written(generator, options)
    sizes = [*map(len, samples)]
    columns = {GENERATED: samples, REAL: real_texts(held_back.replace("\0", "\n"), sizes)}
    told("writing samples at other temperatures")
    few = replace(options, count=min(several, SHOWN), length=length, seed=generator.seed)
    shown = ["\n".join(written(generator, replace(few, temperature=each))) for each in SHOWN_AT]
    told("looking for what the samples have from the training text")
    found = matches([*samples, *columns[REAL], *shown], training)
    places = {GENERATED: found[: len(samples)], REAL: found[len(samples) : -len(shown)]}
    copies = {n: longest_copy(texts, places[n], training) for n, texts in columns.items()}
    rows = [size_row(columns), *novelty_rows(places), copies_row(copies)]
    rows += [*repetition_rows(columns), words_row(columns, training)]
    if is_python(generator.config.corpus.sources):
        programs = real_programs(held_back.split("\0"), max(sizes))
        rows.append(parsing_row({GENERATED: samples, REAL: programs}))
    return SampleFigures(
        count=options.count,
        temperature=temperature,
        seed=generator.seed or 0,
        rows=tuple(rows),
        copies=copies,
        loop=next(filter(None, map(loop, samples)), None),
        lacking=known_words(samples, training)[1][:LACKING],
        shown=tuple(
            Shown(at, text, tuple(copied(text, each, MARKED)))
            for at, text, each in zip(SHOWN_AT, shown, found[-len(shown) :], strict=True)
        ),
    )


def written(generator: TextGenerator, options: SamplingOptions) -> list[str]:
    """The samples that the options ask for."""
    texts = [""] * options.count
    for index, text in generator.pieces("", options):
        texts[index] += text
    return texts


def real_texts(text: str, sizes: Sequence[int]) -> list[str]:
    """Parts of a real text as long as the samples, each from a line's beginning on if there is one.

    sizes: characters of the samples. As many parts as there is text for, evenly over it.
    """
    room = int(np.searchsorted(np.cumsum(sizes), len(text), side="right"))
    sizes = sizes[: max(1, room)]
    begins = np.linspace(0, max(0, len(text) - max(sizes, default=0)), len(sizes)).astype(int)
    parts = []
    for begin, size in zip(begins.tolist(), sizes, strict=True):
        line = text.rfind("\n", max(0, begin - LINE), begin) + 1
        begin = line or (begin if begin > LINE else 0)
        parts.append(text[begin : begin + size])
    return parts


def real_programs(documents: Sequence[str], size: int) -> list[str]:
    """The ends of programs, from the first place on where a top-level block begins.

    That is after two blank lines, as nearly all Python is written; programs without are left out.
    size: most characters of each.
    """
    parted = [document.partition("\n\n\n") for document in documents]
    return [after[:size] for _, mark, after in parted if mark]


def share(key: str, name: str, values: Mapping[str, float | None]) -> Measure:
    return Measure(key, name, SHARE, values)


def mean(values: Sequence[float | None]) -> float | None:
    """Of those that there are."""
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None


def size_row(columns: Mapping[str, Sequence[str]]) -> Measure:
    """How much text is measured."""
    values = {name: sum(map(len, texts)) for name, texts in columns.items()}
    return Measure("characters", "measured", CHARACTERS, values)


def novelty_rows(found: Mapping[str, Sequence[Matches]]) -> list[Measure]:
    """What the training text lacks."""
    return [
        share(
            f"novel_{n}",
            f"new runs of {n} characters",
            {name: novelty(each, n) for name, each in found.items()},
        )
        for n in RUNS
    ]


def copies_row(copies: Mapping[str, Copy | None]) -> Measure:
    """How much at once is from the training text."""
    values = {name: len(copy.copied) if copy else 0 for name, copy in copies.items()}
    return Measure("longest_copy", "longest stretch copied", CHARACTERS, values)


def repetition_rows(columns: Mapping[str, Sequence[str]]) -> list[Measure]:
    """What comes again within a sample."""
    return [
        share(
            "repeated_words",
            f"repeated runs of {WORDS} words",
            {n: mean([repeated(words(text), WORDS) for text in t]) for n, t in columns.items()},
        ),
        share(
            "repeated_characters",
            f"repeated runs of {LETTERS} characters",
            {n: mean([repeated(text, LETTERS) for text in t]) for n, t in columns.items()},
        ),
        share(
            "loops",
            "samples that end in a loop",
            {n: mean([float(loop(text) is not None) for text in t]) for n, t in columns.items()},
        ),
    ]


def words_row(columns: Mapping[str, Sequence[str]], training: str) -> Measure:
    """The words that are ones of the training text."""
    values = {name: known_words(texts, training)[0] for name, texts in columns.items()}
    return share("known_words", "words that the training text holds", values)


def parsing_row(columns: Mapping[str, Sequence[str]]) -> Measure:
    """The top-level blocks of programs that are Python."""
    counts = {name: parsing_blocks(texts) for name, texts in columns.items()}
    values = {name: good / every if every else None for name, (good, every) in counts.items()}
    return share("parsing_blocks", "top-level blocks that parse as Python", values)
