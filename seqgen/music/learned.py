"""A tune's way in and out: from a book's ABC to what is learned, and back to a whole tune.

The learned form of a tune is its meter, its unit of note length and its key, a line each and in
this order, and its music::

    M:6/8
    L:1/8
    K:Ador
    e|A2A ABc|BAG EFG|

"Section" numbers in comments are those of the ABC standard 2.1.
"""

import re
from collections.abc import Iterable

# A letter and a colon open an information line, but "A:|" is a note before the end of a repeat.
FIELD = re.compile(r"(?![A-Ga-gxyzZ]:[|:])([A-Za-z+]):(.*)")

CLEF = re.compile(r"(?:treble|alto|tenor|bass|perc)[1-5]?(?:[+-]8)?", re.IGNORECASE)
VOICE_SETTING = re.compile(r'(?<!\S)[A-Za-z]\w*=(?:"[^"]*"|\S*)')  # clef=bass, name="Second fiddle"
NOT_MUSIC = re.compile(r'"[^"\n]*"|![^!\n]*!|\[[A-Za-z]:[^\]\n]*\]|^[MLK]:.*', re.MULTILINE)


def learned_form(tune: str) -> str | None:
    """What of a tune is learned: ``M:``, ``L:`` and ``K:`` lines and the music, and nothing else.

    Other fields, comments, words, blank lines and blanks at the ends of lines are left out; M:,
    L: and K: lines within the music stay, because they change what is heard. A missing meter is
    ``M:none``, a missing unit the one that its absence means. The text ends with one newline.

    tune: ABC from its ``X:`` line to its end; a learned form stays as it is.
    Returns None for a tune without ``K:`` or without a note.
    """
    fields, body = parts(tune)
    if "K" not in fields or not has_notes(body):
        return None
    return "\n".join([*header(fields), body, ""])


def split_prompt(prompt: str) -> tuple[str, str]:
    """A prompt for a model of tunes, as the header and the music that it gives.

    prompt: a whole tune or its beginning, with or without X:, T: and the like; some fields
        (``K:D``, or ``M:6/8`` and ``K:Ador`` in two lines); or bare notes (``GABc|d2``).
    Returns ``(header, body)``. header: those of the lines M:, L: and K: that the prompt settles,
    in this order, as `learned_form` writes them, each with its newline; a line that is not there
    is for the model to choose, and "" leaves all three to it. L: follows from M: where only M: is
    given, as in ABC. body: the music as `learned_form` writes it but without a newline at the
    end, so that the model may go on in the same line; "" if there is none.
    """
    fields, body = parts(prompt)
    settled = {line[0]: line for line in header(fields)}
    given = set(fields) | ({"L"} if "M" in fields else set())
    return "".join(f"{settled[letter]}\n" for letter in "MLK" if letter in given), body


def complete(text: str, number: int, title: str | None = None) -> str:
    """A whole tune for other programs, its fields in the order that they want (section 3).

    text: a tune in learned form; where a model left out a field, the tune is written without
        meter or key.
    number: of the tune in its book, for ``X:``.
    title: in one line; "Tune 1" for tune 1 unless said.
    """
    fields, body = parts(text)
    name = " ".join((title or "").split()) or f"Tune {number}"
    opening = [f"X:{number}", "T:" + name.replace("%", r"\%"), *header(fields)]
    return "\n".join([*opening, body]).rstrip() + "\n"


def cut_at_bar(text: str) -> str:
    """A tune that was stopped in the middle, cut after its last bar line and closed there.

    It is closed with ``|]``, or with ``:|`` where a repeat has begun and not ended.

    text: a tune in learned form, from its beginning; it may break off anywhere.
    Returns the tune with one newline at its end. Without a bar line all notes are kept; without
    a note the text comes back as it is.
    """
    from seqgen.tokenizers.abc import BAR, PITCH, AbcTokenizer  # loads NumPy

    end, closing = len(text.rstrip()), "|]"
    notes = repeating = False
    for lexeme in AbcTokenizer.pattern.finditer(text):
        notes = notes or re.fullmatch(PITCH, lexeme[0]) is not None
        if not re.fullmatch(BAR, lexeme[0]):
            continue
        repeats = repeating or lexeme[0].startswith(":")
        if notes:
            end, closing = lexeme.start(), ":|" if repeats else "|]"
        if ":" in lexeme[0]:
            repeating = lexeme[0].endswith(":")
    return text[:end] + closing + "\n" if notes else text


def parts(text: str) -> tuple[dict[str, str], str]:
    """The fields M, L and K that the header gives, by letter, and the body in learned form.

    The header reaches to its ``K:`` or else to the first line that is no field. After ``X:`` it
    may hold free lines as well, as the books do (a history of several lines).
    """
    lines = [line for line in map(without_comment, text.splitlines()) if line]
    stop = next((i for i, line in enumerate(lines) if not FIELD.match(line)), len(lines))
    key = next((i + 1 for i, line in enumerate(lines) if line.startswith("K:")), stop)
    if key < stop or (lines and lines[0].startswith("X:")):
        stop = key
    fields = {line[0]: value for line in lines[:stop] if (value := field_value(line)) is not None}
    return fields, "\n".join(music(lines[stop:]))


def without_comment(line: str) -> str:
    """The line up to ``%``, which begins a comment unless it is written ``\\%`` (section 2.2.5)."""
    return re.sub(r"(?<!\\)%.*", "", line).strip()


def music(lines: Iterable[str]) -> Iterable[str]:
    """The lines of a body without information lines, except those that change what is heard."""
    for line in lines:
        if not FIELD.match(line):
            yield line
        elif value := field_value(line):
            yield f"{line[0]}:{value}"


def field_value(line: str) -> str | None:
    """The value of an M:, L: or K: line; "" if it has none, None for another line."""
    value = " ".join(line[2:].split())
    if line.startswith("M:"):
        return value
    if line.startswith("L:"):
        unit = re.match("[0-9]+(?:/[0-9]+)?", value.replace(" ", ""))
        return unit[0] if unit else ""
    if line.startswith("K:"):
        words = VOICE_SETTING.sub("", value).split()
        return " ".join(word for word in words if not CLEF.fullmatch(word))
    return None


def header(fields: dict[str, str]) -> tuple[str, str, str]:
    """The lines M:, L: and K:, with what a missing or an empty field means."""
    meter = fields.get("M") or "none"
    return f"M:{meter}", f"L:{fields.get('L') or unit(meter)}", f"K:{fields.get('K') or 'none'}"


def unit(meter: str) -> str:
    """The unit of note length where L: is missing: 1/16 in meters below 3/4 (section 3.1.7)."""
    fraction = re.fullmatch(r"\(?([0-9+]{1,20})\)?/([0-9]{1,4})", meter)
    if not fraction:
        return "1/8"
    beats = sum(int(number) for number in fraction[1].split("+") if number)
    return "1/16" if 4 * beats < 3 * int(fraction[2]) else "1/8"


def has_notes(body: str) -> bool:
    """Whether a note is in it, rests and the words in quotation marks aside."""
    return re.search("[A-Ga-g]", NOT_MUSIC.sub("", body)) is not None
