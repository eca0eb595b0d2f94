"""Writes tunes as WAV, by additive synthesis, which is exactly in tune, with reverberation."""

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
# Reverberation: seconds until it falls by 60 dB, and the square root of its energy. With more
# (0.15), its resonances detune a decaying string by 11 cents.
REVERBERATION, WET = 0.9, 0.05
# Highest frequency of harmonics, in Hz.
HIGHEST = 10_000.0
# Higher harmonics of a plucked string decay faster.
FADING = 0.7
MIDDLE_C = 261.63
SIXTY_DB = 6.908  # in powers of e
MAX_SAMPLES = 2**31 - 100  # of two bytes; a WAV file counts its bytes in 32 bits


def write_wav(performances: Sequence[Performance], instrument: Instrument, file: BinaryIO) -> None:
    """Write tunes as one mono WAV of 16 bits. Raises TuneError if they are too long for a file."""
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
    """The samples of a tune with its reverberation, in -1 to 1 at `RATE` Hz, float32 [N]."""
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
    """The frequency of a MIDI number in equal temperament, in Hz."""
    return A4 * 2 ** ((pitch - A4_PITCH) / 12)


def tone(pitch: int, held: int, timbre: Timbre) -> np.ndarray:
    """One note: ``held`` samples and then its release, float32."""
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
    """Add reverberation."""
    import numpy as np

    random = np.random.default_rng(0)
    count = round(REVERBERATION * RATE)
    noise = random.standard_normal(count) * np.exp(-SIXTY_DB * np.arange(count) / count)
    # A room absorbs high frequencies.
    width = RATE // 1500
    echo = np.convolve(noise, np.ones(width) / width, "same")
    echo[: RATE // 100] = 0  # time to the first reflection
    echo *= WET / np.sqrt((echo**2).sum())
    echo[0] = 1.0
    return convolved(dry, echo.astype(np.float32))


def convolved(samples: np.ndarray, echo: np.ndarray) -> np.ndarray:
    """Convolve by overlap and add; the result is as long as the samples."""
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
