"""ABC: the tokens of tunes in normal form; any other text in single characters."""

from seqgen.data.tokenizers.regex_base import RegexTokenizer
from seqgen.music.normal.tokens import BODY, PATTERN


class AbcTokenizer(RegexTokenizer):
    """Pitches, lengths and bar lines, and whole lines of rhythm, meter and key.

    A pitch and its length are two tokens: as one they cost a model of the same size more bits per
    note on unseen tunes. All tokens of the music are in every vocabulary, so that a tune can always
    be finished, however small the book; of the lines, those that the book has.
    """

    kind = "abc"
    pattern = PATTERN
    always = BODY
    seen = 1
