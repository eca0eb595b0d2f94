"""Words: a word with the space before it is a token; rare ones are spelled in characters."""

import re

from seqgen.tokenizers.lexemes import LexemeTokenizer


class WordTokenizer(LexemeTokenizer):
    """Words and runs of punctuation, each with the space before it, line ends and indentation.

    ``it's`` is one word. Case is kept. At most 10,000 tokens unless said.
    """

    kind = "word"
    bounded = True
    default_size = 10_000
    pattern = re.compile(
        r"""
          \ ?\w+(?:['’]\w+)*    # a word
        | \ ?[^\w\s]+           # punctuation
        | \n
        | [^\S\n]+(?=\ \S)      # indentation, but its last space stays with what follows
        | [^\S\n]+
        """,
        re.VERBOSE,
    )


TOKENIZER = WordTokenizer
