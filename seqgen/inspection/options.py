"""Options of `seqgen inspect`."""

from dataclasses import dataclass

from seqgen.config.fields import Options, option


@dataclass(frozen=True)
class TextOptions(Options):
    """Options for the text that the network reads."""

    text: str | None = option(
        None,
        "File, built-in corpus, or - for standard input; by default the validation part.",
        path=True,
    )
    on_unknown: str = option(
        "skip",
        "Handling of characters that are not in the vocabulary.",
        choices=("skip", "error"),
    )


@dataclass(frozen=True)
class GradientOptions(Options):
    """Options of `seqgen inspect NAME gradients`."""

    steps: int | None = option(
        None,
        "Steps to backpropagate; by default 100, or as many as the longest document allows.",
        least=2,
        most=10_000,
    )
    streams: int = option(
        64, "Evenly spaced positions of the text to start from.", least=1, most=1024
    )
    plot: str | None = option(None, "Write a plot to this file.", suffixes=(".png",))


@dataclass(frozen=True)
class NeuronOptions(Options):
    """Options of `seqgen inspect NAME neurons`."""

    characters: int = option(20_000, "Characters of the text to read.", least=2, most=1_000_000)
    units: tuple[str, ...] | None = option(
        None,
        "Units to colour the text by: NUMBER in the top layer, LAYER:NUMBER or "
        "LAYER:STATE:NUMBER, with layers from 1 and numbers from 0; by default the best ones.",
    )
    html: str | None = option(
        None, "Write the coloured text to this HTML file.", suffixes=(".html", ".htm")
    )


@dataclass(frozen=True)
class GateOptions(Options):
    """Options of `seqgen inspect NAME gates`."""

    characters: int = option(20_000, "Characters of the text to read.", least=2, most=10_000_000)
    plot: str | None = option(None, "Write a plot to this file.", suffixes=(".png",))
