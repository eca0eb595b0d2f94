"""How good a trained network is, measured on text that it did not learn from."""
