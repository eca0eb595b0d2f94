"""A text in a file equals the text in memory, also in slices."""

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.data.corpora.longtext import LongText, Store
from seqgen.errors import CorpusError

# One character of each width, and half a UTF-16 pair of each side.
characters = st.text(st.sampled_from("a\né日\U0001f3bb\ud83c\udfbb"), max_size=6)
positions = st.one_of(st.none(), st.integers(-30, 30))


@given(st.lists(characters, max_size=6), st.data())
def test_slices_equal_those_in_memory(pieces, data):
    store = Store()
    store.add(["before"])
    text, whole = store.add(pieces), "".join(pieces)
    store.add(["after"])
    assert (len(text), str(text)) == (len(whole), whole)
    part = slice(data.draw(positions), data.draw(positions))
    assert str(text[part]) == whole[part]
    second = slice(data.draw(positions), data.draw(positions))
    assert str(text[part][second]) == whole[part][second]


def test_characters_take_one_byte_if_possible():
    store = Store()
    store.add(["plain", "naïve"])
    assert store._file.tell() == 10
    store.add(["日本"])
    assert store._file.tell() == 14


def test_slices_with_a_step_are_refused():
    with pytest.raises(ValueError, match="step"):
        Store().add(["abc"])[::2]


def test_a_full_disk_suggests_another_folder(monkeypatch):
    class Full:
        def seek(self, *_):
            return 0

        def write(self, _):
            raise OSError(errno.ENOSPC, "No space left on device")

    store = Store()
    monkeypatch.setattr(store, "_file", Full())
    with pytest.raises(CorpusError, match="TMPDIR"):
        store.add(["text"])


def test_an_empty_text_has_no_characters():
    assert str(LongText(Store(), 0, 0)) == ""
