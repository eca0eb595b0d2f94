"""Where documents come from: files, folders, patterns, standard input, known corpora."""

from seqgen.data.corpora.document import Corpus, Document
from seqgen.data.corpora.source import open_corpus

__all__ = ["Corpus", "Document", "open_corpus"]
