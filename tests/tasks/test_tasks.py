"""Tasks are loaded by name, and another package can add one."""

from collections.abc import Callable
from pathlib import Path

import pytest

import seqgen
from seqgen.checkpoint.read import open_checkpoint
from seqgen.config.options import DataOptions
from seqgen.data.corpora import Corpus, Document
from seqgen.data.dataset import prepare
from seqgen.errors import CheckpointError, ConfigError
from seqgen.tasks import TASKS

PLUGIN = '''
from seqgen.tasks.text import TextTask


class LowerCase(TextTask):
    """Text in lower case, in words."""

    name = "lower"
    default_tokenizer = "word"

    def encode(self, documents, tokenizer, feature_sizes):
        return super().encode((str(d).lower() for d in documents), tokenizer, feature_sizes)

    def extra_vocabulary(self, split, options, tokenizer):
        return [str(text).lower() for text in split.texts]

    def default_temperature(self, config):
        return 0.5


TASK = LowerCase()
'''


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package with a task named "lower"."""
    info = tmp_path / "site" / "seqgen_lower-1.0.dist-info"
    info.mkdir(parents=True)
    (tmp_path / "site" / "seqgen_lower.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: seqgen-lower\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[seqgen.tasks]\nlower = seqgen_lower:TASK\n")
    monkeypatch.syspath_prepend(tmp_path / "site")


def test_each_task_has_its_name() -> None:
    assert TASKS.builtin_names() == ("text", "tunes")
    assert all(TASKS.load(name).name == name for name in TASKS.builtin_names())
    with pytest.raises(ConfigError):
        TASKS.load("images")


@pytest.mark.usefixtures("plugin")
def test_a_package_adds_a_task(make: Callable[..., Path], tmp_path: Path) -> None:
    corpus = Corpus("x", "lower", (Document("The Sea and the River " * 9, "x"),), ("x.txt",))
    data = prepare(corpus, DataOptions(), tmp_path)
    assert data.tokenizer.kind == "word"
    assert data.tokenizer.decode(data.training).startswith("the sea and the river")
    path = make(tmp_path / "model", kind="lower", text="the sea and the river")
    assert open_checkpoint(path).config.task == "lower"
    generator = seqgen.load(path)
    assert generator.default_temperature == 0.5
    assert len("".join(generator.generate("the", length=9, seed=1))) == 9


def test_a_checkpoint_of_an_unknown_task_is_refused(
    make: Callable[..., Path], tmp_path: Path
) -> None:
    path = make(tmp_path / "model")
    config = path / "config.json"
    config.write_text(config.read_text().replace('"task": "text"', '"task": "images"'))
    with pytest.raises(CheckpointError):
        open_checkpoint(path)
