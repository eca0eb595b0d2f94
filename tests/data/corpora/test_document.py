"""The fingerprint of a corpus depends on its texts only."""

from hypothesis import given
from hypothesis import strategies as st

from seqgen.data.corpora import Corpus, Document

texts = st.lists(st.text(max_size=5), max_size=4)


def corpus(texts, name="a"):
    documents = tuple(Document(text, f"{name}{i}") for i, text in enumerate(texts))
    return Corpus(name, "text", documents, (name,))


@given(texts, texts)
def test_fingerprints_are_equal_exactly_if_the_documents_are(left, right):
    same = corpus(left).fingerprint == corpus(right, name="b").fingerprint
    assert same == (left == right)


def test_joined_documents_are_another_corpus():
    assert corpus(["ab", "c"]).fingerprint != corpus(["a", "bc"]).fingerprint


def test_characters_are_counted_over_all_documents_not_bytes():
    assert corpus(["né", "日本"]).characters == 4
