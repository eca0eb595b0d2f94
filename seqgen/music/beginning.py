"""The beginning of a tune in the normal form, however it breaks off."""

from dataclasses import replace

from seqgen.errors import TuneError
from seqgen.music.key import Key
from seqgen.music.normal import drawable, normal_key, plain
from seqgen.music.notation import text
from seqgen.music.tokens import PATTERN, WHOLE
from seqgen.music.tune import Tune
from seqgen.music.unroll import has_plain_repeats


def beginning(tune: Tune, key: Key | None) -> list[str]:
    """The tokens of the music that a tune begins with, as far as it is there.

    tune: as read; whether its bars add up is not looked at.
    key: to whose tonic it is moved; None for its own.
    Raises TuneError for what the normal form does not have.
    """
    if not has_plain_repeats(tune):
        raise TuneError("a repeat with more than two turns, which no tune is written with")
    if any(bar.meter and bar.meter.length != tune.meter.length for bar in tune.bars):
        raise TuneError("meter changes")
    full = int(tune.meter.length * WHOLE) or WHOLE
    bars = tuple(
        replace(bar, notes=tuple(drawable(plain(bar.notes), 0, full))) for bar in tune.bars
    )
    begun = replace(tune, key=normal_key(tune.key), bars=bars, rhythm="", lines=())
    return PATTERN.findall(text(begun, key).split("\n", 3)[3])
