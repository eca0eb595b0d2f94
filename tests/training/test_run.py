"""What a run stores beside its network."""

import shutil
from pathlib import Path

from seqgen.checkpoint import layout, titles
from seqgen.config.options import DataOptions
from seqgen.data.corpora import open_corpus
from seqgen.data.dataset import prepare
from seqgen.data.token_files import TRAINING, VALIDATION
from seqgen.training.run import store_dataset


def test_a_run_stores_tokens_hashes_and_titles_of_a_book(tmp_path: Path) -> None:
    book = tmp_path / "reels.abc"
    notes = ["CDEF", "DEFG", "EFGA", "FGAB", "GABc", "ABcd", "Bcde", "cdef", "GEDC", "AGED"]
    book.write_text(
        "".join(
            f"X:{n}\nT:The Hills of {four}x\nM:4/4\nL:1/8\nK:C\n{four}{four}|{four}C4|]\n\n"
            for n, four in enumerate(notes, 1)
        )
    )
    data = prepare(open_corpus([str(book)]), DataOptions(), tmp_path)
    checkpoint = tmp_path / "run"
    checkpoint.mkdir()
    store_dataset(data, tmp_path, checkpoint, shutil.copy)
    assert 5 < len(data.titles) <= 10
    assert all(title.startswith("The Hills of ") for title in data.titles)
    assert titles.read(checkpoint) == data.titles
    assert (checkpoint / layout.DOCUMENTS).exists()
    assert {path.name for path in (checkpoint / layout.RESUME).iterdir()} == {TRAINING, VALIDATION}
