"""A tune as tokens of a model's vocabulary, and variants of it below the same header."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from seqgen.errors import TuneError
from seqgen.music.core.tune import NormalTune
from seqgen.music.normal.codec import NAMES, C, decode_tune, encode_tune
from seqgen.music.normal.known_lines import is_header, with_known_lines
from seqgen.music.normal.outline import (
    FINAL,
    HIGHEST,
    LOWEST,
    Final,
    read_final,
    section_ends,
    unknown_line,
)
from seqgen.music.normal.tokens import PATTERN

LEAST_RANGE = 9  # letters of a tune with open bars: a tenth
WHAT = {"M": "meter", "K": "mode"}


@dataclass(frozen=True)
class ModelTune:
    """A tune as a model knows it.

    Attributes:
        tune: The tune, in the key that the model knows.
        encode: Encodes it, or a variant with other notes, as tokens of the model, below the header
            of the tune itself: so the header announces what the tune is to be.
        lowest, highest: Range that the header announces, in steps as in
            `seqgen.music.core.key.Pitch`.
        finals: The final note that the header announces, by the index of its bar.
    """

    tune: NormalTune
    encode: Callable[[NormalTune], list[str]]
    lowest: int
    highest: int
    finals: dict[int, Final]


def model_tune(
    tune: NormalTune,
    pieces: Sequence[str],
    common_tonic: bool,
    open_bars: Collection[int] = (),
) -> ModelTune:
    """Move a tune to the key that a model knows, and encode its header.

    Args:
        tune: The tune.
        pieces: Text of each token of the model.
        common_tonic: Whether the model was trained on tunes transposed to C.
        open_bars: Indices of bars of rests that stand for notes: the header does not describe them,
            and announces a range of at least `LEAST_RANGE`.

    Raises:
        TuneError: If the tune cannot be encoded; its place names the token that is missing.
    """
    known = frozenset(pieces)
    encoded = _encode(tune, known, common_tonic)
    missing = [token for token in encoded if token not in known]
    if missing:
        letter, value = missing[0][:1], missing[0].strip()[2:]
        raise TuneError(f"the model knows no tunes of this {WHAT.get(letter, 'kind')}", value)
    moved = decode_tune("".join(encoded))
    lowest, highest = _range(moved, LEAST_RANGE if open_bars else 0)
    header = [token for token in encoded if is_header(token)]
    if open_bars:
        ends = [end in open_bars for end in section_ends(tune)]
        header = list(_open_header(header, ends, lowest, highest, known))
    lines = [line for line in header if line[0] == FINAL]
    finals = dict(zip(section_ends(tune), map(read_final, lines), strict=False))

    def encode(variant: NormalTune) -> list[str]:
        tokens = _encode(variant, known, common_tonic)
        return [*header, *(token for token in tokens if not is_header(token))]

    announced = {bar: final for bar, final in finals.items() if final}
    return ModelTune(moved, encode, lowest, highest, announced)


def _encode(tune: NormalTune, known: Collection[str], common_tonic: bool) -> list[str]:
    text = encode_tune(tune, C if common_tonic else None)
    found: list[str] = PATTERN.findall(with_known_lines(text, known))
    return found


def _range(tune: NormalTune, least: int) -> tuple[int, int]:
    """The lowest and the highest step of a tune, at least some letters apart."""
    steps = [p.step for bar in tune.bars for note in bar.notes for p in note.pitches]
    lowest, highest = min(steps), max(steps)
    while highest - lowest < least:
        # A tune is rather extended downwards, to the octave below its highest notes.
        if min(NAMES) < lowest:
            lowest -= 1
        if highest - lowest < least and highest < max(NAMES):
            highest += 1
    return lowest, highest


def _open_header(
    header: Sequence[str], ends: Sequence[bool], lowest: int, highest: int, known: Collection[str]
) -> Sequence[str]:
    """The header of a tune with open bars. ends: for each section, whether its last bar is open."""
    values = {LOWEST: f"{LOWEST}:{NAMES[lowest]}\n", HIGHEST: f"{HIGHEST}:{NAMES[highest]}\n"}
    lines, section = [], 0
    for line in header:
        new = values.get(line[0], line)
        if line[0] == FINAL:
            new = unknown_line(FINAL) if ends[section : section + 1] == [True] else line
            section += 1
        lines.append(new if new in known else unknown_line(line[0]))
    return lines
