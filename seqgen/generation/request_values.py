"""Parse what options request of the keys, the range and the bars of tunes."""

import re
from collections.abc import Sequence
from typing import Any

from seqgen.config.options import TuneOptions
from seqgen.errors import ConfigError, unknown_name
from seqgen.music.core.instrument_ranges import (
    LEAST_SEMITONES,
    find_instrument,
    parse_range,
    pitch_label,
)
from seqgen.music.core.key import MODES, SAME, Key, transposition_between
from seqgen.music.normal.book_facts import TuneFacts
from seqgen.music.normal.codec import read_tonic
from seqgen.music.normal.outline import TONIC, unknown_line
from seqgen.music.normal.tokens import NO_RHYTHM
from seqgen.music.normal.transposition import parse_key_line


def check_grammar(options: TuneOptions) -> None:
    """Raise ConfigError if an option needs the grammar, which is off."""
    if options.grammar:
        return
    names = ("bars", "form", "part_bars", "tonic", "refrain", "range", "for_")
    if given := [name.strip("_") for name in names if getattr(options, name)]:
        named = " and ".join(f"`{name}`" for name in given)
        raise ConfigError(f"{named} cannot be given with the grammar off", option="grammar")


def parse_bars(text: str | None) -> tuple[int, int] | None:
    """Parse a number of bars, or a range of them; raise ConfigError if it is neither."""
    if text is None:
        return None
    match = re.fullmatch(r"\s*([0-9]{1,6})\s*(?:(?:-|–|:|\.\.|to)\s*([0-9]{1,6})\s*)?", text)
    if not match:
        raise ConfigError(f"{text!r} is neither a number of bars nor a range: 16-32", option="bars")
    least = int(match[1])
    return least, int(match[2] or least)


def parse_part_bars(text: str | None) -> tuple[int, ...]:
    """Parse the bars of each part; raise ConfigError if they are no numbers."""
    if text is None:
        return ()
    if not re.fullmatch(r"\s*[0-9]{1,6}(\s*[,+ ]\s*[0-9]{1,6})*\s*", text):
        raise ConfigError(f"{text!r} is no list of numbers: 8, or 8,16", option="part_bars")
    return tuple(map(int, re.findall("[0-9]+", text)))


def requested_keys(
    key: Key | None,
    options: TuneOptions,
    facts: TuneFacts,
    pieces: Sequence[str],
    common_tonic: bool,
) -> dict[str, Any]:
    """Return the fields of a `TuneSpec` for a key, a mode, or the keys of an instrument.

    Raises:
        ConfigError: If the model does not know a key or mode, or two of them contradict.
    """
    mode = parse_mode(options.mode) if options.mode else None
    if key and mode and key.mode != mode:
        raise ConfigError(f"is {options.mode}, but the key is {key}; give one", option="mode")
    if key and not common_tonic:
        known_line("key", str(key), pieces)
        return {"keys": frozenset([f"K:{key}\n"])}
    mode = key.mode if key else mode
    known_modes = {k.mode for piece in pieces if (k := parse_key_line(piece))}
    if mode and mode not in known_modes:
        raise unknown_name("mode", mode, facts.tonics or known_modes)
    keys = frozenset(p for p in pieces if mode and (k := parse_key_line(p)) and k.mode == mode)
    if key:
        tonics = frozenset(
            piece
            for piece in pieces
            if piece.startswith(f"{TONIC}:") and read_tonic(piece[2:-1])[0] == key.tonic
        )
        shift = transposition_between(Key(0), key)[1]
        unknown = frozenset({unknown_line(TONIC)} & set(pieces))
        return {"keys": keys, "tonics": tonics or unknown, "shift": shift}
    if common_tonic and (options.for_ or options.range) and not states_tonic(pieces):
        raise ConfigError(
            "needs a key too: the model is of an older seqgen and does not know where tunes lie",
            option="for" if options.for_ else "range",
        )
    if not options.for_:
        return {"keys": keys}
    instrument = find_instrument(options.for_)
    usual = [each for each in instrument.keys if mode in (None, each.mode)]
    if instrument.scale:
        usual = [each for each in usual if each.signature == instrument.scale.signature]
    if instrument.keys and not usual:
        names = ", ".join(map(str, instrument.keys))
        raise ConfigError(
            f"tunes for the {instrument.name} are rarely in {mode}, but in {names}; with a key, "
            "only its range counts",
            option="for",
        )
    return {"keys": keys, "originals": frozenset(map(str, usual))}


def states_tonic(pieces: Sequence[str]) -> bool:
    """Whether tunes of a vocabulary state their original tonic."""
    return unknown_line(TONIC) in pieces


def requested_range(options: TuneOptions, key: Key | None) -> dict[str, Any]:
    """Return the fields of a `TuneSpec` for a range or an instrument.

    Raises:
        ConfigError: If the range is invalid, the instrument unknown, or its scale another than that
            of the key.
    """
    if not options.for_:
        if not options.range:
            return {}
        low, high = parse_range(options.range)
        return {"lowest": low.midi, "highest": high.midi}
    instrument = find_instrument(options.for_)
    lowest, highest = instrument.lowest.midi, instrument.highest.midi
    if options.range:
        asked = parse_range(options.range)
        lowest, highest = max(lowest, asked[0].midi), min(highest, asked[1].midi)
        if highest - lowest < LEAST_SEMITONES:
            raise ConfigError(
                f"the {instrument.name} has the notes {pitch_label(instrument.lowest)} to "
                f"{pitch_label(instrument.highest)}, and the range only "
                f"{pitch_label(asked[0])} to {pitch_label(asked[1])}",
                option="range",
            )
    scale = instrument.scale
    if scale and key and key.signature != scale.signature:
        raise ConfigError(
            f"the {instrument.name} has only the notes of {scale}, and {key} has others",
            option="for",
        )
    return {"lowest": lowest, "highest": highest, "no_accidentals": scale is not None}


def parse_mode(value: str) -> str:
    """Return the name of a mode in normal form; raise ConfigError if it is not one."""
    name = value.strip().lower()
    short = name if name in SAME else name[:3]
    mode = SAME.get(short, short)
    if mode not in MODES or not name.isalpha():
        raise ConfigError(
            f"{value!r} is not a mode; write major, minor, dorian, mixolydian, phrygian or lydian",
            option="mode",
        )
    return mode


def known_line(what: str, value: str, pieces: Sequence[str]) -> str:
    """Return the header line with a value; raise ConfigError if the model does not know it."""
    letter = what[0].upper()
    line = f"{letter}:{value}\n"
    if line not in pieces:
        known = [p[2:-1] for p in pieces if p.startswith(f"{letter}:") and p[2:-1] != NO_RHYTHM]
        raise unknown_name(what, value, known)
    return line
