"""Initial scale of the embedding."""

import numpy as np
import pytest

from tests.specs import model_spec


@pytest.mark.parametrize("cell", ["lstm", "mingru"])
@pytest.mark.parametrize("tie", [False, True])
def test_embeddings_start_as_large_as_states_unless_tied(tf, cell, tie):
    from seqgen.models.network import RecurrentLM

    spec = model_spec(cell=cell, units=(64,), embedding=64, tie_embeddings=tie)
    model = RecurrentLM(spec, 200)
    embedding = model.arrays()["embedding/embeddings"]
    assert np.isclose(np.abs(embedding).max(), 0.05 if tie else 1.0, rtol=0.01)
    logits, _ = model(np.arange(200)[None], model.initial_state(None, 200))
    assert np.std(logits) < 1


def test_embeddings_with_position_features_start_small(tf):
    from seqgen.models.network import RecurrentLM

    spec = model_spec(cell="mingru", embedding=200)
    weights = RecurrentLM(spec, 50, feature_sizes=(7, 9, 11)).arrays()
    assert all(np.abs(weights[f"{n}/embeddings"]).max() <= 0.05 for n in ("embedding", "places"))
