"""The tokenizers, found by listing this folder: adding one is adding a file."""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from seqgen.errors import CheckpointError, ConfigError, unknown_name

if TYPE_CHECKING:
    from seqgen.data.tokenizers.base import Text, Tokenizer

# What the kinds share. The names are listed without importing a module, because the command line
# asks for them before it knows whether it will need NumPy.
SHARED = ("base", "regex_base")


def names() -> tuple[str, ...]:
    """Every kind of tokenizer, in alphabetical order."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name not in SHARED))


def find(kind: str) -> "type[Tokenizer]":
    """The tokenizer of that kind. Raises ConfigError that lists the known ones."""
    if kind not in names():
        raise unknown_name("tokenizer", kind, names())
    return importlib.import_module(f"{__name__}.{kind}").TOKENIZER


def train(kind: str, texts: "Iterable[Text]", vocab_size: int | None = None) -> "Tokenizer":
    """The tokenizer of that kind whose vocabulary is made from the texts.

    texts: all are searched for characters, and up to `base.MOST_SAMPLED` characters for pieces.
        They are iterated over several times.
    vocab_size: most tokens, END among them; None leaves it to the kind.
    Raises ConfigError for an unknown kind, for a vocab_size that is too small for the texts, and
    for one given to a kind whose vocabulary follows from the texts alone.
    """
    tokenizer = find(kind)
    if vocab_size is not None and not tokenizer.bounded:
        others = " or ".join(f"--tokenizer {name}" for name in names() if find(name).bounded)
        raise ConfigError(
            f"--vocab-size does nothing with --tokenizer {kind}; leave it out, or take {others}"
        )
    return tokenizer.train(texts, vocab_size)


def load(data: Mapping[str, Any]) -> "Tokenizer":
    """The tokenizer that `Tokenizer.to_json` described.

    data: the object in ``tokenizer.json``, from anyone: nothing in it is trusted.
    Raises CheckpointError where it is anything but what `Tokenizer.to_json` writes.
    """
    if not isinstance(data, Mapping):
        raise CheckpointError("tokenizer.json: it must hold an object; the checkpoint is damaged")
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in names():
        raise CheckpointError(
            f"tokenizer.json: the kind {str(kind)[:40]!r} is none of {', '.join(names())}; the "
            "checkpoint is damaged, or was made by a newer seqgen"
        )
    return find(kind).from_json(data)
