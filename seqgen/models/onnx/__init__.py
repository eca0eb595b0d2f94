"""ONNX graphs of a trained network: one step, and a whole sequence."""
