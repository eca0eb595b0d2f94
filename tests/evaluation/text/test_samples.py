from dataclasses import replace

import pytest

from seqgen.config.options import SamplingOptions
from seqgen.evaluation.text.samples import (
    EXAMPLE_TEMPERATURES,
    GENERATED,
    REAL,
    measure_samples,
    real_programs,
    real_texts,
)
from seqgen.generation import load

OPTIONS = SamplingOptions(count=3, length=200, seed=1)
TRAINING = "The quick brown fox jumps over the lazy dog.\n" * 20
VALIDATION = "A lazy dog jumps over the fox.\n" * 40


@pytest.fixture
def figures(checkpoint):
    return measure_samples(load(checkpoint), TRAINING, VALIDATION, OPTIONS)


def values(figures, key):
    return next(row for row in figures.rows if row.key == key).values


def test_figures_are_those_of_generated_samples(checkpoint, figures):
    generator = load(checkpoint)
    pieces = [*generator.generate(length=200, seed=1, temperature=0.8)]
    text = "".join(pieces)
    example = next(each for each in figures.examples if each.temperature == 0.8)
    assert example.text == text
    assert values(figures, "characters") == {GENERATED: 600, REAL: 600}
    assert values(figures, "novel_8")[GENERATED] > 0.9
    copy = figures.copies[REAL]
    assert copy.copied == " jumps over the "
    assert values(figures, "longest_copy")[REAL] == len(copy.copied)
    assert values(figures, "known_words")[REAL] > values(figures, "known_words")[GENERATED]
    assert values(figures, "repeated_words")[REAL] > 0.7


def test_the_same_seed_gives_the_same_figures(checkpoint, figures):
    assert measure_samples(load(checkpoint), TRAINING, VALIDATION, OPTIONS) == figures
    other = replace(OPTIONS, seed=2)
    assert (
        measure_samples(load(checkpoint), TRAINING, VALIDATION, other).examples != figures.examples
    )


def test_examples_have_all_temperatures(checkpoint):
    result = measure_samples(
        load(checkpoint), TRAINING, VALIDATION, replace(OPTIONS, temperature=0.0, length=40)
    )
    assert [each.temperature for each in result.examples] == [*EXAMPLE_TEMPERATURES]
    assert {len(each.text) for each in result.examples} == {40}
    assert result.temperature == 0.0


def test_copies_and_loops_are_marked(make, tmp_path):
    # The model generates only x.
    path = make(tmp_path / "x", bias={"x": 60.0})
    result = measure_samples(load(path), "a" + "x" * 500, VALIDATION, OPTIONS)
    assert all(each.copied == ((0, len(each.text)),) for each in result.examples)
    assert result.loop == "x"
    assert values(result, "loops") == {GENERATED: 1.0, REAL: 1.0}
    copied = result.copies[GENERATED].copied  # repetitive samples are cut before the full length
    assert set(copied) == {"x"}
    assert 100 < len(copied) <= 200


def test_real_texts_have_the_same_lengths_and_begin_with_lines():
    text = "".join(f"line {n}\n" for n in range(1000))
    parts = real_texts(text, [100] * 5)
    assert len(parts) == 5
    assert all(part.startswith("line ") for part in parts)
    assert all(len(part) == 100 for part in parts)
    assert len({*parts}) == 5
    # A short text has fewer parts, at least one.
    assert len(real_texts(text[:250], [100] * 5)) == 2
    assert real_texts("short", [100] * 5) == ["short"]
    assert real_texts("", [100]) == [""]


def test_real_programs_begin_with_a_block():
    ends = ["m',\n    2)\n\n\ndef f():\n    pass\n\n\nx = 1\n", "no place to begin\n"]
    assert real_programs(ends, 1000) == ["def f():\n    pass\n\n\nx = 1\n"]
    assert real_programs(ends, 5) == ["def f"]


def test_blocks_are_parsed_for_models_of_programs(checkpoint):
    generator = load(checkpoint)
    config = generator.config
    programs = replace(config, corpus=replace(config.corpus, sources=("python",)))
    generator.checkpoint = replace(generator.checkpoint, config=programs)
    validation = "cut off\n\n\nx = 1\ny = (\nq\0cut off\n\n\nz = 2\nq"
    result = measure_samples(generator, TRAINING, validation, OPTIONS)
    assert values(result, "parsing_blocks")[REAL] == 2 / 3
    assert not any(
        row.key == "parsing_blocks"
        for row in measure_samples(load(checkpoint), TRAINING, VALIDATION, OPTIONS).rows
    )


def test_short_documents_are_sampled_up_to_the_length(make, tmp_path):
    path = make(
        tmp_path / "list", text="abcdef" * 9, documents=40, held_out=4, unit="line", long=20,
        bias={"": 1.0},
    )  # fmt: skip
    result = measure_samples(load(path), "abc\0def", "abc\0fed" * 100, OPTIONS)
    assert result.count == 30
    assert [each.text.count("\n") for each in result.examples] == [9, 9, 9]
