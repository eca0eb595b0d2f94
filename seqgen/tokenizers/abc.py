"""ABC: the lexemes of a tune; anything else, such as the words of a title, in single characters."""

import re

from seqgen.tokenizers.lexemes import LexemeTokenizer

BAR = r":?\|(?:\|?:|[|\]]|[1-9])?|::|\[\|\]?|\[[1-9]"
"""Every bar line of ABC 2.1, with the number of an ending: ``|``, ``||``, ``:|2``, ``[1``, ..."""

PITCH = r"(?:\^\^?|__?|=)?[A-Ga-g](?:,+|'+)?"
"""A pitch: accidental, letter, octave."""


class AbcTokenizer(LexemeTokenizer):
    """Pitches, lengths, bar lines and the other lexemes of ABC, and whole M:, L: and K: lines.

    A pitch and its length are two tokens: as one they cost a model of the same size more bits per
    note on unseen tunes. A lexeme that the tunes hold only once is spelled in characters.
    """

    kind = "abc"
    pattern = re.compile(
        rf"""
          ^[MLK]:[^\n]*                             # meter, unit of length, key
        | {PITCH}
        | [0-9]+(?:/[0-9]*)?|/+[0-9]*               # length: 2 3/2 /2 //
        | {BAR}
        | \([2-9]                                   # tuplet
        | >+|<+                                     # broken rhythm
        | "[^"\n]*"                                 # chord symbol
        | ![A-Za-z0-9.()<>+]+!                      # decoration
        | [\s\S]                                    # rest, tie, space, ..., and whatever else
        """,
        re.VERBOSE | re.MULTILINE,
    )


TOKENIZER = AbcTokenizer
