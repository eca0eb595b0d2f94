"""Tunes as sound: additive synthesis, so that every note is exactly in tune, in a little room."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from seqgen.errors import TuneError
from seqgen.io.atomic import atomic_path
from seqgen.music.render.instruments import Instrument, Timbre
from seqgen.music.render.performance import Performance, accents
from seqgen.music.render.writers import RenderedTune, Writer, WriterOptions

if TYPE_CHECKING:
    import numpy as np

RATE = 44_100
A4, A4_PITCH = 440.0, 69
PEAK = 0.7  # of full scale; the loudest sample of each tune
PAUSE = 1.5  # seconds between two tunes
SOFT = 0.8  # of notes that do not begin a bar
# The room: noise that falls by 60 dB in this many seconds, and the root of its energy. With three
# times as much, the room's own resonances drew a fading string away by 11 cents.
REVERBERATION, WET = 0.9, 0.05
# No harmonics above this: they make a sound sharp, not rich.
HIGHEST = 10_000.0
# Harmonics of a plucked string fade the sooner the higher they are.
FADING = 0.7
MIDDLE_C = 261.63
SIXTY_DB = 6.908  # in powers of e
MAX_SAMPLES = 2**31 - 100  # of two bytes; a WAV file counts its bytes in 32 bits


def write_wav(performances: Sequence[Performance], instrument: Instrument, file: BinaryIO) -> None:
    """Write the tunes one after the other, as mono WAV of 16 bits.

    Raises TuneError if that is too long for a WAV file.
    """
    seconds = sum(p.seconds(p.length) + PAUSE + REVERBERATION for p in performances)
    if seconds * RATE > MAX_SAMPLES:
        raise TuneError(f"{seconds / 3600:.0f} hours are too long for a WAV file")
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        for number, performance in enumerate(performances):
            if number:
                out.writeframes(bytes(2 * round(PAUSE * RATE)))
            samples = samples_of(performance, instrument.timbre)
            out.writeframes((samples * 32767).astype("<i2").tobytes())


def samples_of(performance: Performance, timbre: Timbre) -> np.ndarray:
    """A tune's samples in -1 to 1, float32 [N], at `RATE` a second, with what rings behind it."""
    import numpy as np

    end = performance.seconds(performance.length) + timbre.release + REVERBERATION
    dry = np.zeros(round(end * RATE) + 1, np.float32)
    known: dict[tuple[int, int], np.ndarray] = {}
    for sound, strong in zip(performance.sounds, accents(performance), strict=True):
        first = round(performance.seconds(sound.onset) * RATE)
        last = round(performance.seconds(sound.onset + sound.duration) * RATE)
        shape = sound.pitch, last - first
        if shape not in known:
            known[shape] = tone(sound.pitch, last - first, timbre)
        samples = known[shape]
        dry[first : first + len(samples)] += samples if strong else SOFT * samples
    wet = in_a_room(dry)
    return wet * np.float32(PEAK / max(1e-9, np.abs(wet).max()))


def frequency(pitch: int) -> float:
    """Of a key of the keyboard in equal temperament, in Hz."""
    return A4 * 2 ** ((pitch - A4_PITCH) / 12)


def tone(pitch: int, held: int, timbre: Timbre) -> np.ndarray:
    """One note, float32: ``held`` samples and then its release."""
    import numpy as np

    release = round(timbre.release * RATE)
    times = np.arange(held + release) / RATE
    phase = 2 * np.pi * frequency(pitch) * times
    # sin(kx) from the two before it: sin(kx) = 2 cos(x) sin((k-1)x) - sin((k-2)x).
    turn, before, current = 2 * np.cos(phase), np.zeros_like(phase), np.sin(phase)
    slope = -SIXTY_DB / timbre.decay * (frequency(pitch) / MIDDLE_C) ** 0.5 if timbre.decay else 0.0
    fade = np.exp(slope * FADING * times) if slope else np.ones(1)
    level = np.ones(1)
    total = np.zeros_like(phase)
    audible = int(HIGHEST / frequency(pitch))
    for amplitude in timbre.harmonics[: max(1, audible)]:
        total += amplitude * level * current
        level = level * fade
        before, current = current, turn * current - before
    total *= np.exp(slope * times) / sum(timbre.harmonics)
    rise = min(round(timbre.attack * RATE), held)
    total[:rise] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(rise) / max(1, rise))
    total[held:] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(release) / max(1, release))
    return total.astype(np.float32)


def in_a_room(dry: np.ndarray) -> np.ndarray:
    """The samples with a little reverberation."""
    import numpy as np

    random = np.random.default_rng(0)
    count = round(REVERBERATION * RATE)
    noise = random.standard_normal(count) * np.exp(-SIXTY_DB * np.arange(count) / count)
    # A room swallows high tones.
    width = RATE // 1500
    echo = np.convolve(noise, np.ones(width) / width, "same")
    echo[: RATE // 100] = 0  # the first wall is some way off
    echo *= WET / np.sqrt((echo**2).sum())
    echo[0] = 1.0
    return convolved(dry, echo.astype(np.float32))


def convolved(samples: np.ndarray, echo: np.ndarray) -> np.ndarray:
    """The samples, each followed by its echo, as long as they were (overlap and add)."""
    import numpy as np

    size = 1 << (4 * len(echo) - 1).bit_length()
    step = size - len(echo) + 1
    spectrum = np.fft.rfft(echo, size)
    out = np.zeros(len(samples) + size, np.float32)
    for start in range(0, len(samples), step):
        block = np.fft.rfft(samples[start : start + step], size)
        out[start : start + size] += np.fft.irfft(block * spectrum, size).astype(np.float32)
    return out[: len(samples)]


def _write(tunes: Sequence[RenderedTune], path: Path, options: WriterOptions) -> None:
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        write_wav([tune.performance for tune in tunes], options.instrument, file)


WAV_WRITER = Writer((".wav",), _write, plays=True)
