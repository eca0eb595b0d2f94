import json
import math
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqgen.checkpoint import document_hashes, layout, titles
from seqgen.checkpoint.read import open_checkpoint
from seqgen.config.options import SamplingOptions, TuneOptions
from seqgen.data.fingerprint import DocumentHashes, fingerprints
from seqgen.data.tokenizers.base import END
from seqgen.errors import CheckpointError, ConfigError, SamplingError, TokenError
from seqgen.evaluation.tunes.validators.bars import bar_exact
from seqgen.generation import TextGenerator, load
from seqgen.music.abc.parser import parse_tune
from seqgen.music.core.key import LETTERS
from seqgen.tasks import TASKS
from seqgen.tasks import tunes as tunes_task

TUNES = "R:jig\nM:6/8\nK:Cmaj\nABcdef|gabc3|]"


def samples(
    generator: TextGenerator, prompt: str = "", tune: TuneOptions | None = None, **options
) -> list[str]:
    sampling = SamplingOptions(**options)
    texts = [""] * sampling.count
    for index, text in generator.pieces(prompt, sampling, tune or TuneOptions()):
        texts[index] += text
    return texts


def test_the_same_seed_gives_the_same_text(checkpoint: Path) -> None:
    one, two = load(checkpoint), load(str(checkpoint))
    text = "".join(one.generate(length=80, seed=5))
    assert len(text) == 80
    assert "".join(two.generate(length=80, seed=5)) == text
    assert "".join(one.generate(length=80, seed=6)) != text


def test_a_drawn_seed_is_available_and_reproduces_the_text(checkpoint: Path) -> None:
    generator = load(checkpoint)
    text = "".join(generator.generate(length=50))
    seed = generator.seed
    assert "".join(generator.generate(length=50)) != text
    assert "".join(generator.generate(length=50, seed=seed)) == text


def test_text_is_yielded_by_character(checkpoint: Path) -> None:
    assert all(len(piece) == 1 for piece in load(checkpoint).generate(length=9, seed=1))
    assert len("".join(load(checkpoint).generate(seed=1))) == 1000


def test_a_sample_does_not_depend_on_the_count(checkpoint: Path) -> None:
    generator = load(checkpoint)
    many = samples(generator, "The ", count=70, length=30, seed=3)
    assert len(set(many)) == 70
    assert samples(generator, "The ", count=2, length=30, seed=3) == many[:2]


def test_samples_start_from_the_default_prompt(checkpoint: Path) -> None:
    generator = load(checkpoint)
    start = generator.checkpoint.tokenizer.decode(generator.config.start)
    texts = {p: "".join(generator.generate(p, length=60, seed=1)) for p in ("", start, "The q")}
    assert texts[""] == texts[start] != texts["The q"]


def test_greedy_text_does_not_depend_on_the_seed(checkpoint: Path) -> None:
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
    skipped = "".join(generator.generate("Théé", length=20, seed=1, on_unknown="skip"))
    assert skipped == "".join(generator.generate("Th", length=20, seed=1))
    assert len("".join(generator.generate("é", length=20, seed=1, on_unknown="skip"))) == 20


@pytest.mark.parametrize(
    "options", [{"temprature": 1}, {"temperature": -1}, {"top_p": 0}, {"count": 2}, {"stop": ""}]
)
def test_invalid_options_are_refused_at_the_call(checkpoint: Path, options: dict) -> None:
    with pytest.raises(ConfigError):
        load(checkpoint).generate(**options)


def test_only_models_of_several_documents_generate_ends(
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


def test_tunes_are_complete_and_numbered(tune_checkpoint: Path) -> None:
    tunes = samples(load(tune_checkpoint), count=5, seed=1)
    assert len(set(tunes)) == 5
    for number, tune in enumerate(tunes, 1):
        assert f"\nX:{number}\nT:" in tune
        assert bar_exact(parse_tune(tune)) is None
        assert tune.endswith("\n")
        assert not tune.endswith("\n\n")


def test_a_tune_does_not_depend_on_the_count(tune_checkpoint: Path) -> None:
    generator = load(tune_checkpoint)
    many = samples(generator, count=66, seed=4)
    assert samples(generator, count=2, seed=4) == many[:2]


def test_tunes_satisfy_the_options(tune_checkpoint: Path) -> None:
    generator = load(tune_checkpoint)
    options = TuneOptions(meter="6/8", key="Ador", rhythm="jig", bars="16", form="AABB", tonic=True)
    for text in samples(generator, count=8, seed=2, tune=options):
        tune = parse_tune(text)
        assert (str(tune.meter), str(tune.key), tune.rhythm) == ("6/8", "Ador", "jig")
        assert bar_exact(tune) is None
        assert [bar.left for bar in tune.bars if bar.left] == ["|:", "|:"]
        notes = [note for bar in tune.bars for note in bar.notes if note.pitches]
        assert notes[-1].pitches[0].letter == LETTERS.index("A")


def test_tunes_begin_with_the_prompt(tune_checkpoint: Path) -> None:
    generator = load(tune_checkpoint)
    prompt = "M:6/8\nK:D\n|:A|d2f a2f|~g{a}fe"
    for text in samples(generator, prompt, count=3, seed=1):
        tune = parse_tune(text)
        assert str(tune.key) == "Dmaj"
        assert text.partition("K:Dmaj\n")[2].startswith("|:A|d2f a2f|gfe")
        assert bar_exact(tune) is None


def titles_of(tunes: list[str]) -> list[str]:
    return [tune.split("\nT:")[1].split("\n")[0] for tune in tunes]


def test_tunes_have_the_requested_title(tune_checkpoint: Path) -> None:
    generator = load(tune_checkpoint)
    titled = TuneOptions(title="Bourrée 100%")
    assert titles_of(samples(generator, count=2, seed=1, tune=titled)) == [
        "Bourrée 100\\%",
        "Bourrée 100\\% 2",
    ]
    assert parse_tune(samples(generator, seed=1, tune=titled)[0]).title == "Bourrée 100%"
    prompt = "X:7\nT:Mine\nT:Ours\nC:Me\nM:6/8\nK:D\nABc\nW:la la\n"
    first, second = samples(generator, prompt, count=2, seed=1)
    assert first.startswith("%abc-2.1\nX:7\nT:Mine\nT:Ours\nC:Me\n")
    assert second.startswith("%abc-2.1\nX:8\nT:Mine 2\nT:Ours\nC:Me\n")
    assert first.endswith("\nW:la la\n")
    tune = parse_tune(first)
    assert (tune.composer, tune.words) == ("Me", ("la la",))
    assert titles_of(samples(generator, prompt, seed=1, tune=titled)) == ["Bourrée 100\\%"]
    music = first.split("K:")[1]
    assert samples(generator, "M:6/8\nK:D\nABc", seed=1)[0].split("K:")[1] == music.replace(
        "W:la la\n", ""
    )


@pytest.mark.parametrize("title", ["", " ", "a\nb", "x" * 201, "\x1b[31m"])
def test_a_title_is_one_printable_line(title: str) -> None:
    with pytest.raises(ConfigError, match="title"):
        TuneOptions(title=title)


def test_titles_are_proposed_from_those_of_the_book(tune_checkpoint: Path) -> None:
    generator = load(tune_checkpoint)
    untitled = samples(generator, count=8, seed=1)
    book = [
        f"The {who} of the {where} *" for who, where in zip("ABCDEFGH", "STUVWXYZ", strict=True)
    ]
    titles.save(tune_checkpoint, book)
    proposed = samples(generator, count=8, seed=1)
    assert samples(generator, count=8, seed=1) == proposed
    assert [tune.split("K:")[1] for tune in proposed] == [t.split("K:")[1] for t in untitled]
    for tune in proposed:
        parsed = parse_tune(tune)
        if not parsed.rhythm:  # a title of this book has a rhythm
            assert parsed.title.startswith("Tune ")
            continue
        base = parsed.title.removesuffix(f" {parsed.rhythm.title()}")
        assert base != parsed.title
        assert f"{base} *" not in book
    assert len(set(titles_of(proposed))) > 4
    (tune_checkpoint / layout.TITLES).write_text("{}")
    with pytest.raises(CheckpointError, match=layout.TITLES):
        samples(generator, seed=1)
    assert titles_of(samples(generator, seed=1, tune=TuneOptions(title="Mine"))) == ["Mine"]


def test_keys_follow_the_frequencies_of_the_corpus(tune_checkpoint: Path) -> None:
    generator = load(tune_checkpoint)
    tunes = [parse_tune(text) for text in samples(generator, count=200, length=40, seed=3)]
    keys = Counter(str(tune.key) for tune in tunes)
    assert set(keys) == {"Dmaj", "Gmaj", "Ador", "Emin"}
    assert keys["Dmaj"] > keys["Gmaj"]


def test_lengths_below_the_shortest_tune_are_refused(tune_checkpoint: Path) -> None:
    generator = load(tune_checkpoint)
    options = TuneOptions(meter="4/4", bars="8")
    with pytest.raises(ConfigError) as error:
        samples(generator, tune=options, length=5)
    assert error.value.option == "length"
    least = int(re.search(r"takes (\d+)", str(error.value))[1])
    (text,) = samples(generator, tune=options, length=least, seed=1)
    assert bar_exact(parse_tune(text)) is None
    assert len(parse_tune(text).bars) == 8


def test_the_length_does_not_include_the_prompt(tune_checkpoint: Path) -> None:
    generator = load(tune_checkpoint)
    prompt = "K:D\n|:A|" + "d2f a2f|" * 20
    with pytest.raises(ConfigError) as error:
        samples(generator, prompt, length=4)
    assert error.value.option == "length"
    least = int(re.findall(r"takes (\d+) tokens", str(error.value))[0])
    for text in samples(generator, prompt, length=least, count=20, temperature=1.5, seed=1):
        assert bar_exact(parse_tune(text)) is None
        assert len(parse_tune(text).bars) > 20


def test_allowed_mass_is_the_probability_that_the_grammar_allows(tune_checkpoint: Path) -> None:
    generator = load(tune_checkpoint)
    samples(generator, count=4, seed=1)
    assert generator.allowed_mass is not None
    assert 0.0 < generator.allowed_mass < 0.9  # a random network predicts much that is forbidden
    samples(generator, count=4, seed=1, tune=TuneOptions(grammar=False))
    assert generator.allowed_mass is None
    # Too short for a measurement.
    samples(generator, seed=1, tune=TuneOptions(meter="6/8", bars="1"), length=7)
    assert generator.allowed_mass is None or math.isfinite(generator.allowed_mass)


def test_without_the_grammar_the_header_follows_the_options(tune_checkpoint: Path) -> None:
    generator = load(tune_checkpoint)
    options = TuneOptions(meter="6/8", key="C", grammar=False)
    texts = samples(generator, tune=options, count=4, seed=1)
    assert all("\nM:6/8\n" in text and "\nK:C" in text for text in texts)
    constrained = samples(generator, tune=TuneOptions(meter="6/8", key="C"), count=4, seed=1)
    assert not set(texts) & set(constrained)


def test_tunes_of_models_without_transposition_keep_their_keys(
    tmp_path: Path, make: Callable[..., Path]
) -> None:
    text = "R:none\nM:6/8\nK:Dmaj\nABcdef|]R:none\nM:6/8\nK:Ador\nA6|]"
    path = make(
        tmp_path / "x", kind="tunes", text=text, tokens="abc", documents=9, transpose="none"
    )
    generator = load(path)
    (tune,) = samples(generator, seed=1, tune=TuneOptions(key="Ador"))
    assert "K:Ador" in tune
    assert {str(parse_tune(t).key) for t in samples(generator, count=20, seed=1)} == {
        "Dmaj",
        "Ador",
    }
    with pytest.raises(ConfigError, match=r"Gmaj.*Ador, Dmaj"):
        samples(generator, tune=TuneOptions(key="G"))


def test_tunes_of_other_tokenizers_are_not_parsed(
    tmp_path: Path, make: Callable[..., Path]
) -> None:
    generator = load(make(tmp_path / "x", kind="tunes", text=TUNES, documents=9))
    (text,) = samples(generator, seed=1, length=30)
    assert text.startswith("%abc-2.1\nX:1\nT:Tune 1\n")
    with pytest.raises(ConfigError, match="`tokenizer='abc'`"):
        samples(generator, "K:D")


def test_models_without_tune_facts_are_refused(tune_checkpoint: Path) -> None:
    config = json.loads((tune_checkpoint / "config.json").read_text())
    del config["facts"]
    (tune_checkpoint / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError):
        samples(load(tune_checkpoint))


def test_a_text_model_refuses_options_of_tunes(checkpoint: Path) -> None:
    generator = load(checkpoint)
    with pytest.raises(ConfigError):
        generator.generate(meter="6/8")
    with pytest.raises(ConfigError):
        generator.pieces("", SamplingOptions(), TuneOptions(meter="6/8"))


def test_damaged_checkpoints_are_refused(checkpoint: Path) -> None:
    (checkpoint / "model.safetensors").write_bytes(b"x")
    with pytest.raises(CheckpointError):
        load(checkpoint)


def test_sampling_text_needs_no_tensorflow_no_onnx_and_no_music(checkpoint: Path) -> None:
    list(load(checkpoint).generate(length=1))  # stores the graph, which onnx builds
    code = (
        "import sys, seqgen; "
        f"print(''.join(seqgen.load({str(checkpoint)!r}).generate(length=5, seed=1))); "
        "heavy = {'tensorflow', 'keras', 'music21', 'onnx', 'rich', 'seqgen.music'}; "
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def list_checkpoint(make: Callable[..., Path], tmp_path: Path) -> Path:
    """A model of a list that ends a document about every sixth token."""
    return make(
        tmp_path / "list", text="abcdef" * 20, documents=40, held_out=4, unit="line", bias={"": 1.0}
    )


def test_documents_end_by_themselves(list_checkpoint: Path) -> None:
    generator = load(list_checkpoint)
    texts = samples(generator, count=300, seed=1)
    assert all(1 <= len(text) < 200 for text in texts)
    assert len({len(text) for text in texts}) > 3
    assert samples(generator, count=3, seed=1) == texts[:3]
    assert max(map(len, samples(generator, count=100, seed=1, length=2))) == 2


def test_documents_continue_the_prompt(list_checkpoint: Path) -> None:
    generator = load(list_checkpoint)
    first = [END, *generator.checkpoint.tokenizer.encode("ab")]
    logits, _ = generator._engine.read(np.array(first))
    (text,) = samples(generator, "ab", temperature=0, seed=1)
    best = int(logits.argmax())
    assert text[:1] == generator.checkpoint.tokenizer.decode([best])
    assert "" in samples(generator, "ab", count=100, seed=1)  # a document may end after the prompt


def test_models_without_a_document_unit_continue_after_an_end(
    make: Callable[..., Path], tmp_path: Path
) -> None:
    older = load(make(tmp_path / "old", text="abcdef" * 20, documents=40, bias={"": 1.0}))
    text = "".join(older.generate(length=200, seed=1))
    assert len(text) == 200
    assert "\n" in text
    newer = load(
        make(tmp_path / "new", text="abcdef" * 20, documents=4, unit="file", bias={"": 1.0})
    )
    text = "".join(newer.generate(length=200, seed=1))
    assert len(text) == 200
    assert "\n" not in text


def save_hashes(path: Path, texts: list[str], *, tunes: bool = False) -> None:
    hashes = fingerprints(texts, TASKS.load("tunes" if tunes else "text").fingerprint)
    document_hashes.save(path, DocumentHashes(hashes, hashes[:0]))


def test_lists_of_short_items_are_sampled_at_a_higher_temperature(
    make: Callable[..., Path], tmp_path: Path
) -> None:
    facts = {"text": "abcdef" * 20, "documents": 40, "held_out": 4}
    names = load(make(tmp_path / "names", unit="line", long=8, **facts))
    long = load(make(tmp_path / "long", unit="line", long=300, **facts))
    poems = load(make(tmp_path / "poems", unit="blank-line", long=8, **facts))
    temperatures = [model.default_temperature for model in (names, long, poems)]
    assert temperatures == [1.1, 0.8, 0.8]


def test_copies_and_repeats_are_left_out(list_checkpoint: Path) -> None:
    generator = load(list_checkpoint)
    options: dict[str, Any] = {"count": 300, "seed": 1, "length": 3}
    plain = samples(generator, **options)
    known = sorted(set(plain))[::2]
    save_hashes(list_checkpoint, known[:36])
    novel = samples(generator, novel=True, **options)
    assert len(novel) == 300
    assert novel[:100] == [text for text in plain if text not in known[:36]][:100]
    both = samples(generator, "", novel=True, unique=True, **(options | {"count": 30}))
    assert len(set(both)) == 30
    assert not set(both) & set(known[:36])
    assert generator.selection is not None
    assert generator.selection.copies > 0
    samples(generator, **options)
    assert generator.selection.copies == sum(text in known[:36] for text in plain)


def test_the_prompt_counts_as_part_of_the_document(list_checkpoint: Path) -> None:
    generator = load(list_checkpoint)
    plain = samples(generator, "ab", count=20, seed=1)
    save_hashes(list_checkpoint, ["ab" + plain[0]])
    assert plain[0] not in samples(generator, "ab", count=20, seed=1, novel=True)


def test_too_few_new_documents_are_an_error(list_checkpoint: Path) -> None:
    generator = load(list_checkpoint)
    with pytest.raises(SamplingError):
        samples(generator, count=100, seed=1, unique=True, length=1)


def test_novel_and_unique_need_documents(checkpoint: Path, list_checkpoint: Path) -> None:
    selections: tuple[dict[str, Any], ...] = ({"novel": True}, {"unique": True})
    for selection in selections:
        with pytest.raises(ConfigError):
            samples(load(checkpoint), **selection)
    with pytest.raises(ConfigError, match="older seqgen"):
        samples(load(list_checkpoint), novel=True)


def test_copied_and_repeated_tunes_are_left_out(tune_checkpoint: Path) -> None:
    generator = load(tune_checkpoint)
    plain = samples(generator, count=6, seed=1)
    raw: list[str] = []
    tune_fingerprint = tunes_task.tune_fingerprint

    def record(text: str) -> int:
        raw.append(text)
        return tune_fingerprint(text)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tunes_task, "tune_fingerprint", record)
        assert samples(generator, count=6, seed=1, unique=True) == plain
    save_hashes(tune_checkpoint, raw[:2], tunes=True)
    remaining = samples(generator, count=4, seed=1, novel=True)
    assert [tune.partition("K:")[2][-20:] for tune in remaining] == [
        tune.partition("K:")[2][-20:] for tune in plain[2:]
    ]
    assert [tune.partition("X:")[2].partition("\n")[0] for tune in remaining] == [
        "1",
        "2",
        "3",
        "4",
    ]


def test_long_prompts_give_the_same_text_as_token_by_token(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompt = "The quick brown fox jumps over the lazy dog.\n" * 20
    generator = load(checkpoint, precision="float32")
    expected = samples(generator, prompt, length=60, seed=1, count=2)
    progress_calls: list[tuple[int, int]] = []
    monkeypatch.setattr("seqgen.generation.engine.SEQUENCE_GRAPH_MIN_TOKENS", 100)
    pieces = generator.pieces(
        prompt,
        SamplingOptions(length=60, seed=1, count=2),
        progress=lambda *progress: progress_calls.append(progress),
    )
    texts = ["", ""]
    for index, text in pieces:
        texts[index] += text
    assert texts == expected
    assert progress_calls[-1] == (len(prompt), len(prompt))


def test_features_of_another_tokenizer_are_refused(outline_checkpoint, tune_checkpoint):
    generator = load(outline_checkpoint)
    other = open_checkpoint(tune_checkpoint).config.feature_sizes
    config = replace(generator.config, feature_sizes=other)
    generator.checkpoint = replace(generator.checkpoint, config=config)
    with pytest.raises(CheckpointError, match="feature_sizes"):
        generator.pieces("", SamplingOptions(seed=1))


def test_the_tokenizer_itself_decides_what_its_tokens_are(tune_checkpoint):
    generator = load(tune_checkpoint)
    data = replace(generator.config.data, tokenizer="char")
    config = replace(generator.config, data=data)
    generator.checkpoint = replace(generator.checkpoint, config=config)
    assert dict(generator.pieces("", SamplingOptions(seed=1)))[0].startswith("%abc-2.1")


@pytest.mark.parametrize(
    "pattern", ["", "One\nX:1", "\u001b[31m", "\u202eabc", "a b c d e f g h", "x" * 61]
)
def test_titles_with_more_than_words_are_refused(tune_checkpoint, pattern):
    titles.save(tune_checkpoint, ["The Walls of Limerick", pattern])
    with pytest.raises(CheckpointError, match="titles"):
        load(tune_checkpoint).pieces("", SamplingOptions(seed=1))
