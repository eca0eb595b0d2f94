import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqgen.generation.batch import Piece, RandomStreams, in_order


def test_random_numbers_do_not_depend_on_other_streams() -> None:
    alone = RandomStreams(7, [(2, 0)])
    together = RandomStreams(7, [(0, 0), (1, 0), (2, 0)])
    first = [together.next() for _ in range(300)]
    together.select([0, 2])
    then = [together.next() for _ in range(700)]
    numbers = [row[2] for row in first] + [row[1] for row in then]
    assert numbers == [alone.next()[0] for _ in range(1000)]
    assert len(set(numbers)) == 1000
    assert 0.4 < np.mean(numbers) < 0.6


@given(st.lists(st.lists(st.text("xy", max_size=2), min_size=1, max_size=4), max_size=5), st.data())
def test_samples_are_ordered_and_complete(texts: list[list[str]], data: st.DataObject) -> None:
    pending = [list(pieces) for pieces in texts]
    shuffled = []
    while any(pending):
        index = data.draw(st.sampled_from([i for i, pieces in enumerate(pending) if pieces]))
        text = pending[index].pop(0)
        shuffled.append(Piece(index, text, not pending[index]))
    ordered = list(in_order(shuffled))
    assert [index for index, _ in ordered] == sorted(index for index, _ in ordered)
    for index, pieces in enumerate(texts):
        assert "".join(text for i, text in ordered if i == index) == "".join(pieces)


def test_the_first_sample_is_streamed() -> None:
    received: list[str] = []

    def pieces():
        yield Piece(0, "a", False)
        assert received == ["a"]
        yield Piece(1, "x", True)
        yield Piece(0, "b", True)

    for _, text in in_order(pieces()):
        received.append(text)
    assert received == ["a", "b", "x"]
