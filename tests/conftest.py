"""Shared fixtures: TensorFlow loaded once, small texts and checkpoints."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from seqgen.checkpoint import layout, write
from seqgen.checkpoint.config import Config, CorpusFacts
from seqgen.checkpoint.read import open_checkpoint
from seqgen.config.resolved import DataSpec
from seqgen.data import tokenizers
from seqgen.data.corpora import open_corpus
from seqgen.data.split import split_text
from seqgen.data.token_files import TRAINING, VALIDATION, encode_documents
from seqgen.io.atomic import write_json
from seqgen.io.user_dirs import cache_folder
from seqgen.music.normal import position_features
from seqgen.music.normal.book_facts import TuneFacts
from seqgen.music.normal.known_lines import unknown_lines
from seqgen.music.normal.tokens import COPIES
from tests.specs import model_spec, train_spec

# Chosen by `make check`; `make test` takes the default of Hypothesis.
settings.register_profile("check", max_examples=20)

# A path below a file, so that importing Keras writes no keras.json to the home folder.
os.environ.setdefault("KERAS_HOME", os.path.join(os.devnull, "keras"))

TEXT = (
    "The river runs down to the sea, and the sea runs up to the sky;\n"
    "the sky comes down as rain again, and no one asks it why.\n"
) * 40

FOX = "The quick brown fox jumps over the lazy dog.\n" * 20
# In normal form, under the headers of two kinds of tune.
TUNES = "R:jig\nM:6/8\nK:Cmaj\nABcdef|gabc3|]R:reel\nM:4/4\nK:Cdor\nA4B4|]R:none\nM:3/4\nK:Cmin\n"


# The same with all lines of the header, and copy marks.
OUTLINES = (
    "R:jig\nM:6/8\nO:D\nL:C\nH:a\nP:8*\nF:1,2\nP:8*\nF:1,3\nK:Cmaj\nABcdef|gabc3|]"
    "R:reel\nM:4/4\nO:A\nL:G,\nH:c'\nP:8*\nF:5,1\nP:8\nF:1,1\nP:4\nF:2,2\nK:Cdor\nA4B4|]"
    "R:none\nM:3/4\nO:G\nL:G\nH:g\nP:16\nF:1,2\nP:4*\nF:1,4\nK:Cmin\n"
    + "".join((*COPIES, *unknown_lines(True)))
)


@pytest.fixture(scope="session", autouse=True)
def user_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache folder of the tests; the slow list of fonts is shared with the user's."""
    cache = cache_folder()
    with pytest.MonkeyPatch.context() as patched:
        if cache and "MPLCONFIGDIR" not in os.environ:
            patched.setenv("MPLCONFIGDIR", str(cache / "matplotlib"))
        patched.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def tf():
    """TensorFlow, loaded as in a training run."""
    from seqgen.models import tf_runtime

    tf_runtime.load(batch_size=16)
    import tensorflow

    return tensorflow


@pytest.fixture
def text_file(tmp_path):
    """A file of 4,880 repetitive characters, which networks learn quickly."""
    path = tmp_path / "river.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def plain_user() -> Callable[[], AbstractContextManager[None]]:
    """Act as a user without permissions, even if root runs the tests.

    Use relative paths within it: the parents of a temporary folder may not be accessible.
    """

    @contextmanager
    def act() -> Iterator[None]:
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            yield
        finally:
            if root:
                os.seteuid(0)

    return act


TUNE_FACTS = TuneFacts(
    tonics={"maj": {"D": 3, "G": 1}, "dor": {"A": 1}, "min": {"E": 2}},
    meters={"jig": ("6/8",), "reel": ("4/4",), "none": ("3/4", "6/8")},
    tunes=9,
    validation_notes=20,
    long=200,
)


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of the folder of shipped checkpoints."""
    folder = tmp_path / "package" / "shipped"
    folder.mkdir(parents=True)
    monkeypatch.setattr("seqgen.checkpoint.locate.shipped_folder", lambda: folder)
    return folder


def make_checkpoint(
    path: Path,
    *,
    kind: str = "text",
    text: str = FOX,
    tokens: str = "char",
    cell: str = "lstm",
    units: tuple[int, ...] = (12, 8),
    documents: int = 1,
    scale: float = 0.5,
    transpose: str = "common",
    bias: dict[str, float] | None = None,
    facts: TuneFacts = TUNE_FACTS,
    unit: str | None = None,
    held_out: int = 0,
    long: int = 0,
) -> Path:
    """Make a checkpoint with random weights of a fixed seed.

    unit, held_out, long: Facts of a model of documents.
    bias: Output bias of tokens by their text, which makes a network generate what a test needs;
    "" is the end of a document and "*" all tokens.
    """
    tokenizer = tokenizers.train(tokens, [text])
    corpus = CorpusFacts(
        "fox [1]", ("fox.txt",), documents, len(text), "abc", len(text) - 9, 9, 800, 9,
        unit=unit, held_out=held_out, long=long,
    )  # fmt: skip
    model = model_spec(cell=cell, layers=len(units), units=units)
    feature_sizes: tuple[int, ...] = ()
    if tokens == "abc":
        outline = position_features.has_outline(tokenizer.pieces)
        feature_sizes = position_features.feature_sizes(tokenizer.size, outline)
    config = Config(
        task=kind,
        vocab=tokenizer.size,
        start=(0,) if kind == "tunes" or held_out else (1,),
        data=DataSpec(tokenizer=tokens, transpose=transpose),
        model=model,
        training=train_spec(),
        corpus=corpus,
        versions={"seqgen": "0.1.0"},
        tokenizer_sha256=write.tokenizer_sha256(tokenizer),
        feature_sizes=feature_sizes,
        facts=facts if kind == "tunes" else None,
    )
    random = np.random.default_rng(0)
    weights = {
        name: (scale * random.standard_normal(shape)).astype(np.float32)
        for name, shape in config.weight_shapes().items()
    }
    for piece, value in (bias or {}).items():
        ids: Any = slice(None) if piece == "*" else tokenizer.encode(piece) if piece else [0]
        weights["output/bias"][ids] = value
    write.create(path, config, tokenizer)
    write.save_weights(path, config, weights)
    return path


@pytest.fixture(scope="session")
def make() -> Callable[..., Path]:
    return make_checkpoint


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A checkpoint of a text model, an LSTM of two layers."""
    return make_checkpoint(tmp_path / "checkpoints" / "fox")


@pytest.fixture
def tune_checkpoint(tmp_path: Path) -> Path:
    """A checkpoint of an untrained tune model."""
    return make_checkpoint(
        tmp_path / "checkpoints" / "jig",
        kind="tunes", text=TUNES, tokens="abc", documents=9, scale=0.1,
    )  # fmt: skip


@pytest.fixture
def outline_checkpoint(tmp_path: Path) -> Path:
    """A checkpoint of an untrained tune model that states range, sections and final notes."""
    return make_checkpoint(
        tmp_path / "checkpoints" / "outline",
        kind="tunes", text=OUTLINES, tokens="abc", documents=9, scale=0.1,
    )  # fmt: skip


def make_trained(path: Path, sources: list[str], *, tokens: str = "char", **others: Any) -> Path:
    """Make a checkpoint with random weights, the facts of a corpus and the tokens of its run."""
    corpus = open_corpus(sources)
    count = len(corpus.documents)
    text = "".join(str(document.text) for document in corpus.documents)
    make_checkpoint(path, text=text, tokens=tokens, documents=count, **others)
    checkpoint = open_checkpoint(path)
    (path / layout.RESUME).mkdir()
    split = split_text(corpus)
    parts = {TRAINING: split.training, VALIDATION: split.validation}
    lengths = {}
    for name, texts in parts.items():
        ids = [ids for ids, _ in encode_documents(texts, checkpoint.tokenizer)]
        np.concatenate(ids).tofile(path / layout.RESUME / name)
        lengths[name] = sum(map(len, ids))
    facts = CorpusFacts(
        corpus.name, corpus.sources, count, corpus.characters, corpus.fingerprint,
        sum(map(len, split.training)), sum(map(len, split.validation)),
        lengths[TRAINING], lengths[VALIDATION],
    )  # fmt: skip
    write_json(path / layout.CONFIG, replace(checkpoint.config, corpus=facts).to_json())
    return path


@pytest.fixture(scope="session")
def trained() -> Callable[..., Path]:
    return make_trained
