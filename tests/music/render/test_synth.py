import io
import math
import time
import wave

import numpy as np
import pytest

from seqgen.errors import TuneError
from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.tune import Tune
from seqgen.music.render import synth
from seqgen.music.render.instruments import Instrument, find
from seqgen.music.render.performance import Performance, perform

INSTRUMENTS = ("harp", "fiddle", "accordion", "flute")


def heard(performances: list[Performance], instrument: Instrument) -> tuple[np.ndarray, int]:
    """The samples of the file in -1 to 1, and how many there are a second."""
    data = io.BytesIO()
    synth.write_wav(performances, instrument, data)
    data.seek(0)
    with wave.open(data) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return samples / 32768, file.getframerate()


def measured(samples: np.ndarray, rate: int, near: float) -> float:
    """The frequency of the strongest sound within a semitone of another, in Hz."""
    size = 1 << 17
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), size))
    low, high = (round(near * 2 ** (cents / 1200) * size / rate) for cents in (-100, 100))
    top = low + int(np.argmax(power[low : high + 1]))
    before, here, after = np.log(power[top - 1 : top + 2] + 1e-12)
    return (top + 0.5 * (before - after) / (before - 2 * here + after)) * rate / size


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_notes_are_in_tune(name: str) -> None:
    tune = parse_tune("Q:1/4=60\nM:4/4\nL:1/4\nK:C\nG,C^Fc|c'd'e'_B|A,,b''|")
    samples, rate = heard([perform(tune)], find(name))
    for second, sound in enumerate(perform(tune).sounds):
        near = 440 * 2 ** ((sound.pitch - 69) / 12)
        stretch = samples[int((second + 0.1) * rate) : int((second + 0.95) * rate)]
        cents = 1200 * math.log2(measured(stretch, rate, near) / near)
        assert abs(cents) < 2, (sound.pitch, cents)


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_each_sound_begins_and_ends_when_the_tune_says(name: str, tunes: list[Tune]) -> None:
    """While it lasts its pitch is there; in a rest everything dies away."""
    performance = perform(tunes[1])
    samples, rate = heard([performance], find(name))
    for sound in performance.sounds:
        start, end = (performance.seconds(t) for t in (sound.onset, sound.onset + sound.duration))
        near = 440 * 2 ** ((sound.pitch - 69) / 12)
        stretch = samples[round((start + 0.02) * rate) : round(end * rate)]
        if len(stretch) > 0.1 * rate:
            assert abs(1200 * math.log2(measured(stretch, rate, near) / near)) < 15
        assert np.abs(samples[round(start * rate) : round(end * rate)]).max() > 0.02
    rest = parse_tune("Q:1/4=60\nM:4/4\nL:1/4\nK:C\nA z z A|")
    samples, rate = heard([perform(rest)], find(name))
    loud = [
        np.abs(samples[int((t + 0.05) * rate) : int((t + 0.95) * rate)]).max() for t in range(4)
    ]
    assert loud[0] > 0.3
    assert loud[2] < 0.01 * loud[0]
    assert loud[3] > 0.3


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_notes_last_as_long_as_they_are_written(name: str) -> None:
    """Read back from the file: when each begins to sound, and when it falls silent."""
    performance = perform(
        parse_tune("Q:1/4=120\nM:6/4\nL:1/4\nK:C\nA/ z/ A z A3/ z/|A/4 z3/4 A2 z A z|")
    )
    samples, rate = heard([performance], find(name))
    step = rate // 100
    loud = np.sqrt(np.mean(samples[: len(samples) // step * step].reshape(-1, step) ** 2, axis=1))
    for sound in performance.sounds:
        start = performance.seconds(sound.onset)
        end = performance.seconds(sound.onset + sound.duration)
        before, after = round(100 * start), round(100 * end)
        held = loud[before + 5 : after - 1].mean()
        assert loud[max(0, before - 3) : before].max(initial=0) < 0.2 * held
        assert loud[before : before + 6].max() > 0.5 * held
        # It still sounds just before its end, however softly, and not a tenth of a second later.
        assert loud[after - 4 : after - 1].mean() > 0.02 * held
        assert loud[after + 10 : after + 15].mean() < 0.25 * loud[after - 4 : after - 1].mean()


@pytest.mark.slow
@pytest.mark.parametrize("name", INSTRUMENTS)
def test_sound_neither_clips_nor_clicks(name: str, tunes: list[Tune]) -> None:
    for tune in tunes[1:]:
        samples, rate = heard([perform(tune)], find(name))
        assert 0.6 < np.abs(samples).max() <= synth.PEAK + 1e-3
        assert abs(samples.mean()) < 1e-3
        assert np.abs(samples[:8]).max() < 0.01
        assert np.abs(samples[-100:]).max() < 0.01
        # A click has all frequencies; our sounds have none above 10 kHz.
        size = 1 << len(samples).bit_length()
        spectrum = np.fft.rfft(samples, size)
        spectrum[: round(13_000 * size / rate)] = 0
        assert np.abs(np.fft.irfft(spectrum)).max() < 0.003


def test_a_minute_is_synthesized_in_less_than_a_second(oneills: list[Tune]) -> None:
    performance = perform(oneills[0], 40)
    assert performance.seconds(performance.length) > 40
    start = time.process_time()
    heard([performance], find("harp"))
    assert time.process_time() - start < 1


def test_a_pause_separates_tunes(tunes: list[Tune]) -> None:
    alone = [heard([perform(tune)], find("harp"))[0] for tune in tunes[:2]]
    both, rate = heard([perform(tune) for tune in tunes[:2]], find("harp"))
    pause = round(synth.PAUSE * rate)
    assert len(both) == len(alone[0]) + pause + len(alone[1])
    assert (both[: len(alone[0])] == alone[0]).all()
    assert not both[len(alone[0]) :][:pause].any()
    assert (both[len(alone[0]) + pause :] == alone[1]).all()


def test_a_sound_of_days_raises_an_error(tunes: list[Tune]) -> None:
    with pytest.raises(TuneError, match="hours are too long"):
        synth.write_wav([perform(tunes[0])] * 2000, find("harp"), io.BytesIO())


def test_all_voices_sound_and_the_tempo_changes(trio: Tune) -> None:
    instrument = find("flute")
    samples, rate = heard([perform(trio)], instrument)
    assert len(samples) / rate == pytest.approx(6 + instrument.timbre.release + 0.9, abs=0.01)
    chord = samples[int(4.1 * rate) : int(4.9 * rate)]
    power = np.abs(np.fft.rfft(chord * np.hanning(len(chord)), 1 << 17))

    def level(pitch: int) -> float:
        at = round(synth.frequency(pitch) * (1 << 17) / rate)
        return float(power[at - 3 : at + 4].max())

    # Bar 2: b of the fiddle an octave down, D of the bass, and b up a tone of the viola.
    assert min(level(pitch) for pitch in (71, 50, 73)) > 20 * level(78)
