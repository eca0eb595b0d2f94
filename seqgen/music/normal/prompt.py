"""A prompt: the beginning of a tune, parted into its header and its music."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from seqgen.errors import TuneError
from seqgen.music.abc import fields
from seqgen.music.core.key import Key
from seqgen.music.core.tune import NormalTune, Tune
from seqgen.music.normal.codec import encode_tune
from seqgen.music.normal.normalize import drawable, normal_key, plain
from seqgen.music.normal.tokens import PATTERN, WHOLE
from seqgen.music.normal.unroll import has_plain_repeats

INLINE = re.compile(r"\[([A-Za-z]):([^\]\n]*)\]\s*")
# Fields whose content a tune that goes on from the prompt keeps, and such as have none.
KEPT = "RMLK"
# Fields that say how the music is to be read.
SETTINGS = "IUVm"
EMPTY = "X"
# What the other fields are called (ABC standard 2.1, section 3).
NAMES = {
    "T": "title", "C": "composer", "Q": "tempo mark", "W": "line of words", "w": "line of lyrics",
    "P": "part label", "O": "origin", "Z": "transcription note", "S": "source", "N": "remark",
    "B": "book", "D": "discography", "F": "file name", "G": "group", "H": "history line",
    "A": "area",
}  # fmt: skip
# What may hold letters that are no notes: fields, texts in quotes, and decorations by name.
NO_NOTES = re.compile(r'\[[A-Za-z]:[^\]\n]*\]|"[^"\n]*"|![^!\s]{1,30}!|\+[^+\s]{1,30}\+')
WORD = re.compile(r"[^\W\d_]+")
# Letters that stand for a decoration before a note: these by the standard (section 4.14), others
# of h to w and H to W only where a U: field defines them.
DECORATIONS = "HLMOPSTuv"
DEFINABLE = re.compile("[H-Wh-w]")
# A decoration stands before a note, a rest, a bar line, or another decoration.
DECORATED = re.compile(r"[.~H-Wh-w]*[A-Ga-gxzXZ\[({^_=\"!|]")
MAX_UNDEFINED = 1  # letters in a word of music


@dataclass(frozen=True)
class Prompt:
    """fields: R, M, L and K as far as the prompt says them before its music.

    music: its music, "" for none. left_out: what of its header and behind its end is not used.
    settings: the lines of its header that say how the music is to be read.
    """

    fields: Mapping[str, str]
    music: str
    left_out: Counter[str]
    settings: tuple[str, ...] = ()


def parse_prompt(text: str) -> Prompt:
    """Part a prompt into its header and its music.

    Raises TuneError for a prompt that is words rather than music, naming the first of them.
    """
    header: dict[str, str] = {}
    left_out: Counter[str] = Counter()
    settings: list[str] = []
    music: list[str] = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        line = re.sub("^%%", "I:", line)
        while not music and (inline := INLINE.match(line)):
            take(inline[1], inline[2], header, left_out)
            line = line[inline.end() :]
        plain = fields.without_comment(line)
        field = fields.FIELD.match(plain)
        if not music and not plain:
            continue
        if any(map(str.strip, music)) and not line.strip():
            rest = [each for each in lines[number:] if each.strip()]
            left_out["line after the end of the tune"] += len(rest)
            break
        if music or not field:
            music.append(line)
        elif field[1] in SETTINGS:
            settings.append(plain)
        else:
            take(field[1], field[2], header, left_out)
    whole = "\n".join(music).strip()
    check_music(whole, any(line.startswith("U:") for line in lines))
    return Prompt(header, whole, +left_out, tuple(settings))


def take(letter: str, value: str, header: dict[str, str], left_out: Counter[str]) -> None:
    """Keep what a field of the header says, or count it as left out."""
    if letter in KEPT:
        header[letter] = value.strip()
    elif letter not in EMPTY and value.strip():
        left_out[NAMES.get(letter, "other field")] += 1


def check_music(music: str, defined: bool) -> None:
    """Raise TuneError for music that is words, with the place of the first one.

    ABC reads nearly any letters as notes and decorations. A word holds letters that stand for
    nothing, or a decoration with no note behind it. defined: whether U: fields define letters.
    """
    for number, line in enumerate(music.split("\n"), start=1):
        if fields.FIELD.match(line):
            continue
        line = fields.without_comment(line)
        plain = NO_NOTES.sub(lambda match: "." * len(match[0]), line)
        for word in WORD.finditer(plain):
            undefined = 0
            loose = not word[0].isascii()
            for place, letter in enumerate(word[0], start=word.start()):
                if DEFINABLE.match(letter):
                    undefined += letter not in DECORATIONS
                    loose = loose or not DECORATED.match(plain, place + 1)
            if loose or (undefined > MAX_UNDEFINED and not defined):
                where = f"line {number}, column {word.start() + 1}"
                raise TuneError(f"{word[0]!r} is no music in ABC", where)


def prompt_tokens(tune: Tune, key: Key | None) -> list[str]:
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
    prompt = NormalTune(bars, tune.meter, normal_key(tune.key))
    return PATTERN.findall(encode_tune(prompt, key).split("\n", 3)[3])
