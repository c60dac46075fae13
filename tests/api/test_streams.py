"""Replies in pieces, on both paths: in process, and over real sockets where the wire matters."""

import asyncio
import gzip
import logging
import socket
import struct
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from api_service import CONTRACT, PATHS
from stream_service import Feed, FeedService, bundle
from wire import Connection, CutShort
from wire_service import START_SECONDS, Errors, eventually, serving, told_errors

from sitewatt.contract import BrokenReply, Contract, ContractError
from sitewatt.web.streams import BrokenOff
from storage import Unavailable

URL = "/v1/feed"
CSV = {"Accept": "text/csv"}
PIECES = [b"time,soc\r\n", b"1,2\r\n"]


@pytest.fixture(scope="module")
def services() -> dict[str, FeedService]:
    return {path: FeedService(path) for path in PATHS}


@pytest.fixture
def feed(services: dict[str, FeedService], path: str) -> Feed:
    services[path].feed = Feed()
    return services[path].feed


@pytest.fixture
async def client(
    services: dict[str, FeedService], feed: Feed, path: str
) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(services[path].app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


# What is chosen


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("application/x-ndjson, application/json;q=0.5", "application/x-ndjson"),
        ("TEXT/*", "text/csv"),
    ],
)
async def test_the_handler_gets_the_media_type_that_the_client_likes_best(
    client: httpx.AsyncClient, feed: Feed, accept: str | None, media_type: str
) -> None:
    headers = {"Accept": accept} if accept else {}
    del client.headers["accept"]
    answer = await client.get(URL, headers=headers)
    assert answer.status_code == 200
    assert feed.given["media_type"] == answer.headers["content-type"] == media_type
    assert answer.headers["vary"] == "Accept" or media_type != "application/json"


async def test_none_of_several_is_406(client: httpx.AsyncClient, feed: Feed) -> None:
    answer = await client.get(URL, headers={"Accept": "text/html"})
    assert answer.status_code == 406
    assert "application/json or text/csv or application/x-ndjson" in answer.json()["detail"]
    assert feed.given == {}


async def test_a_304_varies_as_its_200_does(client: httpx.AsyncClient, feed: Feed) -> None:
    whole = await client.get(URL)
    feed.known = whole.headers["etag"]
    known = await client.get(URL)
    assert (whole.status_code, known.status_code) == (200, 304)
    for answer in (whole, known):
        assert answer.headers["vary"].split(", ")[0] == "Accept"


async def test_a_parameter_for_json_has_its_default_for_json_alone(
    client: httpx.AsyncClient, feed: Feed
) -> None:
    await client.get(URL)
    assert feed.given["limit"] == 5
    await client.get(URL, headers=CSV)
    assert feed.given["limit"] is None


@pytest.mark.parametrize("text", ["3", "many"])
async def test_a_parameter_for_json_is_refused_with_another_media_type(
    client: httpx.AsyncClient, feed: Feed, text: str
) -> None:
    answer = await client.get(f"{URL}?limit={text}&word=a", headers=CSV)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-parameter")
    assert {
        "in": "query",
        "name": "limit",
        "keyword": "x-media-type",
        "detail": "is taken only where the answer is application/json",
        "hint": "leave it out, or ask with the header Accept: application/json",
    } in answer.json()["errors"]
    assert feed.given == {}
    assert (await client.get(f"{URL}?limit=3&word=a")).json() == {"limit": 3}


def test_a_parameter_for_a_media_type_that_is_not_offered_is_refused_at_start() -> None:
    asked = bundle()
    asked["paths"]["/v1/other"] = {
        "get": {
            **bundle()["paths"]["/feed"]["get"],
            "operationId": "get_other",
            "responses": {"200": {"description": "", "content": {}}},
        }
    }
    with pytest.raises(ContractError, match=r"get_other has parameters .* application/json"):
        Contract(asked)


def test_an_operation_with_one_media_type_chooses_none() -> None:
    assert "media_type" not in CONTRACT.operations["get_site"].arguments
    assert "media_type" in Contract(bundle()).operations["get_feed"].arguments


# A stream in process


async def test_a_stream_comes_whole_without_length_and_tag(client: httpx.AsyncClient) -> None:
    answer = await client.get(URL, headers=CSV | {"Accept-Encoding": "identity"})
    assert (answer.status_code, answer.content) == (200, b"".join(PIECES))
    assert answer.headers["content-type"] == "text/csv"
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert not {"content-length", "etag"} & answer.headers.keys()
    assert answer.headers["x-request-id"]
    assert answer.headers["cache-control"] == "no-cache"


async def test_a_stream_of_nothing_is_an_empty_answer(
    client: httpx.AsyncClient, feed: Feed
) -> None:
    feed.pieces = feed.nothing
    answer = await client.get(URL, headers=CSV)
    assert (answer.status_code, answer.content) == (200, b"")
    assert feed.closed.is_set()


async def test_a_stream_comes_in_gzip_to_who_takes_it(client: httpx.AsyncClient) -> None:
    answer = await client.get(URL, headers=CSV | {"Accept-Encoding": "gzip"})
    assert (answer.headers["content-encoding"], answer.content) == ("gzip", b"".join(PIECES))
    assert answer.headers["vary"] == "Accept, Accept-Encoding"


@pytest.mark.parametrize("coding", ["gzip", "identity"])
async def test_head_of_a_stream_has_the_headers_of_get_and_reads_one_piece(
    client: httpx.AsyncClient, feed: Feed, coding: str
) -> None:
    headers = CSV | {"Accept-Encoding": coding, "X-Request-Id": "1"}
    got = await client.get(URL, headers=headers)
    feed.pieces, feed.produced = feed.endless, 0
    feed.closed.clear()
    headed = await client.head(URL, headers=headers)
    assert (headed.status_code, headed.content, headed.headers) == (200, b"", got.headers)
    assert (feed.produced, feed.closed.is_set()) == (1, True)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("error", "status"), [(Unavailable("away"), 503), (ValueError("a bug"), 500)]
)
async def test_an_error_before_the_first_piece_is_a_problem(
    client: httpx.AsyncClient, feed: Feed, error: Exception, status: int, method: str
) -> None:
    feed.pieces = feed.failing(error)
    answer = await client.request(method, URL, headers=CSV)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert feed.closed.is_set()


async def test_an_error_after_the_first_piece_breaks_off(
    client: httpx.AsyncClient, feed: Feed, caplog: pytest.LogCaptureFixture
) -> None:
    feed.pieces = feed.failing(Unavailable("away"), *PIECES)
    with pytest.raises(BrokenOff) as broken, caplog.at_level(logging.INFO):
        await client.get(URL, headers=CSV | {"X-Request-Id": "mine"})
    assert isinstance(broken.value.__cause__, Unavailable)
    (record,) = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert record.getMessage() == "the answer to request mine broke off"
    assert record.exc_info is not None
    assert feed.closed.is_set()


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (200, {"Content-Type": "text/html"}),
        (200, {"Content-Type": "application/json"}),
        (200, {"ETag": '"1"'}),
        (200, {"Content-Length": "15"}),
        (202, {}),
    ],
)
async def test_a_stream_that_breaks_the_contract_is_a_bug_and_is_never_begun(
    client: httpx.AsyncClient, feed: Feed, status: int, headers: dict[str, str]
) -> None:
    feed.status, feed.headers = status, headers
    answer = await client.get(URL, headers=CSV)
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal")
    assert feed.produced == 0


def test_a_stream_has_the_headers_that_are_required_but_no_tag() -> None:
    asked = bundle()
    answer = asked["paths"]["/feed"]["get"]["responses"]["200"]
    answer["headers"] = answer["headers"] | {"Link": answer["headers"]["ETag"]}
    operation = Contract(asked).operations["get_feed"]
    csv = {"Content-Type": "text/csv; charset=utf-8"}
    operation.check_reply(200, csv | {"Link": "<?a>"}, None)
    with pytest.raises(BrokenReply, match="without Link"):
        operation.check_reply(200, csv, None)


async def test_a_stream_that_is_cancelled_is_closed(
    services: dict[str, FeedService], feed: Feed, path: str
) -> None:
    feed.pieces = feed.stalled
    begun = asyncio.Event()

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        begun.set()

    scope = {
        "type": "http", "method": "GET", "path": URL, "raw_path": URL.encode(), "root_path": "",
        "http_version": "1.1", "server": ("localhost", 80), "client": ("127.0.0.1", 1),
        "headers": [(b"host", b"localhost"), (b"accept", b"text/csv")],
        "query_string": b"", "scheme": "http", "state": {},
    }  # fmt: skip
    serving = asyncio.create_task(services[path].app(scope, receive, send))
    await asyncio.wait_for(begun.wait(), 5)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert feed.closed.is_set()


# A stream on the wire


class Wire:
    """The service behind a socket, and what it logged as errors."""

    def __init__(self, port: int, errors: Errors) -> None:
        self.port, self.errors = port, errors

    def ask(self, *headers: str, method: str = "GET", version: str = "1.1") -> socket.socket:
        """A connection on which the stream has been asked for."""
        lines = [f"{method} {URL} HTTP/{version}", "Host: localhost", "Accept: text/csv", *headers]
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return connection


@pytest.fixture(scope="module")
def ports(services: dict[str, FeedService]) -> Iterator[dict[str, int]]:
    with ExitStack() as stack:
        yield {path: stack.enter_context(serving(services[path].app)) for path in PATHS}


@pytest.fixture
def wire(ports: dict[str, int], feed: Feed, path: str) -> Iterator[Wire]:
    with told_errors() as errors:
        yield Wire(ports[path], errors)


def rest(connection: socket.socket) -> bytes:
    """Everything until the connection is closed; ConnectionResetError if it is reset."""
    parts: list[bytes] = []
    while part := connection.recv(1_000_000):
        parts.append(part)
    return b"".join(parts)


def unchunked(raw: bytes) -> bytes:
    """The chunks of a body that are there, as one."""
    parts: list[bytes] = []
    while raw:
        size, _, raw = raw.partition(b"\r\n")
        parts.append(raw[: int(size, 16)])
        raw = raw[int(size, 16) + 2 :]
    return b"".join(parts)


def asked_again(*headers: str) -> bytes:
    lines = [f"GET {URL} HTTP/1.1", "Host: localhost", "Accept: text/csv", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def test_a_stream_goes_out_in_chunks_and_the_connection_lives_on(wire: Wire) -> None:
    with Connection(wire.port) as connection:
        connection.send(asked_again() * 2)
        connection.send(asked_again("Accept-Encoding: gzip"))
        for _ in range(3):
            answer = connection.answer()
            assert answer is not None
            assert (answer.status, answer.body) == (200, b"".join(PIECES))
            assert answer.headers["transfer-encoding"] == "chunked"
    assert wire.errors.told == []


def test_a_stream_to_http_1_0_ends_with_its_connection(wire: Wire) -> None:
    with wire.ask(version="1.0") as connection:
        head, _, body = rest(connection).partition(b"\r\n\r\n")
    assert b"chunked" not in head.lower()
    assert body == b"".join(PIECES)


def test_head_of_a_stream_sends_no_body_and_the_connection_lives_on(wire: Wire, feed: Feed) -> None:
    feed.pieces = feed.endless
    with Connection(wire.port) as connection:
        connection.send(asked_again().replace(b"GET", b"HEAD", 1))
        answer = connection.answer(to_head=lambda: True)
        assert answer is not None
        assert answer.status == 200
        assert feed.closed.wait(START_SECONDS)
        feed.pieces = feed.short
        connection.send(asked_again())
        assert connection.answer() is not None


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_a_stream_that_fails_has_no_clean_end(wire: Wire, feed: Feed, coding: str) -> None:
    feed.pieces = feed.failing(ValueError("a bug"), *PIECES)
    with Connection(wire.port) as connection:
        connection.send(asked_again(f"Accept-Encoding: {coding}", "X-Request-Id: mine"))
        with pytest.raises(CutShort):
            connection.answer()
    eventually(lambda: bool(wire.errors.told))
    (told,) = wire.errors.told
    assert "the answer to request mine broke off" in told
    assert "ValueError: a bug" in told


def test_a_stream_that_fails_resets_a_connection_of_http_1_0(wire: Wire, feed: Feed) -> None:
    feed.pieces = feed.failing(ValueError("a bug"), *PIECES)
    with wire.ask(version="1.0") as connection, pytest.raises(ConnectionResetError):
        rest(connection)
    eventually(lambda: bool(wire.errors.told))


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_what_there_is_of_a_stream_that_stalls_has_come(
    wire: Wire, feed: Feed, coding: str
) -> None:
    lines = b"".join(b"%d,%d\r\n" % (n, n * n) for n in range(2000))

    async def pieces() -> AsyncIterator[bytes]:
        yield lines
        await asyncio.Event().wait()

    feed.pieces = pieces
    with wire.ask(f"Accept-Encoding: {coding}") as connection:
        got = content = b""
        while content != lines:
            got += connection.recv(65_536)
            content = unchunked(got.partition(b"\r\n\r\n")[2])
            if coding == "gzip":
                content = zlib.decompressobj(31).decompress(content)


def gone(connection: socket.socket, how: str) -> None:
    if how == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize("how", ["closes", "reset"])
@pytest.mark.parametrize("coding", ["identity", "gzip"])
@pytest.mark.parametrize("kind", ["endless", "stalled"])
def test_a_client_that_goes_away_ends_the_reading(
    wire: Wire, feed: Feed, kind: str, coding: str, how: str
) -> None:
    feed.pieces = getattr(feed, kind)
    connection = wire.ask(f"Accept-Encoding: {coding}")
    eventually(lambda: feed.produced > 0)
    gone(connection, how)
    assert feed.closed.wait(START_SECONDS), "nobody is there and it is read on"
    assert wire.errors.told == []


def test_a_client_that_goes_away_before_the_first_piece_ends_the_reading(
    wire: Wire, feed: Feed
) -> None:
    waiting: list[bool] = []

    async def pieces() -> AsyncIterator[bytes]:
        waiting.append(True)
        await asyncio.Event().wait()
        yield b""

    feed.pieces = pieces
    connection = wire.ask()
    eventually(lambda: bool(waiting))
    connection.close()
    assert feed.closed.wait(START_SECONDS)
    assert wire.errors.told == []


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_a_client_that_does_not_read_stops_the_reading(wire: Wire, feed: Feed, coding: str) -> None:
    noise = [zlib.compress(b"%d" % n) + bytes((n * k) % 251 for k in range(65_000))
             for n in range(7)]  # fmt: skip

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(10_000):
            yield noise[number % 7]

    feed.pieces = pieces
    with wire.ask(f"Accept-Encoding: {coding}") as connection:
        eventually(lambda: feed.produced > 0)
        before = -1
        while feed.produced > before:
            before = feed.produced
            time.sleep(0.5)
        assert before < 10_000
        connection.recv(65_536)
    assert feed.closed.wait(START_SECONDS)
    assert feed.produced < 10_000


def test_streams_side_by_side_do_not_mix(wire: Wire, feed: Feed) -> None:
    async def saying(word: bytes) -> AsyncIterator[bytes]:
        for _ in range(200):
            yield word * 100
            await asyncio.sleep(0)

    feed.pieces = lambda: saying(str(feed.given["word"]).encode())
    lines = asked_again("Accept-Encoding: gzip", "Connection: close")
    connections = [socket.create_connection(("127.0.0.1", wire.port), timeout=10) for _ in "abc"]
    for word, connection in zip("abc", connections, strict=True):
        connection.sendall(lines.replace(URL.encode(), f"{URL}?word={word}".encode()))
    for word, connection in zip("abc", connections, strict=True):
        with connection:
            raw = rest(connection).partition(b"\r\n\r\n")[2]
        assert set(gzip.decompress(unchunked(raw))) == {ord(word)}
