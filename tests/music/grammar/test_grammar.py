import random
import re
from fractions import Fraction
from itertools import chain
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqgen.data.corpora.builtin import music21_corpora
from seqgen.data.corpora.tunebook import split_tunes
from seqgen.errors import ConfigError, TuneError
from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.accidentals import ALTERS
from seqgen.music.core.key import parse_key
from seqgen.music.grammar.grammar import Grammar, OutOfPlaceError
from seqgen.music.grammar.spec import Opening, TuneSpec
from seqgen.music.grammar.states import GrammarState
from seqgen.music.normal.codec import split_header
from seqgen.music.normal.known_lines import unknown_lines
from seqgen.music.normal.position_features import PositionTracker
from seqgen.music.normal.prompt import music_tokens, prompt_tune
from seqgen.music.normal.tokens import BODY, COPIES, NATURALS, PATTERN
from seqgen.music.normal.tunebook import normalize_book

MODES = ("maj", "min", "dor", "mix", "phr", "lyd")
METERS = (
    "2/4",
    "3/4",
    "4/4",
    "6/8",
    "9/8",
    "12/8",
    "2/2",
    "3/2",
    "3/8",
    "5/16",
    "7/8",
    "1/8",
    "4/2",
)
KEYS = [f"C{mode}" for mode in MODES] + ["Gmaj", "F#min", "Bbdor", "Ebphr", "C#mix"]
TOKENS = [
    "<end>", "R:none\n", "R:jig\n",
    *(f"M:{meter}\n" for meter in METERS), *(f"K:{key}\n" for key in KEYS), *BODY,
    "M:none\n", "?",
]  # fmt: skip

# The rules once more, as plainly as possible and with nothing of the grammar's: `Tune` reads
# tokens, plays them in the order of the repeats, and looks whether all is right.

EIGHTHS = {
    "/4": "1/4", "/2": "1/2", "3/4": "3/4", "": "1", "3/2": "3/2", "2": "2",
    "3": "3", "4": "4", "6": "6", "8": "8", "12": "12",
}  # fmt: skip
LINES = ("|", "|:", ":|", "|1", ":|2", "||", "|]")


class Tune:
    """The bars of a tune. A note:  [pitch, written length, notes of its triplet left, tied]."""

    def __init__(self, tokens):
        self.header = [token for token in tokens if token[1:2] == ":" and token[0] in "RMOLHPFK"]
        body = tokens[len(self.header) :]
        self.letters = "".join(line[0] for line in self.header)
        assert re.fullmatch("RMO?L?H?(P|(PF)*)K", self.letters)
        meter, key = self.header[1], self.header[-1]
        beats, unit = meter[2:].split("/")
        self.full = Fraction(8 * int(beats), int(unit))
        self.key = parse_key(key[2:])
        self.bars: list[Any] = []
        self.marks: list[int] = []  # numbers of the bars that have one
        notes: list[Any] = []
        triplet, left = 0, ""
        for token in body:
            if token in LINES:
                assert not triplet, "triplet not whole"
                if notes or token != "|:":
                    assert notes, "bar without notes"
                    self.bars.append((left, notes, token))
                left, notes = token if token in ("|:", "|1", ":|2") else "", []
            elif token[0] == "@":
                assert not notes, "a mark within a bar"
                self.marks.append(len(self.bars))
            elif token == "(3":
                assert not triplet
                triplet = 3
            elif token == "-":
                assert not notes[-1][3]
                notes[-1][3] = True
            elif token in EIGHTHS:
                assert notes[-1][1] == ""
                assert not notes[-1][3]
                notes[-1][1] = token
            else:
                notes.append([token, "", triplet, False])
                triplet -= bool(triplet)
        assert not notes, "the last bar is not closed"

    def length(self, notes):
        part = {True: Fraction(2, 3), False: Fraction(1)}
        return sum(Fraction(EIGHTHS[n[1]]) * part[n[2] > 0] for n in notes)

    def sections(self):
        """Each section: lead-in, body, first and second ending, and whether it is repeated."""
        result: list[Any] = []
        opened = False
        lead: list[Any] = []
        main: list[Any] = []
        first: list[Any] = []
        second: list[Any] = []
        now = main
        for left, notes, right in self.bars:
            if left == "|:":
                assert not opened, "repeat within a repeat"
                opened = True
            if left in ("|1", ":|2"):
                assert opened, "ending without a repeat"
                now = first if left == "|1" else second
            now.append(notes)
            if right == "|:":
                assert (result, opened, len(main)) == ([], False, 1), "a lead-in within the tune"
                lead, main = main, []
                now = main
            closed = right in ("||", "|]", ":|")
            assert not closed or (right == ":|") == (opened and not second), "wrong closing"
            assert (right == "|]") <= (notes is self.bars[-1][1]), "|] within the tune"
            if closed:
                assert len(first) == len(second), "endings of different lengths"
                result.append((lead, main, first, second, opened))
                lead, main, first, second, opened = [], [], [], [], False
                now = main
        assert right in ("|]", ":|"), "the tune is not closed"
        return result

    def played(self):
        """The lengths of the bars in the order of playing."""
        for lead, main, first, second, repeated in self.sections():
            for part in (lead, main, first, main if repeated else [], second):
                yield from map(self.length, part)

    def check(self):
        full, lengths = self.full, list(self.played())
        at = 0
        while at < len(lengths):
            length = lengths[at]
            if length != full and 0 < at < len(lengths) - 1:
                at += 1
                assert length + lengths[at] == full, f"bar {at} of {lengths}"
            assert length <= full
            at += 1
        if lengths[-1] < full and (len(lengths) < 2 or lengths[-2] == full):
            pickups = {self.length(bars[0]) for s in self.sections() for bars in s[:2] if bars}
            assert full - lengths[-1] in pickups, "the last bar is short of nothing"
        self.check_rhythm()
        self.check_signs()
        self.check_ties()

    def check_rhythm(self):
        for _, notes, _ in self.bars:
            at = Fraction(0)
            for n, (pitch, written, place, tied) in enumerate(notes):
                length = Fraction(EIGHTHS[written])
                if place:
                    assert pitch != "z"
                    assert not tied
                    assert length in (Fraction(1, 2), 1, 2)
                    assert place < 3 or at % 1 == 0
                    assert place == 3 or notes[n - 1][1] == written
                    length *= Fraction(2, 3)
                elif at % 1:
                    end = at % 1 + length
                    inside, to_grid = end <= 1, end % 1 == 0 and length <= Fraction(3, 2)
                    assert inside or to_grid or (at % 1 == Fraction(1, 2) and length == 1)
                at += length

    def check_signs(self):
        """Whether a sign lasts for its octave, its letter or one note makes no difference."""
        tied = False
        for _, notes, _ in self.bars:
            by_octave, by_letter = {}, {}
            for token, _, _, goes_on in notes:
                if token == "z":
                    continue
                name = token.lstrip("_=^")
                letter, sign = NATURALS[name] % 7, token[: -len(name)]
                usual = self.key.signature[letter]
                if sign:
                    needed = ALTERS[sign] != usual or letter in by_letter or tied
                    assert needed, f"{token}: a sign for nothing"
                    by_octave[name] = by_letter[letter] = ALTERS[sign]
                else:
                    assert by_octave.get(name, usual) == usual
                    assert letter not in by_letter, f"{token} needs a sign"
                tied = goes_on

    def check_ties(self):
        notes = [note for _, bar, _ in self.bars for note in bar]
        edges = [note is bar[-1] and line != "|" for _, bar, line in self.bars for note in bar]
        for note, after, edge in zip(notes, [*notes[1:], None], edges, strict=True):
            if note[3]:
                assert not edge
                assert after[0] == note[0] != "z"
                assert not after[2]

    def bars_of(self, section):
        """The bars of a section without its pickup and its second ending."""
        _, main, first, _, _ = section
        return len(main) + len(first) - (self.length(main[0]) < self.full)

    def last_note(self, bars):
        """The last note of some bars that is not a rest."""
        return next(note for notes in reversed(bars) for note in reversed(notes) if note[0] != "z")

    def degree(self, pitch):
        """The degree of the scale, from 1; None with an accidental."""
        name = pitch.lstrip("_=^")
        step, sign = NATURALS[name], pitch[: -len(name)]
        natural = not sign or ALTERS[sign] == self.key.signature[step % 7]
        return (step - self.key.letter) % 7 + 1 if natural else None

    def midi(self, pitch):
        name = pitch.lstrip("_=^")
        step, sign = NATURALS[name], pitch[: -len(name)]
        alter = ALTERS[sign] if sign else self.key.signature[step % 7]
        return 12 * (step // 7 + 1) + (0, 2, 4, 5, 7, 9, 11)[step % 7] + alter

    def values(self, letter):
        """The values of the header lines with a letter."""
        return [line[2:-1] for line in self.header if line[0] == letter]

    def check_header(self):
        """Whether what the header announces holds."""
        sections = self.sections()
        announced = [each for value in self.values("P") for each in value.split(",")]
        if announced and announced != ["?"]:
            assert [f"{self.bars_of(s)}{'*' * s[4]}" for s in sections] == announced
        if finals := self.values("F"):
            for (*bars, _), value in zip(sections, finals, strict=True):
                if value != "?":
                    degree, eighths = map(int, value.split(","))
                    pitch, written, place, _ = self.last_note([*chain(*bars)])
                    assert self.degree(pitch) == degree
                    assert Fraction(EIGHTHS[written]) >= eighths
                    assert not place
        steps = [NATURALS[pitch.lstrip("_=^")] for pitch in self.pitches()]
        for value in self.values("L"):
            assert value == "?" or min(steps) >= NATURALS[value]
        for value in self.values("H"):
            assert value == "?" or max(steps) <= NATURALS[value]
        for bar in self.marks:
            assert self.length(self.bars[bar][1]) == self.full or self.bars[bar][2] != "|"

    def pitches(self):
        return [note[0] for _, notes, _ in self.bars for note in notes if note[0] != "z"]

    def check_wish(self, spec):
        sections = self.sections()
        counts = [self.bars_of(section) for section in sections]
        if spec.bars:
            assert spec.bars[0] <= sum(counts) <= spec.bars[1]
        if spec.form:
            letters = re.findall(r"(.)(\1?)", spec.form)
            assert [section[4] for section in sections] == [bool(twice) for _, twice in letters]
            names = [letter for letter, _ in letters]
            first = [names.index(letter) for letter in names]
            planned = spec.bars or spec.part_bars or self.values("P")[:1] not in ([], ["?"])
            for number, other in enumerate(first):
                assert not planned or counts[number] == counts[other]
                if finals := self.values("F"):
                    # A section of the music that the tune begins with may not end on the tonic.
                    given = spec.tonic and other < len(spec.opening.finals)
                    assert given or finals[number] == finals[other]
            if spec.part_bars:
                each = dict(zip(dict.fromkeys(names), spec.part_bars * len(names), strict=False))
                assert counts == [each[name] for name in names]
            elif spec.bars:
                assert len({*counts}) == 1
        if spec.rhythms:
            assert self.header[0] in spec.rhythms
        if spec.meters:
            assert self.header[1] in spec.meters
        if spec.keys:
            assert self.header[-1] in spec.keys
        if spec.tonics:
            assert self.header[2] in spec.tonics
        if spec.originals:
            tonic = (self.values("O") or [self.key.tonic])[0].strip("',")
            assert tonic + self.key.mode in spec.originals
        sounding = [self.midi(pitch) + self.shift(spec) for pitch in self.pitches()]
        assert min(sounding) >= (spec.lowest or 0)
        assert max(sounding) <= (spec.highest or 999)
        assert not (spec.no_accidentals and any(pitch[0] in "_=^" for pitch in self.pitches()))
        if spec.tonic:
            self.check_cadence(spec)

    def shift(self, spec):
        """Semitones from the notes as written to those of the original key."""
        for value in self.values("O"):
            if value != "?":
                return SHIFTS[value.strip("',")] + 12 * (value.count("'") - value.count(","))
        return spec.shift or 0

    def check_cadence(self, spec):
        """Whether the tune ends on the tonic, long enough, and approached by a small interval."""
        last = self.last_note([notes for _, notes, _ in self.bars])
        pitch, written, place, _ = last
        assert self.degree(pitch) == 1
        assert Fraction(EIGHTHS[written]) >= 1
        assert not place
        steps = [NATURALS[pitch.lstrip("_=^")] for pitch in self.pitches()]
        if len(steps) < 2:
            return
        low, high = (
            min([NATURALS[value] for value in self.values(letter) if value != "?"], default=edge)
            for letter, edge in (("L", 0), ("H", 99))
        )
        nearest = min(
            abs(step - steps[-2])
            for name, step in NATURALS.items()
            if self.degree(name) == 1
            and low <= step <= high
            and (spec.lowest or 0) <= self.midi(name) + self.shift(spec) <= (spec.highest or 999)
        )
        assert abs(steps[-1] - steps[-2]) <= max(4, nearest)


SHIFTS = {"C": 0, "D": 2, "Eb": 3, "E": 4, "F": 5, "G": -5, "A": -3, "Bb": -2, "B": -1}


def test_the_checker_detects_errors():
    good = "R:none\nM:2/4\nK:Cmaj\n|:e|c2ed|^f=f^fe|1c2-c:|2c3||G|(3ABcz2|c3|]"
    assert Tune(PATTERN.findall(good)).check() is None
    for old, new in [
        ("c2ed", "c2e"), ("c2ed", "c2e2d"), ("^f=f^fe", "^ff^fe"), ("c2-c", "c2-^c"),
        ("c2-c", "c2c-"), ("|1", "|"), (":|2", "|"), ("||", "|"), ("|]", "|"), ("|:", ""),
        ("c3|]", "c2|]"), ("(3ABc", "(3ABc2"), ("(3ABc", "(3ABz"), ("(3ABcz2", "z2(3ABz"),
        ("c3||G", "c4||G"), ("c3||G", "c3||"), ("c2ed", "c/2e2d3/2"), ("c2ed", "c2=ed"),
        ("G|(3", "G2|(3"),
    ]:  # fmt: skip
        assert old in good
        with pytest.raises(AssertionError):
            Tune(PATTERN.findall(good.replace(old, new))).check()


def walk(grammar, left, choose, body=()):
    """A tune whose tokens are chosen among those that the grammar allows.

    body: what its music begins with; after it, the tune must be finished in as few tokens as it
    can.
    """
    state = grammar.start
    ids: list[int] = []
    while True:
        if body and isinstance(grammar.tune_state(state), GrammarState):
            state, ids, body = grammar.follow(body, state), [*ids, *body], ()
            left = grammar.cost(state)
        allowed = np.flatnonzero(grammar.allowed(state, left))
        assert len(allowed), "".join(grammar.tokens[id] for id in ids)
        id = choose(allowed)
        if id == 0:
            return [grammar.tokens[id] for id in ids]
        ids.append(id)
        state, left = grammar.step(state, id), left - 1


def lines(letter, values):
    return [f"{letter}:{value}\n" for value in values.split()]


# The header lines of a vocabulary whose tunes are transposed to C, of one whose tunes are not, and
# of an older one.
OUTLINES = [
    "<end>", "R:none\n", "R:jig\n", *lines("M", "2/4 6/8 5/16 1/8 4/2 3/16 1/16"),
    *lines("O", "C D Eb A G' F, Bb ?"),
    *lines("L", "C, G, C E B c ?"), *lines("H", "E B c e g c' ?"),
    *lines("P", "1 1* 2 2* 3* 4 5* 8* ?"),
    *lines("F", "1,1 1,2 1,6 2,1 3,2 4,4 5,1 5,2 6,1 7,3 ?"),
    *(f"K:C{mode}\n" for mode in MODES), *BODY, *COPIES,
]  # fmt: skip
ORIGINALS = [
    *(line for line in OUTLINES if line[:2] not in ("O:", "K:")), *(f"K:{key}\n" for key in KEYS),
]  # fmt: skip
OLDER = [*TOKENS, *lines("P", "1* 4 2*,2* 4*,4* 2,3 2*,3,2* ?")]

JIG = frozenset(["M:6/8\n", "M:2/4\n"])
ODD_KEYS = frozenset(["K:F#min\n", "K:Cphr\n", "K:C#mix\n"])
WHISTLE = frozenset(["Dmaj", "Gmaj", "Amin"])
WISHES: list[tuple[list[str], dict[str, Any]]] = [
    (TOKENS, {}),
    (TOKENS, {"bars": (16, 16), "form": "AABB", "meters": JIG}),
    (TOKENS, {"tonic": True, "no_accidentals": True, "lowest": 60, "highest": 81}),
    (TOKENS, {"form": "AAB", "tonic": True, "keys": ODD_KEYS}),
    (TOKENS, {"bars": (7, 7), "tonic": True, "lowest": 68, "highest": 74}),
    (TOKENS, {"bars": (12, 12), "form": "ABBCC", "rhythms": frozenset(["R:jig\n"])}),
    (TOKENS, {"bars": (40, 40), "meters": frozenset(["M:3/8\n"])}),
    (TOKENS, {"form": "ABAC", "part_bars": (2, 3, 1), "tonic": True}),
    (OLDER, {}),
    (OLDER, {"form": "AABB", "tonic": True}),
    (OLDER, {"bars": (5, 8)}),
    (OLDER, {"bars": (9, 9), "tonic": True}),  # no line has so many
    (OUTLINES, {}),
    (OUTLINES, {"tonic": True}),
    (OUTLINES, {"form": "AABB"}),
    (OUTLINES, {"form": "ABAC", "bars": (8, 16), "tonic": True}),
    (OUTLINES, {"form": "AABBAACC", "part_bars": (2, 3, 1)}),
    (OUTLINES, {"form": "ABA", "tonic": True, "no_accidentals": True}),
    (OUTLINES, {"form": "AABBCC", "part_bars": (7,), "tonic": True}),  # no line has seven
    (OUTLINES, {"bars": (7, 7)}),
    (OUTLINES, {"bars": (13, 17), "tonic": True, "meters": JIG}),
    (OUTLINES, {"bars": (40, 60), "tonic": True}),
    (OUTLINES, {"tonic": True, "lowest": 60, "highest": 72}),
    (OUTLINES, {"lowest": 62, "highest": 66, "bars": (3, 3)}),
    (OUTLINES, {"originals": WHISTLE, "lowest": 62, "highest": 85, "no_accidentals": True}),
    (OUTLINES, {"tonics": frozenset(["O:A\n"]), "highest": 69, "tonic": True}),
    (OUTLINES, {"tonics": frozenset(["O:?\n"]), "shift": -3, "lowest": 57, "highest": 66}),
    (ORIGINALS, {}),
    (ORIGINALS, {"tonic": True, "lowest": 55, "highest": 76}),
    (ORIGINALS, {"form": "AABA", "tonic": True}),
    (ORIGINALS, {"keys": ODD_KEYS, "bars": (6, 6), "tonic": True, "lowest": 66, "highest": 79}),
    (ORIGINALS, {"originals": frozenset(["Gmaj", "Bbdor"]), "bars": (9, 10)}),
]
GRAMMARS = [Grammar(tokens, TuneSpec(**spec)) for tokens, spec in WISHES]


def kind(token):
    """What a token is."""
    if token[1:2] == ":" and token[0] in "OLHPFK":
        return token[0] + "?" * (token[2] == "?")
    if token in LINES[:3] or token == "-":
        return token
    if token in LINES:
        return "ending" if token in ("|1", ":|2") else "close"
    if token in EIGHTHS:
        return "length"
    if token in COPIES:
        return "copy"
    return {"z": "rest", "(3": "(3", "<end>": "end"}.get(
        token, "sign" if token[0] in "_=^" else "pitch"
    )


@st.composite
def tastes(draw):
    """A way to choose: tokens weighed by what they are, from hardly ever to nearly always."""
    kinds = sorted({kind(token) for tokens, _ in WISHES for token in tokens})
    weights = {kind: draw(st.sampled_from([1e-9, 1e-3, 1, 1, 1e3, 1e9])) for kind in kinds}
    chance = random.Random(draw(st.integers(0, 2**32)))

    def choose(grammar):
        table = np.array([weights[kind(token)] for token in grammar.tokens])
        return lambda allowed: int(chance.choices(allowed, table[allowed].tolist())[0])

    return choose


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(number=st.integers(0, len(WISHES) - 1), spare=st.integers(0, 250), taste=tastes())
def test_random_choices_finish_a_tune_within_the_budget(number, spare, taste):
    grammar = GRAMMARS[number]
    left = grammar.cost(grammar.start) + spare
    tokens = walk(grammar, left, taste(grammar))
    assert len(tokens) < left
    tune = Tune(tokens)
    tune.check()
    tune.check_header()
    tune.check_wish(grammar.spec)


@settings(max_examples=150, deadline=None)
@given(number=st.integers(0, len(WISHES) - 1), data=st.data())
def test_the_most_expensive_choices_finish_a_tune_within_the_budget(number, data):
    grammar = GRAMMARS[number]
    left = grammar.cost(grammar.start) + data.draw(st.integers(0, 30))
    tokens = walk(grammar, left, lambda ids: int(ids[data.draw(st.integers(0, len(ids) - 1))]))
    tune = Tune(tokens)
    tune.check()
    tune.check_header()
    tune.check_wish(grammar.spec)


CONTINUED = [
    (GRAMMARS[[tokens is vocabulary for tokens, _ in WISHES].index(True)], spec)
    for vocabulary in (OUTLINES, ORIGINALS, OLDER)
    for spec in (
        {}, {"tonic": True}, {"form": "AABB"}, {"bars": (8, 40)}, {"form": "ABA", "tonic": True},
    )
]  # fmt: skip


@pytest.mark.slow
@settings(max_examples=250, deadline=None)
@given(
    continued=st.sampled_from(CONTINUED),
    taste=tastes(),
    cut=st.floats(0, 1),
    spare=st.integers(0, 200),
)
def test_every_header_announces_what_continues_an_opening(continued, taste, cut, spare):
    grammar, spec = continued
    text = "".join(walk(grammar, grammar.cost(grammar.start) + spare, taste(grammar)))
    header, music = split_header(text)
    pieces = [token for token in PATTERN.findall(music) if token not in COPIES]
    end = round(cut * len(pieces))
    while pieces[end : end + 1] and pieces[end] in (*EIGHTHS, *LINES):
        end += 1  # a length belongs to its note; a full bar at the end has a bar line
    music = "".join(pieces[:end])
    try:
        tune = parse_tune(f"X:1\nM:{header['M']}\nL:1/8\nK:{header['K']}\n{music}")
        prompt, _ = prompt_tune(tune, None)
    except TuneError:  # cut within a triplet
        return
    wish = TuneSpec(
        meters=frozenset([f"M:{header['M']}\n"]),
        keys=frozenset([f"K:{header['K']}\n"]),
        opening=Opening.of(prompt),
        **spec,
    )
    try:
        other = Grammar(grammar.tokens, wish)
    except ConfigError:
        assert spec
        return
    ids = {token: id for id, token in enumerate(grammar.tokens)}
    body = [ids[token] for token in music_tokens(prompt) if token in ids]
    try:
        tokens = walk(other, other.cost(other.start) + 1000, taste(other), body)
    except OutOfPlaceError:
        assert spec
        state = other.start
        while not isinstance(other.tune_state(state), GrammarState):
            state = other.step(state, other.cheapest(state))
        with pytest.raises(OutOfPlaceError):  # as after any header
            other.follow(body, state)
        return
    continued_tune = Tune(tokens)
    continued_tune.check()
    continued_tune.check_header()
    continued_tune.check_wish(wish)


@pytest.mark.parametrize("meter", METERS)
def test_every_meter_is_filled(meter):
    grammar = Grammar(TOKENS, TuneSpec(meters=frozenset([f"M:{meter}\n"]), tonic=True))
    chance = random.Random(meter)
    for _ in range(20):
        Tune(walk(grammar, 150, lambda ids: int(chance.choice(ids)))).check()


def test_a_batch_equals_single_streams():
    grammar = Grammar(TOKENS, TuneSpec(tonic=True))
    chance = np.random.default_rng(0)
    single = [grammar.start] * 16
    states = grammar.states(single)
    left = np.arange(40, 200, 10)
    for _ in range(200):
        allowed = grammar.allowed_batch(states, left)
        for row, state in enumerate(single):
            np.testing.assert_array_equal(allowed[row], grammar.allowed(state, int(left[row])))
        ids = np.array([chance.choice(np.flatnonzero(row)) for row in allowed])
        single = [grammar.step(state, int(id)) for state, id in zip(single, ids, strict=True)]
        states, left = grammar.step_batch(states, ids), np.maximum(left - 1, 0)
        assert [tuple(state) for state in states.tolist()] == single
    assert set(ids) == {0}  # an ended tune stays so


@settings(max_examples=100, deadline=None)
@given(number=st.integers(0, len(WISHES) - 1), taste=tastes(), stop=st.integers(0, 60))
def test_every_token_that_is_not_allowed_has_a_reason(number, taste, stop):
    grammar = GRAMMARS[number]
    tokens = walk(grammar, grammar.cost(grammar.start) + 60, taste(grammar))
    state = grammar.follow([grammar.tokens.index(token) for token in tokens][:stop])
    for id, allowed in enumerate(grammar.allowed(state, 30_000)):
        assert bool(grammar.explain(state, id)) != allowed


@pytest.mark.slow
@pytest.mark.parametrize("name", ["oneills1850", "ryansMammoth", "airdsAirs"])
def test_the_tunes_of_a_book_are_accepted_with_its_vocabulary(name):
    paths = sorted((music21_corpora() / name).glob("*.abc"))
    documents = [t for path in paths for t in split_tunes(path.read_text("utf-8"), path.name)]
    texts = [tune.text for tune in normalize_book(documents).tunes]
    assert len(texts) > 400
    used = {token for text in texts for token in PATTERN.findall(text)}
    tokens = ["<end>", *sorted({*used, *COPIES, *unknown_lines(True)} - {*BODY}), *BODY]
    ids = {token: id for id, token in enumerate(tokens)}
    grammar = Grammar(tokens)
    refused = []
    for text in texts:
        pieces = PATTERN.findall(text)
        try:
            check_copies(grammar, [*(ids[token] for token in pieces), 0])
        except TuneError as error:
            refused.append((str(error), text))
            continue
        tune = Tune(pieces)
        tune.check()
        tune.check_header()
    assert len(refused) <= 0.003 * len(texts), refused


def check_copies(grammar, ids):
    """Follow a tune, and check that its marks name bars that may follow."""
    state, place = grammar.start, PositionTracker(grammar.tokens)
    for index, id in enumerate(ids):
        mark = grammar.tokens[id]
        state = grammar.follow([id], state)
        if mark in COPIES:
            notes = place.copies()[COPIES[mark]]
            assert ids[index + 1 : index + 1 + len(notes)] == [*notes]
            assert grammar.tokens[ids[index + 1 + len(notes)]] in LINES
            assert grammar.can_copy(state, notes, len(ids) - index + 1000)
        if id:
            place.push(id)
