from hypothesis import given
from hypothesis import strategies as st

from seqgen.config.options import SamplingOptions
from seqgen.data import tokenizers
from seqgen.generation.text_sample import StopCondition, TextSample

short = st.text("ab\n", max_size=12)


def stop_text(pieces: list[str], stop: str | None, lines: int | None) -> str:
    """The pieces up to the stop condition."""
    ending = StopCondition(stop, lines)
    output = ""
    for piece in pieces:
        output += ending.push(piece)
        if ending.done:
            return output
    return output + ending.flush()


@given(st.lists(short, max_size=6), st.text("ab\n", min_size=1, max_size=4))
def test_stop_ends_before_the_first_occurrence(pieces: list[str], stop: str) -> None:
    assert stop_text(pieces, stop, None) == "".join(pieces).split(stop)[0]


@given(st.lists(short, max_size=6), st.integers(1, 4))
def test_lines_end_with_the_nth_newline(pieces: list[str], lines: int) -> None:
    whole = "".join(pieces).splitlines(keepends=True)
    assert stop_text(pieces, None, lines) == "".join(whole[:lines])


@given(st.lists(short, max_size=6), st.text("ab\n", min_size=1, max_size=3), st.integers(1, 3))
def test_the_first_of_two_conditions_ends(pieces: list[str], stop: str, lines: int) -> None:
    before_stop = "".join(pieces).split(stop)[0]
    assert stop_text(pieces, stop, lines) == "".join(before_stop.splitlines(keepends=True)[:lines])


@given(st.lists(short, max_size=6), st.text("ab\n", min_size=1, max_size=4))
def test_only_prefixes_of_the_stop_are_delayed(pieces: list[str], stop: str) -> None:
    ending, text, output = StopCondition(stop), "", ""
    for piece in pieces:
        text += piece
        output += ending.push(piece)
        if ending.done:
            return
        assert stop.startswith(text[len(output) :])


def test_characters_of_several_bytes_are_emitted_whole() -> None:
    tokenizer = tokenizers.train("subword", ["x"], 257)
    sample = TextSample(0, tokenizer, SamplingOptions(), 7)
    ids = [*tokenizer.encode("é♪").tolist(), 0, int(tokenizer.encode("♪")[0])]
    texts = [sample.take(id)[1] for id in ids]
    assert texts == ["", "é", "", "", "♪", "\n", "\ufffd"]
    assert sample.done
