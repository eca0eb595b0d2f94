import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from seqgen.checkpoint import layout, write
from seqgen.checkpoint.read import best_metric, graph_facts, is_ours, open_checkpoint
from seqgen.errors import CheckpointError, ConfigError
from seqgen.io.arrays import write_arrays
from seqgen.io.atomic import read_json


def use(path: Path) -> None:
    """Read all that a checkpoint holds."""
    checkpoint = open_checkpoint(path)
    checkpoint.weights()
    checkpoint.graph()
    checkpoint.metrics()


def test_weights_and_graph_come_back(checkpoint: Path) -> None:
    opened = open_checkpoint(checkpoint)
    shapes = {name: array.shape for name, array in opened.weights().items()}
    assert shapes == opened.config.weight_shapes()
    assert opened.graph() == (checkpoint / layout.GRAPH).read_bytes()
    assert opened.metrics() == []


@pytest.mark.parametrize("name", [layout.CONFIG, layout.TOKENIZER, layout.WEIGHTS])
def test_a_missing_file_is_named(checkpoint: Path, name: str) -> None:
    (checkpoint / name).unlink()
    with pytest.raises(CheckpointError, match=f"{name} is missing"):
        use(checkpoint)


@pytest.mark.parametrize("name", [layout.CONFIG, layout.TOKENIZER, layout.WEIGHTS])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_file_is_named(checkpoint: Path, name: str, share: float) -> None:
    content = (checkpoint / name).read_bytes()
    (checkpoint / name).write_bytes(content[: int(len(content) * share)])
    with pytest.raises(CheckpointError, match=name):
        use(checkpoint)


@pytest.mark.parametrize("name", [layout.CONFIG, layout.TOKENIZER, layout.WEIGHTS])
@pytest.mark.parametrize("place", range(0, 100, 9))
def test_no_byte_can_be_changed_without_notice(checkpoint: Path, name: str, place: int) -> None:
    content = bytearray((checkpoint / name).read_bytes())
    content[len(content) * place // 100] ^= 0x81
    (checkpoint / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=str(checkpoint)):
        use(checkpoint)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such folder"):
        open_checkpoint(tmp_path / "none")


@pytest.mark.parametrize(
    "damage", ["delete", "truncate", "tamper", "forget", "forge", "older", "unsealed", "list"]
)
def test_the_graph_is_built_again_from_the_weights(checkpoint: Path, damage: str) -> None:
    graph, fits = checkpoint / layout.GRAPH, checkpoint / layout.GRAPH_OF
    good = graph.read_bytes()
    if damage == "delete":
        graph.unlink()
    elif damage == "truncate":
        graph.write_bytes(good[:100])
    elif damage == "tamper":
        graph.write_bytes(good[:-5] + b"xxxxx")
    elif damage == "forget":
        fits.write_text("[")
    elif damage == "older":
        graph.write_bytes(b"of an earlier form")
        older = {"graph": hashlib.sha256(b"of an earlier form").hexdigest()}
        fits.write_text(json.dumps(json.loads(fits.read_text()) | older | {"format": 1}))
    elif damage == "list":
        fits.write_text("[1]")
    else:
        graph.write_bytes(b"another graph")
        forged = {"graph": hashlib.sha256(b"another graph").hexdigest()}
        if damage == "forge":
            forged["weights"] = "those of another network"
        fits.write_text(json.dumps(json.loads(fits.read_text()) | forged))
    assert open_checkpoint(checkpoint).graph() == good
    assert graph.read_bytes() == good


def test_a_graph_of_the_same_weights_under_another_configuration_is_not_used(
    checkpoint: Path,
) -> None:
    opened = open_checkpoint(checkpoint)
    other = replace(opened.config, model=replace(opened.config.model, forget_bias=0.5, norm=None))
    said = json.loads((checkpoint / layout.GRAPH_OF).read_text())
    facts = graph_facts(opened.graph(), said["weights"], other)
    assert not is_ours(dict(said), facts, checkpoint)


def test_what_comes_with_seqgen_needs_no_seal(
    shipped: Path, make: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqgen.checkpoint.read.is_shipped", lambda path: path.parent == shipped)
    opened = open_checkpoint(make(shipped / "fox"))
    said = json.loads((opened.path / layout.GRAPH_OF).read_text()) | {"seal": None}
    (opened.path / layout.GRAPH_OF).write_text(json.dumps(said))
    monkeypatch.setattr("seqgen.models.onnx.graph.build", lambda *_: pytest.fail("built again"))
    assert opened.graph()


def test_a_network_beyond_this_machines_memory_is_refused(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters = open_checkpoint(checkpoint).config.parameters
    monkeypatch.setattr("seqgen.checkpoint.read.available_memory", lambda: 9.0 * parameters)
    with pytest.raises(CheckpointError, match=r"parameters takes .* GB of memory, and this proc"):
        open_checkpoint(checkpoint)


@pytest.mark.parametrize(
    "name", [layout.CONFIG, layout.TOKENIZER, layout.GRAPH, layout.GRAPH_OF, layout.METRICS]
)
def test_a_file_of_zeros_without_end_is_not_read(checkpoint: Path, name: str) -> None:
    with (checkpoint / name).open("wb") as file:
        file.truncate(10**12)  # it takes no room on the disk
    if name in (layout.GRAPH, layout.GRAPH_OF):
        assert open_checkpoint(checkpoint).graph()
        return
    with pytest.raises(CheckpointError, match=f"{name}: 1,000,000,000,000 bytes are too many"):
        use(checkpoint)


def test_weights_without_end_are_not_mapped_into_memory(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (checkpoint / layout.WEIGHTS).open("r+b") as file:
        file.truncate(10**12)
    # A process with fewer addresses than that could not say what is wrong.
    monkeypatch.setattr("safetensors.safe_open", lambda *_, **__: pytest.fail("opened"))
    with pytest.raises(CheckpointError, match="bytes are more than its run can have written"):
        open_checkpoint(checkpoint).weights()


def test_a_vocabulary_longer_than_its_network_is_not_parsed(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqgen.io.atomic.MAX_JSON_BYTES", 1000)
    (checkpoint / layout.TOKENIZER).write_text("[" + "[]," * 1500 + "[]]")
    monkeypatch.setattr("json.loads", lambda *_, **__: pytest.fail("parsed"))
    with pytest.raises(CheckpointError, match=r"longer than config\.json says"):
        read_json(checkpoint / layout.TOKENIZER, 30)


def test_links_pipes_and_devices_are_refused(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("{}")
    kept = checkpoint / layout.RESUME
    kept.mkdir()
    for file in (checkpoint / layout.CONFIG, checkpoint / layout.SAMPLES, kept / "training.bin"):
        good = file.read_bytes() if file.exists() else None
        file.unlink(missing_ok=True)
        for make_other in (lambda at: at.symlink_to(tmp_path / "secret"), os.mkfifo):
            make_other(file)
            with pytest.raises(CheckpointError, match=f"{file.name} is no plain file"):
                open_checkpoint(checkpoint)
            file.unlink()
        if good:
            file.write_bytes(good)
    kept.rmdir()
    kept.symlink_to(tmp_path)
    with pytest.raises(CheckpointError, match="resume is a link"):
        open_checkpoint(checkpoint)


def test_float32_is_built_from_the_weights_and_not_kept(checkpoint: Path) -> None:
    before = {path.name: path.read_bytes() for path in checkpoint.iterdir()}
    opened = open_checkpoint(checkpoint)
    assert len(opened.graph("float32")) > len(opened.graph())
    assert {path.name: path.read_bytes() for path in checkpoint.iterdir()} == before
    with pytest.raises(ConfigError, match=r"'int4'; did you mean int8\? \(known: float32, int8\)"):
        opened.graph("int4")


def test_the_graph_follows_new_weights(checkpoint: Path) -> None:
    opened = open_checkpoint(checkpoint)
    old_graph, old_fits = opened.graph(), (checkpoint / layout.GRAPH_OF).read_bytes()
    weights = {name: array + 1 for name, array in opened.weights().items()}
    write.save_weights(checkpoint, opened.config, weights)
    new_graph = opened.graph()
    assert new_graph != old_graph
    # As if the power had gone after the weights were written and before the graph was.
    (checkpoint / layout.GRAPH).write_bytes(old_graph)
    (checkpoint / layout.GRAPH_OF).write_bytes(old_fits)
    assert opened.graph() == new_graph


def test_weights_of_another_network_are_refused(
    checkpoint: Path, tmp_path: Path, make: Callable[..., Path]
) -> None:
    other = make(tmp_path / "other", units=(12, 9))
    (checkpoint / layout.WEIGHTS).write_bytes((other / layout.WEIGHTS).read_bytes())
    with pytest.raises(CheckpointError, match=r"model\.safetensors: .* and config\.json says F32"):
        use(checkpoint)


def test_another_vocabulary_is_refused(
    checkpoint: Path, tmp_path: Path, make: Callable[..., Path]
) -> None:
    other = make(tmp_path / "other", text="another alphabet")
    (checkpoint / layout.TOKENIZER).write_bytes((other / layout.TOKENIZER).read_bytes())
    with pytest.raises(CheckpointError, match=r"tokenizer\.json is not the vocabulary"):
        use(checkpoint)


@pytest.mark.parametrize("what", ["missing", "surplus", "type", "bfloat16", "nan", "unsigned"])
def test_arrays_that_are_not_the_networks_are_refused(checkpoint: Path, what: str) -> None:
    path = checkpoint / layout.WEIGHTS
    arrays = load_file(path)
    if what == "missing":
        del arrays["output/bias"]
    elif what == "surplus":
        arrays["more"] = np.zeros(1, np.float32)
    elif what == "type":
        arrays["output/bias"] = arrays["output/bias"].astype(np.float64)
    elif what == "bfloat16":
        arrays["output/bias"] = arrays["output/bias"].astype(ml_dtypes.bfloat16)
    elif what == "nan":
        arrays["output/bias"] = arrays["output/bias"] * np.float32(np.nan)
    if what == "unsigned":
        save_file(arrays, path)
    else:
        write_arrays(path, arrays)
    with pytest.raises(CheckpointError, match=r"model\.safetensors"):
        use(checkpoint)


@pytest.mark.parametrize("content", ["{", "3", "\xff", '{"step": NaN}', "[" * 100_000])
def test_damaged_metrics_are_named_with_their_line(checkpoint: Path, content: str) -> None:
    (checkpoint / layout.METRICS).write_bytes(b'{"step": 1}\n' + content.encode("latin-1"))
    with pytest.raises(CheckpointError, match=r"metrics\.jsonl, line 2"):
        use(checkpoint)


def test_the_best_is_the_one_whose_weights_were_kept() -> None:
    part = {"step": 1, "best": True}
    assert best_metric([]) is None
    assert best_metric([part, {"step": 2, "best": False}]) == part
    whole = {"step": 2, "best": True, "whole": True}
    assert best_metric([part, whole, {"step": 3, "best": False}]) == whole
