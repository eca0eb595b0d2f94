import io
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from seqgen.errors import TuneError
from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.tune import Attachments, Tune
from seqgen.music.render.engrave import HEIGHT, WIDTH, Sheet, engrave, png_file, svg_file
from seqgen.music.render.glyphs import names
from seqgen.music.render.pdf import pdf_file

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def sheets(tunes: list[Tune]) -> list[Sheet]:
    return [sheet for n, tune in enumerate(tunes, 1) for sheet in engrave(tune, n)]


def by_class(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [e for e in root.iter() if name in (e.get("class") or "").split()]


def test_the_picture_has_every_note(tunes: list[Tune], sheets: list[Sheet]) -> None:
    root = ElementTree.fromstring(svg_file(sheets))
    texts = ["".join(e.itertext()).strip() for e in root.iter(f"{SVG}text")]
    assert [tune.title for tune in tunes if tune.title in texts] == [tune.title for tune in tunes]
    assert texts.count("jig") == 1
    ids = {e.get("id") for e in root.iter()}
    for number, tune in enumerate(tunes, 1):
        for b, bar in enumerate(tune.bars):
            for n, note in enumerate(bar.notes):
                assert set(names(f"t{number}", b, n, note)) <= ids
    # Two pairs of endings, with their labels.
    assert len(by_class(root, "ending")) == 4
    assert [t for t in texts if re.fullmatch("[123,]+", t)] == ["1", "2", "1,3", "2"]
    assert len(by_class(root, "tuplet")) == 4
    assert len(by_class(root, "keySig")) >= len(tunes)


def test_dots_are_drawn_but_no_placeholders() -> None:
    (sheet,) = engrave(parse_tune("M:6/8\nL:1/8\nK:C\nA3 B3|c2d e3|]"), 1)
    root = ElementTree.fromstring(svg_file([sheet]))
    assert len(by_class(root, "dots")) == 3
    assert len(list(root.iter(f"{SVG}ellipse"))) == 3


def test_each_tune_stands_below_the_one_before(sheets: list[Sheet]) -> None:
    root = ElementTree.fromstring(svg_file(sheets))
    shifts = [e.get("transform", "") for e in root.findall(f"{SVG}g")]
    tops = [float(shift.split()[1].rstrip(")")) for shift in shifts]
    for sheet, top, following in zip(sheets, tops, [*tops[1:], None], strict=True):
        if following is not None:
            assert following > top + sheet.height
    height = float(str(root.get("viewBox")).split()[3])
    assert height > tops[-1] + sheets[-1].height


def dark(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L")) < 128


def test_png_shows_title_and_staves(sheets: list[Sheet]) -> None:
    image = Image.open(io.BytesIO(png_file(sheets[:1])))
    assert image.width == 1654
    ink = dark(image)
    scale = image.width / WIDTH
    title = ink[round(150 * scale) : round(230 * scale)]
    assert title.sum() > 500
    centre = np.flatnonzero(title.any(0)).mean() / scale
    assert abs(centre - WIDTH / 2) < 20
    # The five lines of each of four staves run nearly from margin to margin.
    lines = (np.asarray(image.convert("L")) < 220).mean(1) > 0.7
    assert lines.sum() >= 20
    assert not ink[:, : round(140 * scale)].any()
    assert not ink[:, -round(140 * scale) :].any()


def test_a_title_in_another_script_is_drawn() -> None:
    titles = []
    for title in ("Żółć", "Ελλά", "Ждёт"):
        (sheet,) = engrave(parse_tune(f"T:{title}\nM:4/4\nL:1/4\nK:C\nABcd|]"), 1)
        titles.append(dark(Image.open(io.BytesIO(png_file([sheet]))))[110:185])
        assert titles[-1].sum() > 300
    # Letters that a font lacks would all be the same box.
    assert (titles[0] != titles[1]).sum() > 300
    assert (titles[1] != titles[2]).sum() > 300


def test_texts_above_and_below_the_staves() -> None:
    tune = replace(
        parse_tune("T:One\nR:reel\nM:4/4\nL:1/4\nK:C\nABcd|]"),
        subtitles=("Two", "Three <&>"),
        composer="Somebody",
        words=("First line", "", "word " * 60),
    )
    sheets = engrave(tune, 1)
    root = ElementTree.fromstring(svg_file(sheets))
    texts = ["".join(e.itertext()).strip() for e in root.iter(f"{SVG}text")]
    assert texts[:6] == ["One", "Two", "Three <&>", "reel", "Somebody", "First line"]
    assert " ".join(texts[7:]).split() == ["word"] * 60
    assert len(texts[7:]) > 2
    assert sheets[0].top == engrave(replace(tune, subtitles=()), 1)[0].top + 2 * 54
    assert dark(Image.open(io.BytesIO(png_file(sheets)))).any()


def test_many_words_continue_on_the_next_page() -> None:
    tune = replace(parse_tune("M:4/4\nL:1/4\nK:C\nABcd|]"), words=("la",) * 120)
    sheets = engrave(tune, 1)
    assert len(sheets) == 4
    assert all(sheet.height <= HEIGHT - 300 for sheet in sheets)
    assert len(re.findall(rb"/Type /Page\b", pdf_file(sheets))) == 4


def test_texts_in_the_score_are_all_in_the_font_that_comes_with_it() -> None:
    tune = parse_tune("M:4/4\nL:1/4\nK:C\nABcd|]")
    notes = (tune.bars[0].notes[0]._replace(attached=Attachments("Bb", ("^Żółć ♯",))),)
    (sheet,) = engrave(replace(tune, bars=(replace(tune.bars[0], notes=notes),)), 1)
    # In one piece each, or svglib would set its pieces over each other.
    assert re.findall("<text[^>]*>([^<]*)</text>", sheet.body) == ["B♭", "Żółć ♯"]
    assert set(re.findall('font-family="([^"]*)"', sheet.body)) == {
        "'DejaVu Serif', Georgia, serif"
    }
    assert b"DejaVuSerif" in pdf_file([sheet])


@pytest.mark.slow
def test_a_pdf_breaks_pages_between_tunes(sheets: list[Sheet]) -> None:
    data = pdf_file(sheets * 2)
    assert data.startswith(b"%PDF")
    used, pages = 2 * 150.0, 1
    for sheet in sheets * 2:
        if used + sheet.top + sheet.height > HEIGHT and used > 300:
            pages, used = pages + 1, 300.0
        used += sheet.top + sheet.height + 120
    assert pages > 1
    assert len(re.findall(rb"/Type /Page\b", data)) == pages


def test_a_very_long_tune_continues_on_further_sheets() -> None:
    sheets = engrave(parse_tune("T:Long\nM:4/4\nL:1/4\nK:C\n" + "ABcd|" * 160 + "]"), 1)
    assert len(sheets) > 1
    assert [bool(sheet.title) for sheet in sheets] == [True] + [False] * (len(sheets) - 1)
    assert all(sheet.top + sheet.height <= HEIGHT - 300 for sheet in sheets)


def test_a_picture_that_is_too_high_is_refused(sheets: list[Sheet]) -> None:
    with pytest.raises(TuneError, match=r"write them as \.pdf"):
        png_file(sheets * 20)


@pytest.mark.slow
def test_the_same_tune_gives_the_same_file(tunes: list[Tune]) -> None:
    first, second = (engrave(tunes[0], 1) for _ in range(2))
    assert svg_file(first) == svg_file(second)
    assert pdf_file(first) == pdf_file(second)
