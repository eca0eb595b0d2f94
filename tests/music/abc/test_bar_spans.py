"""Each bar's text is found in its source, and replaced without changing anything else."""

from fractions import Fraction
from pathlib import Path

import pytest

from seqgen.data.corpora.tunebook import split_tunes
from seqgen.errors import TuneError
from seqgen.music.abc.bar_spans import bar_numbers, read_spans, splice, with_signs
from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.tune import PLAIN

HEAD = "X:1\nM:4/4\nL:1/8\nK:D\n"


def bars(music, head=HEAD):
    source = read_spans(head + music)
    return [source.bar_text(n) for n in range(len(source.spans))]


def plain_notes(bar):
    return [note._replace(attached=PLAIN) for note in bar.notes]


@pytest.mark.parametrize(
    ("music", "expected"),
    [
        ("ABcd efga | g8 |]", ["ABcd efga", "g8"]),
        ("A2|: B8 :||: c8 ::d6||", ["A2", "B8", "c8", "d6"]),
        ("|:A8|1 B8:|2 c8||", ["A8", "B8", "c8"]),
        ('|:A8|["1st" B8:|[2 c8|]', ["A8", "B8", "c8"]),
        ('"A|m"A4 "^|:"B4|{gf}~c8|', ['"A|m"A4 "^|:"B4', "{gf}~c8"]),
        ("ABcd \\\nefga|b8|", ["ABcd efga", "b8"]),
        ("ABcd\nw: a b | c d\nefga|b8|", ["ABcd efga", "b8"]),
        ("A4 [K:G] B4|[M:3/4]c6|", ["A4 B4", "c6"]),
        ("A8 % a comment | B8\n|B8|", ["A8", "B8"]),
        ("A8\nB8\nc8|", ["A8", "B8", "c8"]),
        ("!segno!A8|B8!D.C.!|", ["A8", "B8"]),
        ('A8|"D.C."', ["A8"]),
        ("A8-|A8|-A8|(A4 B4|)c8|", ["A8-", "A8", "A8", "(A4 B4", "c8"]),
        ("(3ABc d2>e2 z2|Z|x8|", ["(3ABc d2>e2 z2", "Z", "x8"]),
        ("[P:A]A8|$B8|!\nc8|", ["A8", "B8", "c8"]),
        ("A8 | | B8 ||", ["A8", "B8"]),
    ],
)
def test_text_of_each_bar(music, expected):
    assert bars(music) == expected


def test_every_bar_of_a_rest_has_its_place():
    source = read_spans(HEAD + "A8|Z3|B8|")
    assert [span.rests for span in source.spans] == [1, 3, 3, 3, 1]
    assert len({span.pieces for span in source.spans[1:4]}) == 1


def test_bars_of_the_first_voice_or_of_another_one():
    text = "X:1\nM:4/4\nL:1/4\nK:C\nV:1\nABcd|\nV:2\nA4|\nV:1\nefga|\nV:2\n[V:1]b4|[V:2]B4|\n"
    assert [read_spans(text).bar_text(n) for n in range(3)] == ["ABcd", "efga", "b4"]
    second = read_spans(text, voice="2")
    assert [second.bar_text(n) for n in range(2)] == ["A4", "B4"]


def test_settings_at_each_bar():
    spans = read_spans("X:1\nM:2/4\nK:G octave=-1\nG8|[L:1/8]G4|[K:F]F4|").spans
    assert [span.unit for span in spans] == [Fraction(1, 16), Fraction(1, 8), Fraction(1, 8)]
    assert [str(span.key) for span in spans] == ["Gmaj", "Gmaj", "Fmaj"]
    assert {span.octave for span in spans} == {-1}


@pytest.mark.parametrize(
    ("music", "numbers"),
    [
        ("A8|B8|c8|", (1, 2, 3)),
        ("A2|B8|c8|", (0, 1, 2)),
        ("A2|:B8|c8:|", (0, 1, 2)),
        ("|:A2|B8|c6:||:d2|e8|f6:|", (0, 1, 2, 2, 3, 4)),
        ("A2|B8|c6||d2|e8|f6|]", (0, 1, 2, 2, 3, 4)),
        ("|:A8|1 B8:|2 c8||d8|]", (1, 2, 3, 4)),
        ("|:A2|B8|1 c6:|2 d6||e8|]", (0, 1, 2, 3, 4)),
        ("A8|[M:2/4]B4|c4|", (1, 2, 3)),
    ],
)
def test_numbers_as_in_a_score(music, numbers):
    assert bar_numbers(parse_tune(HEAD + music)) == numbers


@pytest.mark.parametrize(
    ("music", "replacements", "expected"),
    [
        ("ABcd efga|~g8|]", {0: "d8"}, "d8|~g8|]"),
        ("A8 |\tB8 | c8|]", {1: "d8"}, "A8 |\td8 | c8|]"),
        ('|:"D"A8|1 B8:|2 c8||', {0: "e8", 2: "d8"}, "|:e8|1 B8:|2 d8||"),
        ("ABcd \\\nefga|b8|", {0: "d8"}, "d8 \\\n|b8|"),
        ("ABcd \\\nefga\nb8|", {0: "d8"}, "d8 \\\n%\nb8|"),
        ("A4 [K:G] B4|c8|", {0: "d8"}, "d8 [K:G] |c8|"),
        ("!segno!A8|B8!D.C.!|", {0: "d8", 1: "e8"}, "!segno!d8|e8!D.C.!|"),
        ("A8|Z3|B8|", {2: "d8"}, "A8|Z | d8 | Z|B8|"),
        ("A8|Z|B8|", {1: "d8"}, "A8|d8|B8|"),
        ("A4 (B4|c4) d4|", {1: "e4 f4"}, "A4 (B4|e4) f4|"),
        ("A4 (B4|c4) d4|", {0: "e4 f4"}, "e4 (f4|c4) d4|"),
        ("A4 (B4|c4) d4|", {0: "e4 f4", 1: "d8"}, "e4 f4|d8|"),
        ("(A4 B4|c8|d4) e4|", {1: "e4 f4"}, "(A4 B4|e4 f4|d4) e4|"),
        ("A4 (B4|c4) (d4|e8)|", {1: "f8"}, "A4 (B4|(f8)|e8)|"),
        ("A8|\nB2:|", {1: "d"}, "A8|\nd1:|"),
        ("A8|B2:|", {1: "d"}, "A8|d:|"),
    ],
)
def test_splice_keeps_everything_else(music, replacements, expected):
    source = read_spans(f"{HEAD}{music}\n% end\nW:words")
    assert splice(source, replacements) == f"{HEAD}{expected}\n% end\nW:words"


def test_an_accidental_stays_when_its_tie_goes():
    source = read_spans(HEAD + "A4 ^A4-|A4 B4|[^Gd]8-|[Gd]8|")
    for index, text in ((1, "^A4"), (3, "[^G=d]8")):
        bar, span = source.tune.bars[index], source.spans[index]
        signed = with_signs(source.text, span.first, bar.notes[0].pitches, span.octave)
        assert text in signed
        assert read_spans(signed).tune.bars == source.tune.bars


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<html><pre>X:1\nK:C\nCDEF|\n</pre></html>", "the tune is in a web page"),
        ("X:1\nL:1/8\nM:4/4\nK:C\nCDEF GABc\n2|C8|\n", "line that a mail program has cut"),
        ("X:1\nK:C\n", "no notes"),
    ],
)
def test_text_that_is_not_music_as_it_stands(text, reason):
    with pytest.raises(TuneError, match=reason):
        read_spans(text)


def may_be_moved(text, span):
    """Whether a bar reads the same in one piece: no unit length changes within."""
    return span.rests == 1 and "L:" not in text[span.pieces[0][0] : span.pieces[-1][1]]


def check_book(documents):
    """Every tune that can be read has a place for each bar, from which the bar can be read."""
    cut = read = 0
    for document in documents:
        text = str(document.text)
        try:
            tune = parse_tune(text)
        except TuneError:
            continue
        try:
            source = read_spans(text)
        except TuneError:
            cut += 1  # a line by a mail program
            continue
        read += 1
        assert source.tune == tune
        assert len(source.spans) == len(tune.bars)
        own = {n: source.bar_text(n) for n, s in enumerate(source.spans) if may_be_moved(text, s)}
        again = [plain_notes(bar) for bar in parse_tune(splice(source, own)).bars]
        assert again == [plain_notes(bar) for bar in tune.bars], document.origin
    assert read > 40
    assert cut <= 2


def book_tunes(folder):
    import music21

    paths = sorted((Path(music21.__file__).parent / "corpus" / folder).glob("*.abc"))
    texts = {path.name: path.read_text(errors="replace") for path in paths}
    return [document for name, text in texts.items() for document in split_tunes(text, name)]


def test_first_tunes_of_a_book():
    check_book(book_tunes("oneills1850")[:60])


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["oneills1850", "airdsAirs", "ryansMammoth"])
def test_every_second_tune_of_the_books(folder):
    check_book(book_tunes(folder)[::2])
