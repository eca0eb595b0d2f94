"""Removal of the header and licence around each text of Project Gutenberg."""

import re

from seqgen.errors import CorpusError

# Since about 2000 two starred lines enclose the text; older ones begin after the "small print", and
# end with a line "End of (the|this) Project Gutenberg Etext of ...".
START = re.compile(
    r"^\*\*\* ?START OF (?:THE|THIS) PROJECT GUTENBERG.{0,300}?\*\*\*[^\n]*$"
    r"|^\*END[* ]*THE SMALL PRINT[^\n]*$",
    re.MULTILINE | re.IGNORECASE | re.DOTALL,
)
HEAD = 50_000  # characters searched for a start line; the "small print" has some 13,000
END = re.compile(
    r"^(?:\*\*\* ?END OF (?:THE|THIS) PROJECT GUTENBERG"
    r"|End of (?:the |this )?Project Gutenberg(?:'s|’s)? )",
    re.MULTILINE | re.IGNORECASE,
)


def strip_wrapping(text: str) -> str:
    """Return the text between the last start line and the first end line after it.

    A text without these lines is returned as it is.

    Raises:
        CorpusError: If it is a web page, which the site occasionally sends instead of the text.
    """
    if re.match(r"\s*<(?:!doctype|html|\?xml)", text, re.IGNORECASE):
        raise CorpusError("the file is a web page, not the text; delete it and fetch it again")
    starts = list(START.finditer(text, 0, HEAD))
    begin = starts[-1].end() if starts else 0
    end = END.search(text, begin)
    return text[begin : end.start() if end else len(text)].strip() + "\n"
