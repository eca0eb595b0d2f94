"""The options of `seqgen evaluate`."""

from dataclasses import dataclass

from seqgen.config.fields import Options, option


@dataclass(frozen=True)
class EvaluationOptions(Options):
    """How samples are drawn."""

    temperature: float | None = option(
        None,
        "Softmax temperature; by default the one of `seqgen sample`.",
        least=0.0,
        most=100.0,
    )
    seed: int = option(0, "Same seed, same samples.", least=0, most=2**63 - 1)


@dataclass(frozen=True)
class TextEvaluationOptions(Options):
    """Of models of text."""

    samples: int = option(
        20, "How many samples to write and look at; 0 for none.", least=0, most=10_000
    )
    length: int | None = option(
        None, "Tokens of each sample; 1000 unless said.", least=1, most=1_000_000
    )
    on_unknown: str = option(
        "error",
        "What to do with characters of a file that the vocabulary lacks.",
        choices=("error", "skip"),
    )
    encoding: str | None = option(
        None, "Encoding of files; UTF-8, or what a byte-order mark says, unless said."
    )
    html: str | None = option(
        None, "Write a page with all of it to a file.", suffixes=(".html", ".htm")
    )


@dataclass(frozen=True)
class TuneEvaluationOptions(Options):
    """Of models of tunes."""

    count: int = option(500, "How many tunes to write, twice.", least=1, most=100_000)
    judges: bool = option(True, "Ask music21, and abc2midi where it is installed; takes longer.")
