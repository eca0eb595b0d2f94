"""Draw three tunes of a model, for the README.

``python -m benchmarks.tune_pictures NAME [SEED] [--out docs]`` writes ``docs/tune-1.svg`` to
``docs/tune-3.svg`` from samples with that seed, and prints their commands.
"""

import argparse
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from seqgen.config.options import SamplingOptions, TuneOptions
from seqgen.generation import load
from seqgen.music.abc.parser import parse_tune
from seqgen.music.render.engrave import engrave, svg_file

DOCS = Path(__file__).parents[1] / "docs"
REQUESTS = (
    TuneOptions(rhythm="jig", meter="6/8", key="Ador", bars="16", form="AABB"),
    TuneOptions(rhythm="reel", meter="C|", key="D", bars="16", form="AABB"),
    TuneOptions(rhythm="slip jig", meter="9/8", key="Em", bars="16", form="AABB"),
)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("seed", type=int, nargs="?", default=1)
    parser.add_argument("--out", type=Path, default=DOCS)
    args = parser.parse_args(argv)
    generator = load(args.name)
    for number, request in enumerate(REQUESTS, start=1):
        options = SamplingOptions(seed=args.seed)
        ((_, abc),) = generator.pieces("", options, request)
        picture = args.out / f"tune-{number}.svg"
        picture.write_bytes(remove_names(svg_file(engrave(parse_tune(abc), number))))
        named = (request.rhythm, request.meter, request.key, request.bars, request.form)
        flags = [
            word
            for name, value in zip(("rhythm", "meter", "key", "bars", "form"), named, strict=True)
            for word in (f"--{name}", str(value))
        ]
        command = ["seqgen", "sample", args.name, *flags, "--seed", str(args.seed)]
        print(f"{picture.name}, {picture.stat().st_size / 1000:.0f} kB:  {shlex.join(command)}")


def remove_names(svg: bytes) -> bytes:
    """Remove the names by which a page finds its notes; glyphs keep theirs."""
    svg = re.sub(rb' class="[^"]*"', b"", svg)
    svg = re.sub(rb'<g id="(?!E[0-9A-F]{3}-)[^"]*"', b"<g", svg)
    return svg.replace(b"<g />\n", b"")


if __name__ == "__main__":
    main()
