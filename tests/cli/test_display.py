"""The display of a run, from hand-made events."""

import io
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from seqgen.checkpoint.config import Config, CorpusFacts
from seqgen.cli.display import LiveDisplay, PlainDisplay, display
from seqgen.cli.log_lines import Unit, checkpoint_label, first_lines, format_duration, lines, longer
from seqgen.cli.terminal import strip_controls
from seqgen.config.resolved import DataSpec
from seqgen.training.events import (
    Evaluated,
    Event,
    Finished,
    Preparing,
    Recovered,
    Sampled,
    Saved,
    Started,
    Step,
)
from tests.specs import model_spec, train_spec

NATS = 2 * math.log(2)  # two bits a token

# A validation part of 800 characters in 400 tokens after the first: two characters a token.
CORPUS = CorpusFacts(
    "poems", ("poems.txt",), 3, 8000, "", 7200, 800, 3600, 401,
)  # fmt: skip
CONFIG = Config(
    task="text",
    vocab=50,
    start=(1,),
    data=DataSpec(tokenizer="word"),
    model=model_spec(cell="gru", units=(32, 16), embedding=8, dropout=0.1),
    training=train_spec(seq_length=64, batch_size=4),
    corpus=CORPUS,
    versions={},
    tokenizer_sha256="",
)
STARTED = Started(
    path=Path("checkpoints/poems"),
    config=CONFIG,
    parameters=12_345,
    steps=56,
    resumed=False,
    notices=("two files left out",),
    reasons=("preset small", "30 epochs"),
)
STEP = Step(
    step=7,
    epoch=0.125,
    progress=0.25,
    seconds=30.0,
    remaining=90.4,
    loss=NATS,
    gradient_norm=0.71828,
    learning_rate=0.004,
    tokens_per_second=12_345.6,
)
EVALUATED = Evaluated(
    step=8,
    epoch=0.25,
    seconds=31.0,
    tokens=100,
    training_loss=NATS,
    validation_loss=2 * NATS,
    bits_per_character=2.0,
    perplexity=16.0,
    learning_rate=0.004,
    tokens_per_second=12_345.6,
    best=True,
    whole=False,
    read=99,
)
RUN: tuple[Event, ...] = (
    Preparing("loading"), STARTED, STEP, EVALUATED, Sampled(8, "hello\nworld"), Saved(8),
    Recovered(9, 1, 0.002, math.nan),
    Finished(STARTED.path, "done", replace(EVALUATED, seconds=125.0)),
)  # fmt: skip


def plain(*events: Event, verbose: bool = False) -> str:
    screen = io.StringIO()
    with display(Console(file=screen), verbose) as drawing:
        assert isinstance(drawing, PlainDisplay)
        for event in events:
            drawing.draw(event)
    return screen.getvalue()


def live(*events: Event) -> str:
    """Output for a terminal, with escape sequences."""
    screen = io.StringIO()
    console = Console(
        file=screen, force_terminal=True, width=120, height=40, highlight=False, _environ={}
    )
    with display(console, False) as drawing:
        assert isinstance(drawing, LiveDisplay)
        for event in events:
            drawing.draw(event)
    return screen.getvalue()


def without_escapes(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


def test_progress_is_one_log_line_or_a_live_percentage() -> None:
    events = [Preparing("cutting", share) for share in (0, 0.25, 0.5, 1)]
    assert plain(*events).count("cutting") == 1
    assert "cutting, 100%" in without_escapes(live(*events))


def test_evaluations_of_a_subset_state_its_size() -> None:
    finished = Finished(STARTED.path, "done", replace(EVALUATED, read=1_000_000))
    assert "perplexity 16.00 on 1,000,000 tokens of the validation data" in plain(finished)
    whole = Finished(STARTED.path, "done", replace(EVALUATED, whole=True))
    assert "perplexity 16.00 on the validation data" in plain(whole)


def test_a_run_no_better_than_unigrams_has_a_warning() -> None:
    result = replace(EVALUATED, unigram_loss=2 * NATS)
    words = f"unigram model ({2 * NATS:.4f} nats"
    text = plain(Finished(STARTED.path, "done", result))
    assert words in text
    assert "--weights last" in text
    better = replace(result, validation_loss=1.9 * NATS)
    assert "unigram" not in plain(Finished(STARTED.path, "done", better))


def test_the_unit_of_documents_is_printed() -> None:
    corpus = replace(STARTED.config.corpus, documents=3000, unit="line", held_out=300)
    text = plain(replace(STARTED, config=replace(STARTED.config, corpus=corpus)))
    assert "documents: 3,000, one per line, of which 300 are held out" in text
    assert "documents:" not in plain(STARTED)


def test_log_lines_have_all_figures_with_units() -> None:
    text = plain(*RUN)
    assert "\x1b" not in text
    for words in (
        "training on poems: 7,200 characters, 800 for validation, 3 documents, 50 word tokens",
        "GRU, 32 + 16 units, embedding 8, dropout 0.1: 12,345 parameters",
        "1 epoch of training, saved in checkpoints/poems",
        "note: two files left out",
        "training 1.386 nats  1.000 bits/char  gradient norm 0.72  12,346 tokens/s  1:30 left",
        "training 1.386 nats  1.000 bits/char  "
        "validation (subset) 2.773 nats  2.000 bits/char  perplexity 16.00  best so far",
        "  | hello\n  | world\n",
        "restored the best weights and halved the learning rate",
        "finished after 2:05: 2.7726 nats/token, 2.000 bits per character, perplexity 16.00",
        "seqgen sample poems\n",
        "seqgen train --resume poems --minutes 5\n",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("epochs", "minutes", "words"),
    [
        (6.0, None, "6 epochs of training, saved in"),
        (None, 1.0, "1 minute of training, saved in"),
        (6.0, 10.0, "6 epochs of training, at most 10 minutes, saved in"),
    ],
)
def test_the_length_of_the_run_is_printed(
    epochs: float | None, minutes: float | None, words: str
) -> None:
    training = replace(STARTED.config.training, epochs=epochs, minutes=minutes)
    assert words in plain(replace(STARTED, config=replace(STARTED.config, training=training)))


def test_reasons_are_printed_if_verbose() -> None:
    assert "chosen: preset small\nchosen: 30 epochs\n" in plain(STARTED, verbose=True)
    assert "preset small" not in plain(STARTED)
    assert "chosen: 30 epochs\n" in plain(STARTED)


def test_logged_steps_are_ten_seconds_apart() -> None:
    steps = [replace(STEP, step=n, seconds=float(n)) for n in range(25)]
    printed = re.findall(r"^step (\d+)", plain(*steps), re.MULTILINE)
    assert printed == ["0", "10", "20"]


def test_the_live_display_has_all_figures_and_the_sample() -> None:
    text = without_escapes(live(*RUN))
    for words in (
        "training 1.386 nats  1.000 bits/char",
        "validation 2.773 nats  2.000 bits/char",
        "perplexity 16.00",
        "gradient norm 0.72",
        "tokens/s 12,346",
        "best 2.773",
        "sample at step 8",
        "hello",
        "world",
        "100%",
        "seqgen sample poems",
    ):
        assert words in text


def test_the_live_display_has_the_remaining_time() -> None:
    assert " 25% 1:30 left" in without_escapes(live(STARTED, STEP))


@pytest.mark.parametrize("render", [plain, live])
def test_markup_in_samples_is_not_interpreted(render) -> None:
    text = without_escapes(render(STARTED, Sampled(1, "[CE][/red]|[bold]\n:smile: [link=x]y")))
    assert "[CE][/red]|[bold]" in text
    assert ":smile: [link=x]y" in text


@pytest.mark.parametrize("render", [plain, live])
def test_no_control_character_reaches_the_terminal(render) -> None:
    evil = "a\x1b]0;owned\x07b\x9b31mc\rd\x08e\u202ef"
    named = replace(CONFIG, corpus=replace(CORPUS, name=evil))
    started = replace(STARTED, config=named, path=Path("checkpoints") / evil, notices=(evil,))
    text = render(
        Preparing(evil), started, Sampled(1, evil), Finished(started.path, "done", EVALUATED)
    )
    for sequence in ("\x1b]", "\x07", "\x9b", "\x08", "\u202e", "c\rd"):
        assert sequence not in text
    assert "a ]0;owned b 31mc d e f" in without_escapes(text)


def test_missing_values_are_dashes() -> None:
    step = replace(STEP, tokens_per_second=math.nan, remaining=math.nan, loss=math.nan)
    evaluated = replace(EVALUATED, training_loss=math.nan)
    for text in (plain(STARTED, step, evaluated), live(STARTED, step, evaluated)):
        assert "nan" not in text
        assert "training – nats  – bits/char" in without_escapes(text)
    assert "? left" in plain(step)


def test_long_log_lines_are_not_wrapped() -> None:
    long = replace(STARTED, notices=("word " * 100 + "end",))
    assert "word " * 100 + "end\n" in plain(long)


def test_an_unfinished_run_restores_the_cursor_and_keeps_the_display() -> None:
    """As after Ctrl-C."""
    text = live(STARTED, STEP, Sampled(1, "half"))
    assert text.rfind("\x1b[?25h") > text.rfind("\x1b[?25l")
    assert "half" in text


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("checkpoints/poems", "poems"),
        ("elsewhere/poems", "elsewhere/poems"),
        ("/abs/checkpoints/poems", "/abs/checkpoints/poems"),
        ("my poems/x", "'my poems/x'"),
    ],
)
def test_checkpoint_labels_are_valid_arguments(path: str, name: str) -> None:
    assert checkpoint_label(Path(path)) == name
    finished = Finished(Path(path), "patience", EVALUATED)
    assert f"next:  seqgen sample {name}" in lines(finished, False, Unit("char", 1.0))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1:00"), (125, "2:05"), (3723, "1:02:03"),
     (math.nan, "?"), (math.inf, "?")],
)  # fmt: skip
def test_durations_are_formatted(seconds: float, expected: str) -> None:
    assert format_duration(seconds) == expected


def test_the_suggested_budget_doubles_the_training() -> None:
    assert [longer(seconds) for seconds in (0.5, 30, 120, 125)] == [1, 1, 4, 5]


def test_strip_controls_keeps_lines_and_letters() -> None:
    assert strip_controls("é\tß\n日本\x00") == "é ß\n日本 "


def test_first_lines_of_a_tune_are_title_and_music():
    abc = "%abc-2.1\nX:1\nT:Jig 1 in D major\nR:jig\nM:6/8\nL:1/8\nK:Dmaj\n|:ABc def|\nA:|\n"
    assert first_lines(abc) == ["T:Jig 1 in D major", "|:ABc def|", "A:|", ""]


def test_large_perplexities_have_few_digits():
    from seqgen.cli.log_lines import format_perplexity

    assert [format_perplexity(x) for x in (4.567, 123456.0, 1e300)] == [
        "4.57",
        "123456.00",
        "1.0e+300",
    ]
