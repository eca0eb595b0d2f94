import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from seqgen.music.core.tune import Tune
from seqgen.music.render.engrave import engrave
from seqgen.music.render.html_page import page
from seqgen.music.render.instruments import find
from seqgen.music.render.performance import perform
from seqgen.music.render.writers import RenderedTune

NASTY = '</script><script>alert("x")</script>&amp;{{style}}\x1b'


class Read(HTMLParser):
    """Elements with their attributes, and texts by their element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + data


@pytest.fixture(scope="module")
def entries(tunes: list[Tune]) -> list[RenderedTune]:
    return [
        RenderedTune(perform(tune), engrave(tune, n), f"X:{n}\nT:{NASTY}\nK:C\nabc|\n")
        for n, tune in enumerate(tunes, 1)
    ]


@pytest.fixture(scope="module")
def text(entries: list[RenderedTune]) -> str:
    return page(entries, find("fiddle"), f"seqgen sample {NASTY} --seed 3").decode()


def test_texts_of_tunes_are_escaped(text: str) -> None:
    read = Read(text)
    assert [tag for tag, _ in read.elements].count("script") == 2
    assert not any(tag == "b" for tag, _ in read.elements)
    assert "„Süß & schön“ <b>" in read.texts["h2"]
    assert read.texts["pre"].count('T:</script><script>alert("x")</script>&amp;{{style}}\x1b') == 5
    assert "--seed 3" in read.texts["code"]
    assert "\x1b" not in read.texts["code"]


def test_the_page_loads_no_other_resource(text: str) -> None:
    addresses = {
        value
        for _, attributes in Read(text).elements
        for name, value in attributes.items()
        if name in ("src", "href", "xlink:href", "action", "data", "poster", "srcset")
    }
    assert all(value and (value.startswith("#") or value == "data:,") for value in addresses)
    assert "@import" not in text
    assert "url(" not in text
    assert "fetch(" not in text
    assert "default-src 'none'" in text


def test_the_page_contains_the_sounds_of_the_tunes(text: str, tunes: list[Tune]) -> None:
    match = re.search(r'<script type="application/json" id="music">(.*?)</script>', text, re.DOTALL)
    assert match
    music = json.loads(match[1])
    ids = [a.get("id") for _, a in Read(text).elements]
    for tune, playback in zip(tunes, music["tunes"], strict=True):
        performance = perform(tune)
        assert playback["tempo"] == pytest.approx(performance.tempo, abs=1e-3)
        expected = [
            (float(4 * s.onset), float(4 * s.duration), s.pitch) for s in performance.sounds
        ]
        for note, sound in zip(playback["notes"], expected, strict=True):
            assert note[:3] == pytest.approx(sound, abs=1e-5)
            assert note[3]
            assert all(ids.count(head) == 1 for head in note[3])


def test_one_tune_gives_the_page_its_title(entries: list[RenderedTune]) -> None:
    alone = page(entries[:1], find("harp"), "seqgen render").decode()
    assert "<title>Pickups, endings, triplets</title>" in alone
    assert "<nav" not in alone
    assert [tag for tag, _ in Read(alone).elements if tag in ("h1", "h2")] == ["h1"]
    assert Read(page(entries, find("harp"), "seqgen").decode()).texts["title"] == "5 tunes"


def test_every_sound_of_every_voice_has_its_heads_and_its_time(trio: Tune) -> None:
    tune = replace(trio, subtitles=("Also <known> as",), composer="Somebody")
    performance = perform(tune)
    text = page(
        [RenderedTune(performance, engrave(tune, 1), "X:1")], find("harp"), "seqgen"
    ).decode()
    ids = {attributes.get("id") for _, attributes in Read(text).elements}
    (playback,) = json.loads(text.partition('id="music">')[2].partition("</script>")[0])["tunes"]
    assert len(playback["notes"]) == len(performance.sounds)
    for note, sound in zip(playback["notes"], performance.sounds, strict=True):
        assert note[0] / playback["tempo"] * 60 == pytest.approx(performance.seconds(sound.onset))
        assert note[3]
        assert set(note[3]) <= ids
    assert playback["length"] / playback["tempo"] * 60 == pytest.approx(6)
    assert len({head for note in playback["notes"] for head in note[3]}) == 3 + 1 + 1 + 4 + 3
    assert "Also &lt;known&gt; as" in text
    assert "Somebody" in Read(text).texts["p"]
