import pytest

from seqgen.errors import TuneError
from seqgen.music.grammar.grammar import Grammar, OutOfPlaceError
from seqgen.music.grammar.spec import TuneSpec
from seqgen.music.normal.tokens import BODY, COPIES, PATTERN

TOKENS = ["<end>", "R:jig\n", "M:6/8\n", "M:2/4\n", "K:Cmaj\n", *BODY, *COPIES, "?"]
OUTLINES = [
    *TOKENS, "O:D\n", "O:?\n", "L:C\n", "L:?\n", "H:c\n", "H:?\n", "P:1\n", "P:2*\n", "P:?\n",
    "F:1,3\n", "F:5,2\n", "F:?\n",
]  # fmt: skip


def followed(tune, spec=None, tokens=TOKENS):
    return Grammar(tokens, spec).follow([tokens.index(token) for token in PATTERN.findall(tune)])


@pytest.mark.parametrize(
    ("body", "place", "why"),
    [
        ("abcdefg", "token 10, 'g', in bar 1", "bar too long: 6 eighths are full"),
        ("|:abcdef|gab2c4", "token 17, '4', in bar 2", "bar too long: 8 of 6 eighths"),
        ("|:a6:|b6|c2d2|", "token 15, '|', in bar 3", "bar too short: 4 of 6 eighths"),
        ("|:a|b3c:|d|", "token 10, ':|', in bar 2", "bar too short: 4 of 5 eighths"),
        ("a3-b3", "token 7, 'b'", "the tie requires a"),
        ("a3z-a2", "token 7, '-'", "a tie without a note"),
        ("a^ff", "token 6, 'f'", "F has had a sign in this bar, so f needs one"),
        ("a=f", "token 5, '=f'", "the sign of =f is in the key already"),
        ("(3ab|", "token 7, '|'", "a triplet lacks 1 of its notes"),
        ("(3az", "token 6, 'z'", "a triplet lacks 2"),
        ("(3a2b/2", "token 8, '/2'", "equally long"),
        ("a/4b2", "token 7, '2'", "cannot be drawn"),
        ("a6:|", "token 6, ':|'", "without |:"),
        ("|:a6|1b6-:|2", "token 11, ':|2'", "a tie over the edge"),
        ("|:a6|1b6|]", "token 10, '|]'", "no place"),
        ("a6|]b", "token 7, 'b'", "the tune is over"),
        ("a6||:|", "token 7, ':|'", "a section begins here"),
        ("4", "token 4, '4'", "a length without a note"),
        ("M:6/8\n", "token 4, 'M:6/8'", "a line of the header within"),
        ("?", "token 4, '?'", "no token of the normal form"),
        ("a@1", "token 5, '@1'", "a copy mark elsewhere than at the beginning of a bar"),
        ("@1", "token 4, '@1'", "a copy mark elsewhere"),
    ],
)
def test_an_invalid_prompt_raises_an_error_with_place_and_reason(body, place, why):
    with pytest.raises(TuneError, match=why) as error:
        followed("R:jig\nM:6/8\nK:Cmaj\n" + body)
    assert place in str(error.value)
    assert isinstance(error.value, OutOfPlaceError)
    assert error.value.index == int(place.split(",")[0].split()[1]) - 1


def test_a_header_out_of_order_is_refused():
    with pytest.raises(TuneError, match=r"the meter comes here \(M:\)"):
        followed("R:jig\nK:Cmaj\n")


@pytest.mark.parametrize(
    ("tune", "spec", "why"),
    [
        ("M:2/4\n", TuneSpec(meters=frozenset(["M:6/8\n"])), "not a meter that is allowed"),
        ("M:6/8\nK:Cmaj\nc", TuneSpec(highest=71), "a note outside the request"),
        ("M:6/8\nK:Cmaj\n^c", TuneSpec(no_accidentals=True), "a note outside the request"),
        ("M:6/8\nK:Cmaj\nc6||d6||", TuneSpec(bars=(2, 2)), "no place in this section"),
        ("M:6/8\nK:Cmaj\nc6|d6|e", TuneSpec(bars=(2, 2)), "no place in this section"),
        ("M:6/8\nK:Cmaj\nc6|", TuneSpec(form="AABB"), "continues like this|no place"),
        ("M:6/8\nK:Cmaj\n|:c6:|d", TuneSpec(form="AABB"), r"the form requires \|:"),
        ("M:6/8\nK:Cmaj\nd6|]", TuneSpec(tonic=True), "no tune of the requested form"),
    ],
)
def test_a_prompt_that_contradicts_the_spec_raises_an_error(tune, spec, why):
    assert followed("R:jig\n" + tune)
    with pytest.raises(TuneError, match=why):
        followed("R:jig\n" + tune, spec)


@pytest.mark.parametrize(
    ("tune", "why"),
    [
        ("O:D\nH:c\n", r"the lowest note comes here \(L:\)"),
        ("O:?\n", "not a tonic that is allowed"),
        ("O:D\nL:C\nH:?\n", "not a highest note that is allowed"),
        ("O:D\nL:C\nH:c\nK:Cmaj\n", r"the section comes here \(P:\)"),
        ("O:D\nL:C\nH:c\nP:1\nP:1\n", r"the final note comes here \(F:\)"),
        ("O:D\nL:C\nH:c\nP:?\nP:1\n", r"the key comes here \(K:\)"),
        ("O:D\nL:C\nH:c\nP:1\nF:1,3\nK:Cmaj\nd", "a note outside the request"),
        ("O:D\nL:C\nH:c\nP:1\nF:1,3\nK:Cmaj\n|:", "a section begins here, with a note"),
        ("O:D\nL:C\nH:c\nP:1\nF:1,3\nK:Cmaj\nC6|", "no place in this section"),
        ("O:D\nL:C\nH:c\nP:1\nF:1,3\nK:Cmaj\nD6|]", "no tune of the requested form"),
        ("O:D\nL:C\nH:c\nP:1\nF:1,3\nK:Cmaj\nD4C2|]", "no tune of the requested form"),
        ("O:D\nL:C\nH:c\nP:2*\nF:1,3\nK:Cmaj\n|:C6|D6:|", "no tune of the requested form"),
    ],
)
def test_a_tune_that_contradicts_its_header_raises_an_error(tune, why):
    with pytest.raises(TuneError, match=why):
        followed(f"R:jig\nM:6/8\n{tune}", tokens=OUTLINES)
