import pytest

from seqgen.errors import ConfigError
from seqgen.evaluation.options import TextEvaluationOptions


def test_a_length_needs_samples() -> None:
    assert TextEvaluationOptions(length=9).length == 9
    with pytest.raises(ConfigError) as error:
        TextEvaluationOptions(samples=0, length=9)
    assert error.value.option == "length"
