"""Prompts: beginnings of tunes, split into header and music."""

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
# Fields that the sampled tune keeps.
KEPT = "RMLK"
# Fields that change how the music is parsed.
SETTINGS = "IUVm"
EMPTY = "X"
# Names of the other fields (ABC standard 2.1, section 3).
NAMES = {
    "T": "title", "C": "composer", "Q": "tempo mark", "W": "line of words", "w": "line of lyrics",
    "P": "part label", "O": "origin", "Z": "transcription note", "S": "source", "N": "remark",
    "B": "book", "D": "discography", "F": "file name", "G": "group", "H": "history line",
    "A": "area",
}  # fmt: skip
# Items with letters that are not notes: fields, texts in quotes, and decorations by name.
NO_NOTES = re.compile(r'\[[A-Za-z]:[^\]\n]*\]|"[^"\n]*"|![^!\s]{1,30}!|\+[^+\s]{1,30}\+')
WORD = re.compile(r"[^\W\d_]+")
# Letters of decorations in the standard (section 4.14); a U: field may define h to w and H to W.
DECORATIONS = "HLMOPSTuv"
DEFINABLE = re.compile("[H-Wh-w]")
# A decoration precedes a note, a rest, a bar line, or another decoration.
DECORATED = re.compile(r"[.~H-Wh-w]*[A-Ga-gxzXZ\[({^_=\"!|]")
MAX_UNDEFINED = 1  # letters in a word of music


@dataclass(frozen=True)
class Prompt:
    """A parsed prompt.

    Attributes:
        fields: Values of R, M, L and K, if stated before the music.
        music: "" for none.
        left_out: Counts of what is not used of the header and after the end.
        settings: Lines of the header that change how the music is parsed.
    """

    fields: Mapping[str, str]
    music: str
    left_out: Counter[str]
    settings: tuple[str, ...] = ()


def parse_prompt(text: str) -> Prompt:
    """Split a prompt into its header and its music.

    Raises TuneError, with the first word, for a prompt of words instead of music.
    """
    header: dict[str, str] = {}
    left_out: Counter[str] = Counter()
    settings: list[str] = []
    music: list[str] = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        line = re.sub("^%%", "I:", line)
        while not music and (inline := INLINE.match(line)):
            _take_field(inline[1], inline[2], header, left_out)
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
            _take_field(field[1], field[2], header, left_out)
    whole = "\n".join(music).strip()
    _check_music(whole, any(line.startswith("U:") for line in lines))
    return Prompt(header, whole, +left_out, tuple(settings))


def _take_field(letter: str, value: str, header: dict[str, str], left_out: Counter[str]) -> None:
    """Store a field of the header, or count it as left out."""
    if letter in KEPT:
        header[letter] = value.strip()
    elif letter not in EMPTY and value.strip():
        left_out[NAMES.get(letter, "other field")] += 1


def _check_music(music: str, defined: bool) -> None:
    """Raise TuneError for words instead of music, with the place of the first one.

    In ABC nearly all letters are notes or decorations. A word contains undefined letters, or a
    decoration without a note after it. defined: whether ``U:`` fields define letters.
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
    """The tokens of the music of a prompt, without checking that its bars add up.

    Args:
        tune: The parsed prompt.
        key: Key to whose tonic it is moved; None for its own.

    Raises:
        TuneError: If it contains what the normal form cannot represent.
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
