"""Explains in words why the grammar does not allow a token."""

from fractions import Fraction
from typing import TYPE_CHECKING

from seqgen.music.core.key import LETTERS
from seqgen.music.grammar.accidentals import MASKS
from seqgen.music.grammar.bar_automaton import (
    COPY,
    END,
    FORBIDDEN,
    HEADER,
    InBarState,
    fits,
    without_pending,
)
from seqgen.music.grammar.header import HeaderState
from seqgen.music.grammar.states import GrammarState
from seqgen.music.grammar.structure import Stage
from seqgen.music.normal import tokens

if TYPE_CHECKING:
    from seqgen.music.grammar.grammar import Grammar

_NAMES = {
    "R": "rhythm", "M": "meter", "O": "tonic", "L": "lowest note", "H": "highest note",
    "P": "section", "F": "final note", "K": "key",
}  # fmt: skip
_WITHOUT_PLACE = {
    tokens.REPEAT: "|: within a section; close it first",
    tokens.CLOSE: ":| in a section without |:, or in an ending, or before its bars are full",
    tokens.SECOND: ":|2 without a first ending",
}


def explain(grammar: "Grammar", state: tuple[int, int, int], id: int) -> str:
    """Why a token may not follow a state of the grammar.

    Causes are checked from the nearest to the farthest: the token itself, its accidental, the bar,
    the section, and the spec.
    """
    token = grammar.tokens[id]
    tune_state = grammar.tune_state(state)
    if isinstance(tune_state, HeaderState):
        return _explain_header(tune_state, token)
    token_class = grammar.token_class(state, id)
    if token_class == HEADER:
        return "a line of the header within the music"
    if token_class == COPY:
        return "a copy mark elsewhere than at the beginning of a bar"
    if token_class == FORBIDDEN:
        known = token in tokens.BODY
        return "a note outside the request" if known else "no token of the normal form"
    if tune_state.bar_state.stage in (Stage.OVER, Stage.ENDED):
        return "the tune is over"
    if not (grammar.ties[state[2], id] and grammar.signs[state[1], id]):
        return _explain_pitch(grammar, state, id)
    if token_class == END:
        return _explain_end(tune_state)
    explain_music = _explain_bar_line if token_class in tokens.BARS else _explain_in_bar
    return (
        explain_music(grammar, tune_state, token_class)
        or "no tune of the requested form and length continues like this"
    )


def _explain_header(state: HeaderState, token: str) -> str:
    if token.startswith(f"{state.line}:"):
        return f"not a {_NAMES[state.line]} that is allowed, or not with the lines before"
    return f"the {_NAMES[state.line]} comes here ({state.line}:)"


def _explain_pitch(grammar: "Grammar", state: tuple[int, int, int], id: int) -> str:
    """A pitch must repeat a tied one, needs a sign, or has a redundant one."""
    token, last = grammar.tokens[id], state[2]
    if last >= len(grammar.tokens):
        return f"the tie requires {grammar.tokens[last - len(grammar.tokens)]}"
    letter = int(grammar.accidentals.letter[id])
    if state[1] % MASKS >> letter & 1:
        return f"{LETTERS[letter]} has had a sign in this bar, so {token} needs one"
    return f"the sign of {token} is in the key already"


def _explain_end(state: GrammarState) -> str:
    if state.bar_state.stage is Stage.REPEATED:
        return "the tune does not end as requested"
    return "the tune is not closed; it ends after |] or :|"


def _explain_in_bar(grammar: "Grammar", state: GrammarState, token_class: str) -> str:
    """The bar has no room for a note, length, triplet or tie."""
    bar_state = grammar.automaton.bar_of_next_note(state)
    if not bar_state:
        return "the form requires |: here"
    bar = bar_state.bar
    in_bar = grammar.automaton.in_bar_state(state)
    if token_class in tokens.LENGTHS and in_bar.pending:
        return _explain_length(in_bar, tokens.LENGTHS[token_class], bar)
    if token_class in tokens.LENGTHS:
        return "a length without a note"
    now = without_pending(in_bar, bar)
    if now is None:
        return _explain_length(in_bar, in_bar.unit or tokens.TICKS, bar)
    if token_class == tokens.TIE:
        return "a tie without a note that can be tied" if not now.tieable else ""
    if now.triplet_left:
        return f"a triplet lacks {now.triplet_left} of its notes"
    if now.tied and token_class in (tokens.REST, tokens.TRIPLET):
        return "the tie requires the same note"
    if now.position >= bar:
        return f"bar too long: {_eighths(bar)} eighths are full"
    if token_class == tokens.TRIPLET:
        return "a triplet that begins within an eighth, or has no room in the bar"
    return ""


def _explain_length(state: InBarState, length: int, bar: int) -> str:
    """The pending note or triplet cannot have a length."""
    if state.unit:
        return "the notes of a triplet are equally long"
    end = state.position + (2 * length if state.triplet_left else length)
    if end > bar:
        return f"bar too long: {_eighths(end)} of {_eighths(bar)} eighths"
    if state.triplet_left:
        return "the notes of a triplet are /2, 1 or 2 long"
    if not fits(state.position, length, bar):
        return "a rhythm that cannot be drawn: begins and ends within an eighth"
    return ""


def _explain_bar_line(grammar: "Grammar", state: GrammarState, token: str) -> str:
    """The bar is too short or long for a bar line, or its section has no such line."""
    if grammar.automaton.is_between_sections(state):
        return f"a section begins here, with a note{' or |:' if token != tokens.REPEAT else ''}"
    in_bar, bar = grammar.automaton.in_bar_state(state), state.bar_state.bar
    now = without_pending(in_bar, bar)
    if now is None:
        return _explain_length(in_bar, in_bar.unit or tokens.TICKS, bar)
    if now.triplet_left:
        return f"a triplet lacks {now.triplet_left} of its notes"
    if now.tied and token != tokens.BAR:
        return "a tie over the edge of a section or ending"
    lines = grammar.structure.bar_lines(state.bar_state)
    positions = [line.position for line in lines if line.token == token]
    # A first bar may be a pickup, but a full one is none.
    if not positions or (token == tokens.BAR and now.position == bar not in positions):
        return _WITHOUT_PLACE.get(token, "") or f"{token} has no place in this section"
    if now.position not in positions:
        last = max(positions)
        size = "short" if now.position < last else "long"
        return f"bar too {size}: {_eighths(now.position)} of {_eighths(last)} eighths"
    return ""


def _eighths(ticks: int) -> str:
    """A length in eighths: 5, or 5 1/2."""
    whole, part = divmod(Fraction(ticks, tokens.TICKS), 1)
    return " ".join(str(number) for number in (whole, part) if number) or "0"
