"""How large the embedding begins."""

import numpy as np
import pytest

from tests.specs import model_spec


@pytest.mark.parametrize("cell", ["lstm", "mingru"])
@pytest.mark.parametrize("tie", [False, True])
def test_it_begins_as_large_as_a_state_unless_the_output_is_tied_to_it(tf, cell, tie):
    from seqgen.models.network import RecurrentLM

    spec = model_spec(cell=cell, units=(64,), embedding=64, tie_embeddings=tie)
    model = RecurrentLM(spec, 200)
    embedding = model.arrays()["embedding/embeddings"]
    assert np.isclose(np.abs(embedding).max(), 0.05 if tie else 1.0, rtol=0.01)
    logits, _ = model(np.arange(200)[None], model.initial_state(None, 200))
    assert np.std(logits) < 1


def test_vectors_that_are_added_up_begin_small(tf):
    from seqgen.models.network import RecurrentLM

    spec = model_spec(cell="mingru", embedding=200)
    weights = RecurrentLM(spec, 50, feature_sizes=(7, 9, 11)).arrays()
    assert all(np.abs(weights[f"{n}/embeddings"]).max() <= 0.05 for n in ("embedding", "places"))
