"""Words: a word with the space before it is a token; rare ones are spelled in characters."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain
from typing import Any, ClassVar, Self

from seqgen.data.tokenizers.regex_base import RegexTokenizer
from seqgen.errors import CheckpointError

UAX_29 = "uax29"

# Ideographs and hiragana, each of which is a word, and katakana, of which a run is one.
SINGLE = "㐀-䶿一-鿿ぁ-ゖ"
KATAKANA = "ァ-ヺー-ヿ"

# Text without combining marks and rare characters, as most text in Latin, Greek and Cyrillic
# script, and its pieces: the same as those of `split_chunk`, in a tenth of the time.
EUROPEAN = r"\t\n -~À-ÖØ-öø-ɏΑ-ΡΣ-Ωα-ωά-ώЀ-ҁҊ-ԯ‘’“”–—…«»"
EUROPEAN_TEXT = re.compile(rf"[{EUROPEAN}]*+")
BLANKS_AND_PUNCTUATION = r"""
      \ ?[^\w\s]++
    | \n
    | [^\S\n]+(?=\ \S)   # indentation, but its last space stays with what follows
    | [^\S\n]+
"""
EUROPEAN_PIECE = re.compile(
    rf"""
      \ ?\w++
        (?: (?: [:.'‘’](?=[^\W\d_])(?<=[^\W\d_].) | [,;.'‘’](?=\d)(?<=\d.) ) \w++ )*+
    | {BLANKS_AND_PUNCTUATION}
    """,
    re.VERBOSE,
)

# The same with Chinese, Japanese and Korean.
ASIAN_TEXT = re.compile(rf"[{EUROPEAN}가-힣、。，；！？{SINGLE}{KATAKANA}]*+")
LETTER = rf"[^\W\d_{SINGLE}{KATAKANA}]"
ASIAN_PIECE = re.compile(
    rf"""
      \ ?[{SINGLE}] | \ ?[{KATAKANA}]++
    | \ ?[^\W{SINGLE}{KATAKANA}]++
        (?: (?: [:.'‘’](?={LETTER})(?<={LETTER}.) | [,;.'‘’，；](?=\d)(?<=\d.) )
            [^\W{SINGLE}{KATAKANA}]++ )*+
    | {BLANKS_AND_PUNCTUATION}
    """,
    re.VERBOSE,
)

# Chunks of any other text, with the blanks before them; there is always a boundary between chunks.
# Most are repeated, so that each is cut into pieces once. A chunk ends before letters that do not
# join to preceding ones, such as those of Thai and Lao, unless one of the few characters may
# precede that a grapheme cluster joins to the letter after it.
FIRST = SINGLE + "ก-ะาเ-ไກ-ະາເ-ໄ"
JOINING = "\u0600-\u08ff\u0d00-\u0d7f\U00010000-\U0001ffff"
CHUNK = re.compile(
    rf"""
      \r\n? | \n
    | [^\S\r\n]*+ \S [^\s{FIRST}]*+ (?: (?<=[{JOINING}]) [{FIRST}] [^\s{FIRST}]*+ )*+
    | [^\S\r\n]+
    """,
    re.VERBOSE,
)

LINE = re.compile(r"[^\n]*+\n|[^\n]++")

# Maximum number of cached chunks, and their maximum length.
MAX_CACHED = 1 << 18
MAX_CACHED_LENGTH = 64


class WordTokenizer(RegexTokenizer):
    """Words and runs of punctuation, each with the space before it, line ends and indentation.

    Words are those of Unicode's default word boundaries (UAX #29): ``it's`` and ``3.14`` are one
    word, and an ideograph is one. Case is kept. A word outside the vocabulary is spelled in
    grapheme clusters (a letter with its combining marks). The vocabulary has all clusters of the
    texts; others are spelled in single characters.

    Attributes:
        rule: `UAX_29`; None in checkpoints of seqgen 0.1 and before, whose words are those of
            `pattern`, which cuts before combining marks.
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
    fields: ClassVar[tuple[str, ...]] = ("rule",)

    def __init__(self, pieces: Sequence[str], rule: str | None = UAX_29) -> None:
        super().__init__(pieces)
        self.rule = rule
        self._chunks = ChunkIds(self._ids_of)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        rule = data.get("rule")
        if "rule" in data and rule != UAX_29:
            raise CheckpointError(
                f"tokenizer.json: the rule {str(rule)[:40]!r} for words is unknown; the checkpoint "
                "is damaged, or of a newer seqgen"
            )
        return cls(super().from_json(data)._pieces[1:], rule)

    def to_json(self) -> dict[str, Any]:
        rule = {"rule": self.rule} if self.rule else {}
        return {"kind": self.kind, **rule, "pieces": list(self._pieces[1:])}

    @classmethod
    def count_pieces(cls, blocks: Iterable[str]) -> Counter[str]:
        chunks, counts = Counter[str](), Counter[str]()
        for part, pattern in chain.from_iterable(map(plain_parts, blocks)):
            if pattern:
                counts.update(pattern.findall(part))
            else:
                chunks.update(CHUNK.findall(part))
        for chunk, count in chunks.items():
            for piece in split_chunk(chunk):
                counts[piece] += count
        return counts

    @classmethod
    def units(cls, counts: Counter[str]) -> set[str]:
        return {cluster for piece in counts for cluster in clusters(piece) if len(cluster) > 1}

    def cut(self, text: str) -> list[str]:
        if self.rule is None:
            return self.pattern.findall(text)
        return list(chain.from_iterable(map(split_chunk, CHUNK.findall(text))))

    def _encode(self, block: str) -> list[int]:
        if self.rule is None:
            return super()._encode(block)
        ids: list[int] = []
        for part, pattern in plain_parts(block):
            if pattern:
                ids += self._ids_of(pattern.findall(part))
            else:
                ids += chain.from_iterable(map(self._chunks.__getitem__, CHUNK.findall(part)))
        return ids

    def _ids_of(self, pieces: Iterable[str]) -> list[int]:
        known, ids = self._ids, []
        for piece in pieces:
            if piece in known:
                ids.append(known[piece])
            else:
                for cluster in clusters(piece):
                    if cluster in known:
                        ids.append(known[cluster])
                    else:
                        ids += [known[character] for character in cluster]
        return ids


class ChunkIds(dict[str, list[int]]):
    """The ids of chunks, with a cache."""

    def __init__(self, ids_of: Callable[[list[str]], list[int]]) -> None:
        """Compute ids by ``ids_of``, a function of pieces."""
        super().__init__()
        self._ids_of = ids_of

    def __missing__(self, chunk: str) -> list[int]:
        ids = self._ids_of(split_chunk(chunk))
        if len(chunk) <= MAX_CACHED_LENGTH:
            if len(self) == MAX_CACHED:
                self.clear()
            self[chunk] = ids
        return ids


def plain_pattern(text: str) -> re.Pattern[str] | None:
    """Return the pattern of the pieces of a text, if it has only common characters."""
    if EUROPEAN_TEXT.fullmatch(text):
        return EUROPEAN_PIECE
    # An underscore joins katakana, as it joins letters.
    return ASIAN_PIECE if "_" not in text and ASIAN_TEXT.fullmatch(text) else None


def plain_parts(block: str) -> Iterator[tuple[str, re.Pattern[str] | None]]:
    """Yield a block, or else its lines, each with its `plain_pattern`."""
    if pattern := plain_pattern(block):
        yield block, pattern
    else:
        yield from ((line, plain_pattern(line)) for line in LINE.findall(block))


def split_chunk(chunk: str) -> list[str]:
    """Split a chunk of a text into words, runs of punctuation and blanks."""
    if pattern := plain_pattern(chunk):
        return pattern.findall(chunk)
    pieces: list[str] = []
    before = ""  # a space that belongs to the next piece
    blank, in_run = False, False
    for part in boundary_parts(chunk):
        if part.isspace():
            pieces[-1:] = [pieces[-1] + part] if blank else [*pieces[-1:], part]
            blank, in_run = True, False
            continue
        if blank and pieces[-1].endswith(" "):
            before, rest = " ", pieces.pop()[:-1]
            pieces += [rest] if rest else []
        is_word = any(character.isalnum() or character == "_" for character in part)
        if in_run and not is_word:
            pieces[-1] += part
        else:
            pieces.append(before + part)
        before, blank, in_run = "", False, not is_word
    return pieces


def boundary_parts(text: str) -> Iterator[str]:
    """Cut a text at Unicode's word boundaries that are also boundaries of clusters.

    They differ if a mark counts as a word, such as a Thai vowel after its letter.
    """
    import regex

    words = {match.start() for match in regex.finditer(r"(?w)\b", text)}
    start = 0
    for end in accumulate(map(len, clusters(text))):
        if end in words or end == len(text):
            yield text[start:end]
            start = end


def clusters(text: str) -> list[str]:
    """Return the extended grapheme clusters of a text: characters as readers see them."""
    if text.isascii() and "\r" not in text:
        return list(text)
    import regex

    return regex.findall(r"\X", text)
