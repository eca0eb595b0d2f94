import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from seqgen.checkpoint.read import open_checkpoint
from seqgen.config import SamplingOptions
from seqgen.errors import CheckpointError, ConfigError, SeqgenError, TokenError
from seqgen.generation import Generator, load
from seqgen.generation.tunes import plan
from seqgen.music.learned import learned_form
from seqgen.tokenizers.base import END

HEADER = "M:6/8\nL:1/8\nK:D\n"


def samples(generator: Generator, prompt: str = "", **options) -> list[str]:
    said = SamplingOptions(**options)
    texts = [""] * said.count
    for index, text in generator.pieces(prompt, said):
        texts[index] += text
    return texts


def test_the_same_seed_writes_the_same(checkpoint: Path) -> None:
    one, two = load(checkpoint), load(str(checkpoint))
    text = "".join(one.generate(length=80, seed=5))
    assert len(text) == 80
    assert "".join(two.generate(length=80, seed=5)) == text
    assert "".join(one.generate(length=80, seed=6)) != text


def test_a_seed_that_was_drawn_is_told_and_works_again(checkpoint: Path) -> None:
    generator = load(checkpoint)
    text = "".join(generator.generate(length=50))
    seed = generator.seed
    assert "".join(generator.generate(length=50)) != text
    assert "".join(generator.generate(length=50, seed=seed)) == text


def test_text_comes_piece_by_piece(checkpoint: Path) -> None:
    assert all(len(piece) == 1 for piece in load(checkpoint).generate(length=9, seed=1))
    assert len("".join(load(checkpoint).generate(seed=1))) == 1000


def test_a_sample_does_not_depend_on_how_many_there_are(checkpoint: Path) -> None:
    generator = load(checkpoint)
    many = samples(generator, "The ", count=70, length=30, seed=3)
    assert len(set(many)) == 70
    assert samples(generator, "The ", count=2, length=30, seed=3) == many[:2]


def test_no_prompt_begins_from_start_and_a_prompt_matters(checkpoint: Path) -> None:
    generator = load(checkpoint)
    start = generator.checkpoint.tokenizer.decode(generator.config.start)
    texts = {p: "".join(generator.generate(p, length=60, seed=1)) for p in ("", start, "The q")}
    assert texts[""] == texts[start] != texts["The q"]


def test_greedy_is_the_likeliest_whatever_the_seed(checkpoint: Path) -> None:
    generator = load(checkpoint)
    texts = {"".join(generator.generate(length=40, temperature=0, seed=s)) for s in range(3)}
    assert len(texts) == 1


def test_stop_and_lines_end_a_sample(checkpoint: Path) -> None:
    generator = load(checkpoint)
    whole = "".join(generator.generate(length=1000, temperature=1.5, seed=2))
    stop = whole[300:302]
    stopped = "".join(generator.generate(length=1000, temperature=1.5, seed=2, stop=stop))
    assert stopped == whole[: whole.index(stop)]
    three = "".join(generator.generate(length=1000, temperature=1.5, seed=2, lines=3))
    assert three == "".join(whole.splitlines(keepends=True)[:3])


def test_unknown_characters_are_named_or_skipped(checkpoint: Path) -> None:
    generator = load(checkpoint)
    with pytest.raises(TokenError, match="'é'"):
        generator.generate("Thé")
    skipped = "".join(generator.generate("Théé", length=20, seed=1, unknown="skip"))
    assert skipped == "".join(generator.generate("Th", length=20, seed=1))
    assert len("".join(generator.generate("é", length=20, seed=1, unknown="skip"))) == 20


@pytest.mark.parametrize(
    "options", [{"temprature": 1}, {"temperature": -1}, {"top_p": 0}, {"count": 2}, {"stop": ""}]
)
def test_an_impossible_option_is_refused_at_the_call(checkpoint: Path, options: dict) -> None:
    with pytest.raises(ConfigError):
        load(checkpoint).generate(**options)


def test_one_document_never_ends_and_of_several_each_ends_its_line(
    tmp_path: Path, make: Callable[..., Path]
) -> None:
    bias = {"*": -30.0, "a": 0.0, "": 1.0}
    one = load(make(tmp_path / "one", text="abc" * 10, bias=bias, scale=0.1))
    several = load(make(tmp_path / "several", text="abc" * 10, bias=bias, scale=0.1, documents=3))
    assert "".join(one.generate(length=100, temperature=1, seed=1)) == "a" * 100
    text = "".join(several.generate(length=100, temperature=1, seed=1))
    assert len(text) == 100
    assert set(text) == {"a", "\n"}


def test_repetition_penalty_makes_greedy_text_change(
    tmp_path: Path, make: Callable[..., Path]
) -> None:
    bias = {"*": -30.0, "a": 3.0, "b": 2.0, "c": 2.5}
    generator = load(make(tmp_path / "x", text="abc" * 10, bias=bias, scale=0.01))
    assert set("".join(generator.generate(length=20, temperature=0))) == {"a"}
    varied = "".join(generator.generate(length=20, temperature=0, repetition_penalty=2.0))
    assert set(varied) == {"a", "b", "c"}


def test_tunes_come_whole_and_numbered_and_hold_the_prompt(tune_checkpoint: Path) -> None:
    tunes = samples(load(tune_checkpoint), HEADER + "dcB", count=5, seed=1)
    assert len(set(tunes)) == 5
    for number, tune in enumerate(tunes, 1):
        assert tune.startswith(f"X:{number}\nT:")
        assert HEADER + "dcB" in tune
        assert learned_form(tune) is not None
        assert tune.endswith("\n")
        assert not tune.endswith("\n\n")


def test_a_tune_does_not_depend_on_the_count(tune_checkpoint: Path) -> None:
    generator = load(tune_checkpoint)
    many = samples(generator, HEADER, count=66, seed=4)
    assert samples(generator, HEADER, count=2, seed=4) == many[:2]


def test_a_tune_that_is_too_long_is_closed_at_a_bar(tune_checkpoint: Path) -> None:
    generator = load(tune_checkpoint)
    (tune,) = samples(generator, HEADER + "A|" * 3, length=3, temperature=0, seed=1)
    assert tune.rstrip().endswith("|]")


@pytest.mark.parametrize("prompt", ["", "K:D", "L:1/8\n", "M:6/8\nK:D\n", "Bc", "K:D\nBc"])
def test_what_the_prompt_leaves_open_the_network_writes(tune_checkpoint: Path, prompt: str) -> None:
    checkpoint = open_checkpoint(tune_checkpoint)
    generator = Generator(checkpoint, Musician(checkpoint.tokenizer))  # type: ignore[arg-type]
    body = prompt.removeprefix("K:D\n") if "Bc" in prompt else "A"
    (tune,) = samples(generator, prompt, seed=1)
    assert tune == "X:1\nT:Tune 1\n" + HEADER + body + {"Bc": "|\n", "A": "Bc|\n"}[body]


def test_a_header_out_of_order_is_no_tune(tune_checkpoint: Path) -> None:
    checkpoint = open_checkpoint(tune_checkpoint)
    musician = Musician(checkpoint.tokenizer, lines=("K:D", "L:1/8", "M:6/8"))
    generator = Generator(checkpoint, musician)  # type: ignore[arg-type]
    with pytest.raises(SeqgenError, match="no tune came about"):
        samples(generator, temperature=0)


def test_a_network_without_form_says_so(tune_checkpoint: Path) -> None:
    with pytest.raises(SeqgenError, match="no tune came about"):
        samples(load(tune_checkpoint), "", length=30, seed=1)


def test_a_tune_begins_after_start(tune_checkpoint: Path) -> None:
    tokenizer = load(tune_checkpoint).checkpoint.tokenizer
    start = (END, *tokenizer.encode(HEADER + "ABc|\n").tolist(), END)
    header = tokenizer.encode(HEADER).tolist()
    assert plan("", tokenizer, "error", start).ids == start
    assert plan(HEADER, tokenizer, "error", start) == ((*start, *header), HEADER, ())


def test_a_damaged_checkpoint_is_told(checkpoint: Path) -> None:
    (checkpoint / "model.safetensors").write_bytes(b"x")
    with pytest.raises(CheckpointError):
        load(checkpoint)


def test_writing_needs_no_tensorflow_and_no_onnx(checkpoint: Path) -> None:
    code = (
        "import sys; from seqgen.generation import load; "
        f"print(''.join(load({str(checkpoint)!r}).generate(length=5, seed=1))); "
        "heavy = {'tensorflow', 'keras', 'music21', 'onnx', 'rich'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


class Musician:
    """An engine that has learned one tune by heart: what comes next follows from where it is."""

    def __init__(self, tokenizer, lines=("M:6/8", "L:1/8", "K:D")) -> None:
        self.token, self.size = lambda text: int(tokenizer.encode(text)[0]), tokenizer.size
        self.lines = lines

    def read(self, ids_T):
        streams = self.streams({"lines": np.zeros((1, 1), np.float32)})
        for id in ids_T:
            logits_1V = streams.step([id])
        return logits_1V, streams.states

    def streams(self, states):
        return Musicians(self, {"lines": states["lines"].copy()})

    def next(self, id: int, line: int) -> int:
        phrase = [self.token(note) for note in ("A", "B", "c", "|", "\n")]
        if id in phrase[:-1]:
            return phrase[phrase.index(id) + 1]
        if id in (END, phrase[-1]):
            return self.token(self.lines[line]) if line < 3 else phrase[0] if line == 3 else END
        return phrase[-1]


class Musicians:
    """Streams of such an engine."""

    def __init__(self, one: Musician, states) -> None:
        self.one, self.states = one, states

    def step(self, ids_B):
        lines_B1 = self.states["lines"]
        logits_BV = np.full((len(ids_B), self.one.size), -50, np.float32)
        for b, id in enumerate(ids_B):
            lines_B1[b] += id == self.one.token("\n")
            logits_BV[b, self.one.next(id, int(lines_B1[b, 0]))] = 50
        return logits_BV

    def forget(self, rows_B):
        self.states["lines"][rows_B] = 0
