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
    """Train a tokenizer on texts.

    Args:
        kind: Name of the tokenizer.
        texts: The vocabulary covers all their characters; its pieces are counted in up to
            `base.MAX_SAMPLED` characters. They are iterated over several times.
        vocab_size: Maximum number of tokens, including END; None for the tokenizer's default.

    Raises:
        ConfigError: If the kind is unknown, or vocab_size is too small or has no effect.
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
    """Create a tokenizer from the object in ``tokenizer.json``, which is not trusted.

    Raises:
        CheckpointError: If it is not what `Tokenizer.to_json` returns.
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
