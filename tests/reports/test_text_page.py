import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from seqgen.checkpoint.read import open_checkpoint
from seqgen.evaluation.metric import Metric
from seqgen.evaluation.text.novelty import CopiedText
from seqgen.evaluation.text.report import Excerpt, Figure, Overlap, Row, TextReport
from seqgen.evaluation.text.samples import GENERATED, REAL, Example, SampleMetrics
from seqgen.reports.text_page import Provenance, text_page

EVIL = '</pre><script>alert("1")</script>&amp;\0\x1b\u202e'
BIT = math.log(2)
PROVENANCE = Provenance("seqgen evaluate fox --html fox.html", "2026-01-31", {"seqgen": "0.1.0"})

SAMPLES = SampleMetrics(
    count=2,
    temperature=0.8,
    seed=7,
    rows=(
        Metric("characters", "measured", "characters", {GENERATED: 2000, REAL: 1900}),
        Metric("novel_8", "new runs of 8 characters", "%", {GENERATED: 0.25, REAL: 0.5}),
        Metric("novel_32", "new runs of 32 characters", "%", {GENERATED: 0.9999, REAL: None}),
    ),
    copies={
        GENERATED: CopiedText(0, 5, "quick brown\nfox", 4, 1, 12, "The ", " jumps & runs"),
        REAL: None,
    },
    loop="again and ",
    unknown_words=("foxen", "<dogs>"),
    examples=(Example(0.5, "The quick brown fox.", ((4, 19),)), Example(1.0, "Xyz\n" + EVIL, ())),
)

REPORT = TextReport(
    name="fox",
    corpus="fox [1]",
    evaluated="the validation part of fox",
    tokens=1000,
    characters=1000,
    rows=(
        Row(
            "float32", "network, float32", Figure(2 * BIT, 0.1 * BIT), Figure(2 * BIT), "as trained"
        ),
        Row("2-gram", "2-gram", Figure(3 * BIT, 1e-9), Figure(3 * BIT)),
        Row("xz", "xz -9e", Figure(4 * BIT)),
    ),
    curve=({"seconds": 0, "validation_loss": 4.0}, {"seconds": 9, "validation_loss": 2.0}),
    overlap=Overlap(50, 0.125, 60, 0, 10, "lazy dog", 3),
    surprising=(Excerpt(70, "q&z", (8 * BIT, 0.0, 4 * BIT)),),
    expected=(Excerpt(90, "the", (0.1, 0.1, 0.1)),),
    samples=SAMPLES,
    quantisation=Figure(0.0012, 0.0001),
)


class Balanced(HTMLParser):
    """Asserts balanced tags and collects tags and texts."""

    EMPTY = ("meta", "link")

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.texts = [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.texts.append(data)


def parse_page(content):
    parser = Balanced()
    parser.feed(content.decode("utf-8"))
    parser.close()
    assert parser.open == []
    return parser


@pytest.fixture
def config(checkpoint):
    return open_checkpoint(checkpoint).config


@pytest.fixture
def html(config):
    return text_page(REPORT, config, PROVENANCE).decode("utf-8")


def rows(html, table):
    """The cells of a table body as plain text."""
    body = re.search(rf'<table class="{table}">.*?<tbody>(.*?)</tbody>', html, re.S)[1]
    cells = [re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row) for row in body.split("</tr>")[:-1]]
    return [[re.sub(r"<.*?>", "", cell) for cell in row] for row in cells]


def test_the_page_is_well_formed_and_loads_nothing(html):
    parse_page(html.encode())
    assert "default-src 'none'" in html
    assert "script-src" not in html
    for outside in ("<script", "http:", "https:", "src=", "@import", "url("):
        assert outside not in html.replace('href="data:,"', "")


def test_every_class_has_a_style(html):
    style, body = html.split("</style>")
    used = {name for names in re.findall(r'class="([\w -]+)', body) for name in names.split()}
    # Hooks for programs that read the page.
    unstyled = {name for name in used if not re.search(rf"\.{name}\b", style)}
    assert unstyled <= {"generated", "curve"}


def test_the_likelihoods_have_bars(html):
    assert rows(html, "likelihood") == [
        ["network, float32as trained", "", "2.000 ± 0.100", "1.3863 ± 0.0693", "4.00"],
        ["2-gram", "", "3.000", "2.0794", "8.00"],
        ["xz -9e", "", "4.000", "2.7726", "–"],
    ]
    assert html.count('<tr class="network">') == 1
    assert "0.0012 <small>± 0.0001</small>" in html
    widths = re.findall(r'class="bar"><span style="width:([\d.]+)%', html)
    assert [float(width) for width in widths] == [50, 75, 100]


def test_nats_per_token_are_a_column_if_tokens_are_longer_than_characters(config):
    report = replace(REPORT, tokens=500)
    html = text_page(report, config, PROVENANCE).decode()
    assert rows(html, "likelihood")[2][2:] == ["4.000", "2.7726", "–", "–"]


def test_the_samples_are_compared_with_real_text(html):
    assert rows(html, "figures") == [
        ["measured, characters", "", "2,000", "1,900"],
        ["new runs of 8 characters", "", "25.0%", "50.0%"],
        # Not rounded to 100%, since not all are new.
        ["new runs of 32 characters", "", "&gt; 99.9%", "–"],
    ]
    assert (
        '<b class="real" style="left:50.0%"></b><b class="network" style="left:25.0%"></b>' in html
    )


def test_copies_are_underlined_and_quoted_with_their_context(html):
    assert "The <u>quick brown fox</u>." in html
    assert "The <mark>quick brown⏎fox</mark> jumps &amp; runs" in html
    assert "<b>15 characters</b>, lines 12 to 13" in html
    assert "<q>again and </q>" in html
    assert "foxen, &lt;dogs&gt;" in html


def test_surprisal_is_coloured(html):
    assert '<i class="s10">q</i>&amp;<i class="s5">z</i>' in html
    assert "4.00 bits per character, at character 70" in html


def test_a_warning_of_contamination_is_shown(config):
    report = replace(REPORT, overlap=replace(REPORT.overlap, warning="They are much the same."))
    html = text_page(report, config, PROVENANCE).decode()
    assert '<p class="warning">They are much the same.</p>' in html
    assert "12.50%" in html


def test_empty_sections_are_left_out(config):
    bare = replace(REPORT, curve=(), overlap=None, surprising=(), expected=(), samples=None)
    parser = parse_page(text_page(bare, config, PROVENANCE))
    assert [tag for tag, _ in parser.tags].count("h2") == 1
    assert [tag for tag, _ in parser.tags].count("table") == 1


def test_untrusted_text_is_escaped(config):
    figures = replace(
        SAMPLES,
        copies={GENERATED: CopiedText(0, 0, EVIL, 0, 1, 1, EVIL, EVIL)},
        loop=EVIL,
        unknown_words=(EVIL,),
        examples=(Example(0.5, EVIL, ((0, 6), (9, 12))),),
    )
    report = TextReport(
        name=EVIL, corpus=EVIL, evaluated=EVIL, tokens=9, characters=9,
        rows=(Row("float32", EVIL, Figure(1.0), note=EVIL),), curve=(),
        overlap=Overlap(50, 0.1, 60, 0, 10, EVIL, 3, EVIL),
        surprising=(Excerpt(0, EVIL, (1.0,) * len(EVIL)),), expected=(),
        samples=figures, notices=(EVIL,),
    )  # fmt: skip
    evil = replace(config, versions={EVIL: EVIL})
    evil = replace(
        evil, corpus=replace(config.corpus, name=EVIL, sources=(EVIL,), fingerprint=EVIL)
    )
    content = text_page(report, evil, Provenance(EVIL, EVIL, {EVIL: EVIL}))
    parser = parse_page(content)
    assert "script" not in {tag for tag, _ in parser.tags}
    assert not any(each in content.decode() for each in "\0\x1b\u202e")


def test_the_footer_holds_the_provenance(html):
    assert "<code>seqgen evaluate fox --html fox.html</code>, 2026-01-31" in html
    assert "seqgen 0.1.0" in html


def test_without_copies_nothing_is_underlined(config):
    plain = tuple(replace(each, copied=()) for each in SAMPLES.examples)
    report = replace(REPORT, samples=replace(SAMPLES, examples=plain))
    assert "<u>" not in text_page(report, config, PROVENANCE).decode()
