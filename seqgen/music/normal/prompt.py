"""Prompts: beginnings of tunes, split into header and music."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from seqgen.errors import TuneError
from seqgen.music.abc import fields
from seqgen.music.abc.escapes import decode
from seqgen.music.core.key import Key
from seqgen.music.core.tune import NormalTune, Tune
from seqgen.music.normal.codec import encode_tune, move_tune, split_header
from seqgen.music.normal.normalize import drawable, normal_key, plain
from seqgen.music.normal.tokens import PATTERN, WHOLE
from seqgen.music.normal.unroll import has_plain_repeats

INLINE = re.compile(r"\[([A-Za-z]):([^\]\n]*)\]\s*")
# Fields that the model or the parser reads.
READ = "RMLK"
# Fields that are written with the sampled tune as they are.
WRITTEN = "TCOAZNSBDFGHQW"
# Those of them that may stand within the music too (section 3).
WITHIN = "NW"
# Fields that change how the music is parsed.
SETTINGS = "IUVm"
# Names of the other fields (ABC standard 2.1, section 3).
NAMES = {"w": "line of lyrics", "P": "part label"}
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
class PromptHeader:
    """What a person wrote above the music that does not concern it.

    Attributes:
        number: Value of ``X:``.
        title: The first title, "" for none.
        lines: The other lines that are written with the sampled tune, in order.
    """

    number: int = 1
    title: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prompt:
    """A parsed prompt.

    Attributes:
        fields: Values of R, M, L and K, if stated before the music.
        music: "" for none.
        left_out: Counts of what is not used of the header and after the end.
        settings: Lines of the header that change how the music is parsed.
        header: What is kept of the other lines.
    """

    fields: Mapping[str, str]
    music: str
    left_out: Counter[str]
    settings: tuple[str, ...] = ()
    header: PromptHeader = PromptHeader()


def parse_prompt(text: str) -> Prompt:
    """Split a prompt into its header and its music.

    Raises TuneError, with the first word, for a prompt of words instead of music.
    """
    header = _HeaderReader()
    settings: list[str] = []
    music: list[str] = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        line = re.sub("^%%", "I:", line)
        while not music and (inline := INLINE.match(line)):
            header.take(inline[1], inline[2])
            line = line[inline.end() :]
        plain = fields.without_comment(line)
        field = fields.FIELD.match(plain)
        if not music and not plain:
            continue
        if any(map(str.strip, music)) and not line.strip():
            rest = [each for each in lines[number:] if each.strip()]
            header.left_out["line after the end of the tune"] += len(rest)
            break
        if field and field[1] in WITHIN:
            header.take(field[1], field[2])
        elif music or not field:
            music.append(line)
        elif field[1] in SETTINGS:
            settings.append(plain)
        else:
            header.take(field[1], field[2])
    whole = "\n".join(music).strip()
    _check_music(whole, any(line.startswith("U:") for line in lines))
    return Prompt(header.values, whole, +header.left_out, tuple(settings), header.kept())


class _HeaderReader:
    """The fields of a header so far.

    Attributes:
        values: Of the fields that are `READ`.
        left_out: Counts of the others that are not `WRITTEN` either.
    """

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.left_out: Counter[str] = Counter()
        self._number = 1
        self._kept: list[tuple[str, str]] = []
        self._last = ""

    def take(self, letter: str, value: str) -> None:
        """Store a field, or count it as left out."""
        value = value.strip()
        if letter == "+" and self._last in WRITTEN and self._kept:
            name, before = self._kept.pop()
            self._kept.append((name, f"{before} {value}"))
            return
        self._last = letter
        if letter == "X":
            self._number = int(value) if re.fullmatch("[0-9]{1,9}", value) else 1
        elif letter in READ:
            self.values[letter] = value
        elif not value:
            return
        elif letter in WRITTEN:
            self._kept.append((letter, value))
        else:
            self.left_out[NAMES.get(letter, "other field")] += 1

    def kept(self) -> PromptHeader:
        """What is written with the sampled tune."""
        titles = [value for letter, value in self._kept if letter == "T"]
        rest = list(self._kept)
        if titles:
            rest.remove(("T", titles[0]))
        lines = (f"{letter}:{self._written(letter, value)}" for letter, value in rest)
        return PromptHeader(self._number, decode(titles[0]) if titles else "", tuple(lines))

    def _written(self, letter: str, value: str) -> str:
        """The value of a field beside ``L:1/8``, which may not be the unit of the prompt."""
        if letter == "Q" and value.isdecimal() and "L" in self.values:
            return f"{self.values['L']}={value}"
        return value


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


def prompt_tune(tune: Tune, key: Key | None) -> tuple[NormalTune, int]:
    """The music of a prompt in normal form, without checking that its bars add up.

    Args:
        tune: The parsed prompt.
        key: Key to whose tonic it is moved; None for its own.

    Returns:
        The tune, and the octaves to move it up beyond the shortest way back.

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
    return move_tune(prompt, key)


def music_tokens(tune: NormalTune) -> list[str]:
    """The tokens of a tune's music."""
    return PATTERN.findall(split_header(encode_tune(tune, None))[1])
