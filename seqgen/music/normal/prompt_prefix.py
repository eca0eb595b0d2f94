"""The beginning of a tune in the normal form, however it breaks off."""

from dataclasses import replace

from seqgen.errors import TuneError
from seqgen.music.core.key import Key
from seqgen.music.core.tune import Tune
from seqgen.music.normal.codec import text
from seqgen.music.normal.normalize import drawable, normal_key, plain
from seqgen.music.normal.tokens import PATTERN, WHOLE
from seqgen.music.normal.unroll import has_plain_repeats


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
