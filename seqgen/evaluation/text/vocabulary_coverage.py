"""Whether what was written is made of the corpus's words and, for programs, parses."""

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence

from seqgen.evaluation.text.repetition import words

CUT_OFF = re.compile(r"[\w'’]+\Z")
# What may stand in the first column and goes on with the block before it.
QUOTE = re.compile("\"\"\"|'''")
GOES_ON = re.compile(r"[)\]}]|(?:else|elif|except|finally)\b")


def known_words(texts: Iterable[str], training: str) -> tuple[float | None, tuple[str, ...]]:
    """Share of the words of some texts that the training text holds, in whatever case.

    A word with which a text ends may be cut off and does not count.
    Returns it, None if there are no words, and the words that it lacks, the most frequent first.
    """
    known = set(map(str.casefold, words(training)))
    written = Counter(word.casefold() for text in texts for word in words(CUT_OFF.sub("", text)))
    lacking = Counter({word: count for word, count in written.items() if word not in known})
    if not written:
        return None, ()
    return 1 - lacking.total() / written.total(), tuple(word for word, _ in lacking.most_common())


def is_python(sources: Sequence[str]) -> bool:
    """Whether a corpus is one of Python programs, by the names of its sources."""
    return bool(sources) and all(s == "python" or s.endswith(".py") for s in sources)


def parsing_blocks(texts: Iterable[str]) -> tuple[int, int]:
    """How many top-level blocks of Python programs parse, and how many there are.

    A block begins at each line that begins in the first column, unless that line is within a
    triple-quoted string, closes a bracket, goes on with what is before it (else, except), or stands
    under a decorator. The last block of a text, which may be cut off, counts only if a blank line
    comes after it, and what is indented before the first block, or nothing but comments, is none.
    """
    bodies = [body for text in texts for block in blocks(text) if (body := parsed(block)) != 0]
    return sum(body is not None for body in bodies), len(bodies)


def blocks(text: str) -> list[str]:
    """The top-level blocks of a program without what is cut off at its ends."""
    found: list[list[str]] = []
    quote = ""
    decorated = False
    for line in text.split("\n"):
        first_column = bool(line) and not line[0].isspace() and not quote
        if first_column and not GOES_ON.match(line):
            if not decorated:
                found.append([])
            decorated = line.startswith("@")
        if found:  # what is indented before the first block belongs to one cut off
            found[-1].append(line)
            for sign in QUOTE.findall(line):
                quote = sign if not quote else "" if sign == quote else quote
    whole = found if text.endswith("\n\n") and not quote else found[:-1]
    return ["\n".join(lines) for lines in whole]


def parsed(block: str) -> int | None:
    """How many statements a block has; None if it is no Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd escapes and comparisons are Python all the same
        try:
            return len(ast.parse(block).body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
