"""Tunes in normal form with only those header lines and copy marks that a vocabulary has."""

from collections.abc import Collection

from seqgen.music.normal.outline import FINAL, PART, TONIC, parts_line, read_parts, unknown_line
from seqgen.music.normal.tokens import COPIES, HEADER_LETTERS, NO_RHYTHM, PATTERN

REQUIRED = "RMK"  # a tune whose meter or key is unknown cannot be written


def unknown_lines(common_tonic: bool) -> list[str]:
    """The lines for unknown values. common_tonic: whether tunes are transposed to C."""
    letters = [letter for letter in HEADER_LETTERS if letter not in REQUIRED]
    return [unknown_line(letter) for letter in letters if letter != TONIC or common_tonic]


def with_known_lines(text: str, known: Collection[str]) -> str:
    """Replace header lines that are not known by those for unknown values.

    Lines of a kind that no known line has are left out, as tokenizers of older models require, and
    so are copy marks. Meters and keys stay. If a section is unknown, the whole outline is.

    Args:
        text: A tune in normal form.
        known: The known tokens.
    """
    kinds = {token[0] for token in known if is_header(token)}
    tokens = PATTERN.findall(text)
    lines = [token for token in tokens if is_header(token)]
    music = [t for t in tokens[len(lines) :] if t not in COPIES or t in known]
    sections = [line for line in lines if line[0] == PART]
    if FINAL not in kinds:  # one line for all sections, without final notes
        parts = [part for line in sections for part in read_parts(line)]
        sections = [parts_line(parts)]
        lines = _with_outline(lines, sections)
    if not all(line in known for line in sections):
        lines = _with_outline(lines, [unknown_line(PART)])
    lines = [_known_line(line, known) for line in lines if line[0] in kinds or line[0] in REQUIRED]
    return "".join([*lines, *music])


def _with_outline(lines: list[str], outline: list[str]) -> list[str]:
    """Replace the lines of the sections, which stand before that of the key."""
    others = [line for line in lines if line[0] not in (PART, FINAL)]
    return [*others[:-1], *outline, *others[-1:]]


def _known_line(line: str, known: Collection[str]) -> str:
    if line in known or line[0] in "MK":
        return line
    return f"R:{NO_RHYTHM}\n" if line[0] == "R" else unknown_line(line[0])


def is_header(token: str) -> bool:
    """Whether a token is a line of the header."""
    return token[1:2] == ":" and token[0] in HEADER_LETTERS and token.endswith("\n")
