"""Fuzz targets: parsers of untrusted bytes.

Each target accepts any bytes and ignores the documented errors of its parser. Other exceptions,
among them failed assertions, are faults.
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
from seqgen.music.render.abc_writer import abc as write_abc

ENCODINGS = (None, "utf-16", "cp1252", "shift_jis", "gb18030", "utf-7")
MAX_TUNES = 20


def decoding(data: bytes) -> None:
    """Decoded files have no foreign line ends or NULs, or are refused."""
    if not data:
        return
    encoding = ENCODINGS[data[0] % len(ENCODINGS)]
    size = 1 + data[0] // len(ENCODINGS)
    chunks = (data[n : n + size] for n in range(1, len(data), size))
    with contextlib.suppress(CorpusError):
        text = "".join(decode(chunks, "fuzz", encoding))
        assert "\r" not in text
        assert "\0" not in text


def tokens(data: bytes) -> None:
    """Tokens decode to the text, also with a vocabulary of another text."""
    if not data:
        return
    names = tokenizers.names()
    kind = names[data[0] % len(names)]
    text, _, other = data[1:].decode("utf-8", "replace").partition("\x1e")
    if not text:
        return
    tokenizer = tokenizers.train(kind, [text], 300 if kind in ("word", "subword") else None)
    assert tokenizer.decode(tokenizer.encode(text)) == text
    reloaded = tokenizers.load(json.loads(json.dumps(tokenizer.to_json())))
    assert reloaded.encode(text).tolist() == tokenizer.encode(text).tolist()
    with contextlib.suppress(TokenError):
        assert tokenizer.decode(tokenizer.encode(other)) == other
    known = tokenizer.skip_unknown(other)
    assert tokenizer.decode(tokenizer.encode(known)) == known


def vocabulary(data: bytes) -> None:
    """A tokenizer.json gives a tokenizer that decodes all ids, or is refused."""
    with contextlib.suppress(CheckpointError):
        content = parse_json(data, "fuzz")
        tokenizer = tokenizers.load(content)
        tokenizer.decode(range(min(tokenizer.size, 1000)))


def config(data: bytes) -> None:
    """A config.json gives a configuration that survives serialisation, or is refused."""
    with contextlib.suppress(CheckpointError):
        parsed = Config.from_json(parse_json(data, "fuzz"))
        assert Config.from_json(json.loads(json.dumps(parsed.to_json()))) == parsed
        assert parsed.parameters >= 0


def tunes(data: bytes) -> None:
    """ABC is refused, or its normal form is stable under parsing and writing."""
    source = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    for document in split_tunes(source, "fuzz")[:MAX_TUNES]:
        with contextlib.suppress(TuneError):
            tune = normalize(parse_tune(str(document.text)))
            assert normalize(tune) == tune
            assert (
                decode_tune(encode_tune(tune)).bars
                == decode_tune(encode_tune(decode_tune(encode_tune(tune)))).bars
            )
            assert encode_tune(normalize(parse_tune(write_abc(tune)))) == encode_tune(tune)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "decoding": decoding,
    "tokens": tokens,
    "vocabulary": vocabulary,
    "config": config,
    "tunes": tunes,
}
