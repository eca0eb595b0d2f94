"""The HTML page in a browser: playback, layout, keyboard and clipboard.

Skipped where there is no Chromium, except with SEQGEN_NEEDS_BROWSER; `make browser` installs one.
"""

import io
import os
import shutil
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from seqgen.music.core.tune import Tune
from seqgen.music.render.engrave import engrave
from seqgen.music.render.html_page import page
from seqgen.music.render.instruments import find
from seqgen.music.render.performance import perform
from seqgen.music.render.writers import RenderedTune

pytestmark = pytest.mark.slow

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "microsoft-edge")
# Routes all sound through an analyser, so that a test can measure how loud it is.
ANALYSER = """
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...more) {
  if (to instanceof AudioDestinationNode) {
    window.context = this.context;
    window.meter ??= this.context.createAnalyser();
    connect.call(this, window.meter);
  }
  return connect.call(this, to, ...more);
};
window.loudness = () => {
  const samples = new Float32Array(2048);
  window.meter.getFloatTimeDomainData(samples);
  return Math.max(...samples.map(Math.abs));
}
"""
# Records which note heads are highlighted, and when by the audio clock.
RECORD_HIGHLIGHTS = """
window.seen = [];
new MutationObserver((changes) => {
  for (const { target } of changes)
    if (target.classList.contains("on")) seen.push([target.id, context.currentTime]);
}).observe(document.body, { subtree: true, attributeFilter: ["class"] });
"""
PLAYING = "window.context && context.state === 'running' && loudness() > 0.02"
SILENT = "loudness() < 0.002"
SET_SLIDER = "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input')) }"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        reason = f"no Chromium on this machine (looked for {', '.join(NAMES)})"
        if os.environ.get("SEQGEN_NEEDS_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        # Chromium's sandbox cannot be used by root.
        launched = playwright.chromium.launch(
            executable_path=program, chromium_sandbox=False, args=["--mute-audio"]
        )
        yield launched
        launched.close()


@pytest.fixture
def html_page(browser: Browser, tunes: list[Tune], tmp_path: Path) -> Iterator[Page]:
    """A page of three tunes, opened from disk; fails on console errors and network requests."""
    entries = [
        RenderedTune(perform(tune), engrave(tune, n), f"X:{n}\nT:{tune.title}\nK:C\nabc|\n")
        for n, tune in enumerate(tunes[:3], 1)
    ]
    path = tmp_path / "tünes & more.html"
    path.write_bytes(page(entries, find("harp"), "seqgen sample x --seed 3"))
    context = browser.new_context(viewport={"width": 1000, "height": 900})
    context.add_init_script(ANALYSER)
    opened = context.new_page()
    problems: list[str] = []

    def check_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning", "assert"):
            problems.append(message.text)

    def check_request(url: str) -> None:
        if not url.startswith(("file:", "data:")):
            problems.append(url)

    opened.on("console", check_console)
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("request", lambda request: check_request(request.url))
    opened.goto(path.as_uri())
    yield opened
    context.close()
    assert problems == []


def test_sound_plays_and_its_notes_are_highlighted(html_page: Page, tunes: list[Tune]) -> None:
    expect(html_page.locator(".on")).to_have_count(0)
    play = html_page.locator(".play").first
    # Slow, so that a busy machine draws every note; the slider is in percent.
    html_page.locator(".tempo").first.evaluate("slider => { slider.value = 40 }")
    html_page.evaluate(RECORD_HIGHLIGHTS)
    play.click()
    wait_until(html_page, PLAYING)
    seen = wait_until(html_page, "seen.length >= 7 && seen")
    performance = perform(tunes[0])
    sounds = performance.sounds[: len(seen)]
    assert [head for head, _ in seen] == [f"t1-{s.written[0][0]}-{s.written[0][1]}" for s in sounds]
    # Frames may be late, but not by a note.
    onsets = [performance.seconds(sound.onset) / 0.4 for sound in sounds]
    late = [at - onset for (_, at), onset in zip(seen, onsets, strict=True)]
    assert max(late) - min(late) < performance.seconds(Fraction(1, 8)) / 0.4, late
    assert float(html_page.locator(".position").first.input_value()) >= 4 * sounds[-1].onset
    accent = play.evaluate("button => getComputedStyle(button).backgroundColor")
    fill = "getComputedStyle(document.querySelector('.on use, .on path') ?? document.body).fill"
    wait_until(html_page, f"{fill} === '{accent}'")
    play.click()
    wait_until(html_page, SILENT)
    expect(html_page.locator(".on")).to_have_count(0)


def test_every_sound_highlights_its_written_note(html_page: Page, tunes: list[Tune]) -> None:
    """Seeks through the second tune, which has repeats and ties."""
    play = html_page.locator(".play").nth(1)
    play.click()
    wait_until(html_page, "window.context && context.state === 'running'")
    html_page.locator(".tempo").nth(1).evaluate("slider => { slider.value = 40 }")
    for sound in perform(tunes[1]).sounds[::7]:
        middle = float(4 * (sound.onset + sound.duration / 4))
        html_page.locator(".position").nth(1).evaluate(SET_SLIDER, middle)
        highlighted = html_page.locator(".on").evaluate_all("heads => heads.map(head => head.id)")
        assert {f"t2-{bar}-{note}" for bar, note in sound.written} <= set(highlighted)
    play.click()


def test_scores_are_visible(html_page: Page) -> None:
    for number in (1, 2, 3):
        score = html_page.locator(f"#tune-{number} .score svg")
        box = score.bounding_box()
        assert box is not None
        assert box["width"] > 700
        assert box["height"] > 100
        dark = (pixels(score.screenshot()).sum(2) < 380).mean()
        assert 0.01 < dark < 0.3
    narrow = "heads => heads.filter(head => head.getBoundingClientRect().width < 3).length"
    assert html_page.locator(".note .notehead").evaluate_all(narrow) == 0


def test_dark_mode_draws_light_ink(html_page: Page) -> None:
    html_page.emulate_media(color_scheme="dark")
    fill = html_page.locator(".notehead use").first.evaluate("head => getComputedStyle(head).fill")
    red = int(fill.split("(")[1].split(",")[0])
    assert red > 200
    assert pixels(html_page.screenshot()).mean() < 80


def test_page_can_be_used_by_keyboard(html_page: Page) -> None:
    focused = "document.activeElement.className"
    html_page.locator("#tune-1").evaluate("tune => { tune.tabIndex = -1; tune.focus() }")
    html_page.keyboard.press("Tab")
    assert html_page.evaluate(focused) == "play"
    html_page.keyboard.press("Enter")
    wait_until(html_page, PLAYING)
    html_page.keyboard.press("Enter")
    wait_until(html_page, SILENT)
    for name in ("position", "tempo", "loop"):
        html_page.keyboard.press("Tab")
        assert html_page.evaluate(focused) == name


def test_abc_is_copied_to_the_clipboard(html_page: Page) -> None:
    html_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = html_page.locator(".copy").nth(1)
    button.click()
    expect(button).to_have_text("Copied")
    copied = html_page.evaluate("navigator.clipboard.readText()")
    assert copied == "X:2\nT:„Süß & schön“ <b>\nK:C\nabc|"


def wait_until(opened: Page, expression: str, seconds: float = 20) -> Any:
    """Poll an expression until it is true, and return its value.

    Unlike `Page.wait_for_function` it needs no eval, which the page's security policy forbids.
    """
    end = time.monotonic() + seconds
    while not (value := opened.evaluate(expression)):
        assert time.monotonic() < end, f"not true after {seconds} s: {expression}"
        time.sleep(0.02)
    return value


def pixels(png: bytes) -> np.ndarray:
    """RGB values, int [height, width, 3]."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
