"""One family of errors, each with its exit status."""

import pickle

import pytest

from seqgen import errors
from seqgen.errors import ConfigError, SeqgenError, unknown_name


def test_wrong_usage_is_2_and_all_else_is_1() -> None:
    family = [e for e in vars(errors).values() if getattr(e, "__module__", "") == errors.__name__]
    family = [e for e in family if isinstance(e, type) and e is not SeqgenError]
    assert len(family) > 1
    for error in family:
        assert issubclass(error, SeqgenError)
        assert error.status == (2 if error is ConfigError else 1)
        assert error.__doc__


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lstn", "unknown cell 'lstn'; did you mean lstm? (known: gru, lstm, rnn)"),
        ("lattice", "unknown cell 'lattice' (known: gru, lstm, rnn)"),
        ("", "unknown cell '' (known: gru, lstm, rnn)"),
        ("LSTM", "unknown cell 'LSTM'; did you mean lstm? (known: gru, lstm, rnn)"),
    ],
)
def test_an_unknown_name_lists_the_known_and_offers_the_nearest(name: str, message: str) -> None:
    error = unknown_name("cell", name, ["rnn", "lstm", "gru"])
    assert isinstance(error, ConfigError)
    assert str(error) == message


def test_a_name_that_is_not_listed_can_be_offered() -> None:
    error = unknown_name("corpus", "poem", ["sonnets"], ["poems.txt"])
    assert str(error) == "unknown corpus 'poem'; did you mean poems.txt? (known: sonnets)"


def test_an_error_knows_its_option_also_in_another_process() -> None:
    for error in (SeqgenError("failed"), ConfigError("is too small", option="units")):
        copy = pickle.loads(pickle.dumps(error))
        assert (str(copy), copy.option) == (str(error), error.option)
    assert str(ConfigError("is too small", option="units")) == "`units`: is too small"
