"""What several tests share: TensorFlow loaded once, and a short text of the project's own."""

import pytest

TEXT = (
    "The river runs down to the sea, and the sea runs up to the sky;\n"
    "the sky comes down as rain again, and no one asks it why.\n"
) * 40


@pytest.fixture(scope="session")
def tf():
    """TensorFlow, as a run loads it."""
    from seqgen.stack import backend

    backend.load(16)
    import tensorflow

    return tensorflow


@pytest.fixture
def text_file(tmp_path):
    """A file of 4,880 characters that repeat: quickly learned."""
    path = tmp_path / "river.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path
