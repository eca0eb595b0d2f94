import base64
import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.text import Text

from seqgen import train
from seqgen.checkpoint import layout
from seqgen.checkpoint.read import open_checkpoint
from seqgen.cli.inspect.gates import plot
from seqgen.cli.inspect.gradients import format_norm
from seqgen.cli.inspect.neurons import color_text
from seqgen.data.token_files import VALIDATION, encode_documents, write_rows
from seqgen.inspection import neurons
from seqgen.inspection.gates import Gate
from seqgen.inspection.options import TextOptions
from seqgen.inspection.text import open_passage
from tests.cli.processes import HEAVY, run_and_list_imports

TEXT = (
    "The river runs (down to the sea), & <so> on.\n"
    'He said: "It is a long way," and went.\n\nROMEO:\nA rose by any other name.\n'
) * 12


@pytest.fixture
def river(here: Path, make: Callable[..., Path]) -> str:
    """Name of an untrained LSTM of two layers with a validation text."""
    path = make(here / "checkpoints" / "river", text=TEXT)
    (path / layout.RESUME).mkdir()
    rows = encode_documents([TEXT], open_checkpoint(path).tokenizer)
    for _ in write_rows(path / layout.RESUME / VALIDATION, rows):
        pass
    return "river"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, tf: Any) -> Path:
    """Folder with a network trained for a few seconds."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "text.txt").write_text(TEXT * 5)
    options: dict[str, Any] = {
        "epochs": 2.0,
        "units": (24,),
        "layers": 1,
        "batch_size": 8,
        "seq_length": 32,
    }
    run = train(
        str(folder / "text.txt"), name="t", checkpoints_dir=folder / "checkpoints", **options
    )
    assert list(run)
    return folder


def pixels(path: Path) -> np.ndarray:
    """Pixels of a PNG file [rows, columns, 3]."""
    image = Image.open(path)
    assert image.format == "PNG"
    return np.asarray(image.convert("RGB")).astype(int)


def coloured_share(picture: np.ndarray) -> float:
    """Fraction of pixels that are neither grey, black nor white."""
    return float((np.ptp(picture, axis=2) > 40).mean())


@pytest.mark.slow
def test_inspects_a_trained_network_in_all_three_ways(seqgen, monkeypatch, trained: Path) -> None:
    monkeypatch.chdir(trained)
    status, out, err = seqgen(
        "inspect", "t", "gradients", "--steps", "20", "--streams", "4", "--plot", "g.png", "--json"
    )
    assert (status, err) == (0, "wrote g.png\n")
    report = json.loads(out)
    assert (report["cell"], report["steps"], report["streams"]) == ("lstm", 20, 4)
    assert [k["name"] for k in report["kernels"]] == [f"recurrent_kernel {g}" for g in "ifgo"]
    assert [(c["layer"], c["state"]) for c in report["curves"]] == [(1, "h"), (1, "c"), (1, "all")]
    assert all(len(c["median"]) == 20 and c["median"][-1] > 0 for c in report["curves"])
    assert coloured_share(pixels(trained / "g.png")) > 0.003

    status, out, _ = seqgen("inspect", "t", "neurons", "--units", "3,1:c:5", "--json")
    report = json.loads(out)
    assert report["units_searched"] == 48
    assert "".join(report["pieces"]) == (TEXT * 5)[-report["characters"] :]
    assert [*report["activations"]] == ["1:h:3", "1:c:5"]
    assert len(report["activations"]["1:h:3"]) == report["tokens"] == report["characters"] + 1
    best = {f["name"]: f["units"][0] for f in report["features"] if f["units"]}
    assert best["capital"]["confirmed"]
    assert abs(best["capital"]["held_out"]) > 0.5  # two epochs are enough on a text like this

    status, out, err = seqgen("inspect", "t", "gates", "--plot", "s.png", "--json")
    assert (status, err) == (0, "wrote s.png\n")
    gates = json.loads(out)["gates"]
    assert [gate["gate"] for gate in gates] == ["i", "f", "o"]
    assert all(
        gate["open"] + gate["closed"] + gate["between"] == pytest.approx(1) for gate in gates
    )
    assert all(len(gate["units_open"]) == 24 for gate in gates)
    assert coloured_share(pixels(trained / "s.png")) > 0.0001


@pytest.mark.slow
def test_prints_tables_and_plots(seqgen, river: str) -> None:
    status, out, err = seqgen("inspect", river, "gradients", "--steps", "12", "--streams", "3")
    assert (status, err) == (0, "")
    assert "layer 2, recurrent_kernel o" in out
    lines = [line.split() for line in out.splitlines()]
    assert ["steps", "back", "1", "2", "5", "10", "per", "step"] in lines
    assert sum(line[:1] == ["mean"] for line in lines) == 7
    assert "all layers" in out
    assert "▀" in out or "▚" in out
    assert "validation part of fox [1], at 3 positions, 12 steps back" in out

    status, out, err = seqgen("inspect", river, "neurons", "--units", "1:h:2")
    assert (status, err) == (0, "")
    assert "best of 40 units" in out
    assert "too rare in this text: in single quotes, in comment, number" in out
    assert "unit 1:h:2\nThe river runs (down to the sea), & <so> on.⏎\n" in out

    status, out, err = seqgen("inspect", river, "gates")
    assert (status, err) == (0, "")
    assert sum("of 12" in line for line in out.splitlines()) == 3
    assert sum("of 8" in line for line in out.splitlines()) == 3
    assert "█ closed  ░ between  ▓ open" in out
    assert "LSTM: i, f, o = σ(x W + h R + b)" in out


def test_arguments_may_come_in_either_order(seqgen, river: str) -> None:
    assert seqgen("inspect", "gates", river) == seqgen("inspect", river, "gates")


@pytest.mark.slow
def test_a_cell_without_gates_on_another_text(
    seqgen, here: Path, make: Callable[..., Path]
) -> None:
    make(here / "checkpoints" / "plain", text=TEXT, cell="rnn", units=(6,))
    (here / "new.txt").write_text("The séa is long.\n" * 40, encoding="utf-8")
    status, out, err = seqgen("inspect", "plain", "gates", "--text", "new.txt")
    assert (status, out) == (0, "the cell of this network (vanilla RNN) has no gates\n")
    assert "'é'" in err
    out = seqgen("inspect", "plain", "gates", "--text", "new.txt", "--json")[1]
    assert json.loads(out)["gates"] == []
    status, out, _ = seqgen("inspect", "plain", "gradients", "--text", "new.txt", "--plot", "p.png")
    assert status == 0
    assert "layer 1, recurrent_kernel  " in out
    assert coloured_share(pixels(here / "p.png")) > 0.003


class Page(HTMLParser):
    """Text that a browser would display, and the class of each span."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.units = "", ""
        self.classes: list[str] = []
        self.options: list[str] = []
        self._element = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs) -> None:
        named = dict(attrs)
        self._element = named.get("id") or ("option" if tag == "option" else self._element)
        if tag == "i":
            self.classes.append(named.get("class") or "")
        assert "src" not in named
        assert named.get("href", "data:,") == "data:,"

    def handle_endtag(self, tag) -> None:
        if tag in ("pre", "script", "option"):
            self._element = ""

    def handle_data(self, data) -> None:
        if self._element == "text":
            self.text += data
        elif self._element == "units":
            self.units += data
        elif self._element == "option":
            self.options.append(data)


def test_the_page_has_the_text_and_the_activations(seqgen, here: Path, river: str) -> None:
    status, _, err = seqgen("inspect", river, "neurons", "--units", "1:c:7", "--html", "n.html")
    assert (status, err) == (0, "wrote n.html\n")
    content = (here / "n.html").read_text("utf-8")
    page = Page(content)
    assert page.text == TEXT.replace("\n", "⏎\n")
    assert "http:" not in content
    assert "https:" not in content
    assert page.options[0] == "1:c:7 · chosen"
    checkpoint = open_checkpoint(here / "checkpoints" / river)
    passage = open_passage(checkpoint, TextOptions(), 20_000)
    expected = neurons.activations(checkpoint, passage).states[1, "c"][:, 7]
    units = json.loads(page.units)
    assert len(units) == len(page.options) > 5
    values = np.frombuffer(base64.b64decode(units[0]["values"]), np.int8) * units[0]["scale"] / 100
    np.testing.assert_allclose(values, expected, atol=0.0051)
    levels = [int(c[1:] or 0) * (-1 if c[0] == "n" else 1) if c else 0 for c in page.classes]
    np.testing.assert_allclose(np.array(levels) / 10, expected, atol=0.0551)


def test_control_characters_are_escaped() -> None:
    text = color_text(["a\x1b[31m", "</i>", "\n", "b\t"], np.array([0.0, 0.5, -1, 1]), "truecolor")
    assert text.plain == "a␛[31m</i>⏎\nb⇥"
    assert isinstance(text, Text)
    strong = [str(span.style) for span in text.spans]
    assert strong[-1] == "#ffffff on #d6452f"
    assert strong[-2] == "#ffffff on #2f6fd6"
    plain = color_text(["ab", "c\n", "d"], np.array([-1.0, 1, 0]), None).plain
    assert plain == "abc⏎\n▁▁██\nd\n▅"


def test_the_plot_has_a_point_for_each_unit_coloured_by_layer() -> None:
    gates = (
        Gate(1, "z", (0.1, 0.2), (0.3, 0.4), 0.5),
        Gate(1, "u", (0.0, 1.0), (1.0, 0.0), 0.5),
        Gate(2, "z", (0.6,), (0.2,), 0.5),
    )
    z, u = plot(gates, "GRU").axes
    assert [axes.get_title() for axes in (z, u)] == ["gate z", "gate u"]
    first, second = (np.asarray(dots.get_offsets()) for dots in z.collections)
    np.testing.assert_allclose(first, [(0.1, 0.3), (0.2, 0.4)])
    np.testing.assert_allclose(second, [(0.6, 0.2)])
    assert not np.allclose(*(dots.get_facecolor() for dots in z.collections))
    np.testing.assert_allclose(u.collections[0].get_offsets(), [(0, 1), (1, 0)])


def test_numbers_are_short() -> None:
    values = (0, 0.4213, 12.3, 0.001234, 5e-30, 2.5e7, float("nan"))
    assert [format_norm(v) for v in values] == ["0", "0.42", "12", "1e-3", "5e-30", "2e7", "–"]


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("nope", "gates"), 1, "there is no checkpoint 'nope'"),
        (("river",), 2, "seqgen inspect river gradients|neurons|gates"),
        (("gates",), 2, "no checkpoint given"),
        (("river", "gate"), 2, "unknown command 'gate'; did you mean gates?"),
        (("river", "gates", "--text", "nope.txt"), 1, "nope.txt: no such file or folder"),
        (("river", "gates", "--text", "empty.txt"), 1, "empty.txt: is empty"),
        (("river", "gates", "--text", "other.txt"), 1, "in the vocabulary"),
        (("river", "gates", "--text", "some.txt", "--on-unknown", "error"), 1, "vocabulary: 'é'"),
        (("river", "gates", "--plot", "x.svg"), 2, "'x.svg' does not end in .png"),
        (("river", "gates", "--plot", "river.txt/x.png"), 1, "cannot write river.txt/x.png"),
        (("river", "gates", "--characters", "1"), 2, "--characters: 1"),
        (("river", "gradients", "--plot", "x"), 2, "'x' does not end in .png"),
        (("river", "gradients", "--text", "some.txt", "--steps", "90"), 2, "is 8"),
        (("river", "gradients", "--text", "one.txt"), 2, "--text: too short"),
        (("river", "gradients", "--steps", "x"), 2, "'x' is not a whole number"),
        (("river", "neurons", "--units", "3:1"), 2, "--units: 3:1: the network has 2 layers"),
        (("river", "neurons", "--units", "1:1,99"), 2, "the units of layer 2 are 0 to 7"),
        (("river", "neurons", "--html", "x.txt"), 2, "does not end in .html or .htm"),
        (("river", "neurons", "--text", "one.txt", "--html", "x.html"), 2, "too short to choose"),
    ],
)
def test_errors_have_a_message_and_status(
    seqgen, here: Path, river: str, arguments: tuple[str, ...], status: int, message: str
) -> None:
    (here / "river.txt").write_text("x")
    for name, text in {"empty": "", "other": "éü", "some": "The é sea", "one": "T"}.items():
        (here / f"{name}.txt").write_text(text, encoding="utf-8")
    code, _, err = seqgen("inspect", *arguments)
    assert code == status
    assert message in err
    assert "Traceback" not in err


@pytest.mark.slow
@pytest.mark.parametrize("what", ["neurons", "gates"])
def test_neurons_and_gates_do_not_load_tensorflow(river: str, what: str) -> None:
    out, err, modules = run_and_list_imports("inspect", river, what, "--json")
    assert json.loads(out)
    assert err == ""
    assert not modules & HEAVY
