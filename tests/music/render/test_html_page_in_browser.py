"""The page in headless Chromium, which is spoken to in the DevTools protocol over two pipes.

Skipped where there is no such browser, except in continuous integration; `make test` installs one
where it may.
"""

import base64
import fcntl
import io
import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from seqgen.music.core.tune import Tune
from seqgen.music.render.engrave import engrave
from seqgen.music.render.html_page import Entry, page
from seqgen.music.render.instruments import find
from seqgen.music.render.performance import perform

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "microsoft-edge")
OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--mute-audio",
    "--disable-background-networking", "--remote-debugging-pipe", "--window-size=1000,900",
)  # fmt: skip
# Every sound passes by a meter on its way to the loudspeaker.
LISTEN = """
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...more) {
  if (to instanceof AudioDestinationNode) {
    window.context = this.context;
    window.meter ??= this.context.createAnalyser();
    connect.call(this, window.meter);
  }
  return connect.call(this, to, ...more);
};
function loudness() {
  const samples = new Float32Array(2048);
  window.meter.getFloatTimeDomainData(samples);
  return Math.max(...samples.map(Math.abs));
}
"""
# Which heads are lit up, and when by the clock of the sound.
WATCH = """
window.seen = [];
new MutationObserver((changes) => {
  for (const { target } of changes)
    if (target.classList.contains("on")) seen.push([target.id, context.currentTime]);
}).observe(document.body, { subtree: true, attributeFilter: ["class"] });
"""


class Browser:
    """A Chromium with one page."""

    def __init__(self, program: str, profile: Path) -> None:
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()

        def hand_over() -> None:  # the protocol speaks on descriptors 3 and 4
            # By way of higher ones, since 3 and 4 may be taken by the pipes themselves.
            reads, writes = (fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (theirs_in, theirs_out))
            os.dup2(reads, 3)
            os.dup2(writes, 4)

        self.process = subprocess.Popen(
            [program, *OPTIONS, f"--user-data-dir={profile}"],
            preexec_fn=hand_over, close_fds=False, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self.inbox, self.outbox = os.fdopen(ours_in, "rb"), os.fdopen(ours_out, "wb")
        self.numbers = itertools.count(1)
        self.session: str | None = None
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Page.addScriptToEvaluateOnNewDocument", source=LISTEN)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.outbox.write(json.dumps(message).encode() + b"\0")
        self.outbox.flush()
        while True:
            answer = self.receive()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]

    def receive(self) -> dict[str, Any]:
        data = bytearray()
        while (byte := self.inbox.read(1)) != b"\0":
            assert byte, "the browser has gone"
            data += byte
        answer = json.loads(data)
        if "method" in answer:
            self.events.append(answer)
        return answer

    def open(self, path: Path) -> None:
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        self.until("document.readyState === 'complete'")

    def ask(self, expression: str) -> Any:
        """The value of an expression in the page, as a person's click would compute it."""
        done = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True,
            userGesture=True,
        )  # fmt: skip
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def until(self, expression: str, seconds: float = 20) -> Any:
        end = time.monotonic() + seconds
        while not (value := self.ask(expression)):
            assert time.monotonic() < end, f"never came true: {expression}"
            time.sleep(0.02)
        return value

    def key(self, key: str, code: str, text: str = "") -> None:
        for kind in ("keyDown", "keyUp"):
            extra = {"text": text} if text and kind == "keyDown" else {}
            number = {"Tab": 9, "Enter": 13}.get(key, 0)
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=code,
                windowsVirtualKeyCode=number, **extra,
            )  # fmt: skip

    def picture(self) -> np.ndarray:
        data = base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)

    def complaints(self) -> list[dict[str, Any]]:
        """Errors and warnings on the console, and requests to anything but the page itself."""
        bad = ("Runtime.exceptionThrown", "Log.entryAdded")
        return [
            event
            for event in self.events
            if event["method"] in bad
            or (
                event["method"] == "Runtime.consoleAPICalled"
                and event["params"]["type"] in ("error", "warning", "assert")
            )
            or (
                event["method"] == "Network.requestWillBeSent"
                and not event["params"]["request"]["url"].startswith(("file:", "data:"))
            )
        ]

    def close(self) -> None:
        try:
            self.session = None
            self.call("Browser.close")
            self.process.wait(10)
        finally:
            self.process.kill()
            self.process.wait()
            self.inbox.close()
            self.outbox.close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        why = f"no headless browser on this machine (looked for {', '.join(NAMES)})"
        if os.environ.get("SEQGEN_NEEDS_BROWSER"):
            pytest.fail(why)
        pytest.skip(why)
    opened = Browser(program, tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture
def shown(browser: Browser, tunes: list[Tune], tmp_path: Path) -> Browser:
    """The browser with a page of three tunes opened from disk."""
    entries = [
        Entry(perform(tune), engrave(tune, n), f"X:{n}\nT:{tune.title}\nK:C\nabc|\n")
        for n, tune in enumerate(tunes[:3], 1)
    ]
    path = tmp_path / "tünes & more.html"
    path.write_bytes(page(entries, find("harp"), "seqgen sample x --seed 3"))
    browser.open(path)
    return browser


def test_the_sound_plays_and_its_notes_are_lit_up(shown: Browser, tunes: list[Tune]) -> None:
    assert shown.ask("document.querySelectorAll('.on').length") == 0
    # Slowly, so that a busy machine draws every note; the slider stands at percents.
    shown.ask("document.querySelector('.tempo').value = 40")
    shown.ask(WATCH)
    shown.ask("document.querySelector('.play').click()")
    shown.until("window.context && context.state === 'running' && loudness() > 0.02")
    seen = shown.until("seen.length >= 7 && seen")
    performance = perform(tunes[0])
    sounds = performance.sounds[: len(seen)]
    assert [head for head, _ in seen] == [f"t1-{s.written[0][0]}-{s.written[0][1]}" for s in sounds]
    # Pictures may come late, but not by a note.
    onsets = [performance.seconds(sound.onset) / 0.4 for sound in sounds]
    late = [at - onset for (_, at), onset in zip(seen, onsets, strict=True)]
    assert max(late) - min(late) < performance.seconds(Fraction(1, 8)) / 0.4, late
    assert shown.ask("Number(document.querySelector('.position').value)") >= 4 * sounds[-1].onset
    accent = shown.ask("getComputedStyle(document.querySelector('.play')).backgroundColor")
    glow = "getComputedStyle(document.querySelector('.on use, .on path') ?? document.body).fill"
    assert shown.until(f"{glow} === '{accent}'")
    shown.ask("document.querySelector('.play').click()")
    shown.until("loudness() < 0.002")
    assert shown.ask("document.querySelectorAll('.on').length") == 0
    assert shown.complaints() == []


def test_every_sound_lights_the_note_that_it_is_written_as(
    shown: Browser, tunes: list[Tune]
) -> None:
    """Moved through by hand, in the second tune, whose repeats and ties lead back and forth."""
    shown.ask("document.querySelectorAll('.play')[1].click()")
    shown.until("window.context && context.state === 'running'")
    shown.ask("document.querySelectorAll('.tempo')[1].value = 40")
    for sound in perform(tunes[1]).sounds[::7]:
        middle = float(4 * (sound.onset + sound.duration / 4))
        shown.ask(
            "(() => { const slider = document.querySelectorAll('.position')[1];"
            f"slider.value = {middle}; slider.dispatchEvent(new Event('input')); }})()"
        )
        lit = set(shown.ask("[...document.querySelectorAll('.on')].map((head) => head.id)"))
        assert {f"t2-{bar}-{place}" for bar, place in sound.written} <= lit
    shown.ask("document.querySelectorAll('.play')[1].click()")
    assert shown.complaints() == []


def test_scores_are_visible(shown: Browser) -> None:
    for number in (1, 2, 3):
        box = shown.ask(
            f"(() => {{ const score = document.querySelector('#tune-{number} .score');"
            "score.scrollIntoView(); const b = score.querySelector('svg').getBoundingClientRect();"
            "return [b.x, b.y, b.width, b.height]; })()"
        )
        x, y, width, height = map(round, box)
        assert width > 700
        assert height > 100
        picture = shown.picture()[max(0, y) : y + height, x : x + width]
        dark = (picture.sum(2) < 380).mean()
        assert 0.01 < dark < 0.3
    heads = "[...document.querySelectorAll('.note .notehead')].filter"
    assert shown.ask(f"{heads}((h) => h.getBoundingClientRect().width < 3).length") == 0
    assert shown.complaints() == []


def test_in_the_dark_ink_is_light(shown: Browser) -> None:
    feature = {"name": "prefers-color-scheme", "value": "dark"}
    shown.call("Emulation.setEmulatedMedia", features=[feature])
    try:
        brightness = "getComputedStyle(document.querySelector('.notehead use')).fill"
        red = int(shown.ask(brightness).split("(")[1].split(",")[0])
        assert red > 200
        assert shown.picture().mean() < 80
    finally:
        shown.call("Emulation.setEmulatedMedia", features=[])


def test_the_keyboard_is_enough(shown: Browser) -> None:
    shown.call("Page.bringToFront")
    shown.ask("document.querySelector('#tune-1').setAttribute('tabindex', '-1')")
    shown.ask("document.querySelector('#tune-1').focus()")
    shown.key("Tab", "Tab")
    assert shown.ask("document.activeElement.className") == "play"
    shown.key("Enter", "Enter", "\r")
    shown.until("window.context && context.state === 'running' && loudness() > 0.02")
    shown.key("Enter", "Enter", "\r")
    shown.until("loudness() < 0.002")
    for name in ("position", "tempo", "loop"):
        shown.key("Tab", "Tab")
        assert shown.ask("document.activeElement.className") == name


def test_the_abc_is_copied(shown: Browser) -> None:
    shown.call(
        "Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"]
    )
    shown.call("Page.bringToFront")
    shown.ask("document.querySelectorAll('.copy')[1].click()")
    shown.until("document.querySelectorAll('.copy')[1].textContent === 'Copied'")
    copied = shown.ask("navigator.clipboard.readText()")
    assert copied == "X:2\nT:„Süß & schön“ <b>\nK:C\nabc|"
    assert shown.complaints() == []
