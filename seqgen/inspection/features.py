"""What a person would name in a text: each a number for every character, from the text alone.

A number is what holds once the character has been read, as a state of the network is. Most are
those that Karpathy, Johnson and Fei-Fei (2015, section 4.2) found single units to follow.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Measure = Callable[[str], np.ndarray]


@dataclass(frozen=True)
class Feature:
    """name: of a word or two. meaning: a sentence. measure: text to float64 [characters]."""

    name: str
    meaning: str
    measure: Measure


def each(test: Callable[[str], bool]) -> Measure:
    """1 at the characters that pass a test, else 0."""
    return lambda text: np.array([test(character) for character in text], float)


def within(pattern: str) -> Measure:
    """1 inside the stretches that a pattern finds, else 0."""
    compiled = re.compile(pattern, re.MULTILINE | re.DOTALL)

    def measure(text: str) -> np.ndarray:
        values = np.zeros(len(text))
        for found in compiled.finditer(text):
            values[found.start() : found.end()] = 1
        return values

    return measure


def since(pattern: str) -> Measure:
    """Characters since the last of a pattern ended, 0 at its end; since the beginning at first."""
    compiled = re.compile(pattern, re.MULTILINE)

    def measure(text: str) -> np.ndarray:
        places = np.arange(len(text))
        ends = np.zeros(len(text), int)
        for found in compiled.finditer(text):
            ends[found.end() - 1] = found.end() - 1
        return (places - np.maximum.accumulate(ends)).astype(float)

    return measure


def quotes(text: str) -> np.ndarray:
    """1 between double quotes, the first of them with it; a blank line ends them."""
    values, inside = np.zeros(len(text)), False
    for place, character in enumerate(text):
        if character == '"':
            inside = not inside
        elif character in "“”":
            inside = character == "“"
        elif text[max(0, place - 1) : place + 1] == "\n\n":
            inside = False
        values[place] = inside
    return values


def depth(opening: str, closing: str) -> Measure:
    """How many brackets are open."""

    def measure(text: str) -> np.ndarray:
        values, level = np.zeros(len(text)), 0
        for place, character in enumerate(text):
            level += character in opening
            level = max(0, level - (character in closing))
            values[place] = level
        return values

    return measure


def lines_since_blank(text: str) -> np.ndarray:
    """0 in a blank line and after it, 1 after the next line's end, and so on."""
    values, lines = np.zeros(len(text)), 0
    for place, character in enumerate(text):
        if character == "\n":
            lines = 0 if text[max(0, place - 1)] == "\n" else lines + 1
        values[place] = lines
    return values


def indentation(text: str) -> np.ndarray:
    """Blanks that the line begins with, as far as they are read."""
    values, count, leading = np.zeros(len(text)), 0, True
    for place, character in enumerate(text):
        if character == "\n":
            count, leading = 0, True
        elif leading and character in " \t":
            count += 4 if character == "\t" else 1
        else:
            leading = False
        values[place] = count
    return values


NOTE = re.compile(r"(?P<letter>[A-Ga-g])(?P<octave>[,']*)")


def pitch(text: str) -> np.ndarray:
    """The latest note's height in steps of the scale, 0 at the C in the middle of the staff."""
    values, latest = np.zeros(len(text)), 0.0
    header = within(r"^[A-Za-z]:[^\n]*\n?|\"[^\"\n]*\"")(text)
    for place, character in enumerate(text):
        if not header[place] and character in "CDEFGABcdefgab":
            latest = "CDEFGAB".index(character.upper()) + 7 * character.islower()
        elif not header[place] and character in ",'" and place:
            latest += 7 if character == "'" else -7
        values[place] = latest
    return values


def bars(text: str) -> np.ndarray:
    """Bar lines since the section began."""
    values, count, line = np.zeros(len(text)), 0, ""
    for place, character in enumerate(text):
        if character in "|:]":
            line += character
        if character == "|":
            count += 1
        if line[-2:] in ("||", "|:", ":|", "|]", "::") or character == "\n":
            count = 0
        if character not in "|:]":
            line = ""
        values[place] = count
    return values


LINE_POSITION = Feature("position in line", "Characters since the line began.", since(r"\n"))

TEXT = (
    Feature("in quotes", "Between double quotes; a blank line ends them.", quotes),
    Feature("in single quotes", "As '...' in a program.", within(r"(?<!\w)'[^'\n]*(?='(?!\w))")),
    LINE_POSITION,
    Feature("bracket depth", "How many brackets ( [ { are open.", depth("([{", ")]}")),
    Feature(
        "in comment",
        "After # or // to the end of the line, or between /* and */.",
        within(r"/\*.*?(?:\*/|\Z)|(?<![:\w])//[^\n]*|(?<!\S)#(?=[\s!#])[^\n]*"),
    ),
    Feature("in word", "A letter or digit.", each(str.isalnum)),
    Feature("word begins", "The first letter of a word.", within(r"\b[^\W\d_]")),
    Feature("position in word", "Characters since the last that is no letter.", since(r"[^\w'’]")),
    Feature("capital", "A capital letter.", each(str.isupper)),
    Feature("number", "A digit.", each(str.isdigit)),
    Feature("position in sentence", "Characters since the last . ! or ?", since(r"[.!?]")),
    Feature("lines since blank", "Lines since the last blank one.", lines_since_blank),
    Feature("indentation", "Blanks that the line begins with.", indentation),
    Feature(
        "speaker's name",
        "In a line of a play that names who speaks and ends in a colon.",
        within(r"^[A-Z][\w .,'’&-]{0,40}:$"),
    ),
)

MUSIC = (
    Feature("in header", "In a header's line, such as K:D.", within(r"^[A-Za-z]:[^\n]*\n?")),
    LINE_POSITION,
    Feature("position in bar", "Characters since the last bar line.", since(r"[|\n][:\]|12]*")),
    Feature("bar in section", "Bar lines since the section began.", bars),
    Feature("pitch", "Height of the latest note.", pitch),
    Feature("in chord symbol", "Between double quotes.", quotes),
    Feature(
        "in chord",
        "Between [ and ], where notes sound together.",
        within(r"\[[\^_=A-Ga-g][^\]\n]*\]"),
    ),
    Feature("accidental", "A sharp, flat or natural sign.", each(lambda c: c in "^_=")),
    Feature("length", "A digit or slash of a note's length.", each(lambda c: c in "0123456789/")),
)


def of(text: str) -> tuple[Feature, ...]:
    """The features that such a text may have: those of ABC, or those of prose and of programs."""
    music = re.search(r"^K:[A-G]", text, re.MULTILINE) and re.search(r"^[MX]:", text, re.MULTILINE)
    return MUSIC if music else TEXT
