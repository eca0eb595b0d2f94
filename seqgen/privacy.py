"""Settings that keep the libraries below from sending data and from writing to the user's home.

Importing seqgen calls `disable_telemetry`. The other libraries are imported under the context
managers here, which change the environment only while the import runs.
``docs/reference/privacy.md`` lists what each library does by default.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

TELEMETRY_VARIABLE = "ORT_DISABLE_TELEMETRY"


def disable_telemetry() -> None:
    """Disable the telemetry of ONNX Runtime in this process and those that it starts.

    ONNX Runtime reads the variable when it is imported, and takes any value but 1 as consent.
    """
    os.environ[TELEMETRY_VARIABLE] = "1"
    if runtime := sys.modules.get("onnxruntime"):
        runtime.disable_telemetry_events()


@contextmanager
def keras_import() -> Iterator[None]:
    """Import Keras and TensorFlow inside this context.

    Keras writes ``~/.keras/keras.json`` and imports matplotlib, which writes a list of fonts; Keras
    and TensorFlow import requests, which opens a socket. CUDA compiles into ``~/.nv``.
    """
    with (
        _environment({} if "KERAS_HOME" in os.environ else {"KERAS_HOME": _NOWHERE}),
        _without_matplotlib(),
        requests_on_use(),
    ):
        if "CUDA_CACHE_PATH" not in os.environ:
            from seqgen.io.user_dirs import cache_folder

            # The driver reads it later than the import, so it stays set.
            os.environ["CUDA_CACHE_PATH"] = str((cache_folder() or Path(_NOWHERE)) / "cuda")
        yield


@contextmanager
def requests_on_use() -> Iterator[None]:
    """Libraries that import requests inside this context load it when they first use it.

    urllib3, which requests imports, binds an IPv6 socket to see whether the machine has IPv6.
    """
    deferred = _DeferredModule("requests")
    sys.modules.setdefault("requests", deferred)
    try:
        yield
    finally:
        if sys.modules.get("requests") is deferred:
            del sys.modules["requests"]


def import_matplotlib() -> None:
    """Import matplotlib, with its list of fonts in seqgen's own cache.

    Without a cache folder that can be written to, the list goes to a temporary folder, which is
    removed at exit. A folder that ``MPLCONFIGDIR`` names is left to matplotlib.
    """
    if "matplotlib.font_manager" in sys.modules:
        return
    # matplotlib asks fc-list for fonts, which writes another cache. Without a search path there is
    # no fc-list; matplotlib then looks into the folders of fonts by itself.
    changes = {"PATH": os.devnull}
    if not os.environ.get("MPLCONFIGDIR"):
        changes["MPLCONFIGDIR"] = str(_matplotlib_folder())
    with _environment(changes):
        import matplotlib.font_manager  # noqa: F401


class _DeferredModule(ModuleType):
    """A module that is imported when a name in it is first used."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__spec__ = ModuleSpec(name, None)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


# A path below a file: it does not exist and cannot be made, which Keras ignores silently.
_NOWHERE = os.path.join(os.devnull, "seqgen")


def _matplotlib_folder() -> Path:
    from seqgen.io.user_dirs import cache_folder

    if (cache := cache_folder()) is not None:
        folder = cache / "matplotlib"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            pass
        else:
            if os.access(folder, os.W_OK):
                return folder
    import atexit
    import shutil
    import tempfile

    temporary = tempfile.mkdtemp(prefix="seqgen-matplotlib-")
    atexit.register(shutil.rmtree, temporary, ignore_errors=True)
    return Path(temporary)


@contextmanager
def _without_matplotlib() -> Iterator[None]:
    """Imports of matplotlib fail inside this context, unless it is loaded already."""
    hidden = "matplotlib" not in sys.modules
    if hidden:
        sys.modules["matplotlib"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if hidden:
            del sys.modules["matplotlib"]


@contextmanager
def _environment(changes: dict[str, str]) -> Iterator[None]:
    """Set variables of the environment, and restore them at the end."""
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
