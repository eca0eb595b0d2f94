"""Why a token may not come, in words."""

from fractions import Fraction
from typing import TYPE_CHECKING

from seqgen.music.core.key import LETTERS
from seqgen.music.grammar.accidentals import MASKS
from seqgen.music.grammar.bar_automaton import (
    END,
    HEADER,
    KINDS,
    NEVER_A_TOKEN,
    InBarState,
    fits,
    settled,
)
from seqgen.music.grammar.header import Heading
from seqgen.music.grammar.states import GrammarState
from seqgen.music.grammar.structure import Stage
from seqgen.music.normal import tokens

if TYPE_CHECKING:
    from seqgen.music.grammar.grammar import Grammar

NAMES = {"R": "rhythm", "M": "meter", "P": "outline", "K": "key"}


def reason(grammar: "Grammar", state: tuple[int, int, int], id: int) -> str:
    """Why a token may not come at a state of the grammar.

    The reasons are looked for from the nearest to the farthest: the token itself, its spelling, the
    bar, the section, and what was asked for.
    """
    token = grammar.tokens[id]
    spot = grammar.spot(state)
    if isinstance(spot, Heading):
        return in_header(grammar, spot, token)
    kind = KINDS[grammar.kind(state, id)]
    if kind == HEADER:
        return "a line of the header within the music"
    if kind == NEVER_A_TOKEN:
        known = token in tokens.BODY
        return "a note that was not asked for" if known else "no token of the normal form"
    if spot.point.stage in (Stage.OVER, Stage.ENDED):
        return "the tune is over"
    if not (grammar.ties[state[2], id] and grammar.signs[state[1], id]):
        return misspelt(grammar, state, id)
    if kind == END:
        return unended(spot)
    found = in_section(grammar, spot, kind) if kind in tokens.BARS else in_bar(grammar, spot, kind)
    return found or "no tune of the form and length asked for goes on from there"


def in_header(grammar: "Grammar", spot: Heading, token: str) -> str:
    if token.startswith(f"{spot.line}:"):
        return f"not a {NAMES[spot.line]} that was asked for, or not with this rhythm"
    return f"the {NAMES[spot.line]} comes here ({spot.line}:)"


def misspelt(grammar: "Grammar", state: tuple[int, int, int], id: int) -> str:
    """Why a pitch is not spelled so: it must repeat a tied one, needs a sign, or needs none."""
    token, last = grammar.tokens[id], state[2]
    if last >= len(grammar.tokens):
        return f"the tie goes on to {grammar.tokens[last - len(grammar.tokens)]}"
    letter = int(grammar.spelling.letter[id])
    if state[1] % MASKS >> letter & 1:
        return f"{LETTERS[letter]} has had a sign in this bar, so {token} needs one"
    return f"the sign of {token} is in the key already"


def unended(spot: GrammarState) -> str:
    if spot.point.stage is Stage.REPEATED:
        return "the tune does not end as asked for"
    return "the tune is not closed; it ends behind |] or :|"


def in_bar(grammar: "Grammar", spot: GrammarState, kind: str) -> str:
    """Why the bar has no room for a note, a length, a triplet or a tie."""
    point = grammar.spots.bar_point(spot)
    if not point:
        return "|: comes here, as the form asks for"
    moment = grammar.spots.moment(spot)
    if kind in tokens.LENGTHS and moment.pending:
        return misfit(moment, tokens.LENGTHS[kind], point.bar)
    if kind in tokens.LENGTHS:
        return "a length without a note"
    now = settled(moment, point.bar)
    if now is None:
        return misfit(moment, moment.unit or tokens.TICKS, point.bar)
    if kind == tokens.TIE:
        return "a tie without a note that can be tied" if not now.tieable else ""
    if now.due:
        return f"a triplet lacks {now.due} of its notes"
    if now.tied and kind in (tokens.REST, tokens.TRIPLET):
        return "the tie goes on to the same note"
    if now.at >= point.bar:
        return f"bar too long: {eighths(point.bar)} eighths are full"
    if kind == tokens.TRIPLET:
        return "a triplet that begins within an eighth, or has no room in the bar"
    return ""


def misfit(moment: InBarState, length: int, bar: int) -> str:
    """Why a note or triplet that is pending cannot have a length."""
    if moment.unit:
        return "the notes of a triplet are equally long"
    end = moment.at + (2 * length if moment.due else length)
    if end > bar:
        return f"bar too long: {eighths(end)} of {eighths(bar)} eighths"
    if moment.due:
        return "the notes of a triplet are /2, 1 or 2 long"
    if not fits(moment.at, length, bar):
        return "a rhythm that cannot be drawn: begins and ends within an eighth"
    return ""


def in_section(grammar: "Grammar", spot: GrammarState, token: str) -> str:
    """Why a bar line may not come: the bar is too short or long, or the section has none such."""
    if grammar.spots.between(spot):
        return f"a section begins here, with a note{' or |:' if token != tokens.REPEAT else ''}"
    moment, bar = grammar.spots.moment(spot), spot.point.bar
    now = settled(moment, bar)
    if now is None:
        return misfit(moment, moment.unit or tokens.TICKS, bar)
    if now.due:
        return f"a triplet lacks {now.due} of its notes"
    if now.tied and token != tokens.BAR:
        return "a tie over the edge of a section or ending"
    places = [line.at for line in grammar.course.lines(spot.point) if line.token == token]
    if places and now.at not in places:
        least = max(places)
        size = "short" if now.at < least else "long"
        return f"bar too {size}: {eighths(now.at)} of {eighths(least)} eighths"
    if not places:
        return NO_PLACE.get(token, "") or f"{token} has no place in this section"
    return ""


NO_PLACE = {
    tokens.REPEAT: "|: within a section; close it first",
    tokens.CLOSE: ":| in a section without |:, or in an ending, or before its bars are full",
    tokens.SECOND: ":|2 without a first ending",
}


def eighths(ticks: int) -> str:
    """A length in eighths: 5, or 5 1/2."""
    whole, part = divmod(Fraction(ticks, tokens.TICKS), 1)
    return " ".join(str(number) for number in (whole, part) if number) or "0"
