"""Tunes as one HTML page that needs nothing else: scores, sound, and the ABC to copy."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from html import escape
from importlib.resources import files
from pathlib import Path

from seqgen.io.atomic import write_atomic
from seqgen.music.core.tempo import MARKS, beat
from seqgen.music.core.tune import Note, Tune, Voice
from seqgen.music.render.abc_writer import key_name
from seqgen.music.render.engrave import MARGIN, WIDTH, Sheet, prefix
from seqgen.music.render.instruments import Instrument
from seqgen.music.render.layout import visible
from seqgen.music.render.mei import names, part_prefix
from seqgen.music.render.performance import Performance, Sound, accented
from seqgen.music.render.writers import RenderedTune, Writer, WriterOptions


def page(entries: Sequence[RenderedTune], instrument: Instrument, made_by: str) -> bytes:
    """The page, which opens from disk and asks no network for anything.

    entries: the tunes; the sheets of the n-th were engraved with number n, counted from 1.
    made_by: the command that made it, with its seed.
    """
    numbered = list(enumerate(entries, 1))
    several = len(entries) > 1
    title = f"{len(entries)} tunes" if several else name(entries[0].performance.tune)
    heading = "h2" if several else "h1"
    music = {
        "timbre": asdict(instrument.timbre),
        "tunes": [sounds(entry.performance, number) for number, entry in numbered],
    }
    parts = {
        "title": escape(title),
        "header": header(title, entries) if several else "",
        "made_by": escape(visible(made_by)),
        "tunes": "\n".join(article(entry, number, heading) for number, entry in numbered),
        # A "</script>" in a text would end the script.
        "music": json.dumps(music, separators=(",", ":")).replace("<", r"\u003c"),
        "style": part("css"),
        "script": part("js"),
    }
    pieces = part("html").split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        key, rest = piece.split("}}", 1)
        filled += [parts[key], rest]
    return "".join(filled).encode("utf-8", "replace")


def part(suffix: str) -> str:
    """One of the files that a page is made of."""
    return (files(__package__) / f"page.{suffix}").read_text(encoding="utf-8").rstrip("\n")


def name(tune: Tune) -> str:
    return visible(tune.title) or f"Tune {tune.number}"


def header(title: str, entries: Sequence[RenderedTune]) -> str:
    """The head of a page of several tunes: how many there are, and where."""
    items = "".join(
        f'<li><a href="#tune-{number}">{escape(name(entry.performance.tune))}</a></li>'
        for number, entry in enumerate(entries, 1)
    )
    contents = f'<nav aria-label="Tunes"><ol>{items}</ol></nav>'
    return f"<header>\n<h1>{escape(title)}</h1>\n{contents}\n</header>"


def article(entry: RenderedTune, number: int, heading: str) -> str:
    """A tune's part of the page: title, player, score and ABC."""
    tune = entry.performance.tune
    title = escape(name(tune))
    score = "\n".join(picture(sheet, title) for sheet in entry.sheets)
    return f"""<article id="tune-{number}" aria-labelledby="title-{number}">
<{heading} id="title-{number}">{title}</{heading}>
{subtitles(tune)}<p class="facts">{escape(facts(tune))}</p>
<div class="player">
<button class="play" type="button" aria-pressed="false">▶ Play</button>
<input class="position" type="range" min="0" max="1" step="any" value="0" aria-label="Position">
<span class="time"></span>
<label>Tempo <input class="tempo" type="range" min="40" max="160" value="100">
<output></output></label>
<label><input class="loop" type="checkbox"> again and again</label>
</div>
<div class="score">{score}</div>
<div class="abc">
<details><summary>ABC</summary><pre tabindex="0">{escape(entry.abc.strip())}</pre></details>
<button class="copy" type="button" aria-live="polite">Copy</button>
</div>
</article>"""


def subtitles(tune: Tune) -> str:
    lines = "<br>".join(escape(visible(subtitle)) for subtitle in tune.subtitles)
    return f'<p class="subtitle">{lines}</p>\n' if lines else ""


def facts(tune: Tune) -> str:
    """Rhythm, meter, key and composer in a line."""
    key = key_name(tune.key) if tune.key else ""
    meter = str(tune.meter) if tune.meter.beats else ""
    key = key.replace("#", "♯").replace("b ", "♭ ")
    return " · ".join(filter(None, (visible(tune.rhythm), meter, key, visible(tune.composer))))


def picture(sheet: Sheet, title: str) -> str:
    width = WIDTH - 2 * MARGIN
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 {width} {sheet.height:.0f}" role="img" aria-label="Score of {title}">'
        f"{sheet.body}</svg>"
    )


def sounds(performance: Performance, number: int) -> dict[str, object]:
    """What the player is told of a tune.

    Times are in quarter notes at the tempo of the beginning: where the tempo changes, notes are
    as much longer or shorter.
    """
    tune = performance.tune
    counted = beat(tune.meter)
    every = tune.all_voices

    def quarters(time: Fraction) -> float:
        if not performance.tempo_changes:
            return round(float(4 * time), 6)
        return round(performance.seconds(time) * performance.tempo / 60, 6)

    notes = []
    for sound, strong in zip(performance.sounds, accented(performance), strict=True):
        begins = part_prefix(prefix(number), sound.voice, sound.layer)
        heads = [
            head
            for bar, place in sound.written
            for head in names(begins, bar, place, layer(every, sound, bar)[place])
        ]
        onset = quarters(sound.onset)
        duration = round(quarters(sound.onset + sound.duration) - onset, 6)
        notes.append([onset, duration, sound.pitch, heads, int(strong)])
    return {
        "notes": notes,
        "length": quarters(performance.length),
        "tempo": round(performance.tempo, 4),
        "beat": counted,
        "mark": MARKS[counted],
    }


def layer(every: Sequence[Voice], sound: Sound, bar: int) -> Sequence[Note]:
    """The notes of a bar among which a sound is written. every: all voices of its tune."""
    found = every[sound.voice].bars[bar]
    return found.overlays[sound.layer - 1] if sound.layer else found.notes


def _write(tunes: Sequence[RenderedTune], path: Path, options: WriterOptions) -> None:
    write_atomic(path, page(tunes, options.instrument, options.made_by))


HTML_WRITER = Writer((".html", ".htm"), _write, needs_score=True, plays=True)
