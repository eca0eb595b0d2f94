"""Features of a text that units of a network may track, such as being inside quotes.

A feature is a number at each character, after that character has been read, like a state of the
network. Most were found in single units by Karpathy, Johnson and Fei-Fei (2015, section 4.2).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Measure = Callable[[str], np.ndarray]


@dataclass(frozen=True)
class Feature:
    """A feature of text.

    Attributes:
        name: One or two words.
        meaning: A sentence.
        measure: Computes the value at each character of a text, float64 [C].
    """

    name: str
    meaning: str
    measure: Measure


def _each(test: Callable[[str], bool]) -> Measure:
    """1 at characters that pass a test, otherwise 0."""
    return lambda text: np.array([test(character) for character in text], float)


def _within(pattern: str) -> Measure:
    """1 inside matches of a pattern, otherwise 0."""
    compiled = re.compile(pattern, re.MULTILINE | re.DOTALL)

    def measure(text: str) -> np.ndarray:
        values = np.zeros(len(text))
        for match in compiled.finditer(text):
            values[match.start() : match.end()] = 1
        return values

    return measure


def _since(pattern: str) -> Measure:
    """Characters since the end of the last match of a pattern, or since the beginning."""
    compiled = re.compile(pattern, re.MULTILINE)

    def measure(text: str) -> np.ndarray:
        positions = np.arange(len(text))
        ends = np.zeros(len(text), int)
        for match in compiled.finditer(text):
            ends[match.end() - 1] = match.end() - 1
        return (positions - np.maximum.accumulate(ends)).astype(float)

    return measure


def _quotes(text: str) -> np.ndarray:
    """1 between double quotes, the opening one included; a blank line ends them."""
    values, inside = np.zeros(len(text)), False
    for position, character in enumerate(text):
        if character == '"':
            inside = not inside
        elif character in "“”":
            inside = character == "“"
        elif text[max(0, position - 1) : position + 1] == "\n\n":
            inside = False
        values[position] = inside
    return values


def _depth(opening: str, closing: str) -> Measure:
    """Number of open brackets."""

    def measure(text: str) -> np.ndarray:
        values, level = np.zeros(len(text)), 0
        for position, character in enumerate(text):
            level += character in opening
            level = max(0, level - (character in closing))
            values[position] = level
        return values

    return measure


def _lines_since_blank(text: str) -> np.ndarray:
    """Line breaks since the last blank line."""
    values, lines = np.zeros(len(text)), 0
    for position, character in enumerate(text):
        if character == "\n":
            lines = 0 if text[max(0, position - 1)] == "\n" else lines + 1
        values[position] = lines
    return values


def _indentation(text: str) -> np.ndarray:
    """Leading blanks of the line so far."""
    values, count, leading = np.zeros(len(text)), 0, True
    for position, character in enumerate(text):
        if character == "\n":
            count, leading = 0, True
        elif leading and character in " \t":
            count += 4 if character == "\t" else 1
        else:
            leading = False
        values[position] = count
    return values


def _pitch(text: str) -> np.ndarray:
    """Diatonic steps of the latest note above ABC's C."""
    values, latest = np.zeros(len(text)), 0.0
    header = _within(r"^[A-Za-z]:[^\n]*\n?|\"[^\"\n]*\"")(text)
    for position, character in enumerate(text):
        if not header[position] and character in "CDEFGABcdefgab":
            latest = "CDEFGAB".index(character.upper()) + 7 * character.islower()
        elif not header[position] and character in ",'" and position:
            latest += 7 if character == "'" else -7
        values[position] = latest
    return values


def _bars(text: str) -> np.ndarray:
    """Bar lines since the section began."""
    values, count, line = np.zeros(len(text)), 0, ""
    for position, character in enumerate(text):
        if character in "|:]":
            line += character
        if character == "|":
            count += 1
        if line[-2:] in ("||", "|:", ":|", "|]", "::") or character == "\n":
            count = 0
        if character not in "|:]":
            line = ""
        values[position] = count
    return values


LINE_POSITION = Feature("position in line", "Characters since the line began.", _since(r"\n"))

TEXT = (
    Feature("in quotes", "Between double quotes; a blank line ends them.", _quotes),
    Feature("in single quotes", "As '...' in a program.", _within(r"(?<!\w)'[^'\n]*(?='(?!\w))")),
    LINE_POSITION,
    Feature("bracket depth", "Number of open brackets ( [ {.", _depth("([{", ")]}")),
    Feature(
        "in comment",
        "After # or // to the end of the line, or between /* and */.",
        _within(r"/\*.*?(?:\*/|\Z)|(?<![:\w])//[^\n]*|(?<!\S)#(?=[\s!#])[^\n]*"),
    ),
    Feature("in word", "A letter or digit.", _each(str.isalnum)),
    Feature("word begins", "The first letter of a word.", _within(r"\b[^\W\d_]")),
    Feature("position in word", "Characters since the last non-letter.", _since(r"[^\w'’]")),
    Feature("capital", "A capital letter.", _each(str.isupper)),
    Feature("number", "A digit.", _each(str.isdigit)),
    Feature("position in sentence", "Characters since the last . ! or ?", _since(r"[.!?]")),
    Feature("lines since blank", "Lines since the last blank one.", _lines_since_blank),
    Feature("indentation", "Leading blanks of the line.", _indentation),
    Feature(
        "speaker's name",
        "In a line of a play with the name of the speaker and a colon.",
        _within(r"^[A-Z][\w .,'’&-]{0,40}:$"),
    ),
)

MUSIC = (
    Feature("in header", "In a header line such as K:D.", _within(r"^[A-Za-z]:[^\n]*\n?")),
    LINE_POSITION,
    Feature("position in bar", "Characters since the last bar line.", _since(r"[|\n][:\]|12]*")),
    Feature("bar in section", "Bar lines since the section began.", _bars),
    Feature("pitch", "Pitch of the latest note.", _pitch),
    Feature("in chord symbol", "Between double quotes.", _quotes),
    Feature(
        "in chord",
        "In notes between [ and ].",
        _within(r"\[[\^_=A-Ga-g][^\]\n]*\]"),
    ),
    Feature("accidental", "A sharp, flat or natural sign.", _each(lambda c: c in "^_=")),
    Feature("length", "A digit or slash of a note length.", _each(lambda c: c in "0123456789/")),
)


def features_of(text: str) -> tuple[Feature, ...]:
    """Return the features of tunes in ABC, or else those of prose and programs."""
    music = re.search(r"^K:[A-G]", text, re.MULTILINE) and re.search(r"^[MX]:", text, re.MULTILINE)
    return MUSIC if music else TEXT
