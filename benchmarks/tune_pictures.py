"""Draw three tunes of a model, for the README.

``python -m benchmarks.tune_pictures NAME [SEED] [--out docs]`` writes ``docs/tune-1.svg`` to
``docs/tune-3.svg`` from tunes that `seqgen sample` writes with that seed, and prints its commands.
"""

import argparse
import re
import shlex
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from seqgen.config.options import SamplingOptions, TuneOptions
from seqgen.generation import load
from seqgen.music.abc.parser import parse_tune
from seqgen.music.render.engrave import engrave, svg_file

DOCS = Path(__file__).parents[1] / "docs"
WISHES = (
    TuneOptions(rhythm="jig", meter="6/8", key="Ador", bars=16, form="AABB"),
    TuneOptions(rhythm="reel", meter="C|", key="D", bars=16, form="AABB"),
    TuneOptions(rhythm="slip jig", meter="9/8", key="Em", bars=16, form="AABB"),
)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("seed", type=int, nargs="?", default=1)
    parser.add_argument("--out", type=Path, default=DOCS)
    asked = parser.parse_args(arguments)
    generator = load(asked.name)
    for number, wish in enumerate(WISHES, start=1):
        options = SamplingOptions(seed=asked.seed)
        ((_, abc),) = generator.pieces("", options, wish)
        picture = asked.out / f"tune-{number}.svg"
        picture.write_bytes(nameless(svg_file(engrave(parse_tune(abc), number))))
        said = {name: value for name, value in asdict(wish).items() if value}
        flags = [word for name, value in said.items() for word in (f"--{name}", str(value))]
        command = ["seqgen", "sample", asked.name, *flags, "--seed", str(asked.seed)]
        print(f"{picture.name}, {picture.stat().st_size / 1000:.0f} kB:  {shlex.join(command)}")


def nameless(svg: bytes) -> bytes:
    """The picture without the names by which a page finds its notes; glyphs keep theirs."""
    svg = re.sub(rb' class="[^"]*"', b"", svg)
    svg = re.sub(rb'<g id="(?!E[0-9A-F]{3}-)[^"]*"', b"<g", svg)
    return svg.replace(b"<g />\n", b"")


if __name__ == "__main__":
    main()
