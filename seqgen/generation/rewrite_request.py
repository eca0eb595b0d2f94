"""Parse and check which bars of a tune are to be rewritten."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from seqgen.config.options import RewriteOptions
from seqgen.errors import ConfigError, TuneError
from seqgen.music.abc import fields, lexer
from seqgen.music.abc.bar_spans import SECTION_ENDS, SpannedTune, placed_lines, read_spans, splice
from seqgen.music.core.tune import Note, Tune, meter_at
from seqgen.music.normal.written_form import WrittenForm, written_form
from seqgen.music.render.abc_writer import bar_text

GAPS = "gaps"
UNIT_BARS = 2  # bars that `vary` rewrites together

_RANGE = re.compile(r"\s*([0-9]{1,4})\s*(?:[-–]\s*([0-9]{1,4})\s*)?")


@dataclass(frozen=True)
class RewriteRequest:
    """Bars of a tune to rewrite.

    Attributes:
        source: The tune.
        form: Its normal form.
        bars: Indices of the bars, in order.
        gaps: Whether they are empty in the source.
    """

    source: SpannedTune
    form: WrittenForm
    bars: tuple[int, ...]
    gaps: bool = False


def parse_rewrite(options: RewriteOptions, seed: int) -> RewriteRequest:
    """Parse which bars of which tune are to be rewritten.

    Args:
        options: The tune, and the bars or their share.
        seed: Chooses the bars of a share.

    Raises:
        ConfigError: If the tune cannot be read or has no such bars, or no bars are requested.
    """
    tune, bars = options.tune, options.rewrite
    if tune is None:
        name = next(n for n in ("rewrite", "vary", "candidates") if getattr(options, n) is not None)
        raise ConfigError("needs a tune; give its ABC as `tune`", option=name)
    if (bars is None) == (options.vary is None):
        raise ConfigError(
            "needs either `rewrite`, the bars to rewrite (5-8, or gaps), or `vary`, their share",
            option="tune",
        )
    is_gaps = bars is not None and bars.strip().lower() == GAPS
    with_rests = _with_rests(tune)
    if with_rests != tune and not is_gaps:
        raise ConfigError("the tune has bars of ?; `rewrite='gaps'` fills them", option="tune")
    try:
        source = read_spans(with_rests)
        form, source = _written_form(source)
    except TuneError as error:
        where = f"{error.where}: " if error.where else ""
        raise ConfigError(
            f"{where}{error.reason}; a model of tunes reads tunes of one melody whose bars add up",
            option="tune",
        ) from error
    if is_gaps:
        chosen = [n for n, bar in enumerate(source.tune.bars) if not _has_notes(bar.notes)]
        if not chosen:
            raise ConfigError("the tune has no bar of rests or ?", option="rewrite")
    elif bars is not None:
        chosen = parse_bars(bars, source)
    else:
        chosen = draw_bars(options.vary or 0.0, source, form, seed)
    _check(chosen, source, form)
    return RewriteRequest(source, form, tuple(chosen), is_gaps)


def parse_bars(text: str, source: SpannedTune) -> list[int]:
    """The indices of bars such as ``5-8,13-16``, by their numbers in a score.

    Raises:
        ConfigError: If they are no bars, or the tune does not have them.
    """
    indices: dict[int, int] = {}  # by number; the pickup of a later section has none of its own
    for index, number in enumerate(source.numbers):
        indices.setdefault(number, index)
    last = max(indices)
    chosen = set()
    for part in text.split(","):
        match = _RANGE.fullmatch(part)
        if not match:
            raise ConfigError(
                f"{text!r} names no bars; write 5-8,13-16, or gaps for bars of rests or ?",
                option="rewrite",
            )
        begin, end = int(match[1]), int(match[2] or match[1])
        if begin > end:
            raise ConfigError(
                f"{begin}-{end} runs backwards; write {end}-{begin}", option="rewrite"
            )
        if end > last:
            asked = f"bar {end}" if begin == end else f"bars {begin}-{end}"
            raise ConfigError(f"{asked} requested, but the tune has {last}", option="rewrite")
        if begin == 0 and 0 not in indices:
            raise ConfigError(
                "bar 0 is the pickup, and the tune has none; its first bar is 1", option="rewrite"
            )
        chosen |= {indices[number] for number in range(begin, end + 1)}
    return sorted(chosen)


def draw_bars(share: float, source: SpannedTune, form: WrittenForm, seed: int) -> list[int]:
    """Draw full bars in groups of `UNIT_BARS`; at least one bar."""
    first: dict[int, int] = {}
    for index, number in enumerate(source.numbers):
        if number and form.places[index] and not source.tune.bars[index].overlays:
            first.setdefault(number, index)
    groups: dict[int, list[int]] = {}
    for number, index in first.items():
        groups.setdefault((number - 1) // UNIT_BARS, []).append(index)
    order = np.random.default_rng((seed, 0)).permutation(list(groups))
    bars = [index for group in order for index in groups[int(group)]]
    return sorted(bars[: max(1, round(share * len(bars)))])


def _check(chosen: Sequence[int], source: SpannedTune, form: WrittenForm) -> None:
    """Raise ConfigError for a bar that cannot be replaced alone."""
    for index in chosen:
        number = source.numbers[index]
        if source.tune.bars[index].overlays:
            raise ConfigError(f"bar {number} has several voices (&)", option="rewrite")
        if form.places[index] is None or not _adds_up(source.tune, index):
            raise ConfigError(
                f"bar {number} is no bar by itself: it lasts "
                f"{_eighths(source.tune.bars[index].length)} eighths, and a bar "
                f"{_eighths(meter_at(source.tune, index).length)}; correct its bar lines first",
                option="rewrite",
            )


def _adds_up(tune: Tune, index: int) -> bool:
    """Whether a bar is full, or a shorter one at the edge of a section or an ending."""
    bar, full = tune.bars[index], meter_at(tune, index).length
    before = tune.bars[index - 1] if index else None
    after = tune.bars[index + 1] if index + 1 < len(tune.bars) else None
    edges = (
        before is None or before.right in SECTION_ENDS or before.ending != bar.ending,
        after is None or bar.right in SECTION_ENDS or after.ending != bar.ending,
        bar.left == "|:" or (after is not None and after.left == "|:"),
    )
    return bar.length == full or (bar.length < full and any(edges))


def _eighths(length: Fraction) -> str:
    return f"{float(length * 8):g}"


def _has_notes(notes: Sequence[Note]) -> bool:
    return any(note.pitches for note in notes)


# Gaps


def _with_rests(text: str) -> str:
    """Write a rest of a whole bar where a bar contains only ``?``."""
    edits: list[int] = []
    marks: list[int] = []
    alone = True
    for begin, line in placed_lines(text):
        if fields.FIELD.match(line):
            continue
        for match in lexer.MUSIC.finditer(line):
            kind = match.lastgroup
            if kind in ("bar", "colon"):
                edits += marks if alone else []
                marks, alone = [], True
            elif match[0] == "?":
                marks.append(begin + match.start())
            elif kind not in ("blank", "ending", "field", "texts", "words", "nothing", "lines"):
                alone = False
    edits += marks if alone else []
    characters = list(text)
    for n, place in enumerate(edits):
        follows = n and not text[edits[n - 1] + 1 : place].strip(" \t?")
        characters[place] = " " if follows else "Z"
    return "".join(characters)


def _written_form(source: SpannedTune) -> tuple[WrittenForm, SpannedTune]:
    """The normal form; rests at the ends of sections make room for pickups if they must."""
    try:
        return written_form(source.tune), source
    except TuneError as error:
        for shortened in _shortened(source):
            try:
                return written_form(shortened.tune), shortened
            except TuneError:
                continue
        raise error


def _shortened(source: SpannedTune) -> Iterator[SpannedTune]:
    """The tune with rests at the ends of its sections that are shorter by its pickup."""
    bars, full = source.tune.bars, source.tune.meter.length
    pickup = bars[0].length
    if not pickup < full:
        return
    notes = (Note((), full - pickup),)
    ends = {
        n: bar_text(notes, None, source.tune.meter, unit=source.spans[n].unit)
        for n, bar in enumerate(bars)
        if not _has_notes(bar.notes)
        and bar.length == full
        and (n + 1 == len(bars) or bar.right in SECTION_ENDS)
    }
    if ends:
        yield read_spans(splice(source, ends))
        last = max(ends)
        yield read_spans(splice(source, {last: ends[last]}))


def with_number(text: str, number: int) -> str:
    """The tune with another number in its ``X:`` line, if it has one."""
    return re.sub(r"^X:.*$", f"X:{number}", text, count=1, flags=re.MULTILINE)
