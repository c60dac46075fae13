"""`sitewatt simulate` against the real program."""

import json
import signal
import subprocess

from program import SITEWATT, Service, data_directory, environment, run

WORDS = ["simulate", "--sites", "3", "--seed", "7", "--start", "2025-03-01T00:00:00Z"]


def test_a_fleet_is_made_and_posts_what_its_seed_says() -> None:
    with data_directory() as data, Service("--data-dir", data) as service:
        words = [*WORDS, "--duration", "1d", "--speed", "0"]
        done = run(*words, url=service.url)
        assert done.returncode == 0, done.stderr
        lines = done.stdout.splitlines()
        assert lines[0] == "sites 1000001 to 1000003 are there"
        assert lines[1].startswith("2025-03-01T00:00:00Z  ")
        assert lines[-1].startswith("done: ")
        told = [json.loads(line) for line in run(*words, "--dry-run").stdout.splitlines()]
        for site in (1_000_001, 1_000_002, 1_000_003):
            kept = service.client.get(f"/v1/sites/{site}/live").json()
            assert len(kept["dt-stamp"]) == 144
            single = [post["body"] for post in told if post["site"] == site]
            single = [body for body in single if isinstance(body["dt-stamp"], str)]
            rows = [dict(zip(kept, row, strict=True)) for row in zip(*kept.values(), strict=True)]
            assert all(body in rows for body in single)
            assert service.client.get(f"/v1/sites/{site}/configuration").status_code == 200
        again = run(*words, url=service.url)
        assert (again.returncode, " 0 stored" in again.stdout.splitlines()[-1]) == (0, True)
        interrupted_ends_cleanly(service)
        other = run(*WORDS[:3], "--seed", "8", *WORDS[5:], "--speed", "0", url=service.url)
        assert other.returncode == 1
        assert "conflicts" in other.stdout or "not of this simulation" in other.stderr


def interrupted_ends_cleanly(service: Service) -> None:
    with subprocess.Popen(
        [SITEWATT, *WORDS, "--speed", "600"],
        env=environment(url=service.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert "are there" in process.stdout.readline()
        assert process.stdout.readline().startswith("2025-03-01T00:00:00Z  ")
        process.send_signal(signal.SIGINT)
        rest, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (0, "")
    assert rest.splitlines()[-1].startswith("stopped: ")
