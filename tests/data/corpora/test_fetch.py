import gzip
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from seqgen.data.corpora import fetch as fetching
from seqgen.data.corpora import open_corpus
from seqgen.data.corpora.builtin import open_builtin
from seqgen.data.corpora.fetch import download, fetch
from seqgen.data.corpora.registry import Entry
from seqgen.errors import ConfigError, CorpusError

TEXT = b"To be, or not to be.\n" * 10_000
CHECKSUM = hashlib.sha256(TEXT).hexdigest()


class Server(HTTPServer):
    requests: list[str]


class Pages(BaseHTTPRequestHandler):
    """Answers by path: complete, truncated, cut within a chunk, too large, or not found."""

    server: "Server"

    def do_GET(self):
        self.server.requests.append(self.path)
        if self.path == "/good" and "gzip" in self.headers["Accept-Encoding"]:
            packed = gzip.compress(TEXT)
            self.answer(len(packed), packed, ("Content-Encoding", "gzip"))
        elif self.path == "/good":
            self.answer(len(TEXT), TEXT)
        elif self.path == "/unsized":
            self.answer(None, TEXT)
        elif self.path == "/short":
            self.answer(len(TEXT) + 5, TEXT)
        elif self.path == "/cut":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"ffff\r\n" + TEXT[:100])
        elif self.path == "/huge":
            self.answer(10**12, TEXT)
        else:
            self.send_error(404)

    def answer(self, length, body, *headers):
        self.send_response(200)
        for header in headers:
            self.send_header(*header)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


@pytest.fixture
def server():
    with Server(("127.0.0.1", 0), Pages) as server:
        server.requests = []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def new_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SEQGEN_CORPORA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def page(server, path, sha256=CHECKSUM):
    return Entry(
        name="hamlet", kind="text", title="Hamlet", author="", year="", licence="", source="",
        url=f"http://127.0.0.1:{server.server_port}{path}", saved_as="hamlet.txt", sha256=sha256,
    )  # fmt: skip


def files_in(folder):
    return [path.name for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("path", ["/good", "/unsized"])
def test_a_download_is_complete_and_cached(server, tmp_path, path):
    reports = []
    for _ in range(2):
        file = download(
            page(server, path), tmp_path / "new", lambda *report: reports.append(report)
        )
    assert file.read_bytes() == TEXT
    assert server.requests == [path]  # the second download found it
    assert reports[-1][:2] == ("hamlet", len(TEXT))
    assert [done for _, done, _ in reports] == sorted({done for _, done, _ in reports})


def test_progress_has_the_total_size(server, tmp_path):
    reports = []
    download(page(server, "/good"), tmp_path, lambda *args: reports.append(args))
    assert {total for _, _, total in reports} == {len(TEXT)}


@pytest.mark.parametrize(
    ("path", "sha256", "why"),
    [
        ("/good", "0" * 64, "SHA-256"),
        ("/short", "", "broke off"),
        ("/cut", "", "broke off"),
        ("/huge", "", "64 MB"),
        ("/gone", "", "404"),
    ],
)
def test_failed_downloads_give_the_reason_and_leave_no_file(server, tmp_path, path, sha256, why):
    with pytest.raises(CorpusError, match=why) as error:
        download(page(server, path, sha256), tmp_path)
    assert files_in(tmp_path) == []
    for needed in (page(server, path).url, str(tmp_path / "hamlet.txt"), "SEQGEN_CORPORA"):
        assert needed in str(error.value)


def test_without_a_server_downloads_fail(server, tmp_path):
    entry = page(server, "/good")
    server.shutdown()
    server.server_close()
    with pytest.raises(CorpusError, match="connection"):
        download(entry, tmp_path)
    assert files_in(tmp_path) == []


def test_a_damaged_cached_copy_is_replaced_only_by_a_good_one(server, tmp_path):
    (tmp_path / "hamlet.txt").write_text("damaged")
    with pytest.raises(CorpusError):
        download(page(server, "/short"), tmp_path)
    assert files_in(tmp_path) == ["hamlet.txt"]
    assert download(page(server, "/good"), tmp_path).read_bytes() == TEXT


def test_unwritable_folders_are_refused(server, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CorpusError, match="file"):
        download(page(server, "/good"), tmp_path / "file")


def test_the_users_folder_is_searched_first(server, tmp_path, monkeypatch):
    monkeypatch.setenv("SEQGEN_CORPORA", str(tmp_path))
    (tmp_path / "hamlet.txt").write_bytes(TEXT)
    assert fetch(page(server, "/good")) == tmp_path / "hamlet.txt"
    assert server.requests == []


def test_a_wrong_file_in_the_users_folder_is_refused_and_kept(server, tmp_path, monkeypatch):
    monkeypatch.setenv("SEQGEN_CORPORA", str(tmp_path))
    (tmp_path / "hamlet.txt").write_text("mine")
    with pytest.raises(CorpusError, match=CHECKSUM):
        fetch(page(server, "/good"))
    assert (tmp_path / "hamlet.txt").read_text() == "mine"


def test_a_missing_users_folder_is_refused(server, tmp_path, monkeypatch):
    monkeypatch.setenv("SEQGEN_CORPORA", str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match=r"SEQGEN_CORPORA.*nowhere"):
        fetch(page(server, "/good"))


def test_downloads_go_into_the_cache(server, tmp_path, monkeypatch):
    users_folder = tmp_path / "own"
    users_folder.mkdir()
    monkeypatch.setenv("SEQGEN_CORPORA", str(users_folder))
    assert fetch(page(server, "/good")).parent == fetching.download_folder()
    assert files_in(users_folder) == []
    assert open_builtin(page(server, "/good")).files[0].read_bytes() == TEXT


def test_the_licence_of_project_gutenberg_is_removed(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQGEN_CORPORA", str(tmp_path))
    start, end = (f"*** {word} OF THE PROJECT GUTENBERG EBOOK 7 ***" for word in ("START", "END"))
    lines = ["\ufeffhead", start, "Work.", end, "licence"]
    (tmp_path / "pg7.txt").write_bytes("\r\n".join(lines).encode())
    corpus = open_corpus(["gutenberg:7"])
    assert (corpus.name, [document.text for document in corpus.documents]) == (
        "gutenberg-7",
        ["Work.\n"],
    )
