import importlib.util
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.music.learned import complete, cut_at_bar, learned_form, split_prompt

BOOK = r"""%abc-2.1
X: 12
T: The Humours of Nowhere  % a comment
R: jig
C: trad.
H: a history
  that runs on without a letter
M: 6/8
L: 1/8
Q: 1/4=120
Z: "Transcribed by A. N. Other"
K: Ador clef=treble name="Second fiddle"
P:A
|:e|A2A ABc|BAG EFG:|  % the first part
w: la la la

%%newpage
A:|\
K:D % up
"100\% louder"d2 [K:G]B :|	% blanks before
M:9/8
L:?
V:2
W: more words
Z: and so on
G3 |]
"""

FORM = r"""M:6/8
L:1/8
K:Ador
|:e|A2A ABc|BAG EFG:|
A:|\
K:D
"100\% louder"d2 [K:G]B :|
M:9/8
G3 |]
"""

# Lines that a tune may be made of, to be put together in any order.
LINES = [
    *BOOK.splitlines(),
    *FORM.splitlines(),
    *("K:", "K:bass", "K:D mix ^g", "K:clef=x=y", "M:", "M:C|", "M: 2 / 4", "L:1/16", "X:2"),
    *("z4|", "", " ", "\\", "|:", "::", '"Am"', "%", "T:100% wool"),
]


def tunes():
    junk = st.text(alphabet=' %\\"=:KLMXadgz|[]!/28\n\r\x0b\u2028')
    return st.lists(st.sampled_from(LINES) | junk).map("\n".join)


def books():
    """The ABC files of the tune books inside the installed music21, which is not imported."""
    package = importlib.util.find_spec("music21").submodule_search_locations[0]
    names = ("oneills1850", "ryansMammoth", "airdsAirs")
    return [path for name in names for path in sorted(Path(package, "corpus", name).glob("*.abc"))]


def test_only_meter_unit_key_and_music_are_learned():
    assert learned_form(BOOK) == FORM
    assert learned_form(BOOK.replace("\n", "\r\n")) == FORM


@pytest.mark.parametrize(
    ("meter", "unit"),
    [("2/4", "1/16"), ("3/8", "1/16"), ("3/4", "1/8"), ("6/8", "1/8"), ("C", "1/8"), ("C|", "1/8"),
     ("none", "1/8"), ("2+2+1/8", "1/16"), ("(2+2+3)/8", "1/8"), ("FREI4/4", "1/8"),
     ("4/0", "1/8")],
)  # fmt: skip
def test_a_missing_unit_is_what_its_absence_means(meter, unit):
    assert learned_form(f"X:1\nT:t\nM:{meter}\nK:D\nabc|\n") == f"M:{meter}\nL:{unit}\nK:D\nabc|\n"


def test_missing_and_empty_fields_are_written_out():
    assert learned_form("X:1\nK:D\nabc") == "M:none\nL:1/8\nK:D\nabc\n"
    assert learned_form("X:1\nM:\nL:\nK:\nabc") == "M:none\nL:1/8\nK:none\nabc\n"


@pytest.mark.parametrize(
    ("written", "key"),
    [("D", "D"), ("  A   Dorian  % or so", "A Dorian"), ("Em bass", "Em"), ("G treble-8", "G"),
     ("D mix ^g", "D mix ^g"), ("Am clef=alto1 middle=d", "Am"), ("clef=bass", "none"),
     ("Hp", "Hp"), ('F name="Second fiddle" snm="2"', "F")],
)  # fmt: skip
def test_a_key_is_kept_without_clef_and_voice(written, key):
    assert learned_form(f"X:1\nM:C\nK:{written}\nabc|") == f"M:C\nL:1/8\nK:{key}\nabc|\n"


@pytest.mark.parametrize(
    "tune",
    ["", "X:1\nT:no key\nM:C\nabc|", "X:1\nK:D\n", "X:1\nK:D\nz4|Z2|", 'X:1\nK:D\n"Am"z4|!fade!z|',
     "X:1\nK:D\nw:a b c\n", "X:1\nK:D\nK:G\n[K:A]z|", "just a text about a key\nK:D\nabc"],
)  # fmt: skip
def test_a_tune_without_key_or_note_is_not_learned(tune):
    assert learned_form(tune) is None


@given(tune=tunes())
def test_a_learned_form_is_its_own_and_has_three_lines_of_header(tune):
    form = learned_form("X:1\n" + tune)
    if form is None:
        return
    assert learned_form(form) == form
    assert re.match(r"M:\S.*\nL:\d+(/\d+)?\nK:\S.*\n.", form)
    assert form == "\n".join(line.strip() for line in form.splitlines()) + "\n"
    assert not re.search(r"(?m)^(?:[TXRCHQZPVWw]:|%|$(?!\Z))", form)


@given(tune=tunes())
def test_a_learned_form_survives_completion_and_prompting(tune):
    form = learned_form("X:1\n" + tune)
    if form is None:
        return
    whole = complete(form, 7, "A title")
    assert whole == f"X:7\nT:A title\n{form}"
    assert learned_form(whole) == form
    header, body = split_prompt(whole)
    assert header + body + "\n" == form


@pytest.mark.parametrize(
    ("prompt", "header", "body"),
    [
        ("", "", ""),
        ("GABc|d2", "", "GABc|d2"),
        ("GABc |\nd2  \n", "", "GABc |\nd2"),
        ("A:|", "", "A:|"),
        ("GAB\nK:D\nabc", "", "GAB\nK:D\nabc"),
        ("K: D", "K:D\n", ""),
        ("M:6/8", "M:6/8\nL:1/8\n", ""),
        ("M:2/4\n\nK:G % major\n", "M:2/4\nL:1/16\nK:G\n", ""),
        ("L:1/4\nK:G", "L:1/4\nK:G\n", ""),
        ("K:G\nGABc", "K:G\n", "GABc"),
        ("M:3/4\nGABc", "M:3/4\nL:1/8\n", "GABc"),
        ("M:3/4\nGABc\nK:G\nabc", "M:3/4\nL:1/8\n", "GABc\nK:G\nabc"),
        ("X:1\nT:A title", "", ""),
        ("X:1\nT:t\nM:C|\nL:1/8\nR:reel\nK:Em\n|:e2", "M:C|\nL:1/8\nK:Em\n", "|:e2"),
    ],
)
def test_a_prompt_settles_what_it_says_and_no_more(prompt, header, body):
    assert split_prompt(prompt) == (header, body)


@given(prompt=tunes())
def test_any_prompt_becomes_a_header_and_a_body(prompt):
    header, body = split_prompt(prompt)
    assert re.fullmatch(r"(M:.+\nL:.+\n|L:.+\n)?(K:.+\n)?", header)
    assert body == body.strip()
    assert split_prompt(header + body) == (header, body)


@pytest.mark.parametrize(
    ("title", "line"),
    [
        (None, "T:Tune 3"),
        ("", "T:Tune 3"),
        (" two\nlines ", "T:two lines"),
        ("100% wool", r"T:100\% wool"),
    ],
)
def test_a_whole_tune_has_a_number_and_a_title_in_one_line(title, line):
    lines = complete("M:C\nL:1/8\nK:D\nabc|]\n", 3, title).split("\n")
    assert lines == ["X:3", line, "M:C", "L:1/8", "K:D", "abc|]", ""]


@given(text=tunes(), number=st.integers(1, 999))
def test_whatever_a_model_wrote_is_written_as_one_whole_tune(text, number):
    whole = complete(text, number)
    fields = rf"X:{number}\nT:Tune {number}\nM:.+\nL:.+\nK:.+\n"
    assert re.match(fields, whole)
    assert whole.endswith("\n")
    assert not whole.endswith("\n\n")
    assert "\n\n" not in whole  # an empty line would end the tune
    assert len(re.findall(r"(?m)^X:", whole)) == 1


@pytest.mark.parametrize(
    ("stopped", "closed"),
    [
        ("GABc|d2e2|f", "GABc|d2e2|]"),
        ("GABc|d2e2|", "GABc|d2e2|]"),
        ("GABc|d2e2 |]", "GABc|d2e2 |]"),
        ("GABc|d2e2||\nf", "GABc|d2e2|]"),
        ("|:GABc|d2e2|f", "|:GABc|d2e2:|"),
        ("|:GABc:|d2e2|f", "|:GABc:|d2e2|]"),
        ("|:GABc|1d2:|2e2|f", "|:GABc|1d2:|2e2|]"),
        ("GABc:|d2", "GABc:|"),
        ("GABc::d2", "GABc:|"),
        ("GABc|:d2", "GABc|]"),
        ("GABc|1d2", "GABc|]"),
        ('GABc|"a|b"d2', "GABc|]"),
        ("GABc|d2|\nM:C|\ne", "GABc|d2|]"),
        ("|GA", "|GA|]"),
        ("GABc ", "GABc|]"),
    ],
)
def test_a_stopped_tune_is_closed_at_its_last_bar_line(stopped, closed):
    header = "M:C|\nL:1/8\nK:D\n"
    assert cut_at_bar(header + stopped) == f"{header}{closed}\n"
    assert cut_at_bar(header + closed + "\n") == f"{header}{closed}\n"


@pytest.mark.parametrize(
    "text", ["", "M:", "M:C|\nL:1/8\n", "M:C|\nL:1/8\nK:D\n", "M:C|\nL:1/8\nK:D\n|:z4|"]
)
def test_a_tune_that_was_stopped_before_its_first_note_is_left_alone(text):
    assert cut_at_bar(text) == text


def test_every_tune_of_the_books_has_a_learned_form():
    tunes = [
        tune
        for path in books()
        for tune in re.split(r"(?m)^(?=X:)", path.read_text(encoding="utf-8"))[1:]
    ]
    assert len(tunes) == 2009 + 1059 + 1180
    forms = [learned_form(tune) for tune in tunes]
    for form in forms:
        assert form is not None
        assert learned_form(form) == form
        assert re.match(r"M:\S+\nL:1/\d+\nK:[A-GH]", form)
        cut = cut_at_bar(form)
        assert cut.endswith(("|]\n", ":|\n"))
        assert form.startswith(cut[:-3])
    assert not any(word in "".join(filter(None, forms)) for word in ("Transcribed", "norbertp"))
