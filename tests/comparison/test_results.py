import pytest

from seqgen.comparison.results import Comparison


@pytest.mark.parametrize(
    ("asked", "budget"),
    [
        ({"minutes": ("2",)}, "2 minutes each"),
        ({"epochs": ("1",)}, "1 epoch each"),
        ({"token_budget": ("100", "200")}, "100 or 200 tokens each"),
    ],
)
def test_the_budget_in_words(asked: dict[str, tuple[str, ...]], budget: str) -> None:
    assert Comparison(asked, "poems", "text", "0f", ()).budget == budget
