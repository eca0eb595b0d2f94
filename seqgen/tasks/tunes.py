"""Tunes in ABC notation: normalised, with the position of each token in its tune as features."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seqgen.config.options import AUTO
from seqgen.errors import CheckpointError, ConfigError, CorpusError, TuneError
from seqgen.tasks.base import Task, Unit

if TYPE_CHECKING:
    import numpy as np

    from seqgen.checkpoint.config import Config
    from seqgen.checkpoint.read import Checkpoint
    from seqgen.config.options import DataOptions, SamplingOptions, TuneOptions
    from seqgen.config.resolved import DataSpec
    from seqgen.data.batching import Augmentation
    from seqgen.data.corpora import Corpus
    from seqgen.data.split import Split
    from seqgen.data.tokenizers.base import Text, Tokenizer
    from seqgen.generation.tune_sample import TuneSampler

TOKENIZER = "abc"
# A model of fewer tunes does not learn what a tune is.
ENOUGH_TUNES = 50
PREVIEW_TOKENS = 250  # most tunes have fewer
# At 0.8 tunes repeat their bars more often than the tunes of books, at 1 less often.
TEMPERATURE = 0.95


class TunesTask(Task):
    """Books of tunes; each tune in normal form is a document (`seqgen.music.normal`)."""

    name = "tunes"
    default_tokenizer = TOKENIZER
    document_noun = "tune"
    samples_noun = "tunes in ABC notation"
    split_description = (
        "a tenth of the tunes is held out, each with all that share 16 notes with it"
    )

    document_separator = "\n"  # an empty line ends a tune
    unit_label = "note"
    abc_samples = True
    evaluation = "seqgen.cli.evaluate_tunes:EVALUATION"

    def metric_unit(self, config: "Config") -> Unit:
        """Return notes, or characters if the validation part has no notes."""
        if config.facts and config.facts.validation_notes:
            return Unit("note", "note", config.facts.validation_notes)
        return super().metric_unit(config)

    def extra_metrics(self, nats: float, config: "Config") -> dict[str, float]:
        unit = self.metric_unit(config)
        return {"bits_per_note": unit.bits(nats, config)} if unit.name == "note" else {}

    def corpus_report(self, corpus: "Corpus") -> dict[str, Any]:
        from seqgen.music.normal.tunebook import normalize_book

        return normalize_book(corpus.documents).facts()

    @property
    def facts_type(self) -> type:
        from seqgen.music.normal.book_facts import TuneFacts

        return TuneFacts

    def invalid_fields(self, config: "Config") -> "Iterator[tuple[str, str]]":
        from seqgen.music.normal.position_features import feature_sizes

        known = {feature_sizes(config.vocab, outline) for outline in (False, True)}
        if config.feature_sizes and config.feature_sizes not in known:
            yield "feature_sizes", f"for {config.vocab} tokens there are other features"
        if config.facts and (name := config.facts.invalid_key()):
            yield "facts.tonics", f"{name!r} is not a key"

    def split(self, corpus: "Corpus", options: "DataOptions") -> "Split":
        if options.documents != AUTO:
            raise ConfigError(
                "is for texts; in a tune book each tune is a document", option="documents"
            )
        return split_tunes(corpus, options.transpose, options.voice)

    def split_again(self, corpus: "Corpus", config: "Config", tokenizer: "Tokenizer") -> "Split":
        """Split a book as a run did, without the tunes that its vocabulary lacks tokens for.

        A later seqgen may read more tunes of a book than the one of the run.
        """
        split = split_tunes(corpus, config.data.transpose, config.data.voice)
        if tokenizer.kind != TOKENIZER:
            return split
        known = frozenset(tokenizer.pieces)
        return replace(
            split,
            training=tuple(in_vocabulary(split.training, known)),
            validation=tuple(in_vocabulary(split.validation, known)),
        )

    def documents(self, corpus: "Corpus", config: "Config") -> "Iterable[Text]":
        from seqgen.music.normal import tunebook

        source = corpus.sources[0]
        if corpus.kind != self.name:
            raise CorpusError(f"{source} holds no tunes in ABC, and the model reads only tunes")
        book = tunebook.normalize_book(corpus.documents, config.data.transpose)
        if not book.tunes:
            reason = next(iter(book.rejected), "there is none")
            raise CorpusError(f"{source} holds no tune that can be read: {reason}")
        return (tune.text for tune in book.tunes)

    def parse_excerpt(self, text: str) -> list[str]:
        """Return tunes in normal form that are separated by empty lines."""
        return text.rstrip("\n").split("\n\n")

    def extra_vocabulary(
        self, split: "Split", options: "DataOptions", tokenizer: str
    ) -> Sequence[str]:
        """Return copy marks, lines for unknown values, and those that transposed tunes have."""
        from seqgen.music.normal.known_lines import unknown_lines
        from seqgen.music.normal.tokens import COPIES
        from seqgen.music.normal.transposition import transposed_lines

        if tokenizer == TOKENIZER:
            extra = [*COPIES, *unknown_lines(options.transpose == "common")]
        else:
            extra = []
        if options.transpose != "augment":
            return extra
        if tokenizer != TOKENIZER:
            raise ConfigError(
                f"'augment' transposes the tokens of tunes; `tokenizer={tokenizer!r}` has none",
                option="transpose",
            )
        lines = {line for text in split.training for line in transposed_lines(str(text))}
        return [*extra, *sorted(lines)]

    def feature_sizes(self, tokenizer: "Tokenizer") -> tuple[int, ...]:
        from seqgen.music.normal import position_features

        if tokenizer.kind != TOKENIZER:
            return ()
        outline = position_features.has_outline(tokenizer.pieces)
        return position_features.feature_sizes(tokenizer.size, outline)

    def encode(
        self, documents: "Iterable[Text]", tokenizer: "Tokenizer", feature_sizes: tuple[int, ...]
    ) -> "Iterator[tuple[np.ndarray, int]]":
        from seqgen.data.token_files import encode_documents

        if not feature_sizes:
            return encode_documents(documents, tokenizer)
        return encode_with_positions(documents, tokenizer)

    def start_ids(self, documents: int, tokenizer: "Tokenizer") -> tuple[int, ...]:
        from seqgen.data.tokenizers.base import END

        return (END,)

    def augmentation(
        self, data: "DataSpec", rows: "np.ndarray", tokenizer: "Tokenizer", seed: int
    ) -> "Augmentation | None":
        from seqgen.music.normal.augmentation import KeyAugmentation

        if data.transpose != "augment":
            return None
        return KeyAugmentation(rows, tokenizer, seed)

    def has_documents(self, config: "Config") -> bool:
        return True

    @property
    def sampling_options(self) -> "type[TuneOptions]":
        from seqgen.config.options import TuneOptions

        return TuneOptions

    def default_temperature(self, config: "Config") -> float:
        return TEMPERATURE

    def preview_length(self, characters_per_token: float) -> int:
        return PREVIEW_TOKENS

    def sampler(
        self,
        checkpoint: "Checkpoint",
        prompt: str,
        options: "SamplingOptions",
        task_options: "TuneOptions",
        seed: int,
    ) -> "TuneSampler":
        from seqgen.generation.tune_sample import TuneSampler

        if checkpoint.config.feature_sizes not in ((), self.feature_sizes(checkpoint.tokenizer)):
            raise CheckpointError(
                f"{checkpoint.path}: config.json: feature_sizes: not those of its tokenizer"
            )
        tune_tokens = checkpoint.tokenizer.kind == TOKENIZER
        return TuneSampler(
            checkpoint, prompt, options, task_options, seed, tune_tokens, TEMPERATURE
        )

    def fingerprint(self, document: "Text") -> int:
        return tune_fingerprint(document)


def split_tunes(corpus: "Corpus", transpose: str, voice: str | None = None) -> "Split":
    """Hold out a tenth of the tunes of a book, in normal form.

    The hash of a tune's family decides, so that all its variants are in the same part.

    Args:
        corpus: A book of tunes.
        transpose: Keys to train in (`seqgen.music.normal.tunebook.TRANSPOSE`).
        voice: Voice to train on of tunes with several; None for the first.

    Raises:
        CorpusError: If no tune can be used.
    """
    from seqgen.data.fingerprint import DocumentHashes, fingerprints
    from seqgen.data.split import VALIDATION_SHARE, Split
    from seqgen.music.normal import tunebook
    from seqgen.music.normal.book_facts import TuneFacts
    from seqgen.music.normal.title_model import title_patterns

    book = tunebook.normalize_book(corpus.documents, transpose, voice)
    tunes = book.tunes
    if not tunes:
        most = sorted(book.rejected.items(), key=lambda item: -len(item[1]))[:3]
        why = "; ".join(f"{reason} ({len(places)}, as in {places[0]})" for reason, places in most)
        raise CorpusError(f"{corpus.name} has no tune that can be used: {why}")
    notices = []
    if len(tunes) < ENOUGH_TUNES:
        notices.append(_too_few(len(tunes), corpus))
    if rejected := sum(map(len, book.rejected.values())):
        notices.append(
            f"{rejected:,} of {len(corpus.documents):,} tunes were left out "
            f"(run seqgen corpora show {corpus.sources[0]} --report for the reasons)"
        )
    if book.duplicates:
        duplicates = len(book.duplicates)
        notices.append(f"{duplicates:,} tunes are duplicates under another name or in another key")
    notices += book.left_out.lines()
    count = len(corpus.documents)
    if len(tunes) == 1:
        first, second = _cut(tunes[0].text)
        facts = TuneFacts.of(tunes, (second,))
        return Split.of((first,), (second,), count, notices=tuple(notices), facts=facts)
    held = {tune.family for tune in tunes if _hash_fraction(tune.family) < VALIDATION_SHARE}
    families = {tune.family for tune in tunes}
    if not held or held == families:
        held = {min(families, key=_hash_fraction)}
    training = tuple(tune.text for tune in tunes if tune.family not in held)
    validation = tuple(tune.text for tune in tunes if tune.family in held)
    return Split.of(
        training,
        validation,
        count,
        notices=tuple(notices),
        facts=TuneFacts.of(tunes, validation),
        hashes=DocumentHashes(
            fingerprints(training, tune_fingerprint), fingerprints(validation, tune_fingerprint)
        ),
        titles=title_patterns(tune.title for tune in tunes if tune.family not in held),
    )


def _too_few(tunes: int, corpus: "Corpus") -> str:
    """Return what to do with a book that is too small to train on."""
    count = "1 tune is" if tunes == 1 else f"{tunes} tunes are"
    return (
        f"{count} too few for a model of their own; train on them together with a larger book "
        f"(seqgen train {' '.join(corpus.sources)} tunes) or sample from the model that comes with "
        "seqgen (seqgen sample tunes)"
    )


def in_vocabulary(tunes: "Iterable[Text]", known: Collection[str]) -> Iterator[str]:
    """Yield the tunes that a vocabulary has tokens for.

    Header lines that are not ``known`` become those for unknown values.
    """
    from seqgen.music.normal.known_lines import with_known_lines
    from seqgen.music.normal.tokens import PATTERN

    for text in map(str, tunes):
        adapted = with_known_lines(text, known)
        if all(token in known for token in PATTERN.findall(adapted)):
            yield adapted


def _cut(text: str) -> tuple[str, str]:
    """Cut a tune in normal form between two tokens."""
    from seqgen.data.split import VALIDATION_SHARE
    from seqgen.music.normal.tokens import PATTERN

    pieces = PATTERN.findall(text)
    place = int(len(pieces) * (1 - VALIDATION_SHARE))
    return "".join(pieces[:place]), "".join(pieces[place:])


def _hash_fraction(family: str) -> float:
    """Return a number in [0, 1) that depends on nothing but the text."""
    return int.from_bytes(hashlib.sha256(family.encode()).digest()[:6], "big") / 2**48


def tune_fingerprint(text: "Text") -> int:
    """Return a hash that is the same for a tune under another title and in another key.

    Args:
        text: A tune in normal form. Any other text has the hash of its characters.
    """
    from seqgen.data.fingerprint import fingerprint
    from seqgen.music.normal.codec import decode_tune
    from seqgen.music.normal.normalize import identity

    try:
        return fingerprint(identity(decode_tune(str(text))))
    except (TuneError, IndexError):  # it has no note
        return fingerprint(text)


def encode_with_positions(
    documents: "Iterable[Text]", tokenizer: "Tokenizer"
) -> "Iterator[tuple[np.ndarray, int]]":
    """Encode tunes with the position features of each token.

    Yields:
        Ids and features of a tune (`seqgen.music.normal.position_features.PositionTracker`),
        [N, 1 + F], the first of END; and the tune's characters.
    """
    import numpy as np

    from seqgen.data.token_files import row_type
    from seqgen.data.tokenizers.base import END
    from seqgen.music.normal import position_features

    tracker = position_features.PositionTracker(tokenizer.pieces)
    outline = position_features.has_outline(tokenizer.pieces)
    dtype = row_type(tokenizer.size, position_features.feature_sizes(tokenizer.size, outline))
    for text in documents:
        ids = [END, *tokenizer.encode(str(text)).tolist()]
        yield np.array([(id, *tracker.push(id)) for id in ids], dtype), len(text)


TASK = TunesTask()
