"""What is known of a comparison: what was asked, on which text, and what came of each variant."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seqgen.checkpoint.config import field_error, parse_dataclass
from seqgen.checkpoint.layout import PROGRAM
from seqgen.comparison.variants import text_of, unique
from seqgen.errors import CheckpointError, ConfigError
from seqgen.io.atomic import read_json, write_json

FORMAT = 1


@dataclass(frozen=True)
class Point:
    """Of a learning curve: training tokens and seconds so far, validation loss in nats a token."""

    tokens: int
    seconds: float
    nats: float


@dataclass(frozen=True)
class Result:
    """A network as it was measured in the end, by its best weights, in float32.

    nats: validation loss, of a token. bits_per_note: of tunes.
    read: tokens of the validation part that it was measured on.
    tokens: learned from. seconds: of training. tokens_per_second: while it did nothing else.
    """

    nats: float
    bits_per_character: float
    bits_per_note: float | None
    perplexity: float
    read: int
    tokens: int
    seconds: float
    tokens_per_second: float | None
    curve: tuple[Point, ...]


@dataclass(frozen=True)
class Entry:
    """A variant: its checkpoint's name, and either its result or why it has none, once it ran.

    chosen: what nobody said, and is not the same for all variants, as text by option.
    """

    label: str
    name: str
    parameters: int
    result: Result | None = None
    failure: str | None = None
    chosen: dict[str, str] | None = None

    @property
    def over(self) -> bool:
        """Whether it ran to its end, or cannot."""
        return self.result is not None or self.failure is not None


@dataclass(frozen=True)
class Comparison:
    """All variants and what is known of them.

    asked: the values that each option was given, as text.
    corpus, kind, fingerprint: of `seqgen.data.corpora.Corpus`.
    """

    asked: dict[str, tuple[str, ...]]
    corpus: str
    kind: str
    fingerprint: str
    entries: tuple[Entry, ...]

    @property
    def best(self) -> Entry | None:
        """The variant with the lowest loss."""
        return min((e for e in self.entries if e.result), key=loss, default=None)

    @property
    def timed(self) -> bool:
        """Whether the budget is one of time; else it is one of tokens."""
        return "minutes" in self.asked

    @property
    def budget(self) -> str:
        """The training budget of each variant, such as "2 minutes each"."""
        for option, unit in (("minutes", "minute"), ("epochs", "epoch"), ("token_budget", "token")):
            if option in self.asked:
                values = self.asked[option]
                return f"{' or '.join(values)} {unit}{'s' * (values != ('1',))} each"
        return ""

    def with_entry(self, index: int, entry: Entry) -> "Comparison":
        """The same with one entry replaced."""
        entries = (*self.entries[:index], entry, *self.entries[index + 1 :])
        return replace(self, entries=entries)

    def to_json(self) -> dict[str, Any]:
        """The object that the file of a comparison holds."""
        return {"program": PROGRAM, "format": FORMAT, **dataclasses.asdict(self)}


def loss(entry: Entry) -> float:
    """By which variants are ordered: those without a result come last."""
    return entry.result.nats if entry.result else float("inf")


def file_of(path: Path) -> Path:
    """Where a comparison is kept: beside its checkpoints, whose names begin with its own."""
    return path.with_name(f"{path.name}.json")


def save(path: Path, comparison: Comparison) -> None:
    """Write what is known of a comparison. Raises CheckpointError."""
    write_json(file_of(path), comparison.to_json())


def read(path: Path) -> Comparison:
    """Read what `save` wrote. Raises CheckpointError for a file that is no comparison."""
    where = str(file_of(path))
    data, _ = read_json(file_of(path))
    if not isinstance(data, dict) or data.get("program") != PROGRAM or "entries" not in data:
        raise CheckpointError(
            f"{where} already exists and is not a comparison; choose another `name`"
        )
    if data.get("format") != FORMAT:
        raise field_error(where, "format", f"{data.get('format')!r} is not {FORMAT}")
    rest = {name: value for name, value in data.items() if name not in ("program", "format")}
    return parse_dataclass(Comparison, rest, where, "")


def words(asked: Mapping[str, Sequence[Any]]) -> dict[str, tuple[str, ...]]:
    """What was asked, as a comparison keeps it."""
    return {option: tuple(map(text_of, unique(values))) for option, values in asked.items()}


def check_same(
    path: Path, earlier: Comparison, asked: Mapping[str, Sequence[Any]], fingerprint: str
) -> None:
    """Raise ConfigError unless a comparison was asked for in the same words, on the same text."""
    now = words(asked)
    changes = [
        f"`{option}` was {told(earlier.asked.get(option))} and is {told(now.get(option))}"
        for option in sorted(earlier.asked.keys() | now.keys())
        if sorted(earlier.asked.get(option, ())) != sorted(now.get(option, ()))
    ]
    if earlier.fingerprint != fingerprint:
        changes.append(f"the text of {earlier.corpus} is another now")
    if changes:
        raise ConfigError(
            f"{path} already holds a comparison with other options ({'; '.join(changes)}); "
            "give the original options to continue it, `overwrite=True` to start over, or another "
            "`name`"
        )


def told(values: Sequence[str] | None) -> str:
    return ",".join(values) if values else "not given"
