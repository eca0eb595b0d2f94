"""Compare the notes that seqgen and abc2midi play of real tunes, and find reasons for differences.

``python -m benchmarks.abc2midi_compare [BOOK ...] [--tunes 200] [--list]`` takes tunes of
O'Neill's, Ryan's and Aird's books unchanged, chosen by a hash of their text. It renders
each to MIDI with seqgen and with abc2midi (Debian's package abcmidi), and compares the sounding
notes: pitch, and onset and duration to within a 48th of a quarter note. Where they differ, one
construct after the other is removed from the text for both programs, alone and together; the fewest
whose removal makes them agree are the reason. It prints a table in Markdown. ``--list`` prints each
tune that differs, with its reason and its first difference.

A BOOK is a built-in corpus, a file or a folder.
"""

import argparse
import hashlib
import io
import multiprocessing
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import mido

from seqgen.data.corpora import open_corpus
from seqgen.errors import TuneError
from seqgen.music.abc.parser import parse_tune
from seqgen.music.render.instruments import DEFAULT, find
from seqgen.music.render.midi import midi_file
from seqgen.music.render.performance import perform

BOOKS = ("oneills", "ryans", "airds")
PROGRAM = "abc2midi"
# seqgen does not play chord symbols, so abc2midi must not either.
OPTIONS = ("-NGUI",)
SECONDS = 30
# By default abc2midi starts the notes of a chord one after the other.
TOGETHER = "%%MIDI chordattack 0\n"
TOLERANCE = Fraction(1, 192)  # of onsets and durations, in whole notes
MISSING = "abc2midi is missing; install Debian's package: apt-get install abcmidi"


class PlayedNote(NamedTuple):
    """A sounding note.

    Attributes:
        onset: Start in whole notes.
        duration: Length in whole notes.
        pitch: MIDI pitch.
    """

    onset: Fraction
    duration: Fraction
    pitch: int


class Construct(NamedTuple):
    """A construct that the programs may play differently, and a function that removes it."""

    name: str
    remove: Callable[[str], str]


@dataclass(frozen=True)
class Result:
    """Comparison of one tune.

    Attributes:
        title: Title with number.
        reasons: Names of constructs, or one of `OTHER`; empty if both programs play the same.
        detail: The first difference.
    """

    title: str
    reasons: tuple[str, ...] = ()
    detail: str = ""


UNREADABLE = "seqgen leaves the tune out"
REPORTED = "abc2midi reports an error"
UNKNOWN = "other"
OTHER = (UNREADABLE, REPORTED, UNKNOWN)
# Messages on chord symbols and I: lines that abc2midi does not know; they do not affect notes.
HARMLESS = re.compile("chord name|[Gg]uitar chord|MIDI chordname|I: key|double quote")


def in_music(pattern: str, replacement: str = "") -> Callable[[str], str]:
    """Return a function that removes a pattern from the music, except in quotation marks."""

    def remove(text: str) -> str:
        head, key, body = re.split(r"(?m)(^K:.*\n)", text, maxsplit=1)
        lines = [
            line
            if re.match("[A-Za-z+]:|%", line)
            else "".join(
                piece if piece.startswith('"') else re.sub(pattern, replacement, piece)
                for piece in re.findall('"[^"]*"?|[^"]+', line)
            )
            for line in body.split("\n")
        ]
        return head + key + "\n".join(lines)

    return remove


def without_directions(text: str) -> str:
    words = r"D\.? ?[CS]|Da Capo|Dal Segno|Fine|Segno|Coda"
    return re.sub(rf'"[^"]*(?<![A-Za-z])(?:{words})(?![A-Za-z])[^"]*"', "", text)


def without_rhythm(text: str) -> str:
    return re.sub(r"(?m)^R:.*\n", "", text)


def explicit_repeats(text: str) -> str:
    """Insert ``|:`` where a ``:|`` without one goes back to by the standard (4.8)."""
    head, key, body = re.split(r"(?m)(^K:.*\n)", text, maxsplit=1)
    token = r'"[^"]*"|(?m:^[A-Za-z+]:.*$)|(?m:%.*$)|\[[A-Za-z]:[^\]]*\]|:*\|[|\]:]*|::|\[\|'
    begin, opened = 0, False
    inserted: list[int] = []
    for match in re.finditer(token, body):
        line = match[0]
        if not re.fullmatch(r"[:|\[\]]+", line):
            continue
        ends, begins = line.startswith(":"), line.endswith(":")
        second = re.match(r"\s*\[?\s*[2-9]", body[match.end() :]) is not None
        if ends and not opened:
            inserted.append(begin)
        if begins or ends:
            # A second ending belongs to the repeat before it, up to its own end.
            begin, opened = match.end(), begins or second
        elif line != "|":
            begin, opened = match.end(), False
    for index in reversed(inserted):
        body = f"{body[:index]}|:{body[index:]}"
    return head + key + body


CONSTRUCTS = (
    Construct("grace notes", in_music(r"\{[^}]*\}")),
    Construct("staccato dots", in_music(r"\.(?![|\d])")),
    Construct("other decorations", in_music(r"![^!|]*!|(?<!!)[~H-WYh-w](?!:)")),
    Construct("D.C., D.S. and Fine as texts", without_directions),
    Construct("swing of hornpipes", without_rhythm),
    Construct("repeats without a beginning", explicit_repeats),
)


def select_texts(book: str, count: int) -> list[str]:
    """Return the texts of ``count`` tunes of a book, the same at every call."""
    texts = [str(document.text) for document in open_corpus([book]).documents]
    return sorted(texts, key=lambda text: hashlib.sha256(text.encode()).hexdigest())[:count]


def by_seqgen(text: str) -> list[PlayedNote]:
    """Return what seqgen plays. Raises TuneError for a tune that it cannot read or play."""
    data = midi_file([perform(parse_tune(text))], find(DEFAULT))
    return notes_of(mido.MidiFile(file=io.BytesIO(data)))


def by_abc2midi(text: str) -> tuple[list[PlayedNote], list[str]]:
    """Return what abc2midi plays, and the errors that it reports."""
    with tempfile.TemporaryDirectory() as folder:
        source, midi = Path(folder, "tune.abc"), Path(folder, "tune.mid")
        together = re.sub(r"(?m)^K:.*\n", lambda key: key[0] + TOGETHER, text, count=1)
        source.write_text(together, encoding="utf-8")
        command = [PROGRAM, str(source), "-o", str(midi), *OPTIONS]
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=SECONDS
        )
        errors = [
            line
            for line in done.stdout.splitlines()
            if line.startswith("Error") and not HARMLESS.search(line)
        ]
        return (notes_of(mido.MidiFile(midi)) if midi.is_file() else []), errors


def notes_of(file: mido.MidiFile) -> list[PlayedNote]:
    """Return the notes of a MIDI file, the first at 0."""
    results: list[PlayedNote] = []
    whole = 4 * file.ticks_per_beat
    for track in file.tracks:
        now = 0
        starts: dict[tuple[int, int], int] = {}
        for message in track:
            now += message.time
            if message.type not in ("note_on", "note_off"):
                continue
            key = message.channel, message.note
            if key in starts:
                start = starts.pop(key)
                results.append(
                    PlayedNote(Fraction(start, whole), Fraction(now - start, whole), key[1])
                )
            if message.type == "note_on" and message.velocity:
                starts[key] = now
    first = min((note.onset for note in results), default=Fraction(0))
    return sorted(note._replace(onset=note.onset - first) for note in results)


def difference(own: Sequence[PlayedNote], other: Sequence[PlayedNote]) -> str:
    """Describe the first difference, seqgen's value first; "" if there is none."""
    for ours, theirs in zip(by_chord(own), by_chord(other), strict=False):
        fields: list[tuple[str, Fraction, Fraction, Fraction]] = [
            ("onset", ours.onset, theirs.onset, TOLERANCE),
            ("duration", ours.duration, theirs.duration, TOLERANCE),
            ("pitch", Fraction(ours.pitch), Fraction(theirs.pitch), Fraction(0)),
        ]
        parts = [
            f"{name} {float(own_value):g} and {float(other_value):g}"
            for name, own_value, other_value, tolerance in fields
            if abs(own_value - other_value) > tolerance
        ]
        if parts:
            return f"at {float(ours.onset):g}: {', '.join(parts)}"
    if len(own) != len(other):
        return f"{len(own)} notes and {len(other)}"
    return ""


def by_chord(notes: Sequence[PlayedNote]) -> Iterator[PlayedNote]:
    """Sort by onset and pitch; abc2midi may start a note of a chord a tick late."""
    chord: list[PlayedNote] = []
    for note in sorted(notes):
        if chord and note.onset - chord[0].onset > TOLERANCE:
            yield from sorted(chord, key=lambda note: note.pitch)
            chord = []
        chord.append(note)
    yield from sorted(chord, key=lambda note: note.pitch)


def compare(text: str) -> Result:
    """Find what makes the programs play a tune differently."""
    number, title = (re.search(rf"(?m)^{field}:\s*(.*)", text) for field in "XT")
    name = f"X:{number[1] if number else ''} {title[1] if title else ''}"
    try:
        own = by_seqgen(text)
    except TuneError as error:
        return Result(name, (UNREADABLE,), str(error))
    other, errors = by_abc2midi(text)
    detail = difference(own, other)
    if not detail:
        return Result(name)
    present = [construct for construct in CONSTRUCTS if construct.remove(text) != text]
    for count in range(1, len(present) + 1):
        for constructs in combinations(present, count):
            changed = text
            for construct in constructs:
                changed = construct.remove(changed)
            try:
                if not difference(by_seqgen(changed), by_abc2midi(changed)[0]):
                    return Result(name, tuple(c.name for c in constructs), detail)
            except TuneError:
                continue
    if errors:
        return Result(name, (REPORTED,), f"{errors[0]}; {detail}")
    return Result(name, (UNKNOWN,), detail)


def table(results: dict[str, list[Result]]) -> Iterator[str]:
    """Yield the rows of the table; a tune with several reasons counts in each."""
    books = list(results)
    yield "| | " + " | ".join(books) + " |"
    yield "|---" * (1 + len(books)) + "|"
    yield row("tunes", [len(tunes) for tunes in results.values()])
    yield row("the same notes", [sum(not r.reasons for r in tunes) for tunes in results.values()])
    counts = {book: Counter(x for r in tunes for x in r.reasons) for book, tunes in results.items()}
    for reason in (*(construct.name for construct in CONSTRUCTS), *OTHER):
        yield row(reason, [counts[book][reason] for book in books])


def row(name: str, counts: Sequence[int]) -> str:
    return f"| {name} | " + " | ".join(map(str, counts)) + " |"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("books", nargs="*", metavar="BOOK", default=BOOKS)
    parser.add_argument("--tunes", type=int, default=200, help="of each book")
    parser.add_argument("--list", action="store_true", help="print each tune that differs")
    parser.add_argument("--workers", type=int, help="processes; as many as cores by default")
    options = parser.parse_args(argv)
    if shutil.which(PROGRAM) is None:
        sys.exit(MISSING)
    results: dict[str, list[Result]] = {}
    # Not forked: a library may have threads already.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.workers, context) as pool:
        for book in options.books:
            texts = select_texts(book, options.tunes)
            results[Path(book).stem] = list(pool.map(compare, texts, chunksize=8))
    if options.list:
        for book, tunes in results.items():
            for result in tunes:
                if result.reasons:
                    reasons = ", ".join(result.reasons)
                    print(f"{book} {result.title}: {reasons}; {result.detail}", file=sys.stderr)
    print("\n".join(table(results)))


if __name__ == "__main__":
    main()
