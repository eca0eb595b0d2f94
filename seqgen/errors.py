"""What can go wrong, as one small family: every message says what failed, where, and what to do."""

import difflib
from collections.abc import Iterable


class SeqgenError(Exception):
    """Something failed that the user can mend; the message says how. Exit status 1."""

    status = 1


class ConfigError(SeqgenError):
    """An option, or a combination of options, makes no sense. Exit status 2."""

    status = 2


class CorpusError(SeqgenError):
    """A source cannot be found, read, decoded or downloaded, or holds nothing to learn from."""


class TokenError(SeqgenError):
    """A text holds characters that the vocabulary lacks."""


class CheckpointError(SeqgenError):
    """A checkpoint is missing, damaged, newer than this program, or in the way."""


class OutputError(SeqgenError):
    """Standard output cannot be written to, as on a full disk."""


class TrainingError(SeqgenError):
    """Training cannot go on."""


class SamplingError(SeqgenError):
    """A network writes hardly anything of what was asked for."""


class TuneError(SeqgenError):
    """ABC that cannot be read, or is no tune that a model can learn or go on from.

    reason: in a few words, the same for all tunes with this fault, so that they can be counted.
    where: the place of it, as far as it is known.
    """

    def __init__(self, reason: str, where: str = "") -> None:
        super().__init__(f"{where}: {reason}" if where else reason)
        self.reason = reason
        self.where = where


def unknown_name(
    what: str, name: str, known: Iterable[str], others: Iterable[str] = ()
) -> ConfigError:
    """The error for a name that stands for nothing: it lists the known ones and offers the nearest.

    what: the kind of thing named, such as ``"cell"``.
    known: every name that would have been right.
    others: names that can be offered but are not listed, such as those of files.
    """
    names = sorted(known)
    hint = did_you_mean(name, [*names, *others])
    return ConfigError(f"unknown {what} {name!r}{hint} (known: {', '.join(names)})")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``; did you mean NAME?`` with the known name that is nearest to ``name``, or ``""``.

    Case is ignored, so that ``Shakespeare`` finds ``shakespeare``.
    """
    by_folded = {each.casefold(): each for each in known}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=1)
    return f"; did you mean {by_folded[close[0]]}?" if close else ""
