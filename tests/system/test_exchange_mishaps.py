"""`sitewatt import` and `export` where a disk, a file or a pipe is not as it should be."""

import json
import os
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
from program import SITEWATT, Service, environment, eventually, example
from test_exchange import said, service, site, stored, table, written

from sitewatt.exchange.service import LONG

__all__ = ["service", "site"]


def faulty(path: Path) -> Path:
    lines = table(range(6))
    lines[3] = lines[3].replace(",2,", ",102,", 1)
    return written(path, lines)


def test_rows_that_are_refused_are_not_lost_when_their_file_cannot_be_written(
    service: Service, site: int, tmp_path: Path
) -> None:
    file, place = faulty(tmp_path / "a.csv"), tmp_path / "no" / "r.csv"
    words = ["import", file, "--site", site, "--batch", "2", "--rejects", place]
    failed = said(service, *words)
    assert failed.returncode == 1
    assert failed.stderr == (
        f"sitewatt: the rows that are refused cannot be written to {place}:"
        " No such file or directory\n"
    )
    place.parent.mkdir()
    again = said(service, *words)
    assert (again.returncode, again.stderr) == (3, f"1 row is refused: {place}\n")
    assert [line.split(",")[0] for line in place.read_text().splitlines()] == ["line", "4"]
    assert again.stdout.startswith("6 rows: ")
    assert len(stored(service, site)) == 5


def test_a_full_disk_ends_an_import_with_a_sentence_and_the_next_one_tells_all(
    service: Service, site: int, tmp_path: Path
) -> None:
    file, place = faulty(tmp_path / "a.csv"), tmp_path / "r.csv"
    place.symlink_to("/dev/full")
    words = ["import", file, "--site", site, "--rejects", place]
    failed = said(service, *words)
    assert failed.returncode == 1
    assert failed.stderr == (
        f"sitewatt: the rows that are refused cannot be written to {place}:"
        " No space left on device\n"
    )
    place.unlink()
    assert said(service, *words).returncode == 3
    assert [line.split(",")[0] for line in place.read_text().splitlines()] == ["line", "4"]


def test_an_import_does_not_go_on_without_the_rows_that_it_has_refused(
    service: Service, site: int, tmp_path: Path
) -> None:
    file = faulty(tmp_path / "a.csv")
    good = file.read_text()
    file.write_text(good + '"')
    words = ["import", file, "--site", site, "--batch", "2"]
    assert "is not CSV" in said(service, *words).stderr
    file.write_text(good)
    rejected = tmp_path / "a.csv.rejected.csv"
    kept = rejected.read_bytes()
    for gone in (rejected.unlink, lambda: rejected.write_bytes(kept[:-5])):
        gone()
        refused = said(service, *words)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "put it back, or give --from-start" in refused.stderr
    rejected.write_bytes(kept)
    assert said(service, *words).returncode == 3
    assert rejected.read_bytes() == kept


def test_an_export_goes_through_a_link_and_straight_into_a_pipe(
    service: Service, site: int, tmp_path: Path
) -> None:
    said(service, "import", written(tmp_path / "a.csv", table(range(6))), "--site", site)
    target, link, fifo = (tmp_path / name for name in ("target.csv", "link.csv", "fifo"))
    target.write_text("older")
    link.symlink_to(target)
    assert said(service, "export", "--site", site, "-o", link).returncode == 0
    assert link.is_symlink()
    assert len(target.read_text().splitlines()) == 7
    os.mkfifo(fifo)
    with subprocess.Popen(["cat", fifo], stdout=subprocess.PIPE, text=True) as reader:
        words = [SITEWATT, "export", "--site", str(site), "-o", str(fifo)]
        done = subprocess.run(words, env=environment(url=service.url), timeout=60, check=False)
        if not stat.S_ISFIFO(fifo.stat().st_mode):
            reader.kill()
        read, _ = reader.communicate(timeout=60)
    assert (done.returncode, stat.S_ISFIFO(fifo.stat().st_mode)) == (0, True)
    assert read == target.read_text()


def test_an_import_of_a_pipe_is_as_one_of_standard_input(
    service: Service, site: int, tmp_path: Path
) -> None:
    file = faulty(tmp_path / "a.csv")
    script = f'"$0" import <(cat "$1") --format csv --site {site}'
    done = subprocess.run(
        ["bash", "-c", script, SITEWATT, file],
        env=environment(url=service.url), cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (3, "1 row is refused: stdin.rejected.csv\n")
    assert len(stored(service, site)) == 5


def test_a_reader_that_goes_away_ends_an_export_quietly_and_a_full_disk_with_a_sentence(
    service: Service, site: int, tmp_path: Path
) -> None:
    file = written(tmp_path / "a.csv", table(range(20_000)))
    assert said(service, "import", file, "--site", site).returncode == 0
    for words, code, told in [
        (f'"$0" export --site {site} | head -1 >"$1"; exit "${{PIPESTATUS[0]}}"', 141, ""),
        (f'"$0" export --site {site} >/dev/full', 1, FULL),
        ('"$0" get sites >/dev/full', 1, FULL),
    ]:
        done = subprocess.run(
            ["bash", "-c", words, SITEWATT, tmp_path / "out"],
            env=environment(url=service.url), capture_output=True, text=True,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (code, told)


FULL = "sitewatt: the output cannot be written: No space left on device\n"


def test_readings_that_are_not_all_are_told_as_such(
    service: Service, site: int, tmp_path: Path
) -> None:
    said(service, "import", written(tmp_path / "a.csv", table(range(6))), "--site", site)
    some = said(service, "get", "readings", site, "--limit", 5)
    assert some.stderr == "there are more than these 5: --limit, --from, or sitewatt export\n"
    assert said(service, "get", "readings", site, "--limit", 6).stderr == ""


def test_a_service_that_is_not_there_is_told_long_before_an_import_gives_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    done = subprocess.run(
        [SITEWATT, "get", "sites"],
        env=environment(url=url), capture_output=True, text=True, timeout=LONG / 2,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(f"sitewatt: the service at {url} does not answer: ")


def test_what_an_interrupt_says_of_an_import_is_true(
    service: Service, site: int, tmp_path: Path
) -> None:
    lines = "".join(f"{line}\n" for line in table(range(20)))
    words = [SITEWATT, "import", "-", "--format", "csv", "--site", str(site), "--batch", "5"]
    with subprocess.Popen(
        words, env=environment(url=service.url), cwd=tmp_path,
        stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(lines)
        process.stdin.flush()
        assert eventually(lambda: stored(service, site), within=60)
        process.send_signal(signal.SIGINT)
        process.stdin.close()
        process.stdin = None
        _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (1, "sitewatt: stopped\n")


def test_an_interrupt_of_a_get_is_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with subprocess.Popen(
            [SITEWATT, "get", "sites"], env=environment(url=url), stderr=subprocess.PIPE, text=True
        ) as process:
            silent.settimeout(60)
            connection, _ = silent.accept()
            with connection:
                assert connection.recv(1)
                process.send_signal(signal.SIGINT)
                _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (130, "sitewatt: stopped\n")


@pytest.mark.parametrize("named", [True, False])
def test_a_batch_without_one_whole_row_holds_nothing_back(
    service: Service, site: int, tmp_path: Path, named: bool
) -> None:
    # What is cut off in its last row, which is alone in the last batch.
    lines = table(range(3), site if named else None)
    file = written(tmp_path / "a.csv", [*lines[:3], lines[3].rpartition(",")[0]])
    words = [] if named else ["--site", site]
    done = said(service, "import", file, "--batch", "2", *words)
    assert (done.returncode, done.stderr) == (3, f"1 row is refused: {file}.rejected.csv\n")
    assert done.stdout.startswith("3 rows: 2 stored")
    assert len(stored(service, site)) == 2


def test_what_cannot_be_imported_is_not_called_what_it_is_not(
    service: Service, tmp_path: Path
) -> None:
    for name, content in (("a.ndjson", b'{"dt-stamp": 1\n'), ("a", b""), ("b", b"\x00\xff")):
        file = tmp_path / name
        file.write_bytes(content)
        done = said(service, "import", file)
        assert done.returncode == 1
        assert done.stderr.startswith(f"sitewatt: {file}:1:1: this is neither the first line of")


class Portal(BaseHTTPRequestHandler):
    """What answers every post with the same object, as if all were well."""

    answer: ClassVar[tuple[int, bytes]]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status, body = self.answer
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def portal() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Portal)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


NO_RECEIPTS = (
    (200, b"{}"),
    (200, b'{"sites": []}'),
    (200, b'{"sites": [{"id": 1, "receipt": {}}]}'),
    (409, b'{"type": "/problems/readings-conflict", "title": "a", "detail": "b", "receipt": {}}'),
)


@pytest.mark.parametrize("answer", NO_RECEIPTS, ids=str)
def test_what_is_no_receipt_acknowledges_no_row_of_a_file(
    answer: tuple[int, bytes], service: Service, site: int, portal: str, tmp_path: Path
) -> None:
    Portal.answer = answer
    rows = written(tmp_path / "a.csv", table(range(6)))
    document = tmp_path / "live.json"
    document.write_text(json.dumps(example("brief_live")))
    for words in (["import", rows], ["push", rows], ["push", document]):
        failed = said(service, *words, "--site", site, url=portal)
        assert (failed.returncode, failed.stdout) == (1, "")
        assert failed.stderr.startswith(f"sitewatt: the service at {portal} does not answer: sta")
        assert f"status {answer[0]}" in failed.stderr
    done = said(service, "import", rows, "--site", site, "--from-start")
    assert done.stdout.startswith("6 rows: 6 stored")
