"""Text: documents as they are, in whatever tokens."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from seqgen.errors import ConfigError
from seqgen.tasks.base import Task

if TYPE_CHECKING:
    import numpy as np

    from seqgen.checkpoint.config import Config
    from seqgen.checkpoint.read import Checkpoint
    from seqgen.config.options import DataOptions, SamplingOptions
    from seqgen.data.corpora import Corpus
    from seqgen.data.corpora.units import Documents
    from seqgen.data.split import Split
    from seqgen.data.tokenizers.base import Text, Tokenizer
    from seqgen.generation.text_sample import TextSampler

TEMPERATURE = 0.8
# Of 1,000 names by a model of 3,000, 9% are copies at 0.8, 4.7% at 1, 3.6% at 1.1.
LIST_TEMPERATURE = 1.1
SHORT_ITEM = 64  # most tokens of a long item of a list whose items are short


class TextTask(Task):
    """Language modelling of text: one long text, or documents of any unit."""

    name = "text"
    default_tokenizer = "char"
    document_noun = "document"
    samples_noun = "text"
    split_description = "the last tenth of each text is held out"

    def invalid_fields(self, config: "Config") -> "Iterator[tuple[str, str]]":
        if config.feature_sizes:
            yield "feature_sizes", "text has no input features"

    def split(self, corpus: "Corpus", options: "DataOptions") -> "Split":
        from seqgen.data.corpora.units import choose_unit
        from seqgen.data.split import split_text

        if options.voice is not None:
            raise ConfigError("is for tune books; a text has no voices", option="voice")
        return split_text(corpus, choose_unit(corpus, options.documents))

    def count_documents(self, corpus: "Corpus") -> tuple[int, str | None]:
        from seqgen.data.corpora.units import Documents, choose_unit

        unit = choose_unit(corpus)
        return sum(1 for _ in Documents(corpus, unit)), unit

    def split_again(self, corpus: "Corpus", config: "Config", tokenizer: "Tokenizer") -> "Split":
        from seqgen.data.split import split_ends, split_text

        if config.corpus.held_out and config.corpus.unit:
            return split_text(corpus, config.corpus.unit)
        return split_ends(corpus)

    def documents(self, corpus: "Corpus", config: "Config") -> "Documents":
        """Return the documents of a corpus; a text without the model's separator is one."""
        from seqgen.data.corpora.units import Documents

        return Documents(corpus, config.corpus.document_unit)

    def parse_excerpt(self, text: str) -> list[str]:
        return [text]

    def encode(
        self, documents: "Iterable[Text]", tokenizer: "Tokenizer", feature_sizes: tuple[int, ...]
    ) -> "Iterator[tuple[np.ndarray, int]]":
        from seqgen.data.token_files import encode_documents

        return encode_documents(documents, tokenizer)

    def start_ids(self, documents: int, tokenizer: "Tokenizer") -> tuple[int, ...]:
        """Begin before a document, or before a line if there is only one document."""
        from seqgen.data.tokenizers.base import END

        if documents == 1 and not tokenizer.unknown("\n"):
            return tuple(int(token) for token in tokenizer.encode("\n"))
        return (END,)

    def default_temperature(self, config: "Config") -> float:
        """Return 0.8, or 1.1 for lists of short items: they are easily copied at lower ones."""
        from seqgen.config.options import LINE

        corpus = config.corpus
        if corpus.unit == LINE and 0 < corpus.long <= SHORT_ITEM:
            return LIST_TEMPERATURE
        return TEMPERATURE

    def sampler(
        self,
        checkpoint: "Checkpoint",
        prompt: str,
        options: "SamplingOptions",
        task_options: None,
        seed: int,
    ) -> "TextSampler":
        from seqgen.generation.text_sample import TextSampler

        return TextSampler(checkpoint, prompt, options)

    def fingerprint(self, document: "Text") -> int:
        from seqgen.data.fingerprint import fingerprint

        return fingerprint(document)


TASK = TextTask()
