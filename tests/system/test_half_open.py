"""Half-open connections beside a healthy one; their long form is `python tests/abuse.py`."""

import json
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from crowd import Memory
from program import SITEWATT, EarlyService, Service, data_directory, eventually

from sitewatt.mongod import Mongod

CROWD = Path(__file__).with_name("half_open.py")
NUMBER, SECONDS = 300, 1
LONG_HEADS, MOST_MEGABYTES = 1_200, 64
"""Kept as they come, these heads take 120 MB."""


@pytest.fixture(scope="module")
def mongod() -> Iterator[Mongod]:
    with data_directory() as directory, Mongod(directory) as mongod:
        yield mongod


def test_hundreds_of_half_open_connections_are_cut_and_the_service_serves(mongod: Mongod) -> None:
    times = ("--head-timeout", SECONDS, "--body-timeout", SECONDS)
    with Service("--mongodb-uri", mongod.uri, *times) as service:
        before = [answer.status_code for answer in service.post_brief()]
        assert before == [201, 201, 201]
        address = f"127.0.0.1:{service.client.base_url.port}"
        words = [sys.executable, str(CROWD), address, f"--number={NUMBER}", "--seconds=4"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as crowd:
            assert crowd.stdout is not None
            assert crowd.stdout.readline() == "full\n"
            assert service.client.get("/v1/sites/1/live/latest").json()["soc"] == 20
            seen = json.loads(crowd.communicate(timeout=60)[0])
        ends = seen["ends"]
        assert set(ends) == {
            "nothing: closed", "half a head: 408", "half a body: 408", "half a chunk: 408"
        }  # fmt: skip
        assert sum(ends.values()) >= NUMBER
        assert seen["refused"] == {}
        assert eventually(lambda: "sitewatt_connections 1" in metrics(service))
        assert not [line for line in service.lines if line["level"] == "error"]


def test_of_long_heads_a_worker_holds_so_many_bytes_and_no_more(mongod: Mongod) -> None:
    times = ("--head-timeout", 60, "--keep-alive-timeout", 60)
    with Service("--mongodb-uri", mongod.uri, *times) as service:
        memory = Memory(service.process.pid)
        address = f"127.0.0.1:{service.client.base_url.port}"
        words = [sys.executable, str(CROWD), address, "--long", "--number=1500", "--rate=300"]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL) as crowd:
            came = eventually(lambda: connections(service) > LONG_HEADS, within=60)
            taken = memory.now() - memory.most
            crowd.kill()
        assert came
        assert taken < MOST_MEGABYTES
        assert eventually(lambda: connections(service) == 1)


def connections(service: Service) -> int:
    (line,) = re.findall("^sitewatt_connections ([0-9]+)", metrics(service), re.MULTILINE)
    return int(line)


def metrics(service: Service) -> str:
    return service.client.get("/metrics").text


def is_full(service: Service) -> bool:
    return service.client.get("/livez").status_code == 503


class WithFewFiles(EarlyService):
    """A service whose limit of open files is low, and cannot be raised."""

    command = ("sh", "-c", 'ulimit -n 300; exec "$@"', "sh", SITEWATT, "serve", "--port", "0")


def test_where_files_are_few_it_says_so_and_keeps_some_for_the_database(mongod: Mongod) -> None:
    with WithFewFiles("--mongodb-uri", mongod.uri) as service:
        service.await_ready()
        assert "there can be 150 connections" in service.log
        address = f"127.0.0.1:{service.client.base_url.port}"
        words = [sys.executable, str(CROWD), address, "--number=400", "--seconds=1"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as crowd:
            assert eventually(lambda: is_full(service))
            crowd.kill()
        assert eventually(lambda: not is_full(service))
        assert service.client.get("/readyz").status_code == 200
        assert 'cut_total{reason="full"} 0.0' not in metrics(service)
        assert "Too many open files" not in service.log


def test_the_limit_of_open_files_is_raised_to_what_the_system_allows(mongod: Mongod) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]

    class Modest(Service):
        command = ("sh", "-c", 'ulimit -Sn 256; exec "$@"', "sh", SITEWATT, "serve", "--port", "0")

    with Modest("--mongodb-uri", mongod.uri) as service:
        limits = Path(f"/proc/{service.process.pid}/limits").read_text().splitlines()
        (files,) = [line.split() for line in limits if line.startswith("Max open files")]
        assert files[3] == files[4] == str(hard)
