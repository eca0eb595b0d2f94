"""Standard error that may be closed during a run, and deferred signals."""

import contextlib
import io
import os
import signal
from collections.abc import Iterator
from signal import Signals
from types import FrameType
from typing import TYPE_CHECKING

from seqgen.errors import SeqgenError

if TYPE_CHECKING:
    from rich.console import Console

# A closed terminal sends the last; Windows has none.
SIGNALS = tuple(
    Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if name in Signals.__members__
)


class Screen(io.TextIOWrapper):
    """Standard error that ignores errors: a run continues after its terminal is closed."""

    def __init__(self) -> None:
        # A duplicate: descriptor 2 is closed while TensorFlow loads, which writes to it.
        own = io.BufferedWriter(io.FileIO(os.dup(2), "wb"))
        super().__init__(own, "utf-8", "replace", line_buffering=True)

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            super().flush()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            super().close()


@contextlib.contextmanager
def console() -> Iterator["Console"]:
    """A rich console on standard error."""
    from rich.console import Console

    with Screen() as screen:
        yield Console(file=screen, highlight=False)


def print_message(text: str) -> None:
    """Print to standard error, unless it is closed."""
    with Screen() as screen:
        print(text, file=screen)


class Interruption:
    """Defers the first SIGINT, SIGTERM or SIGHUP until the current training step has finished.

    Before the first step, and at a second Ctrl-C, it interrupts at once. After a signal, every
    exception of the body counts as the interruption, since imports and graph building turn a
    KeyboardInterrupt into other errors; except a SeqgenError, which means that saving failed.
    Signals that were ignored, such as SIGHUP under `nohup`, stay ignored.
    """

    def __init__(self) -> None:
        self.signal: Signals | None = None
        self.may_wait = False

    def __enter__(self) -> "Interruption":
        self.before = {
            kind: signal.signal(kind, self.handle)
            for kind in SIGNALS
            if signal.getsignal(kind) is not signal.SIG_IGN
        }
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        for number, handler in self.before.items():
            signal.signal(number, handler)
        return self.signal is not None and not isinstance(error, SeqgenError)

    def handle(self, number: int, frame: FrameType | None) -> None:
        at_once = self.signal or not self.may_wait
        self.signal = Signals(number)
        if at_once:
            raise KeyboardInterrupt
