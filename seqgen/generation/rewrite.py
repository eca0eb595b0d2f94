"""Tunes with some bars rewritten by a model."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby
from typing import TypeVar

from seqgen.checkpoint.read import Checkpoint
from seqgen.config.options import RewriteOptions
from seqgen.config.resolved import SamplingSpec
from seqgen.data.tokenizers.base import END
from seqgen.errors import ConfigError, SamplingError, TuneError
from seqgen.generation.engine import Engine
from seqgen.generation.rewrite_request import parse_rewrite, with_number
from seqgen.generation.rewriting import PROPOSALS, Filled, GapFiller
from seqgen.music.abc.bar_spans import SpannedTune, read_spans, splice, with_signs
from seqgen.music.core.key import Key, Pitch, respell
from seqgen.music.core.left_out import attachments_left_out
from seqgen.music.core.tune import Bar, NormalTune
from seqgen.music.normal.model_tokens import model_tune
from seqgen.music.normal.position_features import PositionTracker
from seqgen.music.normal.tokenizer import AbcTokenizer
from seqgen.music.render.abc_writer import bar_text

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True)
class Rewrite:
    """A tune with rewritten bars.

    Attributes:
        abc: The tune; outside the bars it is as it was.
        bars: Numbers of the bars in a score.
        fill: Log-likelihood of the new bars, in nats.
        right: Log-likelihood of what follows them, in nats.
        left_out: What the old bars had besides notes, by kind.
        sung: Numbers of the new bars with lyrics below them, which were those of the old notes.
    """

    abc: str
    bars: tuple[int, ...]
    fill: float
    right: float
    left_out: Mapping[str, int]
    sung: tuple[int, ...] = ()

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood of the new bars and of what follows them, in nats."""
        return self.fill + self.right


class TuneRewriter:
    """Rewrites bars with a model of tunes."""

    def __init__(self, checkpoint: Checkpoint, engine: Engine) -> None:
        """Rewrite with the model of a checkpoint.

        Args:
            checkpoint: The model.
            engine: Runs it.

        Raises:
            ConfigError: If its tokens are not those of tunes.
        """
        data = checkpoint.config.data
        if data.tokenizer != AbcTokenizer.kind:
            raise ConfigError("only models with `tokenizer='abc'` rewrite bars", option="tune")
        self._engine = engine
        self._pieces = checkpoint.tokenizer.pieces
        self._common_tonic = data.transpose == "common"
        self._positions: PositionTracker | None = None
        if checkpoint.config.feature_sizes:
            self._positions = PositionTracker(self._pieces)
            self._positions.push(END)

    def rewrite(self, options: RewriteOptions, spec: SamplingSpec, seed: int) -> list[Rewrite]:
        """Rewrite bars of a tune.

        Args:
            options: The tune, and which of its bars.
            spec: How the bars are sampled.
            seed: Seed of everything that is drawn.

        Returns:
            At most ``options.candidates`` versions, the likeliest first.

        Raises:
            ConfigError: If the tune or the bars cannot be used.
            SamplingError: If the model has nothing new to write.
        """
        request = parse_rewrite(options, seed)
        versions: list[tuple[dict[int, Bar], float, float]] = [({}, 0.0, 0.0)]
        for number, piece in enumerate(request.form.pieces):
            index_of = {
                place[1]: index
                for index in request.bars
                if (place := request.form.places[index]) and place[0] == number
            }
            if not index_of:
                continue
            found = self.fill(
                piece, _runs([*index_of]), options.candidates, spec, seed,
                open_bars=index_of if request.gaps else (), anew=not request.gaps,
            )  # fmt: skip
            versions = [
                (bars | {index_of[n]: bar for n, bar in new.bars.items()}, fill + new.fill,
                 right + new.right)
                for (bars, fill, right), new in _paired(versions, found)
            ]  # fmt: skip
        numbers = tuple(dict.fromkeys(request.source.numbers[n] for n in request.bars))
        rewrites = []
        for bars, fill, right in versions:
            changed = _changed(request.source, bars)
            abc = write_bars(request.source, changed)
            if abc is not None:
                left_out = Counter[str]() if request.gaps else _left_out(request.source, changed)
                sung = _sung(request.source, changed)
                rewrites.append(Rewrite(abc, numbers, fill, right, left_out, sung))
        if not rewrites:
            raise SamplingError(
                "these bars cannot be replaced without changing others; add those beside them"
            )
        if len(rewrites) > 1:
            rewrites = [
                replace(each, abc=with_number(each.abc, n))
                for n, each in enumerate(rewrites, start=1)
            ]
        return rewrites

    def fill(
        self,
        tune: NormalTune,
        gaps: Sequence[range],
        count: int,
        spec: SamplingSpec,
        seed: int,
        *,
        open_bars: Collection[int] = (),
        returns: bool = True,
        anew: bool = False,
        proposals: int = PROPOSALS,
    ) -> list[Filled]:
        """Fill gaps of a tune in normal form (`GapFiller.fill`), in its own key.

        Raises:
            ConfigError: If the model has no tokens for the tune.
        """
        try:
            model = model_tune(tune, self._pieces, self._common_tonic, open_bars)
        except TuneError as error:
            raise ConfigError(f"{error.reason}: {error.where}", option="tune") from error
        filler = GapFiller(
            self._engine, self._pieces, self._positions, model, spec, seed, proposals
        )
        found = filler.fill(gaps, count, returns=returns, anew=anew)
        back = _way_back(tune, model.tune)
        return [
            replace(each, bars={n: _moved(bar, back) for n, bar in each.bars.items()})
            for each in found
        ]


def _runs(indices: Sequence[int]) -> list[range]:
    """Consecutive indices as ranges."""
    groups = groupby(enumerate(sorted(indices)), key=lambda pair: pair[1] - pair[0])
    runs = [[index for _, index in group] for _, group in groups]
    return [range(run[0], run[-1] + 1) for run in runs]


def _paired(one: Sequence[A], other: Sequence[B]) -> list[tuple[A, B]]:
    """Pairs of versions of two parts of a tune; the shorter list is repeated."""
    count = max(len(one), len(other))
    return [(one[n % len(one)], other[n % len(other)]) for n in range(count)]


# Keys


@dataclass(frozen=True)
class _WayBack:
    """The move from the model's key back to that of the tune, by letters."""

    letters: int
    own: Key
    key: Key

    def __call__(self, pitch: Pitch) -> Pitch:
        added = pitch.alter - self.own.signature[pitch.letter]
        there = Pitch(pitch.step + self.letters)
        return respell(there._replace(alter=self.key.signature[there.letter] + added))


def _way_back(tune: NormalTune, moved: NormalTune) -> _WayBack:
    first, there = (
        next(note.pitches[0] for bar in each.bars for note in bar.notes if note.pitches)
        for each in (tune, moved)
    )
    return _WayBack(first.step - there.step, moved.key, tune.key)


def _moved(bar: Bar, way: _WayBack) -> Bar:
    notes = (note._replace(pitches=tuple(map(way, note.pitches))) for note in bar.notes)
    return replace(bar, notes=tuple(notes))


# Source


def write_bars(source: SpannedTune, bars: Mapping[int, Bar]) -> str | None:
    """Write new notes into bars of a tune.

    Args:
        source: The tune.
        bars: The new bars by index; their bar lines are not written.

    Returns:
        The tune; None if the other bars would change: one of them may depend on the sign of a tied
        note that is gone, or the source be so unusual that bars cannot be separated.
    """
    replacements = {}
    for index, bar in bars.items():
        span, meter = source.spans[index], source.tune.meter
        is_pickup = index == 0 or source.numbers[index] == source.numbers[index - 1]
        start = meter.length - bar.length if is_pickup else Fraction(0)
        replacements[index] = bar_text(
            bar.notes, span.key, meter, unit=span.unit, octave=span.octave, start=start
        )
    expected = [_sounds(bars.get(n, bar)) for n, bar in enumerate(source.tune.bars)]
    text = splice(source, replacements)
    try:
        written = read_spans(text)
        for after in [index + 1 for index in bars if index + 1 < len(expected)]:
            if after not in bars and _sounds(written.tune.bars[after]) != expected[after]:
                pitches = source.tune.bars[after].notes[0].pitches
                span = written.spans[after]
                written = read_spans(with_signs(written.text, span.first, pitches, span.octave))
    except (TuneError, IndexError):
        return None
    if [_sounds(bar) for bar in written.tune.bars] != expected:
        return None
    return written.text


def _sounds(bar: Bar) -> list[tuple[object, ...]]:
    """The pitches and lengths of a bar."""
    return [(note.pitches, note.written, note.tuplet) for note in bar.notes]


def _changed(source: SpannedTune, bars: Mapping[int, Bar]) -> dict[int, Bar]:
    """The bars with other notes than before; the others keep their ornaments too."""
    return {
        index: bar
        for index, bar in bars.items()
        if _sounds(bar) != _sounds(source.tune.bars[index])
        or bar.notes[-1].tied != source.tune.bars[index].notes[-1].tied
    }


def _left_out(source: SpannedTune, bars: Collection[int]) -> Counter[str]:
    """What bars have besides notes, without lyrics."""
    tune = source.tune
    old = tuple(tune.bars[n] for n in sorted(bars))
    plain = replace(
        tune, bars=old, voices=(), words=(), tempo=None, tempo_text="", left_out={}
    )  # fmt: skip
    counts = attachments_left_out(plain)
    counts["lyric syllable"] = 0  # they stay, see `Rewrite.sung`
    return +counts


def _sung(source: SpannedTune, bars: Collection[int]) -> tuple[int, ...]:
    """The numbers of the bars that have lyrics."""
    return tuple(
        source.numbers[n]
        for n in sorted(bars)
        if any(note.attached.lyrics for note in source.tune.bars[n].notes)
    )
