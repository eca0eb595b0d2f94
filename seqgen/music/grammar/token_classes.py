"""Token classes: the tokens of a vocabulary as the grammar distinguishes them."""

from collections.abc import Sequence

import numpy as np

from seqgen.errors import ConfigError
from seqgen.music.grammar.accidentals import MASKS, AccidentalRules
from seqgen.music.grammar.bar_automaton import (
    CLASS_IDS,
    END,
    FINAL_NOTE,
    FORBIDDEN,
    HEADER,
    OTHER_NOTE,
)
from seqgen.music.grammar.spec import TuneSpec
from seqgen.music.normal.tokens import BODY


def token_classes(
    tokens: Sequence[str], spec: TuneSpec, accidentals: AccidentalRules
) -> np.ndarray:
    """Classify every token, without a key and in each of ``accidentals.keys``.

    Pitches that the spec excludes are `FORBIDDEN`. The others are `FINAL_NOTE`, but if the tune is
    to end on its tonic, those that are not the tonic are `OTHER_NOTE`.

    Returns:
        Numbers of `TOKEN_CLASSES`, int [keys + 1, V].

    Raises:
        ConfigError: If a token of the normal form is missing, or no pitch is left.
    """
    missing = [token for token in BODY if token not in set(tokens)]
    if missing:
        raise ConfigError(
            "the vocabulary is not that of tunes in normal form: it lacks " + " ".join(missing)
        )
    of_token = {token: CLASS_IDS.get(token, CLASS_IDS[FORBIDDEN]) for token in BODY}
    classes_V = np.array([of_token.get(token, CLASS_IDS[FORBIDDEN]) for token in tokens])
    classes_V[[token.startswith(("R:", "M:", "P:", "K:")) for token in tokens]] = CLASS_IDS[HEADER]
    classes_V[0] = CLASS_IDS[END]

    pitch_V = accidentals.pitch & (accidentals.signed == 0 if spec.no_accidentals else True)
    if spec.lowest is not None:
        pitch_V = pitch_V & (accidentals.step >= spec.lowest)
    if spec.highest is not None:
        pitch_V = pitch_V & (accidentals.step <= spec.highest)
    if not pitch_V.any():
        raise ConfigError("no note is in the requested range")
    classes_V[pitch_V] = CLASS_IDS[FINAL_NOTE]
    classes_KV = np.tile(classes_V, (len(accidentals.keys) + 1, 1))
    if spec.tonic:
        for id, number in accidentals.key_number.items():
            other_V = pitch_V & ~accidentals.tonics(accidentals.keys[id])
            classes_KV[number, other_V] = CLASS_IDS[OTHER_NOTE]
    return classes_KV


def has_tonic(classes_KV: np.ndarray, accidentals: AccidentalRules, key_number: int) -> bool:
    """Whether a note to end on may follow at once in a key.

    Then one always may: a letter that has had a sign takes any sign, and a range is one of letters.
    """
    plain = accidentals.signs[key_number * MASKS]
    return bool((plain & (classes_KV[key_number] == CLASS_IDS[FINAL_NOTE])).any())
