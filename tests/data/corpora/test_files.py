"""Text files in folders and patterns are read in the order of their names."""

import os
from pathlib import Path

import pytest

from seqgen.data.corpora.files import exists, read_chunks, read_folder, read_pattern, safe_name
from seqgen.errors import CorpusError


@pytest.fixture
def folder(tmp_path):
    files = {
        "b.txt": b"b", "a/z.txt": b"z", "a/a.md": b"a", "c.png": b"\x89PNG\0\0",
        ".git/config": b"no", ".hidden": b"no", "empty.txt": b"",
    }  # fmt: skip
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return tmp_path


def names(source, folder):
    return [path.relative_to(folder).as_posix() for path in source.files]


def test_a_folder_is_all_its_text_files(folder):
    source = read_folder(str(folder), None)
    assert names(source, folder) == ["a/a.md", "a/z.txt", "b.txt"]
    assert source.name == folder.name
    assert source.notices == (f"{folder}: left out as not plain text: 1 binary (c.png)",)


def test_a_pattern_is_the_text_files_that_match(folder):
    assert names(read_pattern(f"{folder}/**/*.txt", None), folder) == ["a/z.txt", "b.txt"]
    assert names(read_pattern(f"{folder}/?.*", None), folder) == ["b.txt"]
    assert read_pattern(f"{folder}/a/*", None).name == "a"


def test_text_detection_depends_on_the_encoding(folder):
    (folder / "wide.txt").write_bytes("wide".encode("utf-16-le"))
    (folder / "marked.txt").write_bytes("wide".encode("utf-16"))
    assert "wide.txt" not in names(read_folder(str(folder), None), folder)
    assert "marked.txt" in names(read_folder(str(folder), None), folder)
    assert "wide.txt" in names(read_folder(str(folder), "utf-16-le"), folder)


def test_a_folder_without_text_is_refused(tmp_path):
    (tmp_path / "c.png").write_bytes(b"\0")
    with pytest.raises(CorpusError, match=r"1 binary \(c\.png\)"):
        read_folder(str(tmp_path), None)
    with pytest.raises(CorpusError, match=r"\*\.txt"):
        read_pattern(f"{tmp_path}/*.txt", None)


def test_a_folder_that_vanishes_is_an_error(tmp_path):
    with pytest.raises(CorpusError, match="gone"):
        read_folder(str(tmp_path / "gone"), None)


def test_unreadable_files_are_refused(tmp_path):
    with pytest.raises(CorpusError, match=r"gone: .*No such file"):
        list(read_chunks(tmp_path / "gone"))
    with pytest.raises(CorpusError, match=os.devnull):
        list(read_chunks(Path(os.devnull)))
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(CorpusError, match="loop"):
        exists(str(tmp_path / "loop"))


def test_a_file_without_permission_is_an_error(tmp_path, monkeypatch, plain_user):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_text("x")
    (tmp_path / "secret").chmod(0)
    with plain_user(), pytest.raises(CorpusError, match=r"^secret: .*Permission"):
        list(read_chunks(Path("secret")))


@pytest.mark.parametrize("path", ["x" * 5000, "a\0b", "file/below"])
def test_impossible_paths_do_not_exist(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("x")
    assert exists(path) is None


@pytest.mark.parametrize(
    ("name", "safe"),
    [("poems", "poems"), ("my poems (2)", "my-poems-2"), ("../x", "x"), ("", "corpus"),
     ("...", "corpus"), ("gutenberg:2600", "gutenberg-2600"), ("Ελένη", "Ελένη"),
     ("a" * 99, "a" * 60)],
)  # fmt: skip
def test_names_are_safe_for_a_folder(name, safe):
    assert safe_name(name) == safe
