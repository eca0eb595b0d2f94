"""The tokenizers: their registry, one file each, training and loading one by name.

Another package adds a tokenizer, a subclass of `seqgen.data.tokenizers.base.Tokenizer`, by an entry
point in the group ``seqgen.tokenizers`` (`seqgen.registry`).
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from seqgen.errors import CheckpointError, ConfigError
from seqgen.registry import Registry

if TYPE_CHECKING:
    from seqgen.data.tokenizers.base import Text, Tokenizer

__all__ = ["TOKENIZERS", "find", "load", "names", "train"]

TOKENIZERS = Registry["type[Tokenizer]"](
    "tokenizer",
    "seqgen.tokenizers",
    {
        "abc": "seqgen.music.normal.tokenizer:AbcTokenizer",
        "char": "seqgen.data.tokenizers.char:CharTokenizer",
        "subword": "seqgen.data.tokenizers.subword:SubwordTokenizer",
        "word": "seqgen.data.tokenizers.word:WordTokenizer",
    },
)

names = TOKENIZERS.names
find = TOKENIZERS.load


def train(kind: str, texts: "Iterable[Text]", vocab_size: int | None = None) -> "Tokenizer":
    """The tokenizer of that kind whose vocabulary is made from the texts.

    texts: all are searched for characters, and up to `base.MAX_SAMPLED` characters for pieces.
        They are iterated over several times.
    vocab_size: most tokens, END among them; None leaves it to the kind.
    Raises ConfigError for an unknown kind, for a vocab_size that is too small for the texts, and
    for one given to a kind whose vocabulary follows from the texts alone.
    """
    tokenizer = find(kind)
    if vocab_size is not None and not tokenizer.bounded:
        bounded = (name for name, other in TOKENIZERS.items() if other.bounded)
        others = " or ".join(f"`tokenizer={name!r}`" for name in bounded)
        raise ConfigError(
            f"has no effect with `tokenizer={kind!r}`; omit it, or use {others}",
            option="vocab_size",
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
    if not isinstance(kind, str) or kind not in TOKENIZERS:
        raise CheckpointError(
            f"tokenizer.json: the kind {str(kind)[:40]!r} is none of {', '.join(names())}; the "
            "checkpoint is damaged, or was made by a newer seqgen"
        )
    return find(kind).from_json(data)
