"""The hierarchy of errors and their exit status."""

import pickle

import pytest

from seqgen import errors
from seqgen.errors import ConfigError, SeqgenError, unknown_name


def test_configuration_errors_exit_with_2_and_others_with_1() -> None:
    classes = [e for e in vars(errors).values() if getattr(e, "__module__", "") == errors.__name__]
    classes = [e for e in classes if isinstance(e, type) and e is not SeqgenError]
    assert len(classes) > 1
    for error in classes:
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
def test_unknown_names_list_the_known_and_suggest_the_closest(name: str, message: str) -> None:
    error = unknown_name("cell", name, ["rnn", "lstm", "gru"])
    assert isinstance(error, ConfigError)
    assert str(error) == message


def test_names_that_are_not_listed_can_be_suggested() -> None:
    error = unknown_name("corpus", "poem", ["sonnets"], ["poems.txt"])
    assert str(error) == "unknown corpus 'poem'; did you mean poems.txt? (known: sonnets)"


def test_pickled_errors_keep_their_option() -> None:
    for error in (SeqgenError("failed"), ConfigError("is too small", option="units")):
        copy = pickle.loads(pickle.dumps(error))
        assert (str(copy), copy.option) == (str(error), error.option)
    assert str(ConfigError("is too small", option="units")) == "`units`: is too small"
