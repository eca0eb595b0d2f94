"""Tunes as tokens of a model's vocabulary."""

import re
from collections.abc import Callable, Sequence

from seqgen.errors import TuneError
from seqgen.music.core.tune import NormalTune
from seqgen.music.normal.codec import C, decode_tune, encode_tune
from seqgen.music.normal.known_lines import with_known_lines
from seqgen.music.normal.outline import TONIC
from seqgen.music.normal.tokens import PATTERN

ORIGINAL = re.compile(rf"^{TONIC}:.*\n", re.MULTILINE)
NAMES = {"M": "meter", "K": "mode"}


def encode_for_model(
    tune: NormalTune, pieces: Sequence[str], common_tonic: bool
) -> tuple[NormalTune, Callable[[NormalTune], list[str]]]:
    """Move a tune to the key that a model knows, and return how it is encoded.

    Args:
        tune: The tune.
        pieces: Text of each token of the model.
        common_tonic: Whether the model was trained on tunes transposed to C.

    Returns:
        The tune in the model's key, and a function that encodes it, or a variant of it with other
        notes, as tokens of ``pieces``.

    Raises:
        TuneError: If the tune cannot be encoded; its place names the tokens that are missing.
    """
    known = set(pieces)
    tonic = C if common_tonic else None

    original = ORIGINAL.search(encode_tune(tune, tonic))

    def encode(variant: NormalTune) -> list[str]:
        text = encode_tune(variant, tonic)
        if original:  # a variant is in the model's key, and comes from that of the tune
            text = ORIGINAL.sub(original[0], text, count=1)
        return PATTERN.findall(with_known_lines(text, known))

    encoded = encode(tune)
    missing = [token for token in encoded if token not in known]
    if missing:
        letter, value = missing[0][:1], missing[0].strip()[2:]
        raise TuneError(f"the model knows no tunes of this {NAMES.get(letter, 'kind')}", value)
    return decode_tune("".join(encoded)), encode
