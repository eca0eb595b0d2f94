"""Tunes that together have everything that is drawn and played, and a page of a real book."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from seqgen.data.corpora.tunebook import split_tunes
from seqgen.errors import TuneError
from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.tune import Clef, Tune, Voice

BOOK = """\
X:1
T:Pickups, endings, triplets
R:jig
M:6/8
L:1/8
K:Ador
|:E|A2A ABc|BAG EFG|ABA e2d|cBA GE^G|
A2A ABc|(3BAG A EFG|AB^c d-dB|1 A3 A2:|2 A3 A2d||
|:e2a aga|^gab a2g|e2d cBA|BGE G2B|e2a aga|bag =f2g|edB dBG|A3-A3:|

X:2
T:„Süß & schön“ <b>
R:reel
M:4/4
L:1/8
Q:1/4=200
K:Bb
B2 dB fBdB|(3cdc Ac e/d/c dB|F5 G3-|G7 z|z2 c>d e<f g2-|g8:|
|:G,2 B,2 D2 F2|b4 d'4-|d'7/2 _d'/2 =d'4:|

X:3
T:Changes
M:7/8
L:1/8
K:F#dor
[Ac]2e-|e2 c2 dcB|(5ABcde A2 z|[M:4/4][K:Eb]E2 G2 B4|=E^F=F_G =G2 ^g=g|(3G2A2B2 [Bd]4-|[Bd]4 z4|z8||
M:3/4
[K:D =c]|:d2 f/g/a/b/ c2|[1,3 A6:|[2 B4 z2|]

X:4
T:No key, no meter
M:none
K:none
ABC ^def|gab c'4|]

X:5
T:An air
R:air
M:3/4
L:1/4
K:Dm
A|d>e f|(g/2f/2 e/2d/2) ^c|d A F|A2 A|d>e f|g/2f/2 e/2d/2 ^c|d3-|d2||
c|c A f|e d c|B/2A/2 G A|B2 A/4B/4c/2|d>e f|g/2f/2 e/2d/2 ^c|d3-|d2|]
"""


@pytest.fixture(scope="session")
def tunes() -> list[Tune]:
    """Made for the tests."""
    return [parse_tune(str(document.text)) for document in split_tunes(BOOK, "book")]


@pytest.fixture(scope="session")
def trio() -> Tune:
    """Three voices, the first with an overlay and an octave down; the tempo doubles in bar 2."""
    head = "X:1\nM:2/4\nL:1/4\nK:G\n"
    tune = parse_tune(f"T:Trio\nQ:1/4=60\n{head}|:g a:|b2-|b2|]")
    bars = list(tune.bars)
    bars[0] = replace(bars[0], overlays=(parse_tune(f"{head}d2|").bars[0].notes,))
    bars[1] = replace(bars[1], tempo=120.0)
    bass = Voice(parse_tune(f"{head}G,2|D,-D,|G,2|]").bars, "2", "Bass", Clef("F", 4))
    viola = Voice(parse_tune(f"{head}G2|B2|[GB]2|]").bars, "3", "", Clef("C", 3), transpose=2)
    return replace(
        tune, bars=tuple(bars), label="Fiddle", clef=Clef("G", 2, -1), voices=(bass, viola)
    )


@pytest.fixture(scope="session")
def oneills() -> list[Tune]:
    """The first tunes of O'Neill's book, as they stand there; all but a few can be read."""
    import music21

    path = Path(music21.__file__).parent / "corpus" / "oneills1850" / "0001-0050.abc"
    tunes = []
    for document in split_tunes(path.read_text(), "oneills"):
        with suppress(TuneError):
            tunes.append(parse_tune(str(document.text)))
    assert len(tunes) > 40
    return tunes
