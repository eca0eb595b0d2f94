import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from seqgen.checkpoint.read import Checkpoint, open_checkpoint
from seqgen.config.options import SamplingOptions
from seqgen.data.tokenizers.base import END
from seqgen.evaluation.text.eval_tokens import eval_tokens
from seqgen.evaluation.text.evaluation import evaluate, text_of
from seqgen.evaluation.text.ngram import NGram
from seqgen.evaluation.text.report import TextReport
from seqgen.generation.engine import Engine
from seqgen.generation.scoring import token_losses

TEXT = (Path(__file__).parents[3] / "corpora" / "sonnets.txt").read_text(encoding="utf-8")[:20_000]
PRECISIONS = ["float32", "int8"]
NGRAMS = ["unigram", *(f"{n}-gram" for n in range(2, 9))]


@pytest.fixture
def checkpoint(tmp_path: Path, make: Callable[..., Path]) -> Checkpoint:
    return open_checkpoint(make(tmp_path / "x", text=TEXT))


def encode(checkpoint: Checkpoint, *texts: str) -> np.ndarray:
    return np.concatenate([p for t in texts for p in ([END], checkpoint.tokenizer.encode(t))])


def evaluate_ids(
    checkpoint: Checkpoint, validation: np.ndarray, training: np.ndarray | None
) -> TextReport:
    ends = checkpoint.config.corpus.documents > 1
    tokens, _ = eval_tokens(validation, checkpoint.tokenizer, "a text", ends_count=ends)
    return evaluate(checkpoint, tokens, training, notices=("a notice",))


def test_all_rows_evaluate_the_same_text(checkpoint: Checkpoint) -> None:
    training, validation = (
        encode(checkpoint, TEXT[:18_000]),
        encode(checkpoint, TEXT[18_000:]),
    )
    result = evaluate_ids(checkpoint, validation, training)
    rows = {row.key: row for row in result.rows}
    assert set(rows) == {
        *PRECISIONS, "uniform", *NGRAMS, "xz", "xz_alone", "bzip2", "bzip2_alone",
    }  # fmt: skip
    values = [row.nats_per_character.value for row in result.rows]
    assert values == sorted(values)
    for precision in PRECISIONS:
        nats = token_losses(Engine(checkpoint.graph(precision)), validation)
        assert rows[precision].nats_per_token.value == pytest.approx(nats.mean(), abs=1e-6)
        assert rows[precision].nats_per_token.error > 0.005
    ngram = NGram.count(training, 6, checkpoint.config.vocab)
    assert rows["6-gram"].nats_per_token.value == pytest.approx(ngram.loss(validation), abs=1e-6)
    assert rows["uniform"].perplexity.value == pytest.approx(checkpoint.config.vocab - 1)
    assert (result.tokens, result.characters) == (2000, 2000)
    assert result.overlap.share < 0.01
    assert result.overlap.warning == ""
    assert result.samples is None
    assert result.notices == ("a notice",)
    exact, quantised = (rows[precision].nats_per_character for precision in PRECISIONS)
    assert result.quantisation.value == pytest.approx(quantised.value - exact.value, abs=1e-9)
    # Both are measured on the same text: their difference has the smaller error.
    assert result.quantisation.error < exact.error / 10


def test_passages_are_the_most_and_least_surprising(checkpoint: Checkpoint) -> None:
    validation = encode(checkpoint, TEXT[18_000:])
    result = evaluate_ids(checkpoint, validation, None)
    nats = token_losses(Engine(checkpoint.graph("float32")), validation)
    for passage in (*result.surprising, *result.expected):
        part = slice(passage.start, passage.start + len(passage.text))
        assert TEXT[18_000:][part] == passage.text
        np.testing.assert_allclose(passage.nats, nats[part])
    assert np.mean(result.surprising[0].nats) > nats.mean() > np.mean(result.expected[0].nats)


def test_without_training_data_rows_that_need_it_are_left_out(checkpoint: Checkpoint) -> None:
    result = evaluate_ids(checkpoint, encode(checkpoint, TEXT[18_000:]), None)
    assert {row.key for row in result.rows} == {*PRECISIONS, "uniform", "xz_alone", "bzip2_alone"}
    assert result.overlap is None


def test_overlap_with_the_training_data_gives_a_warning(checkpoint: Checkpoint) -> None:
    training = encode(checkpoint, TEXT[:18_000])
    planted = encode(checkpoint, TEXT[18_000:19_000] + TEXT[5000:5400] + TEXT[19_000:])
    result = evaluate_ids(checkpoint, planted, training)
    assert result.overlap.length >= 400
    assert TEXT[5000:5400] in result.overlap.shared
    assert result.overlap.warning


def test_documents_start_from_the_zero_state_and_their_ends_count(
    tmp_path: Path, make: Callable[..., Path]
) -> None:
    checkpoint = open_checkpoint(make(tmp_path / "many", text=TEXT, documents=3))
    first, second = TEXT[18_000:18_700], TEXT[18_700:20_000]
    validation = encode(checkpoint, first, second)
    result = evaluate_ids(
        checkpoint, validation, encode(checkpoint, TEXT[:9000], TEXT[9000:18_000])
    )
    engine = Engine(checkpoint.graph("float32"))
    ended = np.concatenate([validation[:701], [END]])
    nats = [
        *token_losses(engine, ended, streams=1),
        *token_losses(engine, validation[701:], streams=1),
    ]
    rows = {row.key: row for row in result.rows}
    assert result.tokens == 2001
    assert result.characters == 2000
    assert rows["float32"].nats_per_token.value == pytest.approx(np.mean(nats), abs=2e-3)
    assert rows["float32"].nats_per_character.value == pytest.approx(sum(nats) / 2000, abs=2e-3)
    assert rows["uniform"].nats_per_token.value == pytest.approx(math.log(checkpoint.config.vocab))


@pytest.mark.parametrize("tokens", ["word", "subword"])
def test_nats_per_character_do_not_depend_on_the_tokens(
    tmp_path: Path, make: Callable[..., Path], tokens: str
) -> None:
    checkpoint = open_checkpoint(make(tmp_path / "long", text=TEXT, tokens=tokens))
    validation = encode(checkpoint, TEXT[18_000:])
    result = evaluate_ids(checkpoint, validation, encode(checkpoint, TEXT[:18_000]))
    row = next(row for row in result.rows if row.key == "float32")
    nats = token_losses(Engine(checkpoint.graph("float32")), validation).sum()
    assert result.tokens == len(validation) - 1 < 1500
    assert row.nats_per_token.value == pytest.approx(nats / result.tokens)
    assert row.nats_per_character.value == pytest.approx(nats / 2000)
    assert row.perplexity.value == pytest.approx(math.exp(nats / result.tokens))


def test_text_of_joins_documents(checkpoint: Checkpoint) -> None:
    assert text_of(encode(checkpoint, "the sea", "the sky"), checkpoint) == "the sea\0the sky"
    # A part may begin within a document.
    assert text_of(encode(checkpoint, "the sea", "the sky")[4:], checkpoint) == " sea\0the sky"


def test_samples_are_evaluated_on_request(checkpoint: Checkpoint) -> None:
    training, validation = (
        encode(checkpoint, TEXT[:18_000]),
        encode(checkpoint, TEXT[18_000:]),
    )
    tokens, _ = eval_tokens(validation, checkpoint.tokenizer, "a text", ends_count=False)
    sampling = SamplingOptions(count=2, length=50, seed=0)
    progress: list[str] = []
    result = evaluate(
        checkpoint, tokens, training, sampling, lambda what, share: progress.append(what)
    )
    assert result.samples is not None
    assert result.samples.count == 2
    assert any("2,000 tokens" in what for what in progress)
    assert any("generating" in what for what in progress)
    # Novelty needs the training part.
    assert evaluate(checkpoint, tokens, None, sampling).samples is None
