"""The options of `seqgen inspect`."""

from dataclasses import dataclass

from seqgen.config.fields import Options, option


@dataclass(frozen=True)
class TextOptions(Options):
    """What the network reads."""

    text: str | None = option(
        None,
        "A file, a known corpus, or - for standard input; what was held back in training unless "
        "said.",
        path=True,
    )
    on_unknown: str = option(
        "skip",
        "What to do with characters that the vocabulary lacks.",
        choices=("skip", "error"),
    )


@dataclass(frozen=True)
class GradientOptions(Options):
    """How far back the gradient is followed."""

    steps: int | None = option(
        None,
        "Steps to follow it back; 100, or what the longest document allows, unless said.",
        least=2,
        most=10_000,
    )
    streams: int = option(
        64, "Places of the text, evenly spread, that it is followed back from.", least=1, most=1024
    )
    plot: str | None = option(None, "Write the picture to a file.", suffixes=(".png",))


@dataclass(frozen=True)
class NeuronOptions(Options):
    """Which neurons are shown."""

    characters: int = option(
        20_000, "Characters of the text that are read.", least=2, most=1_000_000
    )
    units: tuple[str, ...] | None = option(
        None,
        "Units to colour the text by: a number, counted from 0, in the top layer; LAYER:NUMBER, "
        "with layers counted from 1; or LAYER:STATE:NUMBER. The best ones found unless said.",
    )
    html: str | None = option(
        None, "Write the coloured text as a page.", suffixes=(".html", ".htm")
    )


@dataclass(frozen=True)
class GateOptions(Options):
    """How much is read, and where the picture goes."""

    characters: int = option(
        20_000, "Characters of the text that are read.", least=2, most=10_000_000
    )
    plot: str | None = option(None, "Write the picture to a file.", suffixes=(".png",))
