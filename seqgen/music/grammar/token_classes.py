"""The tokens of a vocabulary as the grammar tells them apart."""

from collections.abc import Sequence

import numpy as np

from seqgen.errors import ConfigError
from seqgen.music.grammar.accidentals import MASKS, AccidentalRules
from seqgen.music.grammar.bar_automaton import AWAY, END, HEADER, HOME, KIND, NEVER_A_TOKEN
from seqgen.music.grammar.spec import TuneSpec
from seqgen.music.normal.tokens import BODY


def kinds(tokens: Sequence[str], wish: TuneSpec, spelling: AccidentalRules) -> np.ndarray:
    """The kind of every token, in no key and in each of ``spelling.keys``, int [keys + 1, V].

    Pitches that the wish rules out are `NEVER_A_TOKEN`. The others are all `HOME`, unless the tune
    is to end on its tonic; then those that are no tonic are `AWAY`.
    Raises ConfigError if a token of the normal form is missing, or no pitch is left.
    """
    missing = [token for token in BODY if token not in set(tokens)]
    if missing:
        raise ConfigError(
            "the vocabulary is not that of tunes in normal form: it lacks " + " ".join(missing)
        )
    of_token = {token: KIND.get(token, KIND[NEVER_A_TOKEN]) for token in BODY}
    kinds_V = np.array([of_token.get(token, KIND[NEVER_A_TOKEN]) for token in tokens])
    kinds_V[[token.startswith(("R:", "M:", "P:", "K:")) for token in tokens]] = KIND[HEADER]
    kinds_V[0] = KIND[END]

    pitch_V = spelling.pitch & (spelling.signed == 0 if wish.no_accidentals else True)
    if wish.lowest is not None:
        pitch_V = pitch_V & (spelling.step >= wish.lowest)
    if wish.highest is not None:
        pitch_V = pitch_V & (spelling.step <= wish.highest)
    if not pitch_V.any():
        raise ConfigError("no note lies in the range that is asked for")
    kinds_V[pitch_V] = KIND[HOME]
    kinds_KV = np.tile(kinds_V, (len(spelling.keys) + 1, 1))
    if wish.tonic:
        for id, number in spelling.key_number.items():
            kinds_KV[number, pitch_V & ~spelling.tonics(spelling.keys[id])] = KIND[AWAY]
    return kinds_KV


def has_tonic(kinds_KV: np.ndarray, spelling: AccidentalRules, number: int) -> bool:
    """Whether a note to end on may come at once in the key of this number.

    Then one always may: a letter that has had a sign takes any, and a range is one of letters.
    """
    plain = spelling.signs[number * MASKS]
    return bool((plain & (kinds_KV[number] == KIND[HOME])).any())
