"""Register, cadences and phrases of generated tunes beside those of the book, read independently.

``python -m benchmarks.tune_figures NAME [--count 500] [--book SOURCE] [OPTION …]`` generates tunes
with ``seqgen sample NAME`` and the further options, writes those of the book in the same notation,
and prints a table in Markdown. The ABC is read here by a short reader of its own, so that no error
of the package's reader can hide in the figures.
"""

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from benchmarks import command

NOTE = re.compile(r"(__|\^\^|[_=^])?([A-Ga-gz])([,']*)(\d*)((?:/\d*)*)")
TOKEN = re.compile(rf"{NOTE.pattern}|:\|[12]?|\|[:12\]|]?|\(3|-|[<>]|\s+")
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
FIFTHS = "FCGDAEB"
MODES = {"maj": 0, "": 0, "min": -3, "m": -3, "dor": -2, "mix": -1, "phr": -4, "lyd": 1, "loc": -5}
SIGNS = {"": None, None: None, "=": 0, "^": 1, "_": -1, "^^": 2, "__": -2}
SECTION_ENDS = (":|", "||", "|]", ":|2")
TRIAD = (0, 3, 4, 7)  # semitones above the tonic


@dataclass
class Note:
    """A note: MIDI pitch, and length in eighths."""

    pitch: int
    length: Fraction


@dataclass
class Bar:
    """A written bar: its notes, and its text without spaces."""

    notes: list[Note] = field(default_factory=list)
    text: str = ""
    length: Fraction = Fraction(0)
    rests: int = 0


@dataclass
class ReadTune:
    """A tune: pitch class of its tonic, length of a full bar in eighths, bars of each section."""

    tonic: int
    bar: Fraction
    sections: list[list[Bar]]

    @property
    def inner_rests(self) -> bool:
        """Whether a rest stands elsewhere than in the last bar of a section."""
        return any(bar.rests for bars in self.sections for bar in bars[:-1])

    @property
    def notes(self) -> list[Note]:
        """All notes in written order."""
        return [note for bars in self.sections for bar in bars for note in bar.notes]


def read_key(text: str) -> tuple[int, dict[str, int]]:
    """Return the pitch class of the tonic, and the alteration of each letter."""
    match = re.match(r"([A-G])([#b]?)\s*([a-z]*)", text.strip())
    if not match:
        raise ValueError(f"no key: {text}")
    letter, sign, mode = match[1], match[2], match[3][:3]
    alter = {"": 0, "#": 1, "b": -1}[sign]
    position = FIFTHS.index(letter) - 1 + 7 * alter + MODES[mode]
    signature = dict.fromkeys(FIFTHS, 0)
    for index in range(abs(position)):
        name = FIFTHS[index % 7] if position > 0 else FIFTHS[::-1][index % 7]
        signature[name] += 1 if position > 0 else -1
    return (STEPS[letter] + alter) % 12, signature


def read_tune(abc: str) -> ReadTune:
    """Read a tune of one voice, without grace notes, chords and inline fields."""
    headers = dict(re.findall(r"^([A-Z]):\s*(.*)$", abc, re.MULTILINE))
    tonic, signature = read_key(headers["K"])
    over, under = headers["M"].split("/")
    body = re.sub("%.*", "", abc.split("\nK:", 1)[1].partition("\n")[2])
    tune = ReadTune(tonic, Fraction(int(over) * 8, int(under)), [[]])
    bar, altered, triplet, broken = Bar(), {}, 0, Fraction(1)
    for match in TOKEN.finditer(body):
        token = match[0]
        if not token.strip():
            continue
        if match[2]:
            length = Fraction(int(match[4] or 1))
            for part in re.findall(r"/\d*", match[5] or ""):
                length /= int(part[1:] or 2)
            length, broken = length * broken, Fraction(1)
            if triplet:
                length, triplet = length * Fraction(2, 3), triplet - 1
            bar.length += length
            bar.text += token
            letter = match[2].upper()
            if letter == "Z":
                bar.rests += 1
            else:
                octave = 60 if match[2].isupper() else 72
                octave += 12 * (match[3].count("'") - match[3].count(","))
                key = match[2] + match[3]
                if SIGNS[match[1]] is not None:
                    altered[key] = SIGNS[match[1]] or 0
                alter = altered.get(key, signature[letter])
                bar.notes.append(Note(octave + STEPS[letter] + alter, length))
        elif token == "(3":
            triplet, bar.text = 3, bar.text + token
        elif token in "<>":
            dotted, short = Fraction(3, 2), Fraction(1, 2)
            first, second = (dotted, short) if token == ">" else (short, dotted)
            if bar.notes:
                bar.length += bar.notes[-1].length * (first - 1)
                bar.notes[-1].length *= first
            bar.text, broken = bar.text + token, second
        elif token == "-":
            bar.text += token
        else:
            if bar.text:
                tune.sections[-1].append(bar)
            if token in SECTION_ENDS and tune.sections[-1]:
                tune.sections.append([])
            bar, altered = Bar(), {}
    if bar.text:
        tune.sections[-1].append(bar)
    tune.sections = [bars for bars in tune.sections if any(bar.notes for bar in bars)]
    return tune


def full_bars(tune: ReadTune, section: Sequence[Bar]) -> list[str]:
    """Return the text of a section's bars, without a pickup."""
    pickup = section[0].length < tune.bar and len(section) > 1
    return [bar.text for bar in section[1 if pickup else 0 :]]


def share(values: Iterable[bool]) -> float:
    """Return the share of true values, 0 of none."""
    items = list(values)
    return sum(items) / len(items) if items else 0.0


def figures(tunes: Sequence[ReadTune]) -> dict[str, float]:
    """Return the figures of some tunes, each a share between 0 and 1."""
    ends = [(tune.tonic, tune.notes[-2:]) for tune in tunes]
    last = [(tonic, notes[-1]) for tonic, notes in ends]
    leaps = [abs(notes[0].pitch - notes[-1].pitch) for _, notes in ends]
    closes = [
        (tune.tonic, next(bar.notes[-1].pitch for bar in reversed(section) if bar.notes))
        for tune in tunes
        for section in tune.sections
    ]
    ranges = [
        (min(note.pitch for note in tune.notes), max(note.pitch for note in tune.notes))
        for tune in tunes
    ]
    sections = [[full_bars(tune, section) for section in tune.sections] for tune in tunes]
    phrases = [bars for tune in sections for bars in tune if len(bars) >= 6]
    outer = [(tune[0], tune[-1]) for tune in sections if len(tune) > 1]
    outer = [(a, b) for a, b in outer if len(a) > 2 and len(b) > 2]
    return {
        "last note is the tonic": share(note.pitch % 12 == tonic for tonic, note in last),
        "last note outside the tonic triad": share(
            (note.pitch - tonic) % 12 not in TRIAD for tonic, note in last
        ),
        "sections ending on the tonic": share(pitch % 12 == tonic for tonic, pitch in closes),
        "final note shorter than an eighth": share(note.length < 1 for _, note in last),
        "last leap above a fifth": share(leap > 7 for leap in leaps),
        "bar 5 equals bar 1": share(bars[4] == bars[0] for bars in phrases),
        "bars 5–6 equal bars 1–2": share(bars[4:6] == bars[:2] for bars in phrases),
        "refrain: penultimate bars of first and last section equal": share(
            a[-2] == b[-2] for a, b in outer
        ),
        "fiddle, first position (G3 to B5)": share(a >= 55 and b <= 83 for a, b in ranges),
        "D whistle (D4 to B5)": share(a >= 62 and b <= 83 for a, b in ranges),
        "a note above b": share(b > 83 for _, b in ranges),
        "a note below g": share(a < 55 for a, _ in ranges),
        "rests inside the tune": share(tune.inner_rests for tune in tunes),
    }


def read_all(text: str) -> Iterator[ReadTune]:
    """Read the tunes of a file that have notes."""
    for abc in re.split(r"\n(?=X:)", text):
        if "\nK:" in abc:
            tune = read_tune(abc)
            if tune.notes:
                yield tune


def book_tunes(source: str) -> Iterator[ReadTune]:
    """Read the tunes of a book that have a normal form, in their own keys."""
    from seqgen.data.corpora import open_corpus
    from seqgen.music.normal import tunebook
    from seqgen.music.normal.codec import decode_tune
    from seqgen.music.render.abc_writer import abc

    book = tunebook.normalize_book(open_corpus(source).documents, "none")
    for tune in book.tunes:
        yield from read_all(abc(decode_tune(tune.text)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("name", help="checkpoint, or a file of ABC tunes")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--book", default=None, help="corpus to compare with")
    known, options = parser.parse_known_args(arguments)
    if known.name.endswith(".abc"):
        text = Path(known.name).read_text(encoding="utf-8")
    else:
        text = command.run(
            "sample", known.name, "--count", known.count, "--seed", known.seed, *options
        )
    columns = {f"{known.name}, generated": figures(list(read_all(text)))}
    if known.book:
        columns[f"{known.book}, the book"] = figures(list(book_tunes(known.book)))
    print(f"| | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for name in next(iter(columns.values())):
        print(f"| {name} | {' | '.join(f'{column[name]:.0%}' for column in columns.values())} |")


if __name__ == "__main__":
    main(sys.argv[1:])
