"""A disk that is full, too small or not to be written is said, and does not stay in the way."""

import resource
import subprocess
from pathlib import Path

from ledger import as_columns, create_sites, row
from program import (
    SITEWATT,
    START_SECONDS,
    Service,
    data_directory,
    environment,
    eventually,
    run,
)
from small_disk import fill, mount, small_disk


def test_a_full_disk_is_said_and_room_on_it_is_enough_to_go_on() -> None:
    with (
        small_disk(150) as disk,
        Service("--data-dir", disk / "data", "--mongodb-timeout", 2) as service,
    ):
        create_sites(service)
        acknowledged = dict([row(1)])
        url = "/v1/sites/1/live"
        assert service.client.post(url, json=as_columns(acknowledged)).status_code == 201
        ballast = fill(disk)
        # Some of what mongod has written before takes what comes next.
        assert eventually(lambda: not pushed(service), within=60)
        assert eventually(lambda: kind_of(service) == "disk_full", within=20)
        assert service.client.get("/livez").status_code == 200
        assert eventually(lambda: "MB left: make room" in service.log)
        ballast.unlink()
        service.await_ready()
        assert pushed(service)
        assert service.client.post(url, json=as_columns(acknowledged)).json()["unchanged"] == 1


def kind_of(service: Service) -> str | None:
    kind: str | None = service.client.get("/readyz").json().get("kind")
    return kind


def pushed(service: Service) -> bool:
    """Whether a push of many readings is taken; if not, it is told that it was not."""
    rows = as_columns(dict(row(n) for n in range(1, 4_000)))
    answer = service.client.post("/v1/sites/2/live?on_conflict=replace", json=rows)
    assert answer.status_code in (200, 201, 503), answer.text
    return answer.status_code != 503


def test_a_disk_that_is_too_small_or_not_to_be_written_is_refused_at_the_start() -> None:
    with small_disk(10) as disk:
        refused = one_line(run("serve", "--port", 0, "--data-dir", disk / "data"))
        assert "MongoDB needs 32 MB to start: make room" in refused
        assert mount("-o", "remount,ro", str(disk)).returncode == 0
        refused = one_line(run("serve", "--port", 0, "--data-dir", disk / "other"))
        assert "Read-only file system" in refused


def test_too_few_open_files_are_said_with_what_helps() -> None:
    with data_directory() as data:
        refused = one_line(run_with_few_files(data))
        assert "Too many open files" in refused
        assert "ulimit -n" in refused


def run_with_few_files(data: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [SITEWATT, "serve", "--port", "0", "--data-dir", data],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
    )


def one_line(done: "subprocess.CompletedProcess[str]") -> str:
    """What a refused start says, which is one sentence for people and no trace."""
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert done.stderr.startswith("sitewatt: ")
    return done.stderr
