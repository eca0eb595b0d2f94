"""Writes tunes as one self-contained HTML page: scores, sound, and ABC to copy."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

from seqgen.io.atomic import write_atomic
from seqgen.music.core.tempo import MARKS, beat
from seqgen.music.core.tune import Note, Tune, Voice
from seqgen.music.render.abc_writer import key_name
from seqgen.music.render.engrave import MARGIN, WIDTH, prefix
from seqgen.music.render.glyphs import names, part_prefix
from seqgen.music.render.instruments import Instrument
from seqgen.music.render.layout import visible
from seqgen.music.render.performance import Performance, Sound, accents
from seqgen.music.render.writers import RenderedTune, Writer, WriterOptions


def page(tunes: Sequence[RenderedTune], instrument: Instrument, made_by: str) -> bytes:
    """Generate the page; it opens from disk and makes no network requests.

    Args:
        tunes: The sheets of the n-th tune were engraved with number n, counted from 1.
        instrument: Plays the tunes.
        made_by: The command that generated the page, with its seed.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    music = {
        "timbre": asdict(instrument.timbre),
        "tunes": [_playback(tune.performance, n) for n, tune in enumerate(tunes, 1)],
    }
    views = [_view(tune) for tune in tunes]
    text = environment.get_template("page.html").render(
        title=f"{len(tunes)} tunes" if len(tunes) > 1 else views[0]["title"],
        tunes=views,
        width=WIDTH - 2 * MARGIN,
        made_by=visible(made_by),
        # A "</script>" in a text would end the script.
        music=json.dumps(music, separators=(",", ":")).replace("<", r"\u003c"),
        style=(folder / "page.css").read_text(encoding="utf-8").rstrip(),
        script=(folder / "page.js").read_text(encoding="utf-8").rstrip(),
    )
    return text.encode("utf-8", "replace")


def _view(rendered: RenderedTune) -> dict[str, object]:
    """The template's data of a tune."""
    tune = rendered.performance.tune
    return {
        "title": visible(tune.title) or f"Tune {tune.number}",
        "subtitles": [visible(subtitle) for subtitle in tune.subtitles],
        "facts": _facts(tune),
        "sheets": [
            {"height": f"{sheet.height:.0f}", "body": sheet.body} for sheet in rendered.sheets
        ],
        "abc": rendered.abc.strip(),
    }


def _facts(tune: Tune) -> str:
    """Rhythm, meter, key and composer in a line."""
    key = key_name(tune.key) if tune.key else ""
    meter = str(tune.meter) if tune.meter.beats else ""
    key = key.replace("#", "♯").replace("b ", "♭ ")
    return " · ".join(filter(None, (visible(tune.rhythm), meter, key, visible(tune.composer))))


def _playback(performance: Performance, number: int) -> dict[str, object]:
    """The data from which the page's player plays a tune.

    Times are in quarter notes at the initial tempo; changes of tempo scale them.
    """
    tune = performance.tune
    beat_length = beat(tune.meter)
    voices = tune.all_voices

    def quarters(time: Fraction) -> float:
        if not performance.tempo_changes:
            return round(float(4 * time), 6)
        return round(performance.seconds(time) * performance.tempo / 60, 6)

    notes = []
    for sound, strong in zip(performance.sounds, accents(performance), strict=True):
        begins = part_prefix(prefix(number), sound.voice, sound.layer)
        heads = [
            head
            for bar, place in sound.written
            for head in names(begins, bar, place, _layer(voices, sound, bar)[place])
        ]
        onset = quarters(sound.onset)
        duration = round(quarters(sound.onset + sound.duration) - onset, 6)
        notes.append([onset, duration, sound.pitch, heads, int(strong)])
    return {
        "notes": notes,
        "length": quarters(performance.length),
        "tempo": round(performance.tempo, 4),
        "beat": beat_length,
        "mark": MARKS[beat_length],
    }


def _layer(voices: Sequence[Voice], sound: Sound, bar: int) -> Sequence[Note]:
    """The notes of a bar in the layer of a sound."""
    notated = voices[sound.voice].bars[bar]
    return notated.overlays[sound.layer - 1] if sound.layer else notated.notes


def _write(tunes: Sequence[RenderedTune], path: Path, options: WriterOptions) -> None:
    write_atomic(path, page(tunes, options.instrument, options.made_by))


HTML_WRITER = Writer((".html", ".htm"), _write, needs_score=True, plays=True)
