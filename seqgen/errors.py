"""The exceptions of seqgen: every message says what failed, where, and what to do.

A message names an option as Python knows it, between backticks: ```units```, ```cell='gru'```,
```grammar=False```. The command line prints these as its flags: ``--units``, ``--cell gru``,
``--no-grammar`` (`seqgen.cli.terminal.flags`).
"""

import difflib
from collections.abc import Iterable


class SeqgenError(Exception):
    """Something failed that the user can fix; the message says how. Exit status 1.

    Args:
        message: What failed, where, and what to do.
        option: Name of the option whose value caused it; put before the message.

    Attributes:
        option: As given.
        status: Exit status of the command line.
    """

    status = 1

    def __init__(self, message: str, *, option: str | None = None) -> None:
        super().__init__(f"`{option}`: {message}" if option else message)
        self.option = option


class ConfigError(SeqgenError):
    """An option, or a combination of options, is invalid. Exit status 2."""

    status = 2


class CorpusError(SeqgenError):
    """A source cannot be found, read, decoded or downloaded, or has no data to train on."""


class TokenError(SeqgenError):
    """A text has characters that are not in the vocabulary."""


class CheckpointError(SeqgenError):
    """A checkpoint is missing, damaged, newer than this program, or would be overwritten."""


class OutputError(SeqgenError):
    """Standard output cannot be written to, for example because the disk is full."""


class TrainingError(SeqgenError):
    """Training cannot continue."""


class SamplingError(SeqgenError):
    """The model hardly ever generates what was requested."""


class TuneError(SeqgenError):
    """ABC that cannot be parsed, or a tune that a model cannot be trained on or prompted with.

    Args:
        reason: A few words, the same for all tunes with this fault, so that they can be counted.
        where: Its position, if known.
    """

    def __init__(self, reason: str, where: str = "") -> None:
        super().__init__(f"{where}: {reason}" if where else reason)
        self.reason = reason
        self.where = where


def unknown_name(
    what: str, name: str, known: Iterable[str], others: Iterable[str] = ()
) -> ConfigError:
    """Return the error for an unknown name, with the known names and the closest one.

    Args:
        what: The kind of thing named, such as ``"cell"``.
        name: The unknown name.
        known: The valid names, listed in the message.
        others: Names that are suggested but not listed, such as those of files.
    """
    names = sorted(known)
    hint = did_you_mean(name, [*names, *others])
    return ConfigError(f"unknown {what} {name!r}{hint} (known: {', '.join(names)})")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean NAME?`` with the closest known name, or ``""`` if none is close.

    The comparison ignores case, so that ``Shakespeare`` finds ``shakespeare``.
    """
    by_folded = {each.casefold(): each for each in known}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=1)
    return f"; did you mean {by_folded[close[0]]}?" if close else ""
