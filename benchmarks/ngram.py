"""Loss of n-gram models with Kneser-Ney smoothing, on the split of a training run.

``python -m benchmarks.ngram SOURCE... [--transpose none]`` prints a table in Markdown: for n from 2
to 8, nats per token on the validation part, and for tunes bits per note: the bits of all tokens
divided by the number of notes.
"""

import argparse
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from seqgen.config.options import DataOptions
from seqgen.data.corpora import open_corpus
from seqgen.data.dataset import prepare
from seqgen.data.tokenizers.base import END
from seqgen.evaluation.text.ngram import NGram


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", nargs="+")
    parser.add_argument("--transpose", default="common")
    args = parser.parse_args(argv)
    corpus = open_corpus(args.sources)
    with tempfile.TemporaryDirectory() as folder:
        data = prepare(corpus, DataOptions(transpose=args.transpose), Path(folder))
        parts = (data.training, data.validation)
        training, validation = (np.array(p[:, 0] if p.ndim == 2 else p) for p in parts)
    boundary = END if data.documents > 1 else None
    print("| n | nats per token |" + (" bits per note |" if data.facts else ""))
    print("|---|---|" + ("---|" if data.facts else ""))
    for n in range(2, 9):
        model = NGram.count(training, n, data.tokenizer.size, boundary)
        nats = model.surprisal(validation)
        line = f"| {n} | {nats.mean():.4f} |"
        if data.facts:
            line += f" {nats.sum() / math.log(2) / data.facts.validation_notes:.3f} |"
        print(line, flush=True)


if __name__ == "__main__":
    main()
