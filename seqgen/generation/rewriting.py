"""Bars of a tune written anew by a model that reads left to right, so that they fit both sides.

Sampling from p(bars | left) ignores what follows. Here many proposals for the bars are weighed by
the likelihood of what follows, p(right | left, bars), so that a choice by weight approximates
p(bars | left, right) (importance resampling, Rubin 1987). Some proposals copy bars from where a
return is plausible (`seqgen.music.normal.returns`); the weights divide by the probability that any
kind of proposal has for the bars (deterministic mixture, Owen and Zhou 2000). Several gaps are
filled one after the other, with a population of partly filled tunes (sequential Monte Carlo).
"""

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from seqgen.config.resolved import SamplingSpec
from seqgen.data.tokenizers.base import END
from seqgen.errors import SamplingError
from seqgen.generation.batch import RandomStreams
from seqgen.generation.constraint import mask_logits
from seqgen.generation.engine import Engine, States
from seqgen.generation.sampling import draw, filter_logits
from seqgen.music.core.key import Pitch
from seqgen.music.core.tune import Bar, NormalTune, Note
from seqgen.music.grammar.bar_filling import BarFilling, Filling
from seqgen.music.normal import codec, tokens
from seqgen.music.normal.model_tokens import ModelTune
from seqgen.music.normal.outline import final_of
from seqgen.music.normal.position_features import PositionTracker
from seqgen.music.normal.returns import Plan, bar_positions, return_plans
from seqgen.music.normal.sections import size
from seqgen.music.normal.written_form import with_bars

PROPOSALS = 64  # for a gap
POPULATION = 8  # partly filled tunes that are kept between two gaps
ZERO_TEMPERATURE = 0.8  # of proposals if the temperature is 0 and the likeliest of them is chosen

Notes = tuple[Note, ...]


@dataclass(frozen=True)
class Filled:
    """A tune with filled gaps.

    Attributes:
        bars: The new bars by index.
        fill: Log-likelihood of the new bars given what is left of each, in nats.
        right: Log-likelihood of what follows the new bars, up to the next gap or the end, in nats.
        log_weight: Logarithm of the weight among the proposals of the last gap.
    """

    bars: dict[int, Bar]
    fill: float
    right: float
    log_weight: float = 0.0

    @property
    def score(self) -> float:
        """Log-likelihood of all that the model wrote or read after the first gap began."""
        return self.fill + self.right


class BarTokens(NamedTuple):
    """The place of a bar's tokens: [begin, end), and whether they begin with a ``|:``."""

    begin: int
    end: int
    opens: bool


def bar_tokens(encoded: Sequence[str]) -> list[BarTokens]:
    """The place of the tokens of each bar, bar lines included, after the header."""
    places = []
    begin, opens, notes = next(n for n, t in enumerate(encoded) if t.startswith("K:")) + 1, False, 0
    for n, token in enumerate(encoded[begin:], start=begin):
        if token == tokens.REPEAT and not notes:
            opens = True
        elif token in tokens.BARS:
            places.append(BarTokens(begin, n + 1, opens))
            begin, opens, notes = n + 1, False, 0
        else:
            notes += 1
    return places


@dataclass
class _Partial:
    """A tune that is filled up to a gap.

    states, logits_1V: Of the model after the tokens before the gap.
    """

    filled: Filled
    states: States
    logits_1V: np.ndarray  # noqa: N815
    positions: PositionTracker | None


@dataclass
class _Proposal:
    """A proposal for a gap.

    Attributes:
        partial: The tune that it continues.
        plans: The plans for the gap in that tune, with their weights.
        plan: What it copies.
        count: How many times it is proposed.
        positions: Position features after its tokens.
        context: State of accidentals and of the last pitch after its tokens.
        bars: Its bars so far.
        log_q: For each of them, the logarithm of its probability as a new bar.
        before: Tokens before the notes of the current bar: a ``|:`` and the mark of a copy.
        marks: The bar that each copy mark stands for, by the id of the mark.
        queue: Tokens of the current bar if it is copied.
        marked: Whether it follows a copy mark, so that its tokens are certain.
        state: Grammar of the current bar.
        written: Tokens of the current bar.
        log_q_bar: Logarithm of the probability of the current bar so far.
    """

    partial: _Partial
    plans: Mapping[Plan, float]
    plan: Plan
    count: int
    positions: PositionTracker | None
    context: tuple[int, int]
    bars: list[Bar] = field(default_factory=list)
    log_q: list[float] = field(default_factory=list)
    before: deque[int] = field(default_factory=deque)
    marks: dict[int, int] = field(default_factory=dict)
    queue: deque[int] = field(default_factory=deque)
    marked: bool = False
    state: Filling | None = None
    written: list[int] = field(default_factory=list)
    log_q_bar: float = 0.0

    @property
    def notes(self) -> tuple[Notes, ...]:
        """The notes of its bars."""
        return tuple(bar.notes for bar in self.bars)


class GapFiller:
    """Fills gaps of a tune in normal form with a model."""

    def __init__(
        self,
        engine: Engine,
        pieces: Sequence[str],
        positions: PositionTracker | None,
        tune: ModelTune,
        spec: SamplingSpec,
        seed: int,
        proposals: int = PROPOSALS,
    ) -> None:
        """Prepare to fill.

        Args:
            engine: The model.
            pieces: Text of each token.
            positions: Position features before a tune, if the model has such inputs.
            tune: The tune. Of the bars in gaps only their lengths and bar lines are used, and what
                the header announces: new notes keep to its range and to its final notes.
            spec: How proposals are sampled; the temperature also applies to the choice among them.
            seed: Seed of proposals and choices.
            proposals: Number of proposals for each gap.
        """
        self._engine = engine
        self._pieces = pieces
        self._ids = {piece: id for id, piece in enumerate(pieces)}
        self._positions = positions
        self._model, self._tune = tune, tune.tune
        temperature = spec.temperature or ZERO_TEMPERATURE
        self._spec, self._proposing = spec, replace(spec, temperature=temperature)
        self._seed = seed
        self._proposals = proposals

    def fill(
        self,
        gaps: Sequence[range],
        count: int = 1,
        *,
        returns: bool = True,
        anew: bool = False,
    ) -> list[Filled]:
        """Fill gaps.

        Args:
            gaps: Indices of the bars of each gap, in order.
            count: Number of filled tunes.
            returns: Whether some proposals copy bars of the tune.
            anew: Whether to leave out proposals that equal the notes in a gap.

        Returns:
            Distinct tunes, at most ``count``, the most likely one first.

        Raises:
            SamplingError: If no proposal remains.
        """
        self._gaps = gaps
        self._grammar = BarFilling(self._pieces, self._model.lowest, self._model.highest)
        encoded = self._model.encode(self._tune)
        self._places = bar_tokens(encoded)
        self._lines = [encoded[place.end - 1] for place in self._places]
        self._positions_of_bars = bar_positions(self._tune)
        partials = [self._begin()]
        for number in range(len(gaps)):
            keep = count if number + 1 == len(gaps) else max(count, POPULATION)
            proposals = self._propose(partials, number, returns)
            partials = self._choose(proposals, number, keep, anew)
        return sorted((p.filled for p in partials), key=lambda filled: -filled.score)

    # Tokens

    def _tokens(self, bars: dict[int, Bar]) -> tuple[list[int], list[BarTokens]]:
        """The tokens of the tune with some bars replaced, and the place of each bar's."""
        encoded = self._model.encode(with_bars(self._tune, bars))
        return [*(self._ids[token] for token in encoded), END], bar_tokens(encoded)

    def _row(self, id: int, positions: PositionTracker | None) -> tuple[int, ...]:
        return (id, *positions.push(id)) if positions else (id,)

    def _rows(self, ids: Sequence[int], positions: Sequence[PositionTracker | None]) -> np.ndarray:
        rows_B = np.array([self._row(*pair) for pair in zip(ids, positions, strict=True)])
        return rows_B if self._positions else rows_B[:, 0]

    # Reading

    def _begin(self) -> _Partial:
        """Read the tune up to the first gap."""
        ids, places = self._tokens({})
        positions = _copy(self._positions)
        read = [END, *ids[: places[self._gaps[0][0]].begin]]
        rows_T = self._rows(read[1:], [positions] * (len(read) - 1))
        rows_T = np.concatenate([self._first_row()[None], rows_T])
        logits_1V, states = self._engine.read_steps(rows_T)
        states = {name: state.copy() for name, state in states.items()}
        return _Partial(Filled({}, 0.0, 0.0), states, logits_1V.copy(), positions)

    def _first_row(self) -> np.ndarray:
        """The row of the boundary before a tune, which ``positions`` has read."""
        return self._rows([END], [_copy(self._positions)])[0]

    def _advance(
        self, partials: Sequence[_Partial], sequences: Sequence[Sequence[int]]
    ) -> Iterator[tuple[int, np.ndarray, _Partial]]:
        """Read a sequence of tokens after each tune, side by side.

        Yields:
            As each is done: its index, the log-probability of each of its tokens, and the state
            after them.
        """
        live = [*range(len(sequences))]
        positions = [_copy(partial.positions) for partial in partials]
        streams = self._engine.streams(_stack([partial.states for partial in partials]))
        logits_BV = np.concatenate([partial.logits_1V for partial in partials])
        log_p = [np.zeros(len(sequence)) for sequence in sequences]
        step = 0
        while live:
            log_p_BV = log_softmax(logits_BV)
            rows = []
            for row, n in enumerate(live):
                if len(sequences[n]) > step:
                    rows.append(row)
                    log_p[n][step] = log_p_BV[row, sequences[n][step]]
                    continue
                states = {name: s[row : row + 1].copy() for name, s in streams.states.items()}
                logits_1V = logits_BV[row : row + 1].copy()
                yield n, log_p[n], _Partial(partials[n].filled, states, logits_1V, positions[n])
            if len(rows) < len(live):
                live = [live[row] for row in rows]
                if not live:
                    return
                streams = streams.select(rows)
            ids = [sequences[n][step] for n in live]
            logits_BV = streams.step(self._rows(ids, [positions[n] for n in live]))
            step += 1

    # Proposing

    def _propose(self, partials: Sequence[_Partial], number: int, returns: bool) -> list[_Proposal]:
        """Sample proposals for a gap."""
        proposals = list(self._plan(partials, number, returns))
        random = RandomStreams(self._seed, [(number, n) for n in range(len(proposals))])
        live = [*proposals]
        streams = self._engine.streams(_stack([p.partial.states for p in live]))
        logits_BV = np.concatenate([p.partial.logits_1V for p in live])
        while True:
            ids = self._sample(live, logits_BV, random.next())
            for proposal, id in zip(live, ids, strict=True):
                self._take(proposal, id, number)
            rows = [row for row, p in enumerate(live) if len(p.bars) < len(p.plan)]
            if not rows:
                return proposals
            if len(rows) < len(live):
                live, ids = [live[row] for row in rows], [ids[row] for row in rows]
                random.select(rows)
                streams = streams.select(rows)
            logits_BV = streams.step(self._rows(ids, [p.positions for p in live]))

    def _plan(
        self, partials: Sequence[_Partial], number: int, returns: bool
    ) -> Iterator[_Proposal]:
        """Divide the proposals among the tunes, and among plans by their weights."""
        gap, share = self._gaps[number], max(1, self._proposals // len(partials))
        unknown = {bar for later in self._gaps[number:] for bar in later}
        random = np.random.default_rng((self._seed, number))
        for partial in partials:
            tune = with_bars(self._tune, partial.filled.bars)
            plans = self._possible(tune, gap, return_plans(tune, gap, unknown if returns else None))
            ids, places = self._tokens(partial.filled.bars)
            context = self._grammar.context(ids[: places[gap[0]].begin])
            counts = _systematic([*plans.values()], share, random.random())
            for plan, times in zip(plans, counts, strict=True):
                # Proposals of a plan without a new bar are equal.
                proposed, count = (times, 1) if None in plan else (min(times, 1), times)
                for _ in range(proposed):
                    positions = _copy(partial.positions)
                    proposal = _Proposal(partial, plans, plan, count, positions, context)
                    self._begin_bar(proposal, number)
                    yield proposal

    def _possible(
        self, tune: NormalTune, gap: range, plans: Mapping[Plan, float]
    ) -> dict[Plan, float]:
        """The plans that fit, without those that copy equal bars from other places."""
        kept: dict[tuple[object, ...], Plan] = {}
        weights: dict[Plan, float] = {}
        before = tune.bars[gap[0] - 1].notes[-1] if gap[0] else None
        for plan, weight in plans.items():
            copied = {n: tune.bars[n].notes for n in plan if n is not None and n not in gap}
            first = plan[0]
            if before and before.tied and first is not None:
                begins = copied[first][0].pitches if first in copied else ()
                if begins != before.pitches:
                    continue
            if not self._keeps_finals(gap, plan, copied):
                continue
            plan = kept.setdefault(tuple(n if n is None else copied.get(n, n) for n in plan), plan)
            weights[plan] = weights.get(plan, 0.0) + weight
        total = sum(weights.values())
        return {plan: weight / total for plan, weight in weights.items()}

    def _keeps_finals(self, gap: range, plan: Plan, copied: Mapping[int, Notes]) -> bool:
        """Whether copied bars at the ends of sections have the final notes that are announced."""
        for index, source in zip(gap, plan, strict=True):
            final = self._model.finals.get(index)
            if final is None or source is None:
                continue
            notes = copied.get(source)
            own = final_of([Bar(notes)], self._tune.key) if notes else None
            if own is None or own.degree != final.degree or own.eighths < final.eighths:
                return False
        return True

    def _begin_bar(self, proposal: _Proposal, number: int) -> None:
        """Set the grammar and, if the bar is copied, the tokens of the next bar."""
        gap, place = self._gaps[number], len(proposal.bars)
        index = gap[place]
        line = self._lines[index]
        if self._places[index].opens:
            repeat = self._ids[tokens.REPEAT]
            proposal.before.append(repeat)
            proposal.context = self._grammar.follow(proposal.context, repeat)
        next_source = proposal.plan[place + 1] if place + 1 < len(gap) else index + 1
        after: tuple[Pitch, ...] | None = None
        if next_source == index:  # a copy of this bar, which has no notes yet
            after = ()
        elif next_source is not None:
            notes = self._source(proposal, next_source, number)
            after = notes[0].pitches if notes else ()
        length = sum(map(size, self._tune.bars[index].notes))
        final = self._model.finals.get(index)
        proposal.state = self._grammar.begin(length, line, proposal.context, after, final)
        proposal.written, proposal.log_q_bar, proposal.marked = [], 0.0, False
        source = proposal.plan[place]
        proposal.marks = self._marks(proposal, number)
        if source is None:
            return
        mark = self._ids.get(f"@{self._distance(source, index)}")
        if mark is not None and proposal.marks.get(mark) == source:
            proposal.before.append(mark)
        self._copy_bar(proposal, source, number)

    def _copy_bar(self, proposal: _Proposal, source: int, number: int) -> None:
        """Let the tokens of another bar come next."""
        assert proposal.state
        notes, state = self._source(proposal, source, number), proposal.state
        if notes[-1].tied and (
            self._pieces[state.line] != tokens.BAR or state.after != notes[-1].pitches
        ):
            notes = (*notes[:-1], notes[-1]._replace(tied=False))
        proposal.queue.extend([*self._note_ids(proposal, notes, number), state.line])

    def _marks(self, proposal: _Proposal, number: int) -> dict[int, int]:
        """The copy marks that the next bar may begin with."""
        gap, place = self._gaps[number], len(proposal.bars)
        index, tied = gap[place], proposal.context[1] >= len(self._pieces)
        unknown = {bar for later in self._gaps[number:] for bar in later} - {*gap[:place]}
        marks: dict[int, int] = {}
        for source in range(index) if not tied else ():
            mark = self._ids.get(f"@{self._distance(source, index)}")
            if mark is None or mark in marks or source in unknown:
                continue
            notes = self._source(proposal, source, number)
            steps = [pitch.step for note in notes for pitch in note.pitches]
            if (
                self._tune.bars[source].length == self._tune.bars[index].length
                and all(self._model.lowest <= step <= self._model.highest for step in steps)
                and self._keeps_finals(range(index, index + 1), (source,), {source: notes})
            ):
                marks[mark] = source
        return marks

    def _distance(self, source: int, index: int) -> int:
        """By how many bars a bar precedes another one; less than 1 if it does not."""
        one, other = self._positions_of_bars[source], self._positions_of_bars[index]
        return 0 if one is None or other is None else other - one

    def _source(self, proposal: _Proposal, index: int, number: int) -> Notes:
        """The notes of a bar, which may be one of the proposal; none beyond the tune."""
        place = index - self._gaps[number][0]
        if 0 <= place < len(proposal.bars):
            return proposal.bars[place].notes
        if index >= len(self._tune.bars):
            return ()
        return proposal.partial.filled.bars.get(index, self._tune.bars[index]).notes

    def _note_ids(self, proposal: _Proposal, notes: Notes, number: int) -> list[int]:
        """The tokens of notes in the next bar of a proposal; ties may carry signs into it."""
        bars = [Bar(notes, right=tokens.FINAL)]
        index = self._gaps[number][0] + len(proposal.bars) - 1
        while index >= 0 and (before := self._source(proposal, index, number))[-1].tied:
            bars.insert(0, Bar(before))
            index -= 1
        body = _body(codec.encode_tune(replace(self._tune, bars=tuple(bars)), None))
        places = bar_tokens(["K:\n", *body])
        return [self._ids[t] for t in body[places[-1].begin - 1 : -1]]

    def _sample(
        self, live: Sequence[_Proposal], logits_BV: np.ndarray, uniforms_B: np.ndarray
    ) -> list[int]:
        """The next token of each proposal; its probability is added to that of the bar."""
        allowed_BV = np.stack([self._grammar.allowed(p.state) for p in live if p.state])
        for row, proposal in enumerate(live):
            if not (proposal.written or proposal.marked):
                allowed_BV[row, [*proposal.marks]] = True
        masked_BV = mask_logits(logits_BV, allowed_BV)
        masked_BV -= masked_BV.max(axis=1, keepdims=True)
        filtered_BV = filter_logits(masked_BV, self._proposing)
        log_p_BV = log_softmax(filtered_BV)
        drawn_B = draw(filtered_BV, uniforms_B)
        ids = []
        for row, proposal in enumerate(live):
            queue = proposal.before or proposal.queue
            id = queue.popleft() if queue else int(drawn_B[row])
            if not proposal.marked and id != self._ids[tokens.REPEAT]:
                proposal.log_q_bar += float(log_p_BV[row, id])
            ids.append(id)
        return ids

    def _take(self, proposal: _Proposal, id: int, number: int) -> None:
        """Add a token to a proposal."""
        assert proposal.state
        if id in proposal.marks:
            proposal.marked = True
            if not proposal.queue:
                self._copy_bar(proposal, proposal.marks[id], number)
            return
        if id == self._ids[tokens.REPEAT] and id != proposal.state.line:
            return
        proposal.context = self._grammar.follow(proposal.context, id)
        if id != proposal.state.line:
            proposal.state = self._grammar.step(proposal.state, id)
            proposal.written.append(id)
            return
        original = self._tune.bars[self._gaps[number][len(proposal.bars)]]
        text = "".join(self._pieces[id] for id in proposal.written)
        head = f"R:{tokens.NO_RHYTHM}\nM:{self._tune.meter}\nK:{self._tune.key}\n"
        notes = codec.decode_tune(f"{head}{text}{tokens.FINAL}").bars[0].notes
        proposal.bars.append(replace(original, notes=notes))
        proposal.log_q.append(proposal.log_q_bar)
        if len(proposal.bars) < len(proposal.plan):
            self._begin_bar(proposal, number)

    # Choosing

    def _choose(
        self, proposals: Sequence[_Proposal], number: int, keep: int, anew: bool
    ) -> list[_Partial]:
        """Choose distinct proposals by their weights, without replacement."""
        gap = self._gaps[number]
        original = tuple(_untied(self._tune.bars[n].notes) for n in gap)
        distinct: dict[tuple[int, tuple[Notes, ...]], _Proposal] = {}
        for proposal in proposals:
            key = tuple(map(_untied, proposal.notes))
            if anew and key == original:
                continue
            if same := distinct.get((id(proposal.partial), key)):
                same.count += proposal.count
            else:
                distinct[id(proposal.partial), key] = proposal
        if not distinct:
            raise SamplingError(
                "the model writes these bars only as they are; try a higher `temperature` or other"
                " bars"
            )
        scored = [*self._score([*distinct.values()], number)]
        weights = np.array([partial.filled.log_weight for partial in scored])
        if self._spec.temperature:
            weights += np.random.default_rng((self._seed, number, 1)).gumbel(size=len(weights))
        # The Gumbel maximum draws by weight, the largest few without replacement.
        return [scored[n] for n in np.argsort(-weights, kind="stable")[:keep]]

    def _score(self, proposals: Sequence[_Proposal], number: int) -> Iterator[_Partial]:
        """Read each proposal and what follows it, up to the next gap or the end."""
        gap = self._gaps[number]
        sequences, lengths, filled = [], [], []
        for proposal in proposals:
            new = dict(zip(gap, proposal.bars, strict=True))
            tune = with_bars(self._tune, {**proposal.partial.filled.bars, **new})
            bars = {n: tune.bars[n] for n in (*proposal.partial.filled.bars, *gap)}
            ids, places = self._tokens(bars)
            later = self._gaps[number + 1 :]
            end = places[later[0][0]].begin if later else len(ids)
            begin = places[gap[0]].begin
            sequences.append(ids[begin:end])
            lengths.append(places[gap[-1]].end - begin)
            filled.append(bars)
        read = self._advance([proposal.partial for proposal in proposals], sequences)
        results = {n: (log_p, after) for n, log_p, after in read}
        for n, proposal in enumerate(proposals):
            log_p, after = results[n]
            before = proposal.partial.filled
            fill, right = float(log_p[: lengths[n]].sum()), float(log_p[lengths[n] :].sum())
            weight = (fill + right) / (self._spec.temperature or 1.0)
            if self._spec.temperature:
                weight += math.log(proposal.count) - self._log_mixture(proposal, number)
            after.filled = Filled(filled[n], before.fill + fill, before.right + right, weight)
            yield after

    def _log_mixture(self, proposal: _Proposal, number: int) -> float:
        """The log-probability of a proposal's bars under all plans together."""
        notes = [_untied(bar) for bar in proposal.notes]
        equal = {
            (place, source): notes[place] == _untied(self._source(proposal, source, number))
            for place, source in {pair for plan in proposal.plans for pair in enumerate(plan)}
            if source is not None
        }
        total = -math.inf
        for plan, weight in proposal.plans.items():
            log_q = math.log(weight)
            for place, source in enumerate(plan):
                if source is None:
                    log_q += proposal.log_q[place]
                elif not equal[place, source]:
                    break
            else:
                total = float(np.logaddexp(total, log_q))
        return total


def log_softmax(logits_BV: np.ndarray) -> np.ndarray:
    """The log-probabilities of logits, float64 [B, V]."""
    shifted_BV = (logits_BV - logits_BV.max(axis=1, keepdims=True)).astype(np.float64)
    log_p_BV: np.ndarray = shifted_BV - np.log(np.exp(shifted_BV).sum(axis=1, keepdims=True))
    return log_p_BV


def _systematic(weights: Sequence[float], count: int, offset: float) -> list[int]:
    """How often each item is drawn among ``count`` systematic draws. offset: in [0, 1)."""
    ends = np.cumsum(weights) / np.sum(weights) * count
    drawn = np.ceil(ends - offset).astype(int)
    drawn[-1] = count
    return np.diff(drawn, prepend=0).tolist()


def _untied(notes: Notes) -> Notes:
    """The notes without a tie over the bar line."""
    return (*notes[:-1], notes[-1]._replace(tied=False))


def _copy(positions: PositionTracker | None) -> PositionTracker | None:
    return positions.copy() if positions else None


def _stack(states: Sequence[States]) -> dict[str, np.ndarray]:
    """Join the states of single streams."""
    return {name: np.concatenate([state[name] for state in states]) for name in states[0]}


def _body(text: str) -> list[str]:
    """The tokens of the music of a tune in normal form, without copy marks."""
    found = tokens.PATTERN.findall(codec.split_header(text)[1])
    return [token for token in found if token not in tokens.COPIES]
