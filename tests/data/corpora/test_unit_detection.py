"""Detection of lists and separated documents; other texts are one document."""

import base64
import hashlib
import inspect
import json
import random
import string
import sysconfig
import textwrap
import unicodedata
import zoneinfo
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from seqgen.data.corpora import open_corpus, unit_detection
from seqgen.data.corpora.longtext import Store
from seqgen.data.corpora.unit_detection import detect_unit, is_token

EXCERPTS = Path(__file__).parents[2] / "excerpts"
VOWELS, CONSONANTS = "aeiou", "bcdfghklmnprstvw"
SENTENCE = (
    "the", "old", "house", "stood", "by", "a", "river", "and", "nobody", "had", "lived", "there",
    "since", "winter", "which", "was", "cold", "under", "heavy", "snow", "while", "people", "slept",
)  # fmt: skip


def new_rng(seed: int = 0) -> random.Random:
    return random.Random(seed)


def name(rng: random.Random, syllables: tuple[int, int] = (2, 3)) -> str:
    count = rng.randint(*syllables)
    word = "".join(rng.choice(CONSONANTS) + rng.choice(VOWELS) for _ in range(count))
    return word.capitalize()


def names(count: int = 300, words: int = 1, seed: int = 1) -> list[str]:
    rng = new_rng(seed)
    return [" ".join(name(rng) for _ in range(words)) for _ in range(count)]


def joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


def sentences(count: int, seed: int = 2) -> list[str]:
    rng = new_rng(seed)
    items = []
    for _ in range(count):
        words = [rng.choice(SENTENCE) for _ in range(rng.randint(5, 18))]
        if len(words) > 8:
            words[4] += ","
        items.append(" ".join(words).capitalize() + ".")
    return items


def paragraphs(count: int, width: int | None, indent: str = "") -> list[str]:
    each = sentences(count * 5)
    whole = [" ".join(each[n : n + 5]) for n in range(0, len(each), 5)]
    if width is None:
        return whole
    return ["\n".join(textwrap.wrap(p, width, initial_indent=indent)) for p in whole]


def verse(lines: int) -> list[str]:
    """Lines of about ten syllables, most of which end with punctuation."""
    rng = new_rng(3)
    items = []
    for _ in range(lines):
        words = [rng.choice(SENTENCE) for _ in range(8)]
        items.append(" ".join(words).capitalize() + rng.choice([",", ";", ".", ",", ""]))
    return items


def song(rng: random.Random) -> str:
    stanzas = [joined(names(4, 4, rng.randrange(10**6))) for _ in range(2)]
    return "\n".join(stanzas)


def dates() -> list[str]:
    first = date(1999, 1, 1)
    return [str(first + timedelta(days=13 * n)) for n in range(400)]


def molecules() -> list[str]:
    rng = new_rng(4)
    parts = ["C", "CC", "c1ccccc1", "C(=O)O", "N", "OC", "C#N", "[nH]", "S(=O)(=O)", "Cl", "C=C"]
    return ["".join(rng.choices(parts, k=rng.randint(2, 12))) for _ in range(400)]


def passwords() -> list[str]:
    rng = new_rng(5)
    signs = string.ascii_letters + string.digits + "!.?;_-"
    return ["".join(rng.choices(signs, k=rng.randint(6, 12))) for _ in range(500)]


def titles() -> list[str]:
    rng = new_rng(6)
    items = []
    for _ in range(300):
        title = "The " + " of the ".join(names(rng.randint(1, 2), 1, rng.randrange(10**6)))
        items.append(title + rng.choice(["", "", "?", f" ({rng.randint(1950, 2020)})", "!"]))
    return items


def companies() -> list[str]:
    rng = new_rng(7)
    return [f"{name(rng)} {name(rng)} {rng.choice(['Inc.', 'Ltd.', 'GmbH'])}" for _ in range(90)]


def headlines() -> list[str]:
    rng = new_rng(8)
    return [
        " ".join([name(rng), *(rng.choice(SENTENCE[5:]) for _ in range(rng.randint(3, 12)))])
        for _ in range(300)
    ]


def unicode_names() -> list[str]:
    every = (unicodedata.name(chr(code), "") for code in range(0x100, 0x1000))
    return [one.capitalize() for one in every if one][:2000]


def log() -> list[str]:
    rng, at = new_rng(9), datetime(2024, 5, 1, 12)
    items = []
    for _ in range(300):
        at += timedelta(seconds=rng.randint(0, 90))
        items.append(f"{at:%Y-%m-%d %H:%M:%S} {rng.choice(['INFO', 'ERROR'])} {name(rng)} is up")
    return items


def chat() -> list[str]:
    rng = new_rng(10)
    return [f"{rng.choice(['Anna', 'Ben'])}: {name(rng)} is here" for _ in range(200)]


def play(gap: str) -> str:
    rng = new_rng(11)
    speakers = names(12)
    return gap.join(f"{rng.choice(speakers)}:\n{joined(verse(3))}" for _ in range(200))


def csv_of_numbers() -> list[str]:
    rng = new_rng(12)
    return [f"{n * 0.01:.2f},{rng.random():.4f},{rng.random():.4f}" for n in range(300)]


def genes() -> list[str]:
    rng = new_rng(13)
    items = []
    for n in range(30):
        whole = "".join(rng.choices("ACGT", k=rng.randint(300, 700)))
        items += [f">gene{n}", *textwrap.wrap(whole, 60)]
    return items


def c_program() -> str:
    body = "".join(f"  total += step_{n}(input);\n" for n in range(5))
    return "".join(
        f"/*\n * Function {n}.\n */\nint run_{n}(int input)\n{{\n{body}}}\n\n\n" for n in range(60)
    )


def subtitles() -> str:
    return "\n".join(
        f"{n}\n00:0{n // 60 % 10}:{n % 60:02},000 --> 00:00:{n % 60:02},900\n{sentence}\n"
        for n, sentence in enumerate(sentences(200), 1)
    )


def addresses() -> str:
    rng = new_rng(14)
    return "\n".join(
        f"{who}\n{name(rng)} Road {rng.randint(1, 99)}\n{name(rng)}\n" for who in names(100, 2)
    )


def stanzas(lines: int) -> str:
    return "\n".join(joined(verse(lines)) for _ in range(100))


def records() -> str:
    rng = new_rng(15)
    return "\n".join(
        f"Name: {name(rng)}\nAge: {rng.randint(1, 90)}\n" + "Note: none\n" * (n % 2)
        for n in range(80)
    )


def haiku() -> str:
    rng = new_rng(16)
    return "\n".join(
        "".join(" ".join(rng.choices(SENTENCE, k=k)) + "\n" for k in (3, 4, 3)) for _ in range(90)
    )


def songs(gap: str) -> str:
    rng = new_rng(17)
    return gap.join(song(rng) for _ in range(60))


def markdown() -> str:
    return "\n".join(
        f"## {name(new_rng(n))}\n\n{paragraph}\n\n- one\n- two\n"
        for n, paragraph in enumerate(paragraphs(60, None))
    )


def banners() -> str:
    bar = "#" * 60
    texts = enumerate(paragraphs(40, 70))
    return "\n".join(f"{bar}\n# {n}\n{bar}\n{paragraph}\n" for n, paragraph in texts)


def vertical() -> str:
    return "\n".join(joined([*sentence.rstrip(".").split(), "."]) for sentence in sentences(200))


LISTS: dict[str, Callable[[], str]] = {
    "names": lambda: joined(names()),
    "sorted names": lambda: joined(sorted(names(3000))),
    "names of two words": lambda: joined(names(200, 2)),
    "surnames first": lambda: joined([", ".join(pair.split()) for pair in names(200, 2)]),
    "names without a last line end": lambda: "\n".join(names()),
    "names with a blank line at the end": lambda: joined(names()) + "\n",
    "Windows line ends are gone, tabs are not": lambda: joined([f"{n}\t7" for n in names()]),
    "time zones": lambda: joined(sorted(zoneinfo.available_timezones())),
    "names of characters": lambda: joined(unicode_names()),
    "titles": lambda: joined(titles()),
    "sorted titles": lambda: joined(sorted(titles())),
    "companies": lambda: joined(companies()),
    "headlines": lambda: joined(headlines()),
    "sorted sentences": lambda: joined(sorted(sentences(100))),
    "passwords": lambda: joined(passwords()),
    "molecules": lambda: joined(molecules()),
    "dates": lambda: joined(dates()),
    "dates in words": lambda: joined([f"{date.fromisoformat(d):%A, %d %B %Y}" for d in dates()]),
    "checksums": lambda: joined([hashlib.sha256(n.encode()).hexdigest() for n in names()]),
    "postcodes": lambda: joined([f"{new_rng(n).randrange(10**5):05}" for n in range(200)]),
    "JSON lines": lambda: joined([json.dumps({"name": n, "note": "x" * 90}) for n in names()]),
    "Chinese names": lambda: joined(
        [chr(0x5F20 + n % 40) + chr(0x4E00 + n * 7) for n in range(200)]
    ),
}

SEPARATED: dict[str, tuple[str, Callable[[], str]]] = {
    "three dashes": ("---", lambda: "\n---\n".join(paragraphs(40, 70))),
    "three stars with blanks": ("* * *", lambda: "\n\n* * *\n\n".join(paragraphs(40, 70))),
    "a percent sign": ("%", lambda: "\n%\n".join(sentences(60))),
    "equal signs": ("=====", lambda: "\n=====\n".join(joined(verse(5)) for _ in range(40))),
    "end of text": ("<|endoftext|>", lambda: "\n<|endoftext|>\n".join(paragraphs(30, None))),
    "end of text inside lines": ("<|endoftext|>", lambda: "<|endoftext|>".join(sentences(30))),
    "end of sequence": ("</s>", lambda: "</s>\n".join(sentences(30))),
    "records": ("blank-line", records),
    "questions and answers": (
        "blank-line",
        lambda: "\n".join(
            f"Q: {s}\nA: {t}\n" for s, t in zip(sentences(50), names(50), strict=True)
        ),
    ),
    "the same first line": (
        "blank-line",
        lambda: "\n".join("SONG\n" + joined(verse(4 + n % 5)) for n in range(60)),
    ),
    "haiku": ("blank-line", haiku),
    "numbered poems": (
        "blank-line",
        lambda: "\n".join(f"Poem {n}\n" + joined(verse(4 + n % 5)) for n in range(60)),
    ),
    "the same last line": (
        "blank-line",
        lambda: "\n".join(joined(verse(4 + n % 5)) + "Amen.\n" for n in range(60)),
    ),
    "quotations": (
        "blank-line",
        lambda: "\n".join(f"{sentence}\n-- {names()[0]}\n" for sentence in sentences(60)),
    ),
    "addresses": ("blank-line", addresses),
    "songs of stanzas": ("blank-lines", lambda: songs("\n\n")),
    "songs of stanzas, further apart": ("blank-lines", lambda: songs("\n\n\n\n")),
}

LONG: dict[str, Callable[[], str]] = {
    "plays": lambda: (EXCERPTS / "shakespeare.txt").read_text(),
    "more of plays": lambda: (EXCERPTS / "shakespeare.txt").read_text() * 30,
    "speeches with blank lines": lambda: play("\n"),
    "speeches two blank lines apart": lambda: play("\n\n"),
    "sonnets with their numbers": lambda: (EXCERPTS / "sonnets.txt").read_text(),
    "all sonnets": lambda: str(open_corpus(["sonnets"]).documents[0].text),
    "verse without a blank line": lambda: joined(verse(400)),
    "quatrains": lambda: stanzas(4),
    "tercets": lambda: stanzas(3),
    "prose in paragraphs": lambda: "\n\n".join(paragraphs(60, None)),
    "prose in lines of 70": lambda: "\n\n".join(paragraphs(60, 70)),
    "prose in lines of 40, unparted": lambda: joined(paragraphs(60, 40, "    ")),
    "narrow prose, unparted": lambda: joined(paragraphs(60, 28)),
    "a paragraph a line": lambda: joined(paragraphs(60, None)),
    "a sentence a line": lambda: joined(sentences(200)),
    "prose with chapters": lambda: "\n\n\n\n".join(
        f"CHAPTER {n}\n\n" + "\n\n".join(paragraphs(40, 70)) for n in range(25)
    ),
    "Python": lambda: inspect.getsource(textwrap) * 3,
    "more Python": lambda: Path(sysconfig.get_paths()["stdlib"], "argparse.py").read_text(),
    "C": c_program,
    "settings": lambda: joined([f"{n.lower()} = {len(n)}" for n in names()]),
    "a log": lambda: joined(log()),
    "a chat": lambda: joined(chat()),
    "a chat with nicknames": lambda: joined([f"<{c.replace(': ', '> ')}" for c in chat()]),
    "a chat with blank lines": lambda: "\n".join(f"{line}\n" for line in chat()),
    "numbers": lambda: joined([f"{new_rng(n).random():.3f}" for n in range(300)]),
    "columns of numbers": lambda: joined(csv_of_numbers()),
    "genes": lambda: joined(genes()),
    "base64": lambda: base64.encodebytes(new_rng(18).randbytes(5000)).decode(),
    "Markdown": markdown,
    "headings in frames": banners,
    "a word a line": vertical,
    "subtitles": subtitles,
    "Chinese prose": lambda: joined(["他说" + "我们走吧" * (n % 9 + 1) + "。" for n in range(80)]),
    "the same line": lambda: "A line of text, and another one.\n" * 500,
    "few lines": lambda: joined(names(19)),
    "one line": lambda: "one two three " * 50,
    "a few scene breaks": lambda: "\n\n* * *\n\n".join(
        "\n\n".join(paragraphs(9, 70)) for _ in range(8)
    ),
    "underlined headings": lambda: "\n".join(
        f"1.{n % 9}.0\n-----\n\n- {sentence}\n" for n, sentence in enumerate(sentences(60))
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", LISTS)
def test_lists_have_one_document_per_line(kind: str) -> None:
    assert detect_unit(LISTS[kind]()) == "line"


@pytest.mark.parametrize("kind", SEPARATED)
def test_separators_are_detected(kind: str) -> None:
    unit, make = SEPARATED[kind]
    assert detect_unit(make()) == unit


@pytest.mark.parametrize("kind", LONG)
def test_long_texts_are_one_document(kind: str) -> None:
    assert detect_unit(LONG[kind]()) is None


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        (joined(names(4000)), "line"),
        ("\n---\n".join(paragraphs(300, 70)), "---"),
        (songs("\n\n") * 8, "blank-lines"),
        ("\n\n".join(paragraphs(300, 70)), None),
        ("x" * 100_000, None),
    ],
)
def test_detection_samples_pieces_of_very_long_texts(
    text: str, unit: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unit_detection, "SAMPLE_CHARACTERS", 20_000)
    assert detect_unit(text) == unit
    assert detect_unit(Store().add([text[:15_000], text[15_000:]])) == unit


@pytest.mark.parametrize("word", ["<|endoftext|>", "</s>", "<eos>", "[SEP]"])
def test_special_tokens_may_be_inside_lines(word: str) -> None:
    assert is_token(word)


@pytest.mark.parametrize("word", ["---", "%", "<", "* * *", "END", "[see below]"])
def test_other_separators_are_whole_lines(word: str) -> None:
    assert not is_token(word)
