"""The results file of a comparison: its options, its text and the result of each variant."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seqgen.checkpoint.config import RENAMED, field_error, parse_dataclass
from seqgen.checkpoint.layout import PROGRAM
from seqgen.comparison.variants import distinct, format_value
from seqgen.errors import CheckpointError, ConfigError
from seqgen.io.atomic import read_json, write_json

FORMAT = 2

_OPTIONS_OF_FORMAT_1 = {old: new for group, old, new in RENAMED if group} | {
    "budget": "token_budget"
}


@dataclass(frozen=True)
class Point:
    """A point of a learning curve.

    Attributes:
        tokens: Training tokens so far.
        seconds: Training time so far.
        nats: Validation loss per token.
    """

    tokens: int
    seconds: float
    nats: float


@dataclass(frozen=True)
class Result:
    """Final evaluation of a network, with its best weights in float32.

    Attributes:
        nats: Validation loss per token.
        bits_per_character: The same per character.
        bits_per_note: The same per note; None for text.
        perplexity: Of a token.
        evaluated_tokens: Number of validation tokens.
        tokens: Number of training tokens.
        seconds: Training time.
        tokens_per_second: Median training speed, without evaluations.
        curve: Learning curve.
    """

    nats: float
    bits_per_character: float
    bits_per_note: float | None
    perplexity: float
    evaluated_tokens: int
    tokens: int
    seconds: float
    tokens_per_second: float | None
    curve: tuple[Point, ...]


@dataclass(frozen=True)
class Entry:
    """A variant of a comparison.

    Attributes:
        label: What distinguishes it from the others.
        name: Name of its checkpoint.
        parameters: Number of parameters.
        result: None until it is trained.
        failure: Why it could not be trained; None if it could.
        defaults: Options that seqgen chose, and not the same for all variants, as text.
    """

    label: str
    name: str
    parameters: int
    result: Result | None = None
    failure: str | None = None
    defaults: dict[str, str] | None = None

    @property
    def finished(self) -> bool:
        """Whether it has a result or failed."""
        return self.result is not None or self.failure is not None

    @property
    def loss(self) -> float:
        """Validation loss, infinite without a result."""
        return self.result.nats if self.result else float("inf")


@dataclass(frozen=True)
class Comparison:
    """A comparison with its results so far.

    Attributes:
        options: Requested values of each option, as text.
        corpus: Name of the corpus.
        kind: Kind of the corpus, as in `seqgen.data.corpora.Corpus`.
        fingerprint: Fingerprint of the corpus.
        entries: The variants.
    """

    options: dict[str, tuple[str, ...]]
    corpus: str
    kind: str
    fingerprint: str
    entries: tuple[Entry, ...]

    @property
    def best(self) -> Entry | None:
        """The variant with the lowest loss."""
        return min((e for e in self.entries if e.result), key=lambda e: e.loss, default=None)

    @property
    def timed(self) -> bool:
        """Whether the budget is a time; otherwise it is a number of tokens or epochs."""
        return "minutes" in self.options

    @property
    def budget(self) -> str:
        """The training budget of each variant, such as "2 minutes each"."""
        for option, unit in (("minutes", "minute"), ("epochs", "epoch"), ("token_budget", "token")):
            if option in self.options:
                values = self.options[option]
                return f"{' or '.join(values)} {unit}{'s' * (values != ('1',))} each"
        return ""

    def with_entry(self, index: int, entry: Entry) -> "Comparison":
        """Return a copy with one entry replaced."""
        entries = (*self.entries[:index], entry, *self.entries[index + 1 :])
        return replace(self, entries=entries)

    def to_json(self) -> dict[str, Any]:
        """Return the object that the results file stores."""
        return {"program": PROGRAM, "format": FORMAT, **dataclasses.asdict(self)}


def results_file(path: Path) -> Path:
    """Return the path of the results file, beside the checkpoints."""
    return path.with_name(f"{path.name}.json")


def save(path: Path, comparison: Comparison) -> None:
    """Write the results file. Raises CheckpointError if it cannot be written."""
    write_json(results_file(path), comparison.to_json())


def read(path: Path) -> Comparison:
    """Read the results file of a comparison. Raises CheckpointError."""
    where = str(results_file(path))
    data, _ = read_json(results_file(path))
    if not isinstance(data, dict) or data.get("program") != PROGRAM or "entries" not in data:
        raise CheckpointError(
            f"{where} already exists and is not a comparison; choose another `name`"
        )
    if data.get("format") not in (1, FORMAT):
        raise field_error(where, "format", f"{data.get('format')!r} is not 1 or {FORMAT}")
    fields = {name: value for name, value in data.items() if name not in ("program", "format")}
    if data["format"] == 1:
        fields = _from_format_1(fields)
    return parse_dataclass(Comparison, fields, where, "")


def format_options(options: Mapping[str, Sequence[Any]]) -> dict[str, tuple[str, ...]]:
    """Format the requested options for the results file."""
    return {
        option: tuple(map(format_value, distinct(values))) for option, values in options.items()
    }


def check_same_options(
    path: Path, comparison: Comparison, options: Mapping[str, Sequence[Any]], fingerprint: str
) -> None:
    """Raise ConfigError if a comparison was started with other options or on another corpus."""
    before, now = comparison.options, format_options(options)
    changes = [
        f"`{option}` was {_join(before.get(option))} and is {_join(now.get(option))}"
        for option in sorted(before.keys() | now.keys())
        if sorted(before.get(option, ())) != sorted(now.get(option, ()))
    ]
    if comparison.fingerprint != fingerprint:
        changes.append(f"the text of {comparison.corpus} has changed")
    if changes:
        raise ConfigError(
            f"{path} already holds a comparison with other options ({'; '.join(changes)}); "
            "give the original options to continue it, `overwrite=True` to start over, or another "
            "`name`"
        )


def _join(values: Sequence[str] | None) -> str:
    return ",".join(values) if values else "not given"


def _from_format_1(data: dict[str, Any]) -> dict[str, Any]:
    """Rename the fields and options that format 1 called otherwise."""
    fields = dict(data)
    if "asked" in fields:
        fields["options"] = _renamed(fields.pop("asked"), _OPTIONS_OF_FORMAT_1)
    if isinstance(entries := fields.get("entries"), list):
        fields["entries"] = [_entry_from_format_1(entry) for entry in entries]
    return fields


def _entry_from_format_1(entry: Any) -> Any:
    if isinstance(entry, dict):
        entry = _renamed(entry, {"chosen": "defaults"})
        entry["defaults"] = _renamed(entry.get("defaults"), _OPTIONS_OF_FORMAT_1)
        entry["result"] = _renamed(entry.get("result"), {"read": "evaluated_tokens"})
    return entry


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Rename the keys of an object; anything else is left for the check of types."""
    if not isinstance(value, dict):
        return value
    return {names.get(name, name): item for name, item in value.items()}
