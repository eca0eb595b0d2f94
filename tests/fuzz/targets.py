"""What is fuzzed: readers of bytes that may come from anybody.

Each target takes any bytes and returns, or fails in no other way than by its reader's own errors,
which it takes for an answer. What it finds wrong is an AssertionError.
"""

import contextlib
import json
from collections.abc import Callable

from seqgen.checkpoint.config import Config
from seqgen.data import tokenizers
from seqgen.data.corpora.decode import decode
from seqgen.data.corpora.tunebook import split_tunes
from seqgen.errors import CheckpointError, CorpusError, TokenError, TuneError
from seqgen.io.atomic import parse_json
from seqgen.music.abc.parser import parse_tune
from seqgen.music.normal.codec import decode_tune, encode_tune
from seqgen.music.normal.normalize import normalize
from seqgen.music.render.abc_writer import abc as written

ENCODINGS = (None, "utf-16", "cp1252", "shift_jis", "gb18030", "utf-7")
MOST_TUNES = 20


def decoding(data: bytes) -> None:
    """Bytes of a file become a text without line ends of other systems, or a message."""
    if not data:
        return
    encoding = ENCODINGS[data[0] % len(ENCODINGS)]
    size = 1 + data[0] // len(ENCODINGS)
    chunks = (data[n : n + size] for n in range(1, len(data), size))
    with contextlib.suppress(CorpusError):
        found = "".join(decode(chunks, "fuzz", encoding))
        assert "\r" not in found
        assert "\0" not in found


def tokens(data: bytes) -> None:
    """A text comes back from its tokens, whatever other text the vocabulary was made from."""
    if not data:
        return
    names = tokenizers.names()
    kind = names[data[0] % len(names)]
    learned, _, other = data[1:].decode("utf-8", "replace").partition("\x1e")
    if not learned:
        return
    tokenizer = tokenizers.train(kind, [learned], 300 if kind in ("word", "subword") else None)
    assert tokenizer.decode(tokenizer.encode(learned)) == learned
    again = tokenizers.load(json.loads(json.dumps(tokenizer.to_json())))
    assert again.encode(learned).tolist() == tokenizer.encode(learned).tolist()
    with contextlib.suppress(TokenError):
        assert tokenizer.decode(tokenizer.encode(other)) == other
    known = tokenizer.skip_unknown(other)
    assert tokenizer.decode(tokenizer.encode(known)) == known


def vocabulary(data: bytes) -> None:
    """The content of a tokenizer.json is a tokenizer that gives every id back, or is refused."""
    with contextlib.suppress(CheckpointError):
        content = parse_json(data, "fuzz")
        found = tokenizers.load(content)
        found.decode(range(min(found.size, 1000)))


def config(data: bytes) -> None:
    """The content of a config.json is a configuration that writes itself as it was, or refused."""
    with contextlib.suppress(CheckpointError):
        found = Config.from_json(parse_json(data, "fuzz"))
        assert Config.from_json(json.loads(json.dumps(found.to_json()))) == found
        assert found.parameters >= 0


def tunes(data: bytes) -> None:
    """ABC is read, or refused in words; its normal form stays what it is, read and written."""
    source = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    for document in split_tunes(source, "fuzz")[:MOST_TUNES]:
        with contextlib.suppress(TuneError):
            tune = normalize(parse_tune(str(document.text)))
            assert normalize(tune) == tune
            assert (
                decode_tune(encode_tune(tune)).bars
                == decode_tune(encode_tune(decode_tune(encode_tune(tune)))).bars
            )
            assert encode_tune(normalize(parse_tune(written(tune)))) == encode_tune(tune)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "decoding": decoding,
    "tokens": tokens,
    "vocabulary": vocabulary,
    "config": config,
    "tunes": tunes,
}
