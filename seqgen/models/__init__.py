"""The network: architecture, cells, scans over time, and its ONNX graph."""
