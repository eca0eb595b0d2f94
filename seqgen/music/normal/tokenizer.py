"""The tokenizer ``abc``: tokens of tunes in normal form; other text in single characters."""

from seqgen.data.tokenizers.regex_base import RegexTokenizer
from seqgen.music.normal.tokens import BODY, PATTERN


class AbcTokenizer(RegexTokenizer):
    """Pitches, lengths and bar lines, and whole lines of rhythm, meter and key.

    A pitch and its length are two tokens: as one token they cost a model of the same size more bits
    per note on unseen tunes. Every vocabulary has all tokens of the music, so that any tune can be
    completed, but only the header lines of its book.
    """

    kind = "abc"
    preset_family = "tunes"
    pattern = PATTERN
    always = BODY
    min_count = 1
