"""Draw three tunes of a model, and write a page of tunes to listen to, for the documentation.

``python -m benchmarks.tune_pictures NAME [SEED] [--out docs]`` writes ``docs/tune-1.svg`` to
``docs/tune-3.svg`` from samples with that seed, and ``docs/listen.html``; it prints the commands.
"""

import argparse
import re
import shlex
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from benchmarks import command as command_line
from seqgen.config.fields import flag_name
from seqgen.config.options import SamplingOptions, TuneOptions
from seqgen.generation import load
from seqgen.music.abc.parser import parse_tune
from seqgen.music.render.engrave import engrave, svg_file

DOCS = Path(__file__).parents[1] / "docs"
REQUESTS = (
    TuneOptions(rhythm="jig", meter="6/8", key="Ador", bars="16", form="AABB"),
    TuneOptions(rhythm="reel", key="D", bars="16", form="AABB", for_="whistle", tonic=True),
    TuneOptions(rhythm="hornpipe", form="ABAC", part_bars="8", for_="fiddle", tonic=True),
)
LISTEN = ("--count", "8", "--instrument", "fiddle")


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
        command = ["seqgen", "sample", args.name, *flags(request), "--seed", str(args.seed)]
        print(f"{picture.name}, {picture.stat().st_size / 1000:.0f} kB:  {shlex.join(command)}")
    page = args.out / "listen.html"
    words = ("sample", args.name, *LISTEN, "--seed", args.seed, "--html", page)
    command_line.run(*words)
    print(f"{page.name}, {page.stat().st_size / 1000:.0f} kB:  {shlex.join(map(str, words))}")


def flags(request: TuneOptions) -> list[str]:
    """Return the flags of the options that are not defaults."""
    words = []
    for field in fields(request):
        value = getattr(request, field.name)
        if value != field.default:
            words += [flag_name(field.name)] if value is True else [flag_name(field.name), value]
    return words


def remove_names(svg: bytes) -> bytes:
    """Remove the names by which a page finds its notes; glyphs keep theirs."""
    svg = re.sub(rb' class="[^"]*"', b"", svg)
    svg = re.sub(rb'<g id="(?!E[0-9A-F]{3}-)[^"]*"', b"<g", svg)
    return svg.replace(b"<g />\n", b"")


if __name__ == "__main__":
    main()
