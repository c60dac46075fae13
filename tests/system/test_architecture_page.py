"""docs/architecture.md: the way of a request is the one that the page tells.

The service runs in this process, on a real mongod, with a tracer that notes which functions are
called first. Of the functions that a section links to, each has to be among them, in the order of
the section.
"""

import re
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import uvicorn
from pages import page_text
from program import ROOT, data_directory, eventually, example

import openapi
from sitewatt.app import create_app
from sitewatt.keyring import Keyring
from sitewatt.mongod import Mongod
from sitewatt.running import HTTP
from storage import Store, connect

PAGE = page_text("architecture.md")
LINK = re.compile(r"\[`([\w.]+)`\]\(\.\./([\w/]+\.py)\)")
ROOMS = ("handlers", "storage", "sitewatt")
NOT_ON_THE_WAY = {"problem_of", "send_stream", "pages"}
"""Named where a section tells what else there may be: an error, a stream."""


class Place(NamedTuple):
    """A function, by its file below the root and its qualified name."""

    file: str
    name: str


class Tracer:
    """Notes, in every thread that starts while it is there, which functions are called first."""

    def __init__(self) -> None:
        self.called: dict[Place, None] = {}

    def __call__(self, frame: Any, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(str(ROOT)):
            path = Path(frame.f_code.co_filename).relative_to(ROOT)
            if path.parts[0] in ROOMS:
                self.called[Place(path.as_posix(), frame.f_code.co_qualname)] = None


@pytest.fixture(scope="module")
def tracer() -> Iterator[Tracer]:
    tracer = Tracer()
    threading.setprofile(tracer)
    yield tracer
    threading.setprofile(None)


@pytest.fixture(scope="module")
def client(tracer: Tracer) -> Iterator[httpx.Client]:
    """A client of the service, which has the brief's documents and runs under the tracer."""
    with data_directory() as directory, Mongod(directory) as mongod:
        schemas = openapi.bundle()["components"]["schemas"]
        store = Store(connect(mongod.uri, timeout=15)["sitewatt"], schemas=schemas)
        ring = Keyring(store.keys, lambda: int(time.time()), admin_key=None, may_open=True)
        app = create_app(store, ring)
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, **HTTP))
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            assert eventually(lambda: server.started)
            port = server.servers[0].sockets[0].getsockname()[1]
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
                assert eventually(lambda: client.get("/readyz").status_code == 200)
                assert client.post("/v1/sites", json=example("brief_sites")).status_code == 201
                assert (
                    client.post("/v1/sites/1/live", json=example("brief_live")).status_code == 201
                )
                yield client
        finally:
            server.should_exit = True
            thread.join()


def told(heading: str) -> list[Place]:
    """The functions that a section links to, in order, each once."""
    section = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    places = {Place(file, name): None for name, file in LINK.findall(section)}
    return [place for place in places if place.name not in NOT_ON_THE_WAY]


def assert_way(heading: str, called: dict[Place, None]) -> None:
    way = told(heading)
    assert [place for place in way if place not in called] == []
    order = [*called]
    assert way == sorted(way, key=order.index)


def test_a_reading_comes_in_as_the_page_tells(client: httpx.Client, tracer: Tracer) -> None:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    reading = {**example("new_reading"), "dt-stamp": now}
    tracer.called.clear()
    assert client.post("/v1/sites/1/live", json=reading).status_code == 201
    assert len(told("A reading comes in")) > 20
    assert_way("A reading comes in", tracer.called)


def test_the_latest_reading_goes_out_as_the_page_tells(
    client: httpx.Client, tracer: Tracer
) -> None:
    tracer.called.clear()
    assert client.get("/v1/sites/1/live/latest").status_code == 200
    assert_way("The latest reading goes out", tracer.called)


def test_a_range_goes_out_as_the_page_tells(client: httpx.Client, tracer: Tracer) -> None:
    tracer.called.clear()
    assert client.get("/v1/sites/1/live?from=2023-01-01T00:00:00Z").status_code == 200
    assert_way("A range goes out", tracer.called)
    tracer.called.clear()
    answer = client.get("/v1/sites/1/live", headers={"Accept": "text/csv"})
    assert answer.status_code == 200
    names = {place.name for place in tracer.called}
    assert {"pages", "send_stream"} <= names


def test_the_tracer_would_see_another_order() -> None:
    way = told("The latest reading goes out")
    with pytest.raises(AssertionError):
        assert_way("The latest reading goes out", dict.fromkeys(reversed(way)))
    with pytest.raises(AssertionError):
        assert_way("The latest reading goes out", dict.fromkeys(way[:-1]))
    assert sys.getprofile() is None
