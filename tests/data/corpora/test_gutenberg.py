"""Headers and licences of all years are removed from texts of Project Gutenberg."""

import pytest

from seqgen.data.corpora.gutenberg import strip_wrapping
from seqgen.errors import CorpusError

WORK = "CHAPTER I.\n\n  Down the hole.\n\n*** three stars ***\n\nTHE END"
WRAPPED = {
    "today": (
        "The Project Gutenberg eBook of A\n\n*** START OF THE PROJECT GUTENBERG EBOOK A ***",
        "*** END OF THE PROJECT GUTENBERG EBOOK A ***\n\nlicence\n",
    ),
    "two lines": (
        "*** START OF THIS PROJECT GUTENBERG EBOOK A LONG\nTITLE, IN TWO LINES ***",
        "*** END OF THIS PROJECT GUTENBERG EBOOK A LONG\nTITLE ***\nlicence\n",
    ),
    "closing words": (
        "***START OF THE PROJECT GUTENBERG EBOOK A***",
        "End of the Project Gutenberg EBook of A\n\n***END OF THE PROJECT GUTENBERG EBOOK A***",
    ),
    "small print": (
        "***START**THE SMALL PRINT!**FOR PUBLIC DOMAIN ETEXTS**START***\nmuch\n"
        "*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*",
        "End of Project Gutenberg's Etext of A\n",
    ),
}


@pytest.mark.parametrize("kind", WRAPPED)
def test_header_and_footer_are_cut_off(kind):
    before, after = WRAPPED[kind]
    assert strip_wrapping(f"{before}\n\n\n{WORK}\n\n\n{after}") == WORK + "\n"


def test_texts_without_header_and_footer_are_unchanged():
    assert strip_wrapping(WORK) == WORK + "\n"


def test_a_late_start_line_is_part_of_the_text():
    before, after = WRAPPED["today"]
    work = "word " * 20_000 + "\n" + WRAPPED["small print"][0] + "\nmore"
    assert strip_wrapping(f"{before}\n{work}\n{after}") == work + "\n"


def test_a_web_page_is_refused():
    with pytest.raises(CorpusError, match="web page"):
        strip_wrapping("\n<!DOCTYPE html>\n<html><body>Are you a robot?</body></html>")
