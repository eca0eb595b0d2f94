"""What a text looks like: a list, texts between separators, or one long text.

Each test is a conjunction of signs, so that what is doubtful stays one long text, which is learned
as well, if less to the point; a long text that was cut into its lines would be learned wrongly.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import pairwise

import numpy as np

from seqgen.config.options import BLANK_LINE, BLANK_LINES, LINE
from seqgen.data.corpora.longtext import LongText

# Characters that are looked at of a text: all, or so many in pieces evenly spread over it.
LOOKED_AT = 2_000_000
PIECES = 8
LEAST = 20  # documents

# Tokens that separate texts in known data sets and language models.
TOKEN = re.compile(r"<\|?/?[A-Za-z][\w ]*\|?>|<\|[^<>|]+\|>|\[[A-Z]+\]")
KNOWN_TOKENS = re.compile(
    r"<\|(?:endoftext|end_of_text|endofdoc|eot_id|eot|eod|eos|startoftext|sep|separator)\|>"
    r"|</s>|<eos>|<EOS>|<eot>|<EOT>|<eod>|<EOD>|<sep>|<SEP>|<endoftext>|\[SEP\]|\[EOS\]|\[EOD\]"
)
# A line of one sign, perhaps with blanks between. Alone, only what nothing else uses alone.
RULE = re.compile(r"([-*=_~%#&$@§¶+•·⁂—–―═─])(?:[ \t]*\1)*")
ALONE = "%*&$@§¶~⁂•—―"
PAIRED = "-=#_+·–"  # two are no rule either: comments and headings begin so

# Marks at a line's end that stand in sentences and not after an item.
ENDS = ".,;:!?…"
WIDE_ENDS = "。，、；：！？…」』”"
CLOSING = "\"'”’»)]"

TIME = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")
LEVEL = re.compile(r"\b(?:DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL|TRACE)\b")
SPEAKER = re.compile(
    r"^(?:[^\s:]{1,20}(?: [^\s:]{1,20}){0,2}:|<[^>]{1,30}>|\[[^\]]{1,30}\])(?= |$)"
)
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
NUMBERS = re.compile(rf"{NUMBER.pattern}(?:[,;\s]+{NUMBER.pattern})*[,;]?")
CODE = re.compile(
    r"^\s*(?:(?:def|class|import|from|return|if|for|while|else|elif|try|except|with|public|private"
    r"|static|void|int|var|let|const|function|fn|use|package|end|echo|export|SELECT|INSERT|CREATE"
    r")\b.*[(){};:=<\"']|#include|//|/\*|\*/|@\w)"
    r"|[;{}]\s*$|^\s*[})\]]+[;,]?\s*$|^\w[\w.]*\s*[-+*/|]?=\s"
)
NUMBERED = re.compile(r"^\W{0,3}([^\W\d]{2,20})\W{1,3}\d+\b")
DASH = re.compile(r"^\s*(?:[—–―~]|--?)\s*[^\W\d]")
KEY = re.compile(r"^\W{0,3}(\w[\w '#-]{0,24}?)\s*[:=]")


def is_token(separator: str) -> bool:
    """Whether a separator is a token such as ``<|endoftext|>``, which may stand inside a line."""
    return TOKEN.fullmatch(separator) is not None


def unit_of(text: str | LongText) -> str | None:
    """What separates the documents of a text, as `seqgen.data.corpora.units` names it.

    None for one long text.
    """
    look = Look(text)
    separator = separator_of(look)
    if separator is not None:
        return separator
    if is_list(look):
        return LINE
    return blank_separator(look)


class Look:
    """The lines of a text that are looked at, without their ends, and figures of them."""

    def __init__(self, text: str | LongText) -> None:
        self.whole = len(text) <= LOOKED_AT
        if self.whole:
            self.text = str(text)
            self.lines = self.text.split("\n")
        else:
            size = LOOKED_AT // PIECES
            begins = np.linspace(0, len(text) - size, PIECES).astype(int).tolist()
            parts = [str(text[begin : begin + size]) for begin in begins]
            # What a piece begins and ends with is only a part of a line.
            self.text = "\n".join(parts)
            self.lines = [line for part in parts for line in part.split("\n")[1:-1]]
        if self.lines and not self.lines[-1]:
            self.lines.pop()
        self.share = min(1.0, len(self.text) / max(1, len(text)))  # of the text

    @cached_property
    def filled(self) -> list[str]:
        """The lines that are not blank, without blanks at their ends."""
        return [line.rstrip() for line in self.lines if line and not line.isspace()]

    @cached_property
    def lengths(self) -> np.ndarray:
        return np.array([len(line) for line in self.filled])

    @cached_property
    def words(self) -> np.ndarray:
        return np.array([len(line.split()) for line in self.filled])

    @cached_property
    def blank(self) -> float:
        """Share of blank lines."""
        return 1 - len(self.filled) / max(1, len(self.lines))

    @cached_property
    def indented(self) -> float:
        return share(line[0].isspace() for line in self.filled)

    @cached_property
    def code(self) -> float:
        """Share of lines that look like those of a program."""
        return share(CODE.search(line) is not None for line in self.filled)

    @cached_property
    def unended(self) -> float:
        """Share of lines that end inside or at the end of a sentence, by their punctuation."""
        return share(ends_sentence(line) for line in self.filled)

    @cached_property
    def is_log(self) -> bool:
        """Whether most lines tell when something happened, or how serious it is."""
        lines = self.filled
        if np.median(self.words) < 3:
            return False
        times = share(TIME.search(line) is not None for line in lines)
        return times >= 0.5 or share(LEVEL.search(line) is not None for line in lines) >= 0.3

    @cached_property
    def is_dialogue(self) -> bool:
        """Whether most lines begin with one of a few speakers."""
        speakers = [found[0] for line in self.filled if (found := SPEAKER.match(line))]
        return len(speakers) >= 0.5 * len(self.filled) and len(set(speakers)) <= 0.1 * len(speakers)

    @cached_property
    def is_series(self) -> bool:
        """Whether the lines are numbers measured one after the other, or rows of them.

        Numbers of one length are rather names (postcodes), and sorted ones a list.
        """
        lines = self.filled
        rows = [line for line in lines if NUMBERS.fullmatch(line)]
        if len(rows) < 0.9 * len(lines):
            return False
        alone = [line for line in rows if NUMBER.fullmatch(line)]
        if len(alone) < 0.9 * len(rows):
            return True
        same = len({len(line) for line in alone}) == 1 and all(map(str.isdigit, alone))
        return not (same or is_sorted([float(number) for number in alone]))


def share(flags: object) -> float:
    """The share of true values."""
    values = list(flags)  # type: ignore[call-overload]
    return sum(values) / max(1, len(values))


def ends_sentence(line: str) -> bool:
    """Whether a line ends with punctuation of a sentence.

    After a capitalised word it may as well be part of a name or title ("Acme Inc.", "Who Is Who?").
    """
    bare = line.rstrip(CLOSING)
    if not bare:
        return False
    if bare[-1] in WIDE_ENDS or line[-1] in WIDE_ENDS:
        return True
    if bare[-1] not in ENDS:
        return False
    word = bare.rsplit(None, 1)[-1].lstrip("\"'“‘«([")
    return len(bare.split()) > 1 and not word[:1].isupper()


def is_sorted(values: Sequence[object]) -> bool:
    """Whether nearly all values are no less than the one before."""
    return share(a <= b for a, b in pairwise(values)) >= 0.98  # type: ignore[operator]


def separator_of(look: Look) -> str | None:
    """The token or the line that separates texts; None if there is none."""
    least = (LEAST - 1) * look.share
    tokens = Counter(KNOWN_TOKENS.findall(look.text))
    for token, count in tokens.most_common(1):
        if count >= least:
            return token
    rules = Counter(line.strip() for line in look.lines if is_rule(line))
    for rule, count in rules.most_common(1):
        if count >= max(least, 5) and separates(look, rule):
            return rule
    return None


def is_rule(line: str) -> bool:
    """Whether a line holds one sign only, as often as a line that separates has it."""
    if not RULE.fullmatch(line.strip()):
        return False
    signs = "".join(line.split())
    if len(signs) >= 3:
        return True
    # Indented, one sign is what begins a line of a comment.
    return signs[0] in ALONE and line[0] == signs[0] if len(signs) == 1 else signs[0] not in PAIRED


def separates(look: Look, rule: str) -> bool:
    """Whether texts stand between the lines that are a rule.

    Not if it frames headings, in which case every other part is a line or two, and not if it
    underlines them.
    """
    before = [above for above, line in pairwise(look.lines) if line.strip() == rule]
    if share(abs(len(above.strip()) - len(rule)) <= 1 for above in before) >= 0.5 and len(rule) > 3:
        return False
    parts: list[int] = [0]  # lines that are filled, of each part
    sizes = [0]
    for line in look.lines:
        if line.strip() == rule:
            parts.append(0)
            sizes.append(0)
        elif line and not line.isspace():
            parts[-1] += 1
            sizes[-1] += len(line) + 1
    if look.whole and not parts[-1]:
        parts, sizes = parts[:-1], sizes[:-1]
    filled = np.array(parts[1:])  # what comes first may be a preface
    if not len(filled) or (filled == 0).mean() > 0.1 or np.median(sizes) > 10_000:
        return False
    medians = np.median(filled[::2]), np.median(filled[1::2])
    headings = min(medians) <= 2 and max(medians) >= 3 * min(medians)
    return not headings and look.code < 0.2


def is_list(look: Look) -> bool:
    """Whether each line is an item of its own: a name, a title, a password, a molecule."""
    lines = look.filled
    if len(lines) < LEAST or look.blank > 0.02 or look.indented > 0.02:
        return False
    if share(line[0] == "{" and line[-1] == "}" for line in lines) >= 0.99:  # JSON lines
        return True
    if len(set(lines)) < 0.5 * len(lines) or look.code >= 0.2:
        return False
    if look.is_log or look.is_dialogue or look.is_series:
        return False
    most = np.quantile(look.lengths, 0.95)
    if (look.words == 1).mean() >= 0.9:
        return most <= 1000 and not is_wrapped(look) and look.unended <= 0.2
    folded = [line.casefold() for line in lines]
    if (is_sorted(lines) or is_sorted(folded)) and share(
        line[0].isalpha() for line in lines
    ) >= 0.8:
        return bool(most <= 200)
    filling = (look.lengths >= 0.8 * most).mean()  # of the width, which prose and verse do
    lower = share(line[0].islower() for line in lines)
    mixed = 0.05 < lower < 0.95
    words = np.median(look.words)
    if most > 100 or (mixed and filling > 0.6):
        return False
    if words <= 5:
        return look.unended <= 0.2
    different = len(set(lines)) >= 0.98 * len(lines)
    return bool(words <= 12 and look.unended <= 0.05 and filling <= 0.5 and different and not mixed)


def is_wrapped(look: Look) -> bool:
    """Whether one long word was cut into lines of a width, as base64 and sequences of genes are."""
    widest = look.lengths.max()
    at_most = (look.lengths == widest).mean()
    return bool(widest >= 40 and 0.3 <= at_most < 1)


def blank_separator(look: Look) -> str | None:
    """The blank lines that separate texts; None where they only part paragraphs or stanzas."""
    if not look.filled or look.code >= 0.15 or look.indented > 0.5 or look.is_log:
        return None
    if share(TIME.search(line) is not None for line in look.filled) >= 0.2:  # subtitles
        return None
    blocks, gaps = blocks_of(look.lines)
    least = LEAST * look.share
    if len(blocks) < max(least, 10):
        return None
    if look.indented <= 0.2 and double_gaps(blocks, gaps, least):
        return BLANK_LINES
    sizes = np.array([len(block) for block in blocks])
    if np.median(sizes) >= 2 and any(marked(blocks, mark) for mark in MARKS):
        return BLANK_LINE
    return BLANK_LINE if alike(blocks, sizes, look) else None


# Of a block, what would show that it is a text of its own if nearly all had the same.


def key_of(block: list[str]) -> str | None:
    """The name of a field in the first line: "Title: ..."."""
    found = KEY.match(block[0])
    return found[1] if found else None


def numbered(block: list[str]) -> str | None:
    """The word before a number in the first line: "Poem 12"."""
    found = NUMBERED.match(block[0])
    return found[1] if found else None


def first_line(block: list[str]) -> str | None:
    return block[0] if any(map(str.isalnum, block[0])) else None


def last_line(block: list[str]) -> str | None:
    return block[-1] if any(map(str.isalnum, block[-1])) else None


def attribution(block: list[str]) -> str | None:
    """Whether the last line names an author, behind a dash: "-- Anonymous"."""
    return "dash" if DASH.match(block[-1]) and not DASH.match(block[0]) else None


MARKS = (key_of, numbered, first_line, last_line, attribution)


def marked(blocks: list[list[str]], mark: Callable[[list[str]], str | None]) -> bool:
    """Whether nearly all blocks have the same mark."""
    marks = Counter(found for block in blocks if (found := mark(block)) is not None)
    return bool(marks) and marks.most_common(1)[0][1] >= 0.9 * len(blocks)


def blocks_of(lines: Sequence[str]) -> tuple[list[list[str]], list[int]]:
    """Lines that stand together, and how many blank ones come before each but the first."""
    blocks: list[list[str]] = []
    gaps: list[int] = []
    blank, begun = 0, False
    for line in lines:
        if not line or line.isspace():
            blank, begun = blank + 1, False
            continue
        if not begun:
            if blocks:
                gaps.append(blank)
            blocks.append([])
            blank, begun = 0, True
        blocks[-1].append(line.rstrip())
    return blocks, gaps


def double_gaps(blocks: list[list[str]], gaps: list[int], least: float) -> bool:
    """Whether short texts that have blank lines themselves stand two blank lines apart."""
    texts = [1]  # blocks of each
    sizes = [size(blocks[0])]
    for block, gap in zip(blocks[1:], gaps, strict=True):
        if gap > 1:
            texts.append(0)
            sizes.append(0)
        texts[-1] += 1
        sizes[-1] += size(block)
    several = share(count > 1 for count in texts)
    short = np.median(sizes) <= 3000 and np.quantile(sizes, 0.95) <= 10_000
    return bool(len(texts) >= max(least, 10) and several >= 0.5 and short)


def size(block: list[str]) -> int:
    return sum(map(len, block)) + len(block)


def alike(blocks: list[list[str]], sizes: np.ndarray, look: Look) -> bool:
    """Whether all blocks have one form, which is not that of stanzas.

    That is three or five short lines (haiku, limericks), or records that have figures in the same
    lines and none in others.
    """
    common = int(np.bincount(sizes).argmax())
    if (sizes == common).mean() < 0.95 or common < 2:
        return False
    if common in (3, 5) and np.median(look.lengths) <= 35:
        return True
    same = [block for block in blocks if len(block) == common]
    figures = [share(any(map(str.isdigit, block[n])) for block in same) for n in range(common)]
    return common <= 8 and max(figures) >= 0.9 and min(figures) <= 0.1 and look.unended <= 0.1
