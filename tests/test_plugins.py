"""A package adds a cell and a tokenizer by entry points; both are trained and sampled."""

from typing import Any

import seqgen
from seqgen.checkpoint.read import open_checkpoint
from seqgen.comparison.variants import cell_options
from seqgen.data.tokenizers import TOKENIZERS
from seqgen.models.cells import CELLS

PLUGIN = '''
from seqgen.data.tokenizers.char import CharTokenizer
from seqgen.models.cells.rnn import RNN


class DoubledRNN(RNN):
    """h' = f(2 (x W + h R + b))."""

    name = "doubled"
    title = "doubled RNN"

    def forward(self, a, r, states):
        h = self.activation.forward(2 * (a + r))
        return (h,), (h,)

    def backward(self, gradients, saved):
        return 2 * gradients[0] * self.activation.slope(saved[0]), None, (None,)

    def gates(self, graph, products, states):
        twice = graph.node("Add", products[0], products[0])
        return (graph.node(self.activation.node, twice),)


class Letters(CharTokenizer):
    kind = "letters"
'''


def test_a_package_adds_a_cell_and_a_tokenizer(tmp_path, text_file, monkeypatch):
    site = tmp_path / "site"
    info = site / "seqgen_doubled-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "seqgen_doubled.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: seqgen-doubled\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[seqgen.cells]\ndoubled = seqgen_doubled:DoubledRNN\n"
        "[seqgen.tokenizers]\nletters = seqgen_doubled:Letters\n"
    )
    monkeypatch.syspath_prepend(site)
    assert CELLS.names()[-1] == "doubled"
    assert TOKENIZERS.names()[-1] == "letters"
    assert "doubled" in cell_options()["activation"]

    options: dict[str, Any] = {
        "cell": "doubled",
        "tokenizer": "letters",
        "units": (8,),
        "embedding": 4,
    }
    length: dict[str, Any] = {"batch_size": 8, "seq_length": 500, "epochs": 0.1}  # one step
    events = list(
        seqgen.train(text_file, checkpoints_dir=tmp_path, name="mine", **options, **length)
    )
    assert events[-1].result.step == 1
    config = open_checkpoint(tmp_path / "mine").config
    assert (config.model.cell, config.data.tokenizer) == ("doubled", "letters")
    assert len("".join(seqgen.load(tmp_path / "mine").generate("The ", length=20))) == 20
