"""Workers that die are replaced; one that cannot start ends them all, with a sentence."""

import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from program import START_SECONDS, Service, data_directory, eventually, is_running, mongod_pid

from sitewatt.workers import HEALTHCHECK_SECONDS

KEY = "a-key-of-the-tests-that-is-long-enough"


@pytest.fixture
def data() -> Iterator[Path]:
    with data_directory() as directory:
        yield directory


def workers(service: Service) -> list[int]:
    """All that have ever been started, in that order."""
    return [int(pid) for pid in re.findall(r"Started server process \[(\d+)\]", service.log)]


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
