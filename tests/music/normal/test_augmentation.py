"""Each epoch transposes the tunes, both tokens and position features."""

import itertools
from collections.abc import Generator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqgen.checkpoint.read import open_checkpoint
from seqgen.config.options import DataOptions, RunOptions, SamplingOptions, TuneOptions
from seqgen.data.batching import TBPTTBatches
from seqgen.data.corpora import Corpus, Document
from seqgen.data.dataset import Dataset, prepare
from seqgen.data.tokenizers.base import END
from seqgen.errors import ConfigError
from seqgen.generation import load
from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.key import Key
from seqgen.music.normal.augmentation import KeyAugmentation
from seqgen.music.normal.codec import decode_tune, encode_tune, move_tune
from seqgen.music.normal.known_lines import with_known_lines
from seqgen.music.normal.position_features import PositionTracker, feature_sizes, transpose_rows
from seqgen.music.normal.tokens import BODY, COPIES, NATURALS, PITCHES
from seqgen.music.normal.transposition import key_line, moves, token_map, usual
from seqgen.tasks.tunes import encode_with_positions
from seqgen.training.events import Step
from seqgen.training.run import resume_run, start_run

KEYS = ("D", "Ador", "G", "Em", "Bb")


def corpus() -> Corpus:
    pitches = "DEFGABcd"
    bodies = [
        "".join(pitches[number >> 3 * k & 7] for k in range(4)) for number in range(0, 4096, 130)
    ]
    tunes = [
        f"X:1\nT:Tune\nR:reel\nM:4/4\nL:1/8\nK:{key}\n|:{body} AB^c2|e^ded {body}|{body} =c4:|\n"
        for body, key in zip(bodies, itertools.cycle(KEYS), strict=False)
    ]
    return Corpus("test", "tunes", tuple(Document(t, "test") for t in tunes), ("test",))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return prepare(corpus(), DataOptions(transpose="augment"), tmp_path_factory.mktemp("data"))


def epoch(data: Dataset, number: int, seed: int = 0) -> np.ndarray:
    """The whole stream of training rows, as an epoch has it."""
    rows = np.array(data.training)
    moved = KeyAugmentation(data.training, data.tokenizer, seed)
    return moved.apply(number, np.arange(len(rows)), rows)


def tunes(data: Dataset, rows: np.ndarray) -> list[str]:
    each = np.split(rows[:, 0], np.flatnonzero(rows[:, 0] == END))[1:]
    return [data.tokenizer.decode(ids[1:]) for ids in each]


def test_an_epoch_equals_the_encoded_transposed_tunes(data: Dataset) -> None:
    own, there = tunes(data, data.training), tunes(data, epoch(data, 3))
    pieces = frozenset(data.tokenizer.pieces)
    expected = []
    for before, after in zip(own, there, strict=True):
        moved, _ = move_tune(decode_tune(before), decode_tune(after).key)
        expected.append(with_known_lines(encode_tune(moved, None), pieces))
    assert there == expected
    assert there != own
    rows = [row for row, _ in encode_with_positions(expected, data.tokenizer)]
    np.testing.assert_array_equal(epoch(data, 3), np.concatenate(rows))


LINES = [f"{letter}:{name}\n" for letter in "LH" for name in [*NATURALS, "?"]]
OUTLINES = ["P:2*\n", "P:?\n", "F:1,6\n", "F:?\n", *LINES, *COPIES]


@settings(deadline=None)
@given(
    body=st.lists(st.sampled_from([*PITCHES, "2", "z", "(3", "|", "|", "@1"]), max_size=20),
    own=st.sampled_from([Key(0), Key(5, 0, "dor"), Key(3, 1, "min")]),
    lines=st.tuples(st.sampled_from(LINES), st.sampled_from(LINES)),
    outline=st.booleans(),
)
def test_moved_features_are_those_of_the_moved_tokens(
    body: list[str], own: Key, lines: tuple[str, str], outline: bool
) -> None:
    keys = usual(own.mode)
    pieces = ["", "R:none\n", "M:2/4\n", *map(key_line, keys), *BODY, *(OUTLINES * outline)]
    ids = {piece: id for id, piece in enumerate(pieces)}
    header = ["R:none\n", "M:2/4\n", *([*lines, "P:2*\n", "F:1,6\n"] * outline), key_line(own)]
    tokens = ["", *header, *(token for token in body if token in ids)]
    tracker = PositionTracker(pieces)
    rows = np.array([(ids[token], *tracker.push(ids[token])) for token in tokens])
    assert rows.shape[1] == 1 + len(feature_sizes(len(pieces), outline))
    for move in moves(tokens):
        table = token_map(move)
        if not all(table.get(token, token) in ids for token in tokens):
            continue
        ranges = [token for token in lines if outline and token[2] != "?"]
        if not all(token in table for token in ranges):
            continue  # an announced note cannot be written there
        there = [table.get(token, token) for token in tokens]
        expected = [(ids[token], *tracker.push(ids[token])) for token in there]
        tables = np.array([[ids.get(table.get(piece, piece), 0) for piece in pieces]])
        moved = rows.copy()
        zeros = np.zeros(len(rows), int)
        transpose_rows(moved, tables, zeros, zeros + move.letters)
        np.testing.assert_array_equal(moved, expected)


def test_keys_depend_on_epoch_and_seed(data: Dataset) -> None:
    seen = [[str(decode_tune(tune).key) for tune in tunes(data, epoch(data, n))] for n in range(40)]
    assert seen[0] != seen[1]
    assert len({keys[0] for keys in seen}) > 5
    np.testing.assert_array_equal(epoch(data, 7), epoch(data, 7))
    assert (epoch(data, 7) != epoch(data, 7, seed=1)).any()
    modes = {decode_tune(tune).key.mode for tune in tunes(data, data.training)}
    known = {p[2:-1] for p in data.tokenizer.pieces if p.startswith("K:")}
    assert {*itertools.chain(*seen)} == known == {str(k) for m in modes for k in usual(m)}


def test_validation_tunes_stay_in_their_keys(data: Dataset, tmp_path) -> None:
    plain = prepare(corpus(), DataOptions(transpose="none"), tmp_path)
    assert tunes(data, data.validation) == tunes(plain, plain.validation)
    assert {decode_tune(tune).key.tonic for tune in tunes(plain, plain.training)} == {*"DAGE", "Bb"}


def test_batches_use_the_keys_of_their_epoch(data: Dataset) -> None:
    moved = KeyAugmentation(data.training, data.tokenizer, 0)
    windows = TBPTTBatches(data.training, 2, 10, 0, moved)
    plain = TBPTTBatches(data.training, 2, 10, 0)
    whole = {tuple(row) for row in epoch(data, 5).tolist()}
    for step in range(windows.steps):
        read = windows.read(5, step).inputs
        assert {tuple(row) for row in read.reshape(-1, read.shape[-1]).tolist()} <= whole
        kept = [*range(1, 8), 15, 19]  # positions, the final note, the sections left
        np.testing.assert_array_equal(read[..., kept], plain.read(5, step).inputs[..., kept])
    np.testing.assert_array_equal(windows.read(2, 1).inputs, windows.read(2, 1).inputs)


def test_only_tokens_of_tunes_can_be_moved(tmp_path) -> None:
    with pytest.raises(ConfigError) as error:
        prepare(corpus(), DataOptions(tokenizer="char", transpose="augment"), tmp_path)
    assert error.value.option == "transpose"


@pytest.mark.slow
@pytest.mark.usefixtures("tf")
def test_a_resumed_run_uses_the_same_keys_and_samples_in_any_of_them(tmp_path) -> None:
    options = RunOptions.of(
        {"transpose": "augment", "units": (8,), "embedding": 4, "seq_length": 16, "batch_size": 2,
         "epochs": 3, "evaluations": 2, "dropout": 0.0}
    )  # fmt: skip
    whole = [e for e in start_run(corpus(), options, tmp_path / "whole") if isinstance(e, Step)]
    first = []
    events = start_run(corpus(), options, tmp_path / "parts")
    for event in events:
        first += [event] if isinstance(event, Step) else []
        if len(first) == whole[-1].step // 2:
            assert isinstance(events, Generator)
            events.close()
            break
    rest = [e for e in resume_run(tmp_path / "parts", {}) if isinstance(e, Step)]
    assert [step.loss for step in first + rest] == [step.loss for step in whole]
    one, other = (open_checkpoint(tmp_path / n).weights() for n in ("whole", "parts"))
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name])

    generator = load(tmp_path / "whole")
    for key in ("Cdor", "Ebmaj"):  # in which no tune of the book is
        (tune,) = generator.pieces("", SamplingOptions(seed=1), TuneOptions(key=key, bars="4"))
        assert str(parse_tune(tune[1]).key) == key
    for key in ("Dphr", "F#maj"):
        with pytest.raises(ConfigError, match=r"unknown key .*known: .*Dmaj"):
            generator.generate(key=key)
