"""Options of `seqgen inspect`."""

from dataclasses import dataclass

from seqgen.config.fields import Options, option


@dataclass(frozen=True)
class TextOptions(Options):
    """Input."""

    text: str | None = option(
        None, "File, corpus, or -.", path=True, default_text="validation text"
    )
    on_unknown: str = option("skip", "Unknown characters in the text.", choices=("skip", "error"))


@dataclass(frozen=True)
class GradientOptions(Options):
    """Gradients."""

    steps: int | None = option(
        None, "Steps to backpropagate.", least=2, most=10_000, default_text="up to 100"
    )
    streams: int = option(64, "Positions to backpropagate from.", least=1, most=1024)
    plot: str | None = option(None, "Write a plot.", suffixes=(".png",))


@dataclass(frozen=True)
class NeuronOptions(Options):
    """Neurons."""

    characters: int = option(20_000, "Characters to read.", least=2, most=1_000_000)
    units: tuple[str, ...] | None = option(
        None, "Units: N, LAYER:N or LAYER:STATE:N.", default_text="best"
    )
    html: str | None = option(
        None, "Write the coloured text as a page.", suffixes=(".html", ".htm")
    )


@dataclass(frozen=True)
class GateOptions(Options):
    """Gates."""

    characters: int = option(20_000, "Characters to read.", least=2, most=10_000_000)
    plot: str | None = option(None, "Write a plot.", suffixes=(".png",))
