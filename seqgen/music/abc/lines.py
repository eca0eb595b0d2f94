"""The lines of a tune, without comments, and joined if a mail program has cut them.

"Section" numbers are those of the ABC standard 2.1.
"""

import re
from collections.abc import Iterator

from seqgen.data.corpora.markup import without_markup
from seqgen.music.abc import fields


def lines(text: str) -> Iterator[str]:
    """The lines of a tune; comments, and lines of the header that are not fields, are empty.

    An empty line ends a tune (section 2.2.1), but not before its first line of music: many programs
    and web pages put one after the header.
    """
    text = without_markup(text.lstrip("\ufeff"))
    # "%%" is another way to write "I:" (section 11).
    every = [re.sub("^%%", "I:", line.strip()) for line in re.split(r"\r\n?|\n", text)]
    key = next((n for n, line in enumerate(every) if line.startswith("K:")), -1)
    every[key + 1 :] = _unwrap(every[key + 1 :])
    headed = any(line.startswith("X:") for line in every[: key + 1])
    music = typeset = False
    for n, line in enumerate(every):
        if music and not line and not typeset:
            return  # one with a comment does not end a tune
        if line.startswith(("I:begin", "I:end")):  # text or drawings (section 11.4.4)
            typeset = line.startswith("I:begin")
        if typeset or (headed and n < key and not fields.FIELD.match(line)):
            yield ""
        else:
            line = fields.without_comment(line)
            yield line
            music = music or bool(line and n > key and not fields.FIELD.match(line))


def _unwrap(every: list[str]) -> list[str]:
    """Join lines that mail programs have cut; a line joined to another becomes a comment."""
    # At the end of a long line "=" or "=20", and "=3D" for "=" (RFC 2045, section 6.7).
    every = [re.sub("=(?:20)?$", "\\\\", line).replace("=3D", "=") for line in every]
    whole = 0
    for n, line in enumerate(every):
        # No line begins with a length, except with the number of an ending after a bar line.
        if re.match("[0-9/]", line) and re.search(r"[A-Ga-gz\]0-9/,'(]$", every[whole]):
            every[whole] += line
            every[n] = "%"
        else:
            whole = n
    return every
