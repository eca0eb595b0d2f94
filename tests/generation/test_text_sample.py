from hypothesis import given
from hypothesis import strategies as st

from seqgen.config.options import SamplingOptions
from seqgen.data import tokenizers
from seqgen.generation.text_sample import StopCondition, TextSample

short = st.text("ab\n", max_size=12)


def cut(pieces: list[str], stop: str | None, lines: int | None) -> str:
    """What is written of the pieces."""
    ending = StopCondition(stop, lines)
    written = ""
    for piece in pieces:
        written += ending.push(piece)
        if ending.done:
            return written
    return written + ending.flush()


@given(st.lists(short, max_size=6), st.text("ab\n", min_size=1, max_size=4))
def test_stop_ends_before_its_first_occurrence(pieces: list[str], stop: str) -> None:
    assert cut(pieces, stop, None) == "".join(pieces).split(stop)[0]


@given(st.lists(short, max_size=6), st.integers(1, 4))
def test_lines_end_with_the_nth_newline(pieces: list[str], lines: int) -> None:
    whole = "".join(pieces).splitlines(keepends=True)
    assert cut(pieces, None, lines) == "".join(whole[:lines])


@given(st.lists(short, max_size=6), st.text("ab\n", min_size=1, max_size=3), st.integers(1, 3))
def test_the_first_end_counts(pieces: list[str], stop: str, lines: int) -> None:
    before_stop = "".join(pieces).split(stop)[0]
    assert cut(pieces, stop, lines) == "".join(before_stop.splitlines(keepends=True)[:lines])


@given(st.lists(short, max_size=6), st.text("ab\n", min_size=1, max_size=4))
def test_only_what_may_begin_the_stop_is_held_back(pieces: list[str], stop: str) -> None:
    ending, text, written = StopCondition(stop), "", ""
    for piece in pieces:
        text += piece
        written += ending.push(piece)
        if ending.done:
            return
        assert stop.startswith(text[len(written) :])


def test_a_character_of_many_bytes_comes_out_whole() -> None:
    tokenizer = tokenizers.train("subword", ["x"], 257)
    sample = TextSample(0, tokenizer, SamplingOptions(length=7))
    ids = [*tokenizer.encode("é♪").tolist(), 0, int(tokenizer.encode("♪")[0])]
    texts = [sample.take(id)[1] for id in ids]
    assert texts == ["", "é", "", "", "♪", "\n", "\ufffd"]
    assert sample.done
