"""Sampling speed of one program at one size.

``python -m benchmarks.sampling PROGRAM LAYERS UNITS STREAMS`` prints tokens per second of an LSTM
with random weights and 65 tokens over the whole loop: network, sampling with temperature, decoding.
Programs: seqgen (with default options), torch (``nn.LSTM`` step by step, float32). seqgen generates
``--tokens`` tokens, torch runs for ``--seconds``.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

VOCAB = 65
WARM_UP = 50  # steps before PyTorch's are timed
EMBEDDING = 256
SECONDS = 6.0
TOKENS = 30_000  # of all streams together; of each at least a fifteenth
TEXT = "".join(chr(code) for code in range(32, 32 + VOCAB - 1)) * 4


def seqgen(layers: int, units: int, streams: int, tokens: int) -> float:
    from seqgen.checkpoint import write
    from seqgen.checkpoint.config import Config, CorpusFacts
    from seqgen.config.options import RunOptions, SamplingOptions
    from seqgen.config.resolved import DataSpec
    from seqgen.data import tokenizers
    from seqgen.generation import load
    from seqgen.models.architecture import weight_shapes
    from seqgen.training.autoconfig import resolve_for

    tokenizer = tokenizers.train("char", [TEXT])
    run = resolve_for(
        RunOptions.of({"units": (units,) * layers, "embedding": EMBEDDING, "dropout": 0.0}),
        "char", 10**6, tokenizer.size,
    )  # fmt: skip
    config = Config(
        task="text",
        vocab=tokenizer.size,
        start=(1,),
        data=DataSpec(tokenizer="char"),
        model=run.model,
        training=run.training,
        corpus=CorpusFacts("benchmark", (), 1, len(TEXT), "", 200, 60, 200, 60),
        versions={},
        tokenizer_sha256=write.tokenizer_sha256(tokenizer),
    )
    rng = np.random.default_rng(0)
    weights = {
        name: (rng.normal(size=shape) / np.sqrt(shape[0])).astype(np.float32)
        for name, shape in weight_shapes(run.model, tokenizer.size).items()
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "benchmark"
        write.create(path, config, tokenizer)
        write.save_weights(path, config, weights)
        generator = load(path)
    for length in (100, max(tokens // 15, tokens // streams)):
        began = time.perf_counter()
        for _ in generator.pieces("", SamplingOptions(length=length, count=streams, seed=0)):
            pass
        seconds = time.perf_counter() - began
    return streams * length / seconds


def torch(layers: int, units: int, streams: int, least: float) -> float:
    import torch
    from torch import nn

    embedding, output = nn.Embedding(VOCAB, EMBEDDING), nn.Linear(units, VOCAB)
    recurrent = nn.LSTM(EMBEDDING, units, layers)
    ids, state = torch.zeros((1, streams), dtype=torch.long), None
    with torch.inference_mode():
        for count in range(10**9):
            if count == WARM_UP:
                began = time.perf_counter()
            if count > WARM_UP and time.perf_counter() - began > least:
                break
            y, state = recurrent(embedding(ids), state)
            chances = torch.softmax(output(y[0]) / 0.8, -1)
            ids = torch.multinomial(chances, 1).T
            ids.tolist()
    return (count - WARM_UP) * streams / (time.perf_counter() - began)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", choices=("seqgen", "torch"))
    for name in ("layers", "units", "streams"):
        parser.add_argument(name, type=int)
    parser.add_argument("--tokens", type=int, default=TOKENS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    args = parser.parse_args(argv)
    size = (args.layers, args.units, args.streams)
    ours = args.program == "seqgen"
    print(seqgen(*size, args.tokens) if ours else torch(*size, args.seconds))


if __name__ == "__main__":
    main()
