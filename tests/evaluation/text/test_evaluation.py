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
NETWORK = ["float32", "int8"]
COUNTED = ["unigram", *(f"{n}-gram" for n in range(2, 9))]


@pytest.fixture
def opened(tmp_path: Path, make: Callable[..., Path]) -> Checkpoint:
    return open_checkpoint(make(tmp_path / "x", text=TEXT))


def encoded(opened: Checkpoint, *texts: str) -> np.ndarray:
    return np.concatenate([p for t in texts for p in ([END], opened.tokenizer.encode(t))])


def report(opened: Checkpoint, held: np.ndarray, learned: np.ndarray | None) -> TextReport:
    ends = opened.config.corpus.documents > 1
    measured, _ = eval_tokens(held, opened.tokenizer, "a text", ends_count=ends)
    return evaluate(opened, measured, learned, notices=("a notice",))


def test_every_row_is_of_the_same_text(opened: Checkpoint) -> None:
    learned, held = encoded(opened, TEXT[:18_000]), encoded(opened, TEXT[18_000:])
    found = report(opened, held, learned)
    rows = {row.key: row for row in found.rows}
    assert set(rows) == {
        *NETWORK, "uniform", *COUNTED, "xz", "xz_alone", "bzip2", "bzip2_alone",
    }  # fmt: skip
    values = [row.nats_per_character.value for row in found.rows]
    assert values == sorted(values)
    for precision in NETWORK:
        nats = token_losses(Engine(opened.graph(precision)), held)
        assert rows[precision].nats_per_token.value == pytest.approx(nats.mean(), abs=1e-6)
        assert rows[precision].nats_per_token.error > 0.005
    model = NGram.count(learned, 6, opened.config.vocab)
    assert rows["6-gram"].nats_per_token.value == pytest.approx(model.loss(held), abs=1e-6)
    assert rows["uniform"].perplexity.value == pytest.approx(opened.config.vocab - 1)
    assert (found.tokens, found.characters) == (2000, 2000)
    assert found.overlap.share < 0.01
    assert found.overlap.warning == ""
    assert found.samples is None
    assert found.notices == ("a notice",)
    exact, coded = (rows[precision].nats_per_character for precision in NETWORK)
    assert found.quantisation.value == pytest.approx(coded.value - exact.value, abs=1e-9)
    # The same text twice: the difference is known better than either.
    assert found.quantisation.error < exact.error / 10


def test_passages_are_those_that_the_network_finds_unlikely(opened: Checkpoint) -> None:
    held = encoded(opened, TEXT[18_000:])
    found = report(opened, held, None)
    nats = token_losses(Engine(opened.graph("float32")), held)
    for passage in (*found.surprising, *found.expected):
        part = slice(passage.start, passage.start + len(passage.text))
        assert TEXT[18_000:][part] == passage.text
        np.testing.assert_allclose(passage.nats, nats[part])
    assert np.mean(found.surprising[0].nats) > nats.mean() > np.mean(found.expected[0].nats)


def test_without_a_training_part_nothing_is_told_that_needs_it(opened: Checkpoint) -> None:
    found = report(opened, encoded(opened, TEXT[18_000:]), None)
    assert {row.key for row in found.rows} == {*NETWORK, "uniform", "xz_alone", "bzip2_alone"}
    assert found.overlap is None


def test_what_was_learned_from_is_not_measured_by_in_silence(opened: Checkpoint) -> None:
    learned = encoded(opened, TEXT[:18_000])
    planted = encoded(opened, TEXT[18_000:19_000] + TEXT[5000:5400] + TEXT[19_000:])
    found = report(opened, planted, learned)
    assert found.overlap.length >= 400
    assert TEXT[5000:5400] in found.overlap.shared
    assert found.overlap.warning


def test_documents_are_read_each_from_nothing_and_their_ends_are_told(
    tmp_path: Path, make: Callable[..., Path]
) -> None:
    opened = open_checkpoint(make(tmp_path / "many", text=TEXT, documents=3))
    one, two = TEXT[18_000:18_700], TEXT[18_700:20_000]
    held = encoded(opened, one, two)
    found = report(opened, held, encoded(opened, TEXT[:9000], TEXT[9000:18_000]))
    engine = Engine(opened.graph("float32"))
    ended = np.concatenate([held[:701], [END]])
    nats = [*token_losses(engine, ended, streams=1), *token_losses(engine, held[701:], streams=1)]
    rows = {row.key: row for row in found.rows}
    assert found.tokens == 2001
    assert found.characters == 2000
    assert rows["float32"].nats_per_token.value == pytest.approx(np.mean(nats), abs=2e-3)
    assert rows["float32"].nats_per_character.value == pytest.approx(sum(nats) / 2000, abs=2e-3)
    assert rows["uniform"].nats_per_token.value == pytest.approx(math.log(opened.config.vocab))


@pytest.mark.parametrize("tokens", ["word", "subword"])
def test_longer_tokens_cost_more_and_characters_do_not(
    tmp_path: Path, make: Callable[..., Path], tokens: str
) -> None:
    opened = open_checkpoint(make(tmp_path / "long", text=TEXT, tokens=tokens))
    held = encoded(opened, TEXT[18_000:])
    found = report(opened, held, encoded(opened, TEXT[:18_000]))
    row = next(row for row in found.rows if row.key == "float32")
    nats = token_losses(Engine(opened.graph("float32")), held).sum()
    assert found.tokens == len(held) - 1 < 1500
    assert row.nats_per_token.value == pytest.approx(nats / found.tokens)
    assert row.nats_per_character.value == pytest.approx(nats / 2000)
    assert row.perplexity.value == pytest.approx(math.exp(nats / found.tokens))


def test_the_training_part_as_a_text(opened: Checkpoint) -> None:
    assert text_of(encoded(opened, "the sea", "the sky"), opened) == "the sea\0the sky"
    # A part that was cut from a longer one begins within a document.
    assert text_of(encoded(opened, "the sea", "the sky")[4:], opened) == " sea\0the sky"


def test_samples_are_measured_where_they_are_wanted(opened: Checkpoint) -> None:
    learned, held = encoded(opened, TEXT[:18_000]), encoded(opened, TEXT[18_000:])
    measured, _ = eval_tokens(held, opened.tokenizer, "a text", ends_count=False)
    sampling = SamplingOptions(count=2, length=50, seed=0)
    said: list[str] = []
    found = evaluate(opened, measured, learned, sampling, lambda what, share: said.append(what))
    assert found.samples is not None
    assert found.samples.count == 2
    assert any("2,000 tokens" in what for what in said)
    assert any("generating" in what for what in said)
    # Novelty is told against the training part alone.
    assert evaluate(opened, measured, None, sampling).samples is None
