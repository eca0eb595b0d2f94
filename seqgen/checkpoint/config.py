"""The configuration of a checkpoint, ``config.json``, and the reader that checks its schema.

Format 2 is an object of these fields:

- ``program``: ``"seqgen"``; ``format``: 2.
- ``task``: name of the task (`seqgen.tasks`), ``"text"`` or ``"tunes"``.
- ``tokenizers``: by name, ``sha256`` (of the bytes of ``tokenizer.json``) and ``vocab`` (number of
  tokens). There is one, ``target``: that of the tokens to predict.
- ``models``: networks by name. There is one, ``decoder``: its ``tokenizer``; ``start`` (token ids
  before a sample without a prompt); ``feature_sizes`` (number of values of each input feature
  beside a token); ``architecture`` (a `ModelSpec`). Weights in ``model.safetensors`` are named
  ``decoder/LAYER/WEIGHT``.
- ``data`` and ``training``: the options of the run. ``corpus``: `CorpusFacts`.
- ``facts``: what the task stores about the corpus (`Task.facts_type`), or null.
- ``versions``: of seqgen and of its dependencies during training.

ONNX graphs are not stored; they are built from a model and named ``decoder/step`` and
``decoder/sequence`` (`seqgen.checkpoint.graph_cache`). Format 1, which had one unnamed tokenizer
and model, is read too.
"""

import dataclasses
import math
import types
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Union, get_args, get_origin, get_type_hints

from seqgen.checkpoint.layout import CONFIG, FORMAT, PROGRAM
from seqgen.config.options import FILE, ModelOptions
from seqgen.config.resolved import DataSpec, ModelSpec, TrainSpec
from seqgen.errors import CheckpointError, ConfigError
from seqgen.tasks import TASKS

_TARGET, _DECODER = "target", "decoder"
# Fields of `Config` that ``config.json`` has elsewhere than at its top.
_PATHS = {
    "tokenizer_sha256": "tokenizers.target.sha256",
    "vocab": "tokenizers.target.vocab",
    "start": "models.decoder.start",
    "feature_sizes": "models.decoder.feature_sizes",
    "model": "models.decoder.architecture",
}


@dataclass(frozen=True)
class CorpusFacts:
    """Origin and size of a corpus.

    Attributes:
        name: Name of the corpus.
        sources: Files or built-in corpora, in order.
        documents: Number of documents.
        characters: Number of characters, of which some may be in neither part.
        fingerprint: Hash of the text, which a resumed run compares.
        training_characters, validation_characters: Number of characters of each part.
        training_tokens, validation_tokens: Number of tokens of each part.
        encoding: Encoding of the sources, if one was given.
        unit: Unit of documents of a text (`seqgen.data.corpora.units`); None for tunes, and for
            texts of earlier versions, in which each file was a document.
        held_out: Number of documents in the validation part; 0 if it has the ends of texts.
        long: 99th percentile of the tokens of a document, if whole documents are held out.
    """

    name: str
    sources: tuple[str, ...]
    documents: int
    characters: int
    fingerprint: str
    training_characters: int
    validation_characters: int
    training_tokens: int
    validation_tokens: int
    encoding: str | None = None
    unit: str | None = None
    held_out: int = 0
    long: int = 0

    @property
    def learns_ends(self) -> bool:
        """Whether a model of this corpus is trained to end documents."""
        return self.held_out > 0

    @property
    def document_unit(self) -> str:
        """The unit of documents in other texts for this model (`seqgen.data.corpora.units`)."""
        return (self.unit if self.learns_ends else None) or FILE

    @property
    def may_end(self) -> bool:
        """Whether a model may sample the end of a document.

        Models of several files of earlier versions do, and continue with the next document.
        """
        return self.learns_ends or (self.unit is None and self.documents > 1)


@dataclass(frozen=True)
class Config:
    """Everything that is known of a checkpoint before its weights are read.

    Attributes:
        task: Name of the task (`seqgen.tasks`).
        vocab: Number of tokens, V.
        start: Token ids before a sample without a prompt.
        data: How the corpus was prepared.
        model: The network.
        training: How it was trained.
        corpus: The corpus.
        versions: Versions of seqgen and of its dependencies during training, by name.
        tokenizer_sha256: SHA-256 of the bytes of ``tokenizer.json``.
        feature_sizes: Number of values of each input feature beside a token.
        facts: What the task stores about the corpus (`seqgen.tasks.Task.facts_type`), or None.
    """

    task: str
    vocab: int
    start: tuple[int, ...]
    data: DataSpec
    model: ModelSpec
    training: TrainSpec
    corpus: CorpusFacts
    versions: dict[str, str]
    tokenizer_sha256: str
    feature_sizes: tuple[int, ...] = ()
    facts: Any = None

    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every weight (`seqgen.models.architecture.weight_shapes`)."""
        from seqgen.models.architecture import weight_shapes

        return weight_shapes(self.model, self.vocab, self.feature_sizes)

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(math.prod(shape) for shape in self.weight_shapes().values())

    @property
    def boundary(self) -> int | None:
        """The token at which the state is reset; None for a corpus of one document."""
        from seqgen.data.tokenizers.base import END

        return END if self.corpus.documents > 1 else None

    def to_json(self) -> dict[str, Any]:
        """Return the object that ``config.json`` stores."""
        fields = dataclasses.asdict(self)
        return {
            "program": PROGRAM,
            "format": FORMAT,
            "task": self.task,
            "tokenizers": {
                _TARGET: {"sha256": self.tokenizer_sha256, "vocab": self.vocab},
            },
            "models": {
                _DECODER: {
                    "tokenizer": _TARGET,
                    "start": self.start,
                    "feature_sizes": self.feature_sizes,
                    "architecture": fields["model"],
                },
            },
            **{name: fields[name] for name in ("data", "training", "corpus", "facts", "versions")},
        }

    @classmethod
    def from_json(cls, data: Any, where: str = CONFIG) -> "Config":
        """Parse the object of a ``config.json`` of format 1 or 2.

        Args:
            data: The parsed JSON. An option that a later version added takes its default.
            where: Path of the file, for messages.

        Raises:
            CheckpointError: If a field is invalid, or the format is newer.
        """
        if not isinstance(data, dict) or data.get("program") != PROGRAM:
            raise CheckpointError(f"{where}: this is not the configuration of a seqgen checkpoint")
        number = data.get("format")
        if type(number) is not int or number < 1:
            raise field_error(where, "format", f"{number!r} is not a format number")
        if number > FORMAT:
            raise CheckpointError(
                f"{where} was written by a newer seqgen (format {number}; "
                f"this one reads up to {FORMAT}); upgrade seqgen"
            )
        rest = {name: value for name, value in data.items() if name not in ("program", "format")}
        rest = from_format_1(rest, where) if number == 1 else _unnested(rest, where)
        config: Config = parse_dataclass(cls, rest, where, "", _PATHS)
        if config.task not in TASKS:
            known = ", ".join(TASKS.names())
            raise field_error(where, "task", f"{config.task!r} is not one of {known}")
        if config.facts is not None:
            facts_type = TASKS.load(config.task).facts_type
            if facts_type is None:
                raise field_error(where, "facts", f"the task {config.task} has none")
            facts = parse_dataclass(facts_type, config.facts, where, "facts")
            config = dataclasses.replace(config, facts=facts)
        config.check(where)
        return config

    def check(self, where: str) -> None:
        """Check rules across fields. Raises CheckpointError."""
        from seqgen.data.tokenizers.base import MAX_VOCAB

        if not 2 <= self.vocab <= MAX_VOCAB:
            raise field_error(
                where, _PATHS["vocab"], f"{self.vocab} is not between 2 and {MAX_VOCAB}"
            )
        if not self.start or not all(0 <= token < self.vocab for token in self.start):
            raise field_error(
                where, _PATHS["start"], f"it needs token ids from 0 to {self.vocab - 1}"
            )
        if self.corpus.held_out > self.corpus.documents:
            raise field_error(where, "corpus.held_out", "it exceeds the number of documents")
        for name, why in TASKS.load(self.task).invalid_fields(self):
            raise field_error(where, _PATHS.get(name, name), why)
        try:
            self.weight_shapes()
        except ConfigError as error:
            raise field_error(where, _PATHS["model"], str(error)) from error


def _unnested(data: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the fields of a ``config.json`` of format 2 as those of `Config`."""
    for name in data.keys() & _PATHS.keys():
        raise field_error(where, name, "there is no such field in this format")
    fields = {name: value for name, value in data.items() if name not in ("tokenizers", "models")}
    for group, name in (("tokenizers", _TARGET), ("models", _DECODER)):
        named = data.get(group)
        if not isinstance(named, dict) or named.keys() != {name}:
            raise field_error(where, group, f"this version reads one, named {name!r}")
        entry = named[name]
        if not isinstance(entry, dict):
            raise field_error(where, f"{group}.{name}", "it is not an object")
        entry = dict(entry)
        if group == "models" and entry.pop("tokenizer", None) != _TARGET:
            raise field_error(where, f"{group}.{name}.tokenizer", f"it is not {_TARGET!r}")
        for field, path in _PATHS.items():
            if path.startswith(f"{group}.") and (key := path.rpartition(".")[2]) in entry:
                fields[field] = entry.pop(key)
        for extra in entry:
            raise field_error(
                where, f"{group}.{name}.{extra}", "there is no such field in this format"
            )
    return fields


# Fields of ``config.json`` that format 1 had under another name: group, old and new name.
RENAMED = (
    ("", "kind", "task"),
    ("", "tunes", "facts"),
    ("", "tokens", "data"),
    ("", "stack", "model"),
    ("", "places", "feature_sizes"),
    ("data", "tokens", "tokenizer"),
    ("model", "tie", "tie_embeddings"),
    ("training", "window", "seq_length"),
    ("training", "batch", "batch_size"),
    ("training", "average", "weight_averaging"),
)


def from_format_1(data: dict[str, Any], where: str) -> dict[str, Any]:
    """The fields of a ``config.json`` of format 1 as format 2 has them.

    Format 1 stores the options with what was chosen for them, those of all cells among them.
    """
    data = {name: dict(value) if isinstance(value, dict) else value for name, value in data.items()}
    for group, old, new in RENAMED:
        fields = data.get(group) if group else data
        if isinstance(fields, dict) and old in fields:
            fields[new] = fields.pop(old)
    if isinstance(data.get("corpus"), dict):
        data["corpus"].pop("kind", None)
    if "model" in data:
        data["model"] = _model_of_format_1(data["model"], where)
    training = data.get("training")
    if isinstance(training, dict) and training.get("weight_decay") is None:
        training["weight_decay"] = 0.0
    return data


def _model_of_format_1(data: Any, where: str) -> dict[str, Any]:
    from seqgen.models import cells
    from seqgen.models.architecture import resolve_model

    options = parse_dataclass(ModelOptions, data, where, "model")
    try:
        return dataclasses.asdict(resolve_model(options, cells.own_options(options)))
    except ConfigError as error:
        raise field_error(where, "model", str(error)) from error


def field_error(where: str, name: str, why: str) -> CheckpointError:
    """Return the error for an invalid field of a JSON file."""
    return CheckpointError(
        f"{where}: {name}: {why}; the file is damaged or was edited, restore it or train again"
    )


def parse_dataclass(
    cls: type, data: Any, where: str, name: str, paths: Mapping[str, str] = MappingProxyType({})
) -> Any:
    """Build a dataclass from a JSON object, each field of exactly its declared type.

    Args:
        cls: The dataclass; fields without a default must be there.
        data: The parsed JSON.
        where: Path of the file, for messages.
        name: Name of the object in the file; "" for the whole file.
        paths: Names of fields in messages, where they are others than in the dataclass.

    Raises:
        CheckpointError: If a field is missing, unknown or invalid.
    """
    if not isinstance(data, dict):
        raise field_error(where, name, "it is not an object")
    hints = get_type_hints(cls)
    prefix = f"{name}." if name else ""
    for extra in data.keys() - {field.name for field in dataclasses.fields(cls)}:
        raise field_error(where, prefix + extra, "there is no such field in this format")
    values = {}
    for field in dataclasses.fields(cls):
        path = paths.get(field.name, prefix + field.name)
        if field.name in data:
            values[field.name] = _parse_value(hints[field.name], data[field.name], where, path)
        elif field.default is field.default_factory is dataclasses.MISSING:
            raise field_error(where, path, "the field is missing")
    try:
        return cls(**values)
    except ConfigError as error:
        raise field_error(where, name, str(error)) from error


def _parse_value(hint: Any, value: Any, where: str, name: str) -> Any:
    """The value if it is what the type hint says, lists becoming tuples."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in inner:
            return None
        return _parse_value(next(k for k in inner if k is not type(None)), value, where, name)
    if dataclasses.is_dataclass(hint):
        return parse_dataclass(hint, value, where, name)  # type: ignore[arg-type]
    if origin is tuple and isinstance(value, list):
        return tuple(
            _parse_value(inner[0], item, where, f"{name}[{n}]") for n, item in enumerate(value)
        )
    if origin is dict and isinstance(value, dict):
        return {
            key: _parse_value(inner[1], item, where, f"{name}.{key}") for key, item in value.items()
        }
    if hint is Any:
        return value
    if hint is float and type(value) is int and abs(value) < 2**1000:  # a float holds no larger one
        return float(value)
    if type(value) is not (origin or hint):
        raise field_error(
            where, name, f"{str(value)[:40]!r} is not of type {getattr(hint, '__name__', hint)}"
        )
    if type(value) is int and value < 0:
        raise field_error(where, name, f"{value} is negative")
    if type(value) is str:
        # It is printed on terminals, which it must not control.
        return "".join(c if c.isprintable() else "\ufffd" for c in value)
    return value
