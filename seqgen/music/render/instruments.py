"""The sounds of instruments: their numbers in General MIDI and their timbres."""

from dataclasses import dataclass

from seqgen.errors import ConfigError
from seqgen.music.core.instrument_ranges import INSTRUMENTS, find_instrument

COUNT = 128
DEFAULT = "harp"


@dataclass(frozen=True)
class Timbre:
    """A synthesized timbre.

    Attributes:
        harmonics: Amplitudes, from the fundamental.
        attack, release: Seconds.
        decay: Seconds in which a plucked middle C falls by 60 dB; 0 for a sustained sound.
    """

    harmonics: tuple[float, ...]
    attack: float
    release: float
    decay: float = 0.0


PLUCKED = Timbre((1.0, 0.62, 0.36, 0.22, 0.15, 0.09, 0.06, 0.04), 0.003, 0.09, 2.6)
BOWED = Timbre((1.0, 0.72, 0.5, 0.36, 0.3, 0.17, 0.12, 0.09, 0.05, 0.03), 0.035, 0.06)
REED = Timbre((1.0, 0.55, 0.62, 0.3, 0.32, 0.16, 0.14, 0.08, 0.06, 0.03), 0.02, 0.05)
PIPE = Timbre((1.0, 0.42, 0.16, 0.07, 0.03), 0.03, 0.06)


@dataclass(frozen=True)
class Instrument:
    """An instrument. name: as requested. number: in General MIDI, from 1."""

    name: str
    number: int
    timbre: Timbre


def names() -> tuple[str, ...]:
    return tuple(INSTRUMENTS)


def find(name: str) -> Instrument:
    """The instrument with a name, or with a number of General MIDI, 1 to 128.

    Raises ConfigError for an unknown one; the message lists the names.
    """
    if not name.strip().isdecimal():
        number = find_instrument(name).midi_number
    elif not 1 <= (number := int(name[:9])) <= COUNT:
        raise ConfigError(f"{name} is not a General MIDI number, 1 to {COUNT}", option="instrument")
    return Instrument(name, number, timbre(number))


def timbre(number: int) -> Timbre:
    """The most similar timbre to an instrument of General MIDI, by its family."""
    if number <= 16 or 25 <= number <= 40 or number in (46, 47) or 105 <= number <= 109:
        return PLUCKED
    if 17 <= number <= 24 or 57 <= number <= 72 or number == 110:
        return REED
    return BOWED if 41 <= number <= 56 or number == 111 else PIPE
