"""Removal of HTML from tune books that were saved as web pages."""

import re
from html import unescape

# Tags that cannot be music: no ABC has "<pre>", but "A<b>c" is broken rhythm.
MARKUP = re.compile(
    r"<!doctype\s+html|</?(?:html|head|body|pre|div|table|td|center|script|textarea)\b[^<>\n]*>"
    r"|<br\s*/?>|&(?:lt|gt|quot);",
    re.IGNORECASE,
)
PREFORMATTED = re.compile(
    r"<(pre|textarea)\b[^>]*>(?P<text>.*?)(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL
)
UNSEEN = re.compile(r"<!--.*?-->|<(script|style|head)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
LINE_END = re.compile(r"<br\s*/?>(?:\r?\n)?|</?(?:p|div|tr|li|h[1-6])\b[^<>]*>", re.IGNORECASE)
ANY_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!doctype[^<>]*>", re.IGNORECASE)
# If "<" is not written as "&lt;", only these are certainly tags.
SURE_TAG = re.compile(
    r"</?(?:html|head|body|pre|div|table|tbody|td|th|tr|center|textarea|span|font|code|title|meta|"
    r"link|img|hr|ul|ol|li|h[1-6]|tt|em|strong|small|i|u|sup|sub)\b[^<>]*>|<a\s[^<>]*>|</[a-z]+>"
    r"|<!doctype[^<>]*>",
    re.IGNORECASE,
)


def has_markup(text: str) -> bool:
    """Return whether a tune book contains HTML."""
    return bool(("<" in text or "&" in text) and MARKUP.search(text))


def without_markup(text: str) -> str:
    """Return a tune book without HTML: the content of ``<pre>`` if that has tunes, else all."""
    if not has_markup(text):
        return text
    blocks = [block["text"] for block in PREFORMATTED.finditer(text)]
    if any(re.search(r"^\s*X:", block, re.MULTILINE) for block in blocks):
        text = "\n\n".join(block.strip("\r\n") for block in blocks) + "\n"
    text = LINE_END.sub("\n", UNSEEN.sub("", text))
    tags = ANY_TAG if re.search("&[lg]t;", text) else SURE_TAG
    return unescape(tags.sub("", text))
