"""Workers that die are replaced; one that cannot start ends them all, with a sentence."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from program import (
    ROOT,
    START_SECONDS,
    Service,
    data_directory,
    eventually,
    is_running,
    mongod_pid,
    workers,
)
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from sitewatt.serving import Workers
from sitewatt.workers import (
    HEALTHCHECK_SECONDS,
    WorkerFailed,
    ending_with_a_sentence,
    require_started,
)

KEY = "a-key-of-the-tests-that-is-long-enough"


@pytest.fixture
def data() -> Iterator[Path]:
    with data_directory() as directory:
        yield directory


def test_only_a_worker_that_could_not_start_ends_the_others() -> None:
    def supervisor(*codes: int | None) -> Any:
        return SimpleNamespace(processes=[SimpleNamespace(exitcode=code) for code in codes])

    require_started(supervisor(None, 0, 1, -signal.SIGKILL))
    with pytest.raises(WorkerFailed, match="a worker could not start"):
        require_started(supervisor(None, STARTUP_FAILURE))


def test_a_worker_ends_with_a_sentence_for_what_is_expected_and_the_service_itself_does_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(KeyError), ending_with_a_sentence(KeyError):
        raise KeyError
    monkeypatch.setattr(multiprocessing, "parent_process", object)
    with pytest.raises(ZeroDivisionError), ending_with_a_sentence(KeyError):
        raise ZeroDivisionError
    assert capsys.readouterr().err == ""
    with pytest.raises(SystemExit) as ended, ending_with_a_sentence(ValueError):
        raise ValueError("the key is short")
    assert ended.value.code == STARTUP_FAILURE
    assert capsys.readouterr().err == "sitewatt: the key is short\n"


def test_the_end_of_a_workers_pipe_is_left_to_the_worker_from_the_first_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Whoever else holds it open keeps one that was killed from being known to be gone at once.
    pipes = [multiprocessing.Pipe() for _ in range(3)]
    first, second, third = (SimpleNamespace(child_conn=child) for _, child in pipes)

    def started(self: Any) -> None:
        self.processes[:] = [first, second]

    def replaced(self: Any) -> None:
        self.processes[:] = [first, third]

    monkeypatch.setattr(Multiprocess, "init_processes", started)
    monkeypatch.setattr(Multiprocess, "keep_subprocess_alive", replaced)
    workers = Workers.__new__(Workers)
    workers.processes = []
    workers.init_processes()
    assert [child.closed for _, child in pipes] == [True, True, False]
    workers.keep_subprocess_alive()
    assert pipes[2][1].closed
    for parent, _ in pipes:
        with pytest.raises(EOFError):
            parent.recv()
        parent.close()


def test_what_is_there_once_it_has_started_is_not_looked_through_for_garbage() -> None:
    # In a process of its own, for it changes all of the process.
    program = (
        "import gc; from sitewatt.workers import collect_rarely;"
        " before = gc.get_threshold()[0]; kept = [[]]; collect_rarely();"
        " looked_at = any(each is kept for each in gc.get_objects());"
        " print(gc.get_threshold()[0] > 10 * before, looked_at)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "True False\n"


def test_a_killed_worker_is_replaced_and_one_that_cannot_start_ends_all(
    data: Path, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text(KEY)
    with Service("--data-dir", data, "--workers", 2, "--admin-key-file", key) as service:
        assert eventually(lambda: len(workers(service)) == 2, within=START_SECONDS)
        mongod = mongod_pid(data)
        # It is stopped first, so that it is asked whether it is alive when it is killed.
        os.kill(workers(service)[0], signal.SIGSTOP)
        time.sleep(1.5)
        os.kill(workers(service)[0], signal.SIGKILL)
        assert eventually(lambda: len(workers(service)) == 3, within=HEALTHCHECK_SECONDS / 2)
        service.await_ready()
        assert is_running(mongod)
        key.write_text("short")
        os.kill(workers(service)[1], signal.SIGKILL)
        assert service.process.wait(2 * START_SECONDS) == 1
        said = [line for line in service.log.splitlines() if line.startswith("sitewatt: ")]
        assert len(said) == 2, service.log
        assert "must have 32 or more characters" in said[0]
        assert said[1] == "sitewatt: a worker could not start, so that all were ended"
        assert "Traceback" not in service.log
        assert len(workers(service)) == 3
        assert not [pid for pid in [*workers(service), mongod] if is_running(pid)]
