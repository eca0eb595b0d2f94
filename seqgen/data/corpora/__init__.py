"""Corpora: files, folders, patterns, standard input and built-in names, read into documents."""

from seqgen.data.corpora.document import Corpus, Document
from seqgen.data.corpora.source import open_corpus

__all__ = ["Corpus", "Document", "open_corpus"]
