"""Side-by-side measurements. ``make bench`` runs them all and writes ``benchmarks/results.md``."""

import seqgen  # noqa: F401  disables telemetry before a benchmark imports ONNX Runtime
