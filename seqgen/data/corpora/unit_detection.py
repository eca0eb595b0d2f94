"""Detection of the unit of a text: a list, texts between separators, or one long text.

Each test is a conjunction of features, so that a doubtful text counts as one long text, which a
model can learn too; if a long text were split into lines, it would learn the wrong documents.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import pairwise

import numpy as np

from seqgen.config.options import BLANK_LINE, BLANK_LINES, LINE
from seqgen.data.corpora.longtext import LongText

# Maximum number of characters that are examined, in pieces evenly spread over the text.
SAMPLE_CHARACTERS = 2_000_000
PIECES = 8
MIN_DOCUMENTS = 20  # documents

# Tokens that separate texts in common data sets and language models.
TOKEN = re.compile(r"<\|?/?[A-Za-z][\w ]*\|?>|<\|[^<>|]+\|>|\[[A-Z]+\]")
KNOWN_TOKENS = re.compile(
    r"<\|(?:endoftext|end_of_text|endofdoc|eot_id|eot|eod|eos|startoftext|sep|separator)\|>"
    r"|</s>|<eos>|<EOS>|<eot>|<EOT>|<eod>|<EOD>|<sep>|<SEP>|<endoftext>|\[SEP\]|\[EOS\]|\[EOD\]"
)
# A line of one repeated sign, maybe with blanks between. A single sign must be one of ALONE.
RULE = re.compile(r"([-*=_~%#&$@§¶+•·⁂—–―═─])(?:[ \t]*\1)*")
ALONE = "%*&$@§¶~⁂•—―"
PAIRED = "-=#_+·–"  # at least three, since comments and headings begin with two

# Punctuation at a line's end that occurs in sentences and not after an item.
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
    """Return whether a separator is a token such as ``<|endoftext|>``, which may be in a line."""
    return TOKEN.fullmatch(separator) is not None


def detect_unit(text: str | LongText) -> str | None:
    """Return the unit of a text (see `seqgen.data.corpora.units`); None for one long text."""
    stats = LineStatistics(text)
    separator = find_separator(stats)
    if separator is not None:
        return separator
    if is_list(stats):
        return LINE
    return blank_separator(stats)


class LineStatistics:
    """Statistics on the lines of a text, or of a sample of it."""

    def __init__(self, text: str | LongText) -> None:
        self.whole = len(text) <= SAMPLE_CHARACTERS
        if self.whole:
            self.text = str(text)
            self.lines = self.text.split("\n")
        else:
            size = SAMPLE_CHARACTERS // PIECES
            begins = np.linspace(0, len(text) - size, PIECES).astype(int).tolist()
            parts = [str(text[begin : begin + size]) for begin in begins]
            # The first and last lines of a piece may be incomplete.
            self.text = "\n".join(parts)
            self.lines = [line for part in parts for line in part.split("\n")[1:-1]]
        if self.lines and not self.lines[-1]:
            self.lines.pop()
        self.fraction = min(1.0, len(self.text) / max(1, len(text)))  # that is examined

    @cached_property
    def filled(self) -> list[str]:
        """The lines that are not blank, without trailing blanks."""
        return [line.rstrip() for line in self.lines if line and not line.isspace()]

    @cached_property
    def lengths(self) -> np.ndarray:
        return np.array([len(line) for line in self.filled])

    @cached_property
    def words(self) -> np.ndarray:
        return np.array([len(line.split()) for line in self.filled])

    @cached_property
    def blank(self) -> float:
        """Fraction of blank lines."""
        return 1 - len(self.filled) / max(1, len(self.lines))

    @cached_property
    def indented(self) -> float:
        return fraction(line[0].isspace() for line in self.filled)

    @cached_property
    def code(self) -> float:
        """Fraction of lines that look like program code."""
        return fraction(CODE.search(line) is not None for line in self.filled)

    @cached_property
    def punctuated(self) -> float:
        """Fraction of lines that end with punctuation of a sentence."""
        return fraction(ends_sentence(line) for line in self.filled)

    @cached_property
    def is_log(self) -> bool:
        """Whether most lines have a time, or many a level such as ERROR."""
        lines = self.filled
        if np.median(self.words) < 3:
            return False
        times = fraction(TIME.search(line) is not None for line in lines)
        return times >= 0.5 or fraction(LEVEL.search(line) is not None for line in lines) >= 0.3

    @cached_property
    def is_dialogue(self) -> bool:
        """Whether most lines begin with one of a few speakers."""
        speakers = [match[0] for line in self.filled if (match := SPEAKER.match(line))]
        return len(speakers) >= 0.5 * len(self.filled) and len(set(speakers)) <= 0.1 * len(speakers)

    @cached_property
    def is_series(self) -> bool:
        """Whether the lines are a series of measured numbers, or rows of them.

        Numbers of one length are identifiers (postcodes), and sorted ones a list.
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


def fraction(flags: Iterable[bool]) -> float:
    """Return the fraction of true values, 0 if there are none."""
    values = list(flags)
    return sum(values) / max(1, len(values))


def ends_sentence(line: str) -> bool:
    """Return whether a line ends with punctuation of a sentence.

    After a capitalised word it may be part of a name or title ("Acme Inc.", "Who Is Who?").
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


def is_sorted(values: Sequence[str] | Sequence[float]) -> bool:
    """Return whether 98% of the values are not less than their predecessor."""
    return fraction(a <= b for a, b in pairwise(values)) >= 0.98  # type: ignore[operator]


def find_separator(stats: LineStatistics) -> str | None:
    """Return the token or the line that separates texts; None if there is none."""
    min_count = (MIN_DOCUMENTS - 1) * stats.fraction
    tokens = Counter(KNOWN_TOKENS.findall(stats.text))
    for token, count in tokens.most_common(1):
        if count >= min_count:
            return token
    rules = Counter(line.strip() for line in stats.lines if is_rule(line))
    for rule, count in rules.most_common(1):
        if count >= max(min_count, 5) and separates(stats, rule):
            return rule
    return None


def is_rule(line: str) -> bool:
    """Return whether a line is one repeated sign that can separate texts."""
    if not RULE.fullmatch(line.strip()):
        return False
    signs = "".join(line.split())
    if len(signs) >= 3:
        return True
    # An indented single sign may begin a line of a comment.
    return signs[0] in ALONE and line[0] == signs[0] if len(signs) == 1 else signs[0] not in PAIRED


def separates(stats: LineStatistics, rule: str) -> bool:
    """Return whether a rule separates texts, and does not frame or underline headings.

    If it frames headings, every other part is a line or two.
    """
    before = [above for above, line in pairwise(stats.lines) if line.strip() == rule]
    underlined = fraction(abs(len(above.strip()) - len(rule)) <= 1 for above in before)
    if underlined >= 0.5 and len(rule) > 3:
        return False
    parts: list[int] = [0]  # number of filled lines in each part
    sizes = [0]
    for line in stats.lines:
        if line.strip() == rule:
            parts.append(0)
            sizes.append(0)
        elif line and not line.isspace():
            parts[-1] += 1
            sizes[-1] += len(line) + 1
    if stats.whole and not parts[-1]:
        parts, sizes = parts[:-1], sizes[:-1]
    filled = np.array(parts[1:])  # the first part may be a preface
    if not len(filled) or (filled == 0).mean() > 0.1 or np.median(sizes) > 10_000:
        return False
    medians = np.median(filled[::2]), np.median(filled[1::2])
    headings = min(medians) <= 2 and max(medians) >= 3 * min(medians)
    return not headings and stats.code < 0.2


def is_list(stats: LineStatistics) -> bool:
    """Return whether each line is an item: a name, a title, a password, a molecule."""
    lines = stats.filled
    if len(lines) < MIN_DOCUMENTS or stats.blank > 0.02 or stats.indented > 0.02:
        return False
    if fraction(line[0] == "{" and line[-1] == "}" for line in lines) >= 0.99:  # JSON lines
        return True
    if len(set(lines)) < 0.5 * len(lines) or stats.code >= 0.2:
        return False
    if stats.is_log or stats.is_dialogue or stats.is_series:
        return False
    width = np.quantile(stats.lengths, 0.95)
    if (stats.words == 1).mean() >= 0.9:
        return bool(width <= 1000 and not is_wrapped(stats) and stats.punctuated <= 0.2)
    folded = [line.casefold() for line in lines]
    alphabetic = fraction(line[0].isalpha() for line in lines) >= 0.8
    if alphabetic and (is_sorted(lines) or is_sorted(folded)):
        return bool(width <= 200)
    filling = (stats.lengths >= 0.8 * width).mean()  # high for prose and verse
    lower = fraction(line[0].islower() for line in lines)
    mixed = 0.05 < lower < 0.95
    words = np.median(stats.words)
    if width > 100 or (mixed and filling > 0.6):
        return False
    if words <= 5:
        return stats.punctuated <= 0.2
    different = len(set(lines)) >= 0.98 * len(lines)
    plain = stats.punctuated <= 0.05 and not mixed
    return bool(words <= 12 and plain and filling <= 0.5 and different)


def is_wrapped(stats: LineStatistics) -> bool:
    """Return whether one long word is wrapped at a width, such as base64 or genetic sequences."""
    widest = stats.lengths.max()
    at_most = (stats.lengths == widest).mean()
    return bool(widest >= 40 and 0.3 <= at_most < 1)


def blank_separator(stats: LineStatistics) -> str | None:
    """Return the blank lines that separate texts; None if they separate paragraphs or stanzas."""
    if not stats.filled or stats.code >= 0.15 or stats.indented > 0.5 or stats.is_log:
        return None
    if fraction(TIME.search(line) is not None for line in stats.filled) >= 0.2:  # subtitles
        return None
    blocks, gaps = split_blocks(stats.lines)
    min_count = MIN_DOCUMENTS * stats.fraction
    if len(blocks) < max(min_count, 10):
        return None
    if stats.indented <= 0.2 and has_double_gaps(blocks, gaps, min_count):
        return BLANK_LINES
    sizes = np.array([len(block) for block in blocks])
    if np.median(sizes) >= 2 and any(share_feature(blocks, feature) for feature in FEATURES):
        return BLANK_LINE
    return BLANK_LINE if have_one_form(blocks, sizes, stats) else None


# Features of a block; if nearly all blocks have the same value, each is a document.


def field_name(block: list[str]) -> str | None:
    """Return the name of a field in the first line: "Title: ..."."""
    match = KEY.match(block[0])
    return match[1] if match else None


def word_before_number(block: list[str]) -> str | None:
    """Return the word before a number in the first line: "Poem 12"."""
    match = NUMBERED.match(block[0])
    return match[1] if match else None


def first_line(block: list[str]) -> str | None:
    return block[0] if any(map(str.isalnum, block[0])) else None


def last_line(block: list[str]) -> str | None:
    return block[-1] if any(map(str.isalnum, block[-1])) else None


def attribution(block: list[str]) -> str | None:
    """Return "dash" if the last line names an author after a dash: "-- Anonymous"."""
    return "dash" if DASH.match(block[-1]) and not DASH.match(block[0]) else None


FEATURES = (field_name, word_before_number, first_line, last_line, attribution)


def share_feature(blocks: list[list[str]], feature: Callable[[list[str]], str | None]) -> bool:
    """Return whether 90% of the blocks have the same value of a feature."""
    values = Counter(value for block in blocks if (value := feature(block)) is not None)
    return bool(values) and values.most_common(1)[0][1] >= 0.9 * len(blocks)


def split_blocks(lines: Sequence[str]) -> tuple[list[list[str]], list[int]]:
    """Return blocks of adjacent lines, and the number of blank lines between them."""
    blocks: list[list[str]] = []
    gaps: list[int] = []
    blank, in_block = 0, False
    for line in lines:
        if not line or line.isspace():
            blank, in_block = blank + 1, False
            continue
        if not in_block:
            if blocks:
                gaps.append(blank)
            blocks.append([])
            blank, in_block = 0, True
        blocks[-1].append(line.rstrip())
    return blocks, gaps


def has_double_gaps(blocks: list[list[str]], gaps: list[int], min_count: float) -> bool:
    """Return whether two blank lines separate short texts, which contain single ones."""
    texts = [1]  # number of blocks in each
    sizes = [size(blocks[0])]
    for block, gap in zip(blocks[1:], gaps, strict=True):
        if gap > 1:
            texts.append(0)
            sizes.append(0)
        texts[-1] += 1
        sizes[-1] += size(block)
    divided = fraction(count > 1 for count in texts)
    short = np.median(sizes) <= 3000 and np.quantile(sizes, 0.95) <= 10_000
    return bool(len(texts) >= max(min_count, 10) and divided >= 0.5 and short)


def size(block: list[str]) -> int:
    return sum(map(len, block)) + len(block)


def have_one_form(blocks: list[list[str]], sizes: np.ndarray, stats: LineStatistics) -> bool:
    """Return whether all blocks have one form other than that of stanzas.

    Such forms are three or five short lines (haiku, limericks), and records with digits in certain
    lines only.
    """
    common = int(np.bincount(sizes).argmax())
    if (sizes == common).mean() < 0.95 or common < 2:
        return False
    if common in (3, 5) and np.median(stats.lengths) <= 35:
        return True
    same = [block for block in blocks if len(block) == common]
    digits = [fraction(any(map(str.isdigit, block[n])) for block in same) for n in range(common)]
    return common <= 8 and max(digits) >= 0.9 and min(digits) <= 0.1 and stats.punctuated <= 0.1
