"""Project Gutenberg's wrapping: the header and the licence around each text."""

import re

from seqgen.errors import CorpusError

# Texts since about 2000 stand between two starred lines; older ones begin after the "small print",
# and close with a line "End of (the|this) Project Gutenberg Etext of ...".
START = re.compile(
    r"^\*\*\* ?START OF (?:THE|THIS) PROJECT GUTENBERG.{0,300}?\*\*\*[^\n]*$"
    r"|^\*END[* ]*THE SMALL PRINT[^\n]*$",
    re.MULTILINE | re.IGNORECASE | re.DOTALL,
)
HEAD = 50_000  # characters in which a start line may stand; the "small print" has some 13,000
END = re.compile(
    r"^(?:\*\*\* ?END OF (?:THE|THIS) PROJECT GUTENBERG"
    r"|End of (?:the |this )?Project Gutenberg(?:'s|’s)? )",
    re.MULTILINE | re.IGNORECASE,
)


def strip_wrapping(text: str) -> str:
    """The work alone, from after the last start line to before the first end line that follows it.

    A text without these lines, as one that was cut by hand, is returned as it is.
    Raises CorpusError for a web page, which the site sends in place of a text now and then.
    """
    if re.match(r"\s*<(?:!doctype|html|\?xml)", text, re.IGNORECASE):
        raise CorpusError("a web page came instead of the text; delete the file and fetch it again")
    starts = list(START.finditer(text, 0, HEAD))
    begin = starts[-1].end() if starts else 0
    end = END.search(text, begin)
    return text[begin : end.start() if end else len(text)].strip() + "\n"
