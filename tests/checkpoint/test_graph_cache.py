"""Graphs are built once per key, and built again if the cached file is not trustworthy."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from seqgen.checkpoint import graph_cache, write
from seqgen.checkpoint.graph_cache import cached_graph, graph_folder, graph_key
from seqgen.checkpoint.read import open_checkpoint
from seqgen.errors import ConfigError

KEY = graph_key({"weights": "abc"})


class Builder:
    """Builds a graph with given content and counts the calls."""

    def __init__(self, content: bytes = b"a graph") -> None:
        self.content, self.calls = content, 0

    def __call__(self) -> bytes:
        self.calls += 1
        return self.content


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an empty cache, which does not exist yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "seqgen" / "graphs"


def test_a_graph_is_built_once(folder: Path) -> None:
    build = Builder()
    assert [cached_graph(KEY, build) for _ in range(3)] == [b"a graph"] * 3
    assert build.calls == 1
    assert [path.name for path in folder.iterdir()] == [f"{KEY}.onnx"]


def test_another_key_is_another_graph(folder: Path) -> None:
    cached_graph(KEY, Builder())
    other = graph_key({"weights": "abd"})
    assert cached_graph(other, Builder(b"other")) == b"other"
    assert cached_graph(KEY, Builder(b"never")) == b"a graph"


def test_the_key_does_not_depend_on_the_order_of_inputs() -> None:
    assert graph_key({"a": 1, "b": (2,)}) == graph_key({"b": [2], "a": 1}) != graph_key({"a": 1})


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")
def test_files_and_folder_are_private(folder: Path) -> None:
    before = os.umask(0)
    try:
        cached_graph(KEY, Builder())
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / f"{KEY}.onnx").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "damage", ["empty", "truncated", "changed", "longer", "renamed", "link", "pipe", "writable"]
)
def test_untrustworthy_files_are_built_again(folder: Path, damage: str) -> None:
    cached_graph(KEY, Builder())
    path = folder / f"{KEY}.onnx"
    content = path.read_bytes()
    if damage == "empty":
        path.write_bytes(b"")
    elif damage == "truncated":
        path.write_bytes(content[:-1])
    elif damage == "changed":
        path.write_bytes(b"A" + content[1:])
    elif damage == "longer":
        path.write_bytes(content + b"x")
    elif damage == "renamed":
        other = graph_key({"weights": "of another network"})
        cached_graph(other, Builder(b"another graph"))
        os.replace(folder / f"{other}.onnx", path)
    elif damage == "link":
        path.rename(folder / "elsewhere")
        path.symlink_to(folder / "elsewhere")
    elif damage == "pipe":
        path.unlink()
        os.mkfifo(path)
    else:
        path.chmod(0o666)
    build = Builder()
    assert [cached_graph(KEY, build) for _ in range(2)] == [b"a graph"] * 2
    assert build.calls == 1
    assert path.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("obstacle", ["no home", "a file in the way", "read-only"])
def test_without_a_writable_folder_each_call_builds(
    folder: Path,
    obstacle: str,
    monkeypatch: pytest.MonkeyPatch,
    plain_user: Callable[[], AbstractContextManager[None]],
) -> None:
    build = Builder()
    if obstacle == "no home":
        monkeypatch.setattr(graph_cache, "cache_folder", lambda: None)
    elif obstacle == "a file in the way":
        folder.parents[1].write_text("a file")
    else:
        folder.mkdir(parents=True)
        folder.chmod(0o555)
    with plain_user():
        assert [cached_graph(KEY, build) for _ in range(2)] == [b"a graph"] * 2
    assert build.calls == 2


def test_a_full_disk_leaves_no_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert cached_graph(KEY, Builder()) == b"a graph"
    assert list(folder.iterdir()) == []


def test_the_least_recently_used_graphs_are_removed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_cache, "MAX_BYTES", 450)
    for n, key in enumerate("abcd"):
        cached_graph(key, Builder(bytes(68)))  # 100 bytes with the digest
        os.utime(folder / f"{key}.onnx", (n, n))
    cached_graph("a", Builder())  # now the latest
    cached_graph("e", Builder(bytes(68)))
    assert {path.stem for path in folder.iterdir()} == {"a", "c", "d", "e"}
    cached_graph("f", Builder(bytes(451)))  # larger than the cache
    assert {path.stem for path in folder.iterdir()} == {"a", "c", "d", "e"}


def test_files_of_killed_processes_are_removed(folder: Path) -> None:
    cached_graph("a", Builder())
    old, new = folder / "b.1234.tmp", folder / "c.1234.tmp"
    for path in (old, new):
        path.write_bytes(b"half a gra")
    hours_ago = time.time() - 7200
    os.utime(old, (hours_ago, hours_ago))
    cached_graph("d", Builder())
    assert {path.name for path in folder.iterdir()} == {"a.onnx", "d.onnx", new.name}


def test_several_processes_share_the_cache(folder: Path) -> None:
    code = (
        "from seqgen.checkpoint.graph_cache import cached_graph\n"
        "for n in range(200):\n"
        "    key = str(n % 7)\n"
        "    graph = key.encode() * 5000\n"
        "    assert cached_graph(key, lambda: graph) == graph\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert {path.name for path in folder.iterdir()} == {f"{n}.onnx" for n in range(7)}


def test_graphs_of_a_checkpoint_are_cached(
    folder: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = open_checkpoint(checkpoint)
    before = {path.name: path.read_bytes() for path in checkpoint.iterdir()}
    graphs = [model.graph("int8"), model.graph("float32"), model.sequence_graph("int8")]
    assert len(set(graphs)) == len(list(folder.iterdir())) == 3
    assert {path.name: path.read_bytes() for path in checkpoint.iterdir()} == before
    for name in ("build", "build_sequence"):
        monkeypatch.setattr(f"seqgen.models.onnx.graph.{name}", lambda *_: pytest.fail("built"))
    cached = [model.graph("int8"), model.graph("float32"), model.sequence_graph("int8")]
    assert cached == graphs


def test_graphs_depend_on_weights_and_configuration(folder: Path, checkpoint: Path) -> None:
    loaded = open_checkpoint(checkpoint)
    graph = loaded.graph()
    # The same weights under another configuration.
    model = replace(loaded.config.model, cell_options={"forget_bias": 0.5})
    replace(loaded, config=replace(loaded.config, model=model)).graph()
    assert len(list(folder.iterdir())) == 2
    weights = {name: array + 1 for name, array in loaded.weights().items()}
    write.save_weights(checkpoint, loaded.config, weights)
    assert loaded.graph() != graph
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize("content", [b"", b"not a graph"])
def test_a_graph_in_a_checkpoint_is_ignored(folder: Path, checkpoint: Path, content: bytes) -> None:
    good = open_checkpoint(checkpoint).graph()
    for name in ("step.onnx", "step.json"):
        (checkpoint / name).write_bytes(content)
    assert open_checkpoint(checkpoint).graph() == good
    for path in folder.iterdir():
        path.unlink()
    assert open_checkpoint(checkpoint).graph() == good
    assert (checkpoint / "step.onnx").read_bytes() == content


def test_an_unknown_precision_is_refused(checkpoint: Path) -> None:
    with pytest.raises(ConfigError, match="int8"):
        open_checkpoint(checkpoint).graph("int4")


def test_graphs_are_in_the_cache_folder_of_the_user(folder: Path) -> None:
    assert graph_folder() == folder
