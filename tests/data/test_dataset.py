"""Documents are split into two parts and encoded."""

import os
import random
import subprocess
import sys

import numpy as np
import pytest

from seqgen.config.options import DataOptions
from seqgen.data.corpora import Corpus, Document, open_corpus
from seqgen.data.corpora.longtext import Store
from seqgen.data.dataset import prepare, preparing
from seqgen.data.fingerprint import fingerprints
from seqgen.data.token_files import document_texts
from seqgen.data.tokenizers.base import END
from seqgen.errors import ConfigError, CorpusError
from seqgen.music.normal import position_features
from seqgen.music.normal.tokens import COPIES
from seqgen.tasks.tunes import tune_fingerprint


def corpus(*texts, kind="text"):
    return Corpus("test", kind, tuple(Document(text, "test") for text in texts), ("test",))


def tune(number):
    pitches = "CDEFGABc"
    body = "".join(pitches[number >> 3 * k & 7] for k in range(8))
    return f"X:{number}\nT:Tune {number}\nM:4/4\nL:1/8\nK:C\n{body}|]\n"


def test_each_text_is_preceded_by_an_end(tmp_path):
    data = prepare(corpus("abc abd " * 10, "bad cab " * 5), DataOptions(), tmp_path)
    assert data.tokenizer.kind == "char"
    assert data.tokenizer.decode(data.training) == ("abc abd " * 10)[:72] + ("bad cab " * 5)[:36]
    assert (np.asarray(data.training) == END).sum() == 2
    assert data.training[0] == END
    assert (data.training_characters, data.validation_characters) == (108, 12)
    assert data.start == (END,)


def test_samples_of_a_single_text_start_on_a_line(tmp_path):
    data = prepare(corpus("one line\nand another\n" * 9), DataOptions(), tmp_path)
    assert data.tokenizer.decode(data.start) == "\n"


def test_tunes_have_position_features(tmp_path):
    tunes = corpus(*(tune(number) for number in range(30)), kind="tunes")
    data = prepare(tunes, DataOptions(), tmp_path)
    assert data.tokenizer.kind == "abc"
    assert data.feature_sizes == position_features.feature_sizes(data.tokenizer.size, True)
    assert data.training.shape[1] == data.validation.shape[1] == 1 + len(data.feature_sizes)
    tracker = position_features.PositionTracker(data.tokenizer.pieces)
    assert all(row[1:] == list(tracker.push(row[0])) for row in data.training.tolist())
    text = data.tokenizer.decode(data.training[:, 0])
    assert len(text) == data.training_characters
    tunes_read = (data.training[:, 0] == END).sum()
    assert text.count("R:none\nM:4/4\nO:C\nL:C\nH:") == text.count("P:1\nF:") == tunes_read
    extra = {*COPIES, "O:?\n", "L:?\n", "H:?\n", "P:?\n", "F:?\n"}
    assert extra <= {*data.tokenizer.pieces}


def test_tunes_can_be_tokenized_by_characters(tmp_path):
    tunes = corpus(*(tune(number) for number in range(30)), kind="tunes")
    data = prepare(tunes, DataOptions(tokenizer="char"), tmp_path)
    assert (data.tokenizer.kind, data.feature_sizes, data.training.ndim) == ("char", (), 1)
    assert data.facts is not None


NAMES = sorted(f"{a}{b}{c}" for a in "ABCDEFGH" for b in "aeiou" for c in ("n", "ra", "lis", "mo"))


@pytest.mark.parametrize("tokens", ["char", "word", "subword"])
def test_items_of_a_list_are_documents_in_another_order(tokens, tmp_path):
    data = prepare(corpus("\n".join(NAMES)), DataOptions(tokenizer=tokens), tmp_path)
    assert (data.unit, data.documents, data.held_out) == ("line", 160, 16)
    assert data.start == (END,)
    parts = [[*document_texts(part, data.tokenizer)] for part in (data.training, data.validation)]
    assert sorted(parts[0] + parts[1]) == NAMES
    assert parts[0] != sorted(parts[0])
    assert len({name[0] for name in parts[0][:40]}) > 5
    assert data.training_characters == sum(map(len, parts[0]))
    assert data.long >= 2
    hashes = data.hashes
    np.testing.assert_array_equal(hashes.training, fingerprints(parts[0]))
    np.testing.assert_array_equal(hashes.held_out, fingerprints(parts[1]))
    if tokens == "char":
        assert data.tokenizer.unknown("\n") == ["\n"]


LINES = ["Oh the river runs low", "And the lanterns are out", "I was born by the sea"]


@pytest.mark.parametrize("last", ["", "THE END OF THE SONG\n"])
def test_whole_files_of_a_folder_are_held_out(last, tmp_path):
    rng = random.Random(3)
    (tmp_path / "songs").mkdir()
    texts = []
    for number in range(60):
        body = "\n".join(rng.choice(LINES) for _ in range(rng.randint(4, 9)))
        texts.append(f"SONG\n\n{body}\n{last}")
        (tmp_path / "songs" / f"{number:02}.txt").write_text(texts[-1])
    data = prepare(open_corpus([str(tmp_path / "songs")]), DataOptions(), tmp_path)
    assert (data.unit, data.held_out, data.start) == ("file", 6, (END,))
    for part in (data.training, data.validation):
        assert set(document_texts(part, data.tokenizer)) <= set(texts)


def test_a_list_may_be_one_document(tmp_path):
    data = prepare(corpus("\n".join(NAMES)), DataOptions(documents="file"), tmp_path)
    assert (data.unit, data.documents, data.held_out) == ("file", 1, 0)
    assert data.hashes is None


def test_documents_longer_than_a_block_keep_their_text(tmp_path):
    texts = [f"{number} " * 20_000 for number in range(20)]
    data = prepare(corpus(*texts), DataOptions(), tmp_path)
    stored = [
        *document_texts(data.training, data.tokenizer),
        *document_texts(data.validation, data.tokenizer),
    ]
    assert sorted(stored) == sorted(texts)


def test_tunes_have_no_other_document_unit(tmp_path):
    tunes = corpus(*(tune(number) for number in range(30)), kind="tunes")
    with pytest.raises(ConfigError) as error:
        prepare(tunes, DataOptions(documents="line"), tmp_path)
    assert error.value.option == "documents"


def test_voice_is_refused_for_texts(tmp_path):
    with pytest.raises(ConfigError) as error:
        prepare(corpus("text " * 40), DataOptions(voice="1"), tmp_path)
    assert error.value.option == "voice"


def test_hashes_of_tunes_do_not_depend_on_the_key(tmp_path):
    tunes = corpus(*(tune(n).replace("K:C", "K:D") for n in range(30)), kind="tunes")
    in_c = prepare(tunes, DataOptions(), tmp_path).hashes.training
    data = prepare(tunes, DataOptions(transpose="none", tokenizer="char"), tmp_path)
    np.testing.assert_array_equal(data.hashes.training, in_c)
    texts = document_texts(data.training, data.tokenizer)
    np.testing.assert_array_equal(fingerprints(texts, tune_fingerprint), in_c)


def test_texts_that_are_too_short_are_refused(tmp_path):
    with pytest.raises(CorpusError, match=r"12 .*20"):
        prepare(corpus("hello, world"), DataOptions(), tmp_path)


def test_tunes_without_notes_are_refused(tmp_path):
    with pytest.raises(CorpusError, match="no tune"):
        prepare(corpus("X:1\nT:Empty\nK:C\n", kind="tunes"), DataOptions(), tmp_path)


@pytest.mark.parametrize("kind", ["char", "word", "subword"])
def test_stored_long_texts_give_the_same_ids(kind, tmp_path):
    text = "a line of words, and 日本\n" * 9000  # several blocks
    (tmp_path / "long").mkdir()
    plain = prepare(corpus(text), DataOptions(tokenizer=kind), tmp_path)
    stored = Store().add([text[:70_000], text[70_000:]])
    data = prepare(corpus(stored), DataOptions(tokenizer=kind), tmp_path / "long")
    np.testing.assert_array_equal(data.training, plain.training)
    np.testing.assert_array_equal(data.validation, plain.validation)
    assert data.tokenizer.to_json() == plain.tokenizer.to_json()


def test_a_vocabulary_from_a_part_gives_a_notice(tmp_path, monkeypatch):
    monkeypatch.setattr("seqgen.data.dataset.MAX_SAMPLED", 50)
    text = corpus("some words " * 10)
    assert prepare(text, DataOptions(), tmp_path).notices == ()
    (notice,) = prepare(text, DataOptions(tokenizer="word"), tmp_path).notices
    assert "50 of 110 characters" in notice


def test_progress_is_reported_up_to_the_end(tmp_path):
    shares = [
        event.share for event in preparing(corpus("line\n" * 40_000), DataOptions(), tmp_path)
    ]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)
    assert len(shares) > 3


@pytest.mark.slow
@pytest.mark.skipif(
    not os.path.exists("/proc/self/status"), reason="needs /proc for the peak memory"
)
def test_memory_does_not_grow_with_the_text(tmp_path):
    file = tmp_path / "long.txt"
    file.write_text("A line of text, and another one.\n" * 4_000_000)
    code = """if True:
        import sys
        from pathlib import Path
        from seqgen.config.options import DataOptions
        from seqgen.data.corpora import open_corpus
        from seqgen.data.dataset import prepare
        data = prepare(open_corpus([sys.argv[1]]), DataOptions(), Path(sys.argv[2]))
        status = Path("/proc/self/status").read_text()
        print(len(data.training), status.split("VmHWM:")[1].split()[0])
    """
    command = [sys.executable, "-c", code, file, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    tokens, kilobytes = map(int, done.stdout.split())
    assert tokens == 118_800_001
    assert kilobytes < 250_000


@pytest.mark.slow
@pytest.mark.skipif(
    not os.path.exists("/proc/self/status"), reason="needs /proc for the peak memory"
)
def test_memory_grows_little_with_the_number_of_documents(tmp_path):
    file = tmp_path / "list.txt"
    file.write_text("".join(f"item {n * 7919 % 1_000_003}\n" for n in range(400_000)))
    code = """if True:
        import sys
        from pathlib import Path
        from seqgen.config.options import DataOptions
        from seqgen.data.corpora import open_corpus
        from seqgen.data.dataset import prepare
        data = prepare(open_corpus([sys.argv[1]]), DataOptions(), Path(sys.argv[2]))
        status = Path("/proc/self/status").read_text()
        print(data.documents, status.split("VmHWM:")[1].split()[0])
    """
    command = [sys.executable, "-c", code, file, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    documents, kilobytes = map(int, done.stdout.split())
    assert documents == 400_000
    assert kilobytes < 250_000
