"""Decoding of detected and given encodings; other bytes are refused with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.data.corpora.decode import decode
from seqgen.errors import ConfigError, CorpusError

letters = st.text(st.characters(categories=["L", "N", "P", "Zs"], exclude_characters="\ufeff"))


def decode_all(data, origin, encoding=None):
    return "".join(decode([data], origin, encoding))


MARKED = ["utf-8-sig", "utf-16", "utf-32"]  # Python's names of the encodings that write a mark


@given(letters)
def test_utf_8_is_the_default(text):
    assert decode_all(text.encode(), "a") == text


@given(letters, st.sampled_from(MARKED))
def test_a_byte_order_mark_sets_the_encoding_and_is_removed(text, encoding):
    assert decode_all(text.encode(encoding), "a") == text


@pytest.mark.parametrize("codec", ["utf-16-be", "utf-32-be", "utf-16-le", "utf-32-le"])
def test_marks_of_both_byte_orders_are_detected(codec):
    assert decode_all("\ufeffhé".encode(codec), "a") == "hé"


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-8", "utf-16-le", "utf-32"])
def test_a_mark_is_removed_for_a_given_encoding(encoding):
    assert decode_all("\ufeffhello".encode(encoding), "a", encoding) == "hello"


def test_line_ends_are_normalised():
    assert decode_all(b"a\r\nb\rc\n\r\nd", "a") == "a\nb\nc\n\nd"


@given(letters, st.sampled_from([*MARKED, "shift_jis", "utf-16-le"]), st.data())
def test_the_text_does_not_depend_on_the_chunks(text, encoding, data):
    text = "a\r\nb\rc" + text + "\r"
    encoded = text.encode(encoding, "ignore")
    cuts = sorted(data.draw(st.lists(st.integers(4, len(encoded)), max_size=4)))
    chunks = [encoded[a:b] for a, b in zip([0, *cuts], [*cuts, len(encoded)], strict=True)]
    given_encoding = None if encoding in MARKED else encoding
    assert "".join(decode(chunks, "a", given_encoding)) == decode_all(encoded, "a", given_encoding)


def test_offsets_of_bad_bytes_count_over_all_chunks():
    chunks = [b"one\r", b"\ntw\xc3", b"\xa9\nthr", b"ee\xff"]
    with pytest.raises(CorpusError, match=r"byte 0xff at offset 15 \(line 3\)"):
        list(decode(chunks, "a"))
    with pytest.raises(CorpusError, match=r"byte 0xc3 at offset 4 \(line 2\)"):
        list(decode([b"one\r", b"\xc3"], "a"))
    with pytest.raises(CorpusError, match=r"NUL .*line 3"):
        list(decode([b"one\r", b"\ntwo\n\0"], "a"))


def test_a_given_encoding_is_used():
    assert decode_all(b"caf\xe9 \x92", "a", "cp1252") == "café ’"


def test_bad_bytes_are_reported_with_offset_and_a_suggested_encoding():
    data = b"one\r\ntwo\n" + "né".encode() + b"\nit\x92s"
    with pytest.raises(CorpusError) as error:
        decode_all(data, "poem.txt")
    assert str(error.value) == (
        "poem.txt: byte 0x92 at offset 15 (line 4) is not UTF-8; try `encoding='cp1252'`"
    )


def test_the_suggested_encoding_fits():
    with pytest.raises(CorpusError, match="`encoding='latin-1'`"):
        decode_all(b"caf\xe9 \x81", "a")  # 0x81 is undefined in cp1252
    with pytest.raises(CorpusError, match="`encoding='utf-8'`"):
        decode_all("né".encode(), "a", "ascii")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-32", "shift_jis"])
@given(data=st.binary(min_size=1, max_size=40))
def test_any_bytes_are_decoded_or_refused(encoding, data):
    try:
        text = decode_all(data, "a", encoding)
    except CorpusError:
        return
    assert "\r" not in text
    assert "\0" not in text


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0\0\rIHDR",
        b"text\0text",
        b"a" * 100_000 + b"\0",
        bytes(range(1, 32)) * 9,
    ],
)
def test_binary_is_refused(data):
    with pytest.raises(CorpusError, match=r"pic\.png"):
        decode_all(data, "pic.png")


def test_utf_16_without_a_mark_is_recognised():
    with pytest.raises(CorpusError, match="`encoding='utf-16-le'`"):
        decode_all("plain words".encode("utf-16-le"), "a")
    with pytest.raises(CorpusError, match="`encoding='utf-16-be'`"):
        decode_all("plain words".encode("utf-16-be"), "a")


@pytest.mark.parametrize("name", ["utf-9", "hex", "undefined", "idna", "", "a\0b", "a\udcff"])
def test_unknown_encodings_are_refused(name):
    if not name:  # not given
        assert decode_all(b"x", "a", name) == "x"
        return
    with pytest.raises(ConfigError) as error:
        decode_all(b"x", "a", name)
    assert error.value.option == "encoding"
