"""Text: documents as they are, in whatever tokens."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from seqgen.errors import ConfigError
from seqgen.tasks.base import Task

if TYPE_CHECKING:
    import numpy as np

    from seqgen.checkpoint.config import Config
    from seqgen.config.options import DataOptions
    from seqgen.data.corpora import Corpus
    from seqgen.data.split import Split
    from seqgen.data.tokenizers.base import Text, Tokenizer


class TextTask(Task):
    """Language modelling of text: one long text, or documents of any unit."""

    name = "text"
    default_tokenizer = "char"

    def invalid_fields(self, config: "Config") -> "Iterator[tuple[str, str]]":
        if config.places:
            yield "places", "text has no input features"

    def split(self, corpus: "Corpus", options: "DataOptions") -> "Split":
        from seqgen.data.corpora.units import choose_unit
        from seqgen.data.split import split_text

        if options.voice is not None:
            raise ConfigError("is for tune books; a text has no voices", option="voice")
        return split_text(corpus, choose_unit(corpus, options.documents))

    def encode(
        self,
        documents: "Iterable[Text]",
        tokenizer: "Tokenizer",
        feature_sizes: tuple[int, ...],
    ) -> "Iterator[tuple[np.ndarray, int]]":
        from seqgen.data.token_files import encode_documents

        return encode_documents(documents, tokenizer)

    def start_ids(self, documents: int, tokenizer: "Tokenizer") -> tuple[int, ...]:
        """Begin before a document, or before a line if there is only one document."""
        from seqgen.data.tokenizers.base import END

        if documents == 1 and not tokenizer.unknown("\n"):
            return tuple(int(token) for token in tokenizer.encode("\n"))
        return (END,)

    def fingerprint(self, document: "Text") -> int:
        from seqgen.data.fingerprint import fingerprint

        return fingerprint(document)


TASK = TextTask()
