"""To watch a run: a screen that may go away, and signals that wait for a good moment."""

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
    """Standard error, as long as it is there: a run goes on when its terminal is closed."""

    def __init__(self) -> None:
        # A descriptor of its own: TensorFlow's chatter on number 2 is silenced while it loads.
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


def say(text: str) -> None:
    """Tell something on standard error, if anybody is there."""
    with Screen() as screen:
        print(text, file=screen)


class Interruption:
    """Turns the first Ctrl-C, SIGTERM or SIGHUP into a wish that is granted between two steps.

    Before the first step there is nothing to wait for, and a second Ctrl-C means it: both interrupt
    at once. Once a signal came, whatever ends its body is taken for an interruption, since imports
    and graph building turn a KeyboardInterrupt into errors of their own; but for a SeqgenError,
    which tells that saving failed. What was ignored before, as SIGHUP is by `nohup`, still is.
    """

    def __init__(self) -> None:
        self.signal: Signals | None = None
        self.may_wait = False

    def __enter__(self) -> "Interruption":
        heard = [kind for kind in SIGNALS if signal.getsignal(kind) is not signal.SIG_IGN]
        self.before = {kind: signal.signal(kind, self.heard) for kind in heard}
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        for number, handler in self.before.items():
            signal.signal(number, handler)
        return self.signal is not None and not isinstance(error, SeqgenError)

    def heard(self, number: int, frame: FrameType | None) -> None:
        at_once = self.signal or not self.may_wait
        self.signal = Signals(number)
        if at_once:
            raise KeyboardInterrupt
