"""HTTP on a connection, byte by byte: `sitewatt.web.protocol` and `exchange`, beside uvicorn's own.

A test that takes a `server` is asked of three: uvicorn's protocol, and ours on both loops. One that
takes `ours` holds where ours differs on purpose:

the head of an answer       leaves with the first part of its body, in one write
a head that is refused      is followed by a 500, not by a closed connection
a 304                       may tell the length of what it does not send
a client of HTTP/1.0        gets no chunks; the end of the connection is the end of the body, and
                            an answer that is cut short resets it
a target without a path     is that of the root
a connection                has one timer for all of its requests, and keeps none once it is closed
headers of an answer        hold no CR, LF and NUL; their names, which are ours, are in lower case
what sitewatt leaves alone  is not there: root_path, limit_concurrency, access log, websockets

What is read and refused of a request is tested in test_hostile.py, in front of the service.
"""

import asyncio
import gc
import socket
import struct
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any, ClassVar, Self, cast

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sitewatt.web.protocol import Connection
from sitewatt.web.streams import BrokenOff

HANG_SECONDS = 15.0
"""What has not happened by then will not happen."""

IDLE_SECONDS = 0.2
"""How long a connection may be idle, where that is tested."""

App = Callable[[Any, Any, Any], Awaitable[None]]


class Server:
    """A real uvicorn.Server in a thread of its own; it serves what `app` is at the time."""

    def __init__(self, protocol: type[HttpToolsProtocol], loop: str, **settings: Any) -> None:
        self.app: App = answering(b"")
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = self._socket.getsockname()
        config = uvicorn.Config(
            self._serve,
            http=protocol,
            loop=loop,
            interface="asgi3",
            proxy_headers=False,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            **settings,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), daemon=True
        )

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)

    def __enter__(self) -> Self:
        self._thread.start()
        eventually(lambda: self._server.started)
        return self

    def __exit__(self, *_: object) -> None:
        self.shut_down()
        self._thread.join(HANG_SECONDS)
        assert not self._thread.is_alive(), "the server hangs"
        self._socket.close()

    def shut_down(self) -> None:
        self._server.should_exit = True

    @property
    def connections(self) -> set[Any]:
        return set(self._server.server_state.connections)

    @property
    def is_shutting_down(self) -> bool:
        """Whether it listens no more; its connections are told in the same turn of the loop."""
        return not any(listener.is_serving() for listener in self._server.servers)


class Client:
    """A connection to a server; what it reads has to come."""

    def __init__(self, server: Server) -> None:
        self._socket = socket.create_connection(server.address, timeout=HANG_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, *requests: bytes) -> None:
        """Send it all in one packet."""
        self._socket.sendall(b"".join(requests))

    def reset(self) -> None:
        """Be gone without a farewell."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def gets(self, expected: bytes) -> None:
        """Assert that these bytes come next."""
        got = b""
        while len(got) < len(expected) and (more := self._socket.recv(len(expected) - len(got))):
            got += more
        assert got == expected

    def rest(self) -> bytes:
        """Everything until the server closes the connection."""
        parts: list[bytes] = []
        while part := self._socket.recv(1_000_000):
            parts.append(part)
        return b"".join(parts)


class Step:
    """A point that an application waits at until the test lets it go on."""

    def __init__(self) -> None:
        self._reached, self._passed = threading.Event(), threading.Event()

    async def here(self) -> None:
        self._reached.set()
        await asyncio.to_thread(self._passed.wait, HANG_SECONDS)

    def wait(self) -> None:
        assert self._reached.wait(HANG_SECONDS), "the application never came so far"

    def go_on(self) -> None:
        self._passed.set()


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + HANG_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "this never holds"
        time.sleep(0.005)


def start(status: int = 200, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": headers}


def body(part: bytes = b"", *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": part, "more_body": more}


def length(size: int) -> tuple[bytes, bytes]:
    return b"content-length", b"%d" % size


def sending(*messages: dict[str, Any], then: BaseException | None = None) -> App:
    """An application that sends these messages and then raises, or not."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)
        if then is not None:
            raise then

    return app


def answering(content: bytes) -> App:
    return sending(start(200, length(len(content))), body(content))


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the method, the target and the body."""
    content, more = b"", True
    while more:
        message = await receive()
        content += message["body"]
        more = message["more_body"]
    told = f"{scope['method']} {scope['path']} ".encode() + content
    await answering(told)(scope, receive, send)


def request(
    line: str = "GET /", *headers: str, version: str = "1.1", content: bytes = b""
) -> bytes:
    lines = [f"{line} HTTP/{version}", "Host: localhost", *headers]
    if content:
        lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join([*lines, "", ""]).encode() + content


def last(line: str = "GET /", *headers: str) -> bytes:
    return request(line, "Connection: close", *headers)


def whole(content: bytes, *headers: bytes) -> bytes:
    """An answer that tells its length."""
    lines = [b"HTTP/1.1 200 OK", b"content-length: %d" % len(content), *headers]
    return b"\r\n".join([*lines, b"", content])


CLOSE = b"connection: close"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
LAST_CHUNKED = b"HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
FAILED = (
    b"HTTP/1.1 500 Internal Server Error\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 21\r\nconnection: close\r\n\r\nInternal Server Error"
)

OURS = [(Connection, "uvloop"), (Connection, "asyncio")]
ALL = [(HttpToolsProtocol, "uvloop"), *OURS]

Kind = tuple[type[HttpToolsProtocol], str]


def named(kind: Kind) -> str:
    return "-".join((kind[0].__name__, kind[1]))


as_uvicorn_does = pytest.mark.parametrize("kind", ALL, ids=named)
ours_alone = pytest.mark.parametrize("kind", OURS, ids=named)


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[Kind, Server]]:
    with ExitStack() as stack:
        yield {kind: stack.enter_context(Server(*kind)) for kind in ALL}


@pytest.fixture
def server(servers: dict[Kind, Server], kind: Kind) -> Iterator[Server]:
    """A server of the kind that a test is asked of; the test leaves it without a connection."""
    yield servers[kind]
    eventually(lambda: not servers[kind].connections)


# An answer


@as_uvicorn_does
def test_an_answer_that_tells_its_length_goes_out_as_it_is(server: Server) -> None:
    server.app = sending(start(201, (b"x-y", b"\tz\xe9"), length(5)), body(b"hello"))
    with Client(server) as client:
        client.send(last())
        told = b"HTTP/1.1 201 Created\r\nx-y: \tz\xe9\r\ncontent-length: 5\r\nconnection: close"
        assert client.rest() == told + b"\r\n\r\nhello"


@as_uvicorn_does
def test_an_answer_without_a_length_goes_out_in_chunks(server: Server) -> None:
    parts = [body(b"hello", more=True), body(more=True), body(b"x" * 26, more=True)]
    server.app = sending(start(), *parts, body(b"end"))
    with Client(server) as client:
        client.send(last())
        chunks = b"5\r\nhello\r\n1a\r\n%b\r\n3\r\nend\r\n0\r\n\r\n" % (b"x" * 26)
        assert client.rest() == LAST_CHUNKED + chunks


@as_uvicorn_does
def test_an_answer_without_a_length_and_a_body_is_one_empty_chunk(server: Server) -> None:
    server.app = sending(start(), body())
    with Client(server) as client:
        client.send(last())
        assert client.rest() == LAST_CHUNKED + b"0\r\n\r\n"


@as_uvicorn_does
def test_chunks_that_the_application_announced_are_not_announced_again(server: Server) -> None:
    server.app = sending(start(200, (b"transfer-encoding", b"Chunked")), body(b"hello"))
    with Client(server) as client:
        client.send(request())
        client.gets(CHUNKED.replace(b"chunked", b"Chunked") + b"5\r\nhello\r\n0\r\n\r\n")


@as_uvicorn_does
def test_a_body_of_a_told_length_may_come_in_parts(server: Server) -> None:
    parts = [body(b"hel", more=True), body(more=True), body(b"lo", more=True), body()]
    server.app = sending(start(200, length(5)), *parts)
    with Client(server) as client:
        client.send(last())
        assert client.rest() == whole(b"hello", CLOSE)


@as_uvicorn_does
@pytest.mark.parametrize(
    "header", [length(5), (b"x-y", b"z"), (b"transfer-encoding", b"chunked")], ids=lambda h: h[0]
)
def test_an_answer_to_head_has_no_body(server: Server, header: tuple[bytes, bytes]) -> None:
    server.app = sending(start(200, header), body(b"hel", more=True), body(b"lo"))
    with Client(server) as client:
        client.send(request("HEAD /"), request("HEAD /"))
        client.gets(b"HTTP/1.1 200 OK\r\n%b: %b\r\n\r\n" % header * 2)


@as_uvicorn_does
@pytest.mark.parametrize("line", [b"204 No Content", b"304 Not Modified"])
def test_a_204_and_a_304_have_no_body_and_no_chunks(server: Server, line: bytes) -> None:
    server.app = sending(start(int(line[:3])), body())
    with Client(server) as client:
        client.send(request(), request())
        client.gets(b"HTTP/1.1 %b\r\n\r\n" % line * 2)


@ours_alone
def test_a_304_may_tell_the_length_of_what_it_does_not_send(server: Server) -> None:
    server.app = sending(start(304, length(5)), body())
    with Client(server) as client:
        client.send(request(), request())
        client.gets(b"HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n" * 2)


@as_uvicorn_does
@pytest.mark.parametrize("more", [False, True])
def test_a_longer_body_than_was_told_is_cut_off(server: Server, more: bool) -> None:
    parts = [body(b"hel", more=True), body(b"lo!", more=more), body()]
    server.app = sending(start(200, length(5)), *parts)
    with Client(server) as client:
        client.send(request())
        assert client.rest() == whole(b"hello")[:-2]


@as_uvicorn_does
def test_a_shorter_body_than_was_told_ends_the_connection(server: Server) -> None:
    server.app = sending(start(200, length(5)), body(b"hel", more=True), body())
    with Client(server) as client:
        client.send(request())
        assert client.rest() == whole(b"hello")[:-2]


@ours_alone
@pytest.mark.parametrize("content", [b"hell", b"hello!"])
def test_of_a_body_in_one_part_that_is_not_as_told_nothing_is_sent(
    server: Server, content: bytes
) -> None:
    server.app = sending(start(200, length(5)), body(content))
    with Client(server) as client:
        client.send(request())
        assert client.rest() == b""


@as_uvicorn_does
@pytest.mark.parametrize(
    "messages",
    [
        [body(b"x")],
        [start(), start()],
        [start(200, length(1)), body(b"x"), body()],
        [start(200, length(1)), body(b"x"), start()],
    ],
    ids=["a body first", "two starts", "a body after the end", "a start after the end"],
)
def test_a_message_out_of_turn_is_refused(server: Server, messages: list[dict[str, Any]]) -> None:
    refused: list[bool] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages[:-1]:
            await send(message)
        try:
            await send(messages[-1])
        except RuntimeError:
            refused.append(True)

    server.app = app
    with Client(server) as client:
        client.send(request())
        eventually(lambda: bool(refused))


@as_uvicorn_does
@pytest.mark.parametrize("evil", [b"a\r\nset-cookie: b", b"a\nb", b"a\rb", b"a\0b"])
def test_a_header_with_a_line_break_or_the_like_is_not_sent(server: Server, evil: bytes) -> None:
    server.app = sending(start(200, (b"x-y", evil), length(5)), body(b"hello"))
    with Client(server) as client:
        client.send(request())
        assert evil not in client.rest()


@ours_alone
@pytest.mark.parametrize(
    "headers",
    [
        [(b"x-y", b"a\r\nb: c"), length(5)],
        [(b"a\r\nb: c", b"d"), length(5)],
        [(b"x-y", b"a\nb")],
        [(b"x-y", b"a\nb"), (b"transfer-encoding", b"chunked")],
        [(b"content-length", b"five")],
    ],
)
def test_a_head_that_is_refused_is_followed_by_a_500(
    server: Server, headers: list[tuple[bytes, bytes]]
) -> None:
    server.app = sending(start(200, *headers), body(b"hello"))
    with Client(server) as client:
        client.send(request())
        assert client.rest() == FAILED


# An answer in one write


class Written(Connection):
    """Ours, that remembers what it wrote at once; the parts of all connections in one list."""

    writes: ClassVar[list[bytes]] = []

    def connection_made(self, transport: Any) -> None:
        super().connection_made(Recording(transport, self.writes))


class Recording:
    """A transport that remembers what is written to it."""

    def __init__(self, transport: Any, writes: list[bytes]) -> None:
        self._transport, self._writes = transport, writes

    def write(self, part: bytes) -> None:
        self._writes.append(part)
        self._transport.write(part)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


@pytest.fixture
def recorded() -> Iterator[Server]:
    Written.writes.clear()
    with Server(Written, "uvloop") as server:
        yield server


def test_an_answer_leaves_in_one_write(recorded: Server) -> None:
    recorded.app = answering(b"hello")
    with Client(recorded) as client:
        client.send(last())
        assert client.rest() == whole(b"hello", CLOSE)
    assert Written.writes == [whole(b"hello", CLOSE)]


def test_the_head_leaves_with_the_first_part_of_the_body_even_if_that_is_empty(
    recorded: Server,
) -> None:
    written: list[list[bytes]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in (start(), body(more=True), body(b"hello", more=True), body()):
            await send(message)
            written.append(Written.writes[:])

    recorded.app = app
    with Client(recorded) as client:
        client.send(last())
        client.rest()
    parts = [LAST_CHUNKED, b"5\r\nhello\r\n", b"0\r\n\r\n"]
    assert written == [parts[:count] for count in range(4)]


def test_of_an_answer_that_fails_before_its_body_nothing_is_sent(recorded: Server) -> None:
    recorded.app = sending(start(), then=ValueError("broken"))
    with Client(recorded) as client:
        client.send(request())
        assert client.rest() == b""
    assert Written.writes == []


# An application that fails


@as_uvicorn_does
@pytest.mark.parametrize("app", [sending(then=ValueError("broken")), sending()])
def test_an_application_that_fails_before_its_answer_is_a_500_and_the_end(
    server: Server, app: App
) -> None:
    server.app = app
    with Client(server) as client:
        client.send(request(), request())
        assert client.rest() == FAILED


@as_uvicorn_does
@pytest.mark.parametrize("error", [ValueError("broken"), None])
def test_an_application_that_fails_within_its_answer_makes_no_clean_end(
    server: Server, error: Exception | None
) -> None:
    server.app = sending(start(), body(b"hello", more=True), then=error)
    with Client(server) as client:
        client.send(request(), request())
        assert client.rest() == CHUNKED + b"5\r\nhello\r\n"


@ours_alone
@pytest.mark.parametrize("error", [ValueError("broken"), None])
@pytest.mark.parametrize("parts", [1, 300])
def test_an_application_that_fails_within_an_answer_to_http_1_0_resets_the_connection(
    server: Server, error: Exception | None, parts: int
) -> None:
    server.app = sending(start(), *[body(b"x" * 65_536, more=True)] * parts, then=error)
    with Client(server) as client:
        client.send(request(version="1.0"))
        with pytest.raises(ConnectionResetError):
            client.rest()


@ours_alone
@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_an_answer_that_broke_off_is_not_logged_again(
    server: Server, version: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.app = sending(start(), body(b"hello", more=True), then=BrokenOff())
    with Client(server) as client, suppress(ConnectionResetError):
        client.send(request(version=version))
        assert not client.rest().endswith(b"0\r\n\r\n")
    assert caplog.records == []


@ours_alone
def test_an_application_that_is_cancelled_within_its_answer_makes_no_clean_end(
    server: Server,
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start())
        await send(body(b"hello", more=True))
        cast("asyncio.Task[None]", asyncio.current_task()).cancel()
        await asyncio.sleep(1)

    server.app = app
    with Client(server) as client:
        client.send(request())
        assert client.rest() == CHUNKED + b"5\r\nhello\r\n"


@as_uvicorn_does
def test_an_application_that_fails_after_its_answer_ends_the_connection(server: Server) -> None:
    server.app = sending(start(200, length(2)), body(b"ok"), then=ValueError("broken"))
    with Client(server) as client:
        client.send(request())
        assert client.rest() == whole(b"ok")


# A connection that lives on, or ends


@as_uvicorn_does
def test_a_connection_serves_one_request_after_the_other(server: Server) -> None:
    server.app = echo
    with Client(server) as client:
        for number in range(3):
            client.send(request(f"POST /{number}", content=b"hello"))
            client.gets(whole(b"POST /%d hello" % number))


@as_uvicorn_does
def test_a_request_in_pieces_is_one_request(server: Server) -> None:
    server.app = echo
    with Client(server) as client:
        client.send(request("POST /a"), request("POST /b", "Transfer-Encoding: chunked")[:9])
        client.gets(whole(b"POST /a "))
        client.send(request("POST /b", "Transfer-Encoding: chunked")[9:], b"3\r\nhel\r\n2\r")
        client.send(b"\nlo\r\n0\r\n\r\n", last())
        assert client.rest() == whole(b"POST /b hello") + whole(b"GET / ", CLOSE)


@as_uvicorn_does
@pytest.mark.parametrize("option", ["close", "Close", "te, close"])
def test_a_client_may_end_the_connection_with_its_request(server: Server, option: str) -> None:
    server.app = answering(b"hello")
    with Client(server) as client:
        client.send(request("GET /", f"Connection: {option}"), request())
        assert client.rest() == whole(b"hello", CLOSE)


@as_uvicorn_does
@pytest.mark.parametrize("option", [b"close", b"Close", b"x-y, close"])
@pytest.mark.parametrize(
    "asked", [request(), last(), request(version="1.0")], ids=["lives on", "ends", "1.0"]
)
def test_an_application_may_end_the_connection_with_its_answer(
    server: Server, option: bytes, asked: bytes
) -> None:
    server.app = sending(start(200, length(5), (b"connection", option)), body(b"hello"))
    with Client(server) as client:
        client.send(asked, request())
        assert client.rest() == whole(b"hello", b"connection: " + option)


@as_uvicorn_does
def test_another_option_of_the_answer_leaves_the_connection_open(server: Server) -> None:
    server.app = sending(start(200, length(5), (b"connection", b"closed")), body(b"hello"))
    with Client(server) as client:
        client.send(request(), request())
        client.gets(whole(b"hello", b"connection: closed") * 2)


@as_uvicorn_does
@pytest.mark.parametrize("header", ["Connection: keep-alive", "X-Y: z"])
def test_a_connection_of_http_1_0_ends_with_its_answer(server: Server, header: str) -> None:
    server.app = answering(b"hello")
    with Client(server) as client:
        client.send(request("GET /", header, version="1.0"), request())
        assert client.rest() == whole(b"hello", CLOSE)


@ours_alone
def test_a_client_of_http_1_0_gets_no_chunks(server: Server) -> None:
    server.app = sending(start(), body(b"hel", more=True), body(b"lo"))
    with Client(server) as client:
        client.send(request(version="1.0"))
        assert client.rest() == b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello"


@as_uvicorn_does
def test_an_upgrade_that_is_asked_for_is_not_made(server: Server) -> None:
    server.app = echo
    with Client(server) as client:
        client.send(request("GET /a", "Connection: Upgrade", "Upgrade: websocket"))
        client.gets(whole(b"GET /a "))
        client.send(last())
        assert client.rest() == whole(b"GET / ", CLOSE)


@ours_alone
def test_requests_that_ask_for_an_upgrade_are_read_however_many_there_are(server: Server) -> None:
    server.app = echo
    wishes = request("POST /a", "Connection: Upgrade", "Upgrade: h2c", content=b"hello")
    with Client(server) as client:
        client.send(wishes * 2000, last())
        answers = whole(b"POST /a hello") * 2000
        assert client.rest() == answers + whole(b"GET / ", CLOSE)


# Several requests at once


@as_uvicorn_does
def test_requests_in_one_packet_are_served_one_by_one_in_their_order(server: Server) -> None:
    events: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        events.append(f"begin {scope['path']}")
        for _ in range(10 if scope["path"] == "/1" else 1):
            await asyncio.sleep(0)
        await echo(scope, receive, send)
        events.append(f"end {scope['path']}")

    server.app = app
    posts = [request(f"POST /{number}", content=b"x" * number) for number in (1, 2, 3)]
    with Client(server) as client:
        client.send(*posts, last())
        answers = [whole(b"POST /%d %b" % (n, b"x" * n)) for n in (1, 2, 3)]
        assert client.rest() == b"".join(answers) + whole(b"GET / ", CLOSE)
    eventually(lambda: len(events) == 8)
    assert events == [f"{at} /{n}" for n in ("1", "2", "3", "") for at in ("begin", "end")]


@as_uvicorn_does
def test_a_request_behind_the_end_of_its_connection_is_not_served(server: Server) -> None:
    served: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        served.append(scope["path"])
        await sending(start(200, length(2), (b"connection", b"close")), body(b"ok"))(
            scope, receive, send
        )

    server.app = app
    for asked in ([request("POST /1"), request("POST /2")], [request("GET /3")]):
        with Client(server) as client:
            client.send(*asked)
            assert client.rest() == whole(b"ok", CLOSE)
    assert served == ["/1", "/3"]


@as_uvicorn_does
def test_a_body_that_comes_after_its_answer_is_no_request(server: Server) -> None:
    server.app = answering(b"hello")
    with Client(server) as client:
        client.send(request("POST /", "Content-Length: 30"))
        client.gets(whole(b"hello"))
        client.send(request("GET /smuggled")[:30], last())
        assert client.rest() == whole(b"hello", CLOSE)


# 100 Continue

EXPECTING = request("POST /", "Expect: 100-Continue", "Content-Length: 5", "Connection: close")


@as_uvicorn_does
def test_a_client_that_waits_is_told_when_its_body_is_read(server: Server) -> None:
    server.app = echo
    with Client(server) as client:
        client.send(EXPECTING)
        client.gets(b"HTTP/1.1 100 Continue\r\n\r\n")
        client.send(b"hello")
        assert client.rest() == whole(b"POST / hello", CLOSE)


@as_uvicorn_does
def test_a_client_that_waits_is_not_told_when_its_body_is_not_wanted(server: Server) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answering(b"no")(scope, receive, send)
        await receive()

    server.app = app
    with Client(server) as client:
        client.send(EXPECTING)
        assert client.rest() == whole(b"no", CLOSE)


@ours_alone
def test_a_client_that_waits_is_not_told_once_the_answer_has_begun(server: Server) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(200, length(2)))
        reading = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        await send(body(b"no"))
        await reading

    server.app = app
    with Client(server) as client:
        client.send(EXPECTING)
        assert client.rest() == whole(b"no", CLOSE)


# The target


@as_uvicorn_does
@pytest.mark.parametrize(
    ("target", "path", "raw_path", "query"),
    [
        ("/", "/", b"/", b""),
        ("/a/b?c=d&e", "/a/b", b"/a/b", b"c=d&e"),
        ("/a?", "/a", b"/a", b""),
        ("/a?b?c/d", "/a", b"/a", b"b?c/d"),
        ("//a//b", "//a//b", b"//a//b", b""),
        ("/a/../b;c=d", "/a/../b;c=d", b"/a/../b;c=d", b""),
        ("/%C3%A9%2F%25?%C3%A9", "/é/%", b"/%C3%A9%2F%25", b"%C3%A9"),
        ("/%ff%", "/\ufffd%", b"/%ff%", b""),
        ("/a#b?c", "/a", b"/a", b""),
        ("/a?b#c", "/a", b"/a", b"b"),
        ("http://localhost/a?b", "/a", b"/a", b"b"),
        ("http://me@localhost:80/a#b", "/a", b"/a", b""),
        ("*", "*", b"*", b""),
    ],
)
def test_a_target_is_a_path_and_a_query(
    server: Server, target: str, path: str, raw_path: bytes, query: bytes
) -> None:
    scopes: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)
        await answering(b"ok")(scope, receive, send)

    server.app = app
    with Client(server) as client:
        client.send(request(f"OPTIONS {target}", "X-Y: z", "Connection: close"))
        assert client.rest() == whole(b"ok", CLOSE)
    (scope,) = scopes
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == (path, raw_path, query)
    assert (scope["type"], scope["method"], scope["http_version"]) == ("http", "OPTIONS", "1.1")
    assert (scope["scheme"], scope["root_path"], scope["server"]) == ("http", "", server.address)
    headers = [(b"host", b"localhost"), (b"x-y", b"z"), (b"connection", b"close")]
    assert scope["headers"] == headers


@ours_alone
@pytest.mark.parametrize("target", ["http://localhost", "http://localhost?b"])
def test_a_target_without_a_path_is_that_of_the_root(server: Server, target: str) -> None:
    server.app = echo
    with Client(server) as client:
        client.send(last(f"GET {target}"))
        assert client.rest() == whole(b"GET / ", CLOSE)


@as_uvicorn_does
@pytest.mark.parametrize("target", ["a", "/é", "http://", "/a b", "/\x7f", "/\t"])
def test_what_is_no_target_is_a_400_and_the_end(server: Server, target: str) -> None:
    server.app = echo
    with Client(server) as client:
        client.send(request(f"GET {target}"))
        assert client.rest().startswith(b"HTTP/1.1 400 Bad Request\r\n")


# A client that is slow, or gone


@as_uvicorn_does
def test_an_application_sends_no_faster_than_its_client_reads(server: Server) -> None:
    part, buffered = b"x" * 250_000, [0]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        (connection,) = server.connections
        await send(start(200, length(len(part) * 64)))
        for number in range(64):
            await send(body(part, more=number < 63))
            buffered.append(connection.transport.get_write_buffer_size())

    server.app = app
    with Client(server) as client:
        client.send(last())
        assert client.rest() == whole(part * 64, CLOSE)
    assert max(buffered) < 2 * len(part)


@as_uvicorn_does
@pytest.mark.parametrize("part", [b"x" * 250_000, b"x"], ids=["held up", "writing"])
def test_an_application_may_send_to_a_client_that_is_gone(server: Server, part: bytes) -> None:
    ended = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        (connection,) = server.connections
        await send(start())
        while connection in server.connections:
            await send(body(part, more=True))
            await asyncio.sleep(0.001)
        await send(body(part, more=True))
        await send(body())
        ended.set()

    server.app = app
    with Client(server) as client:
        client.send(request())
        client.gets(CHUNKED)
        if len(part) > 1:
            (connection,) = server.connections
            eventually(lambda: connection.flow.write_paused)
        client.reset()
        assert ended.wait(HANG_SECONDS), "the application hangs"


@as_uvicorn_does
def test_an_application_that_waits_is_told_that_its_client_is_gone(server: Server) -> None:
    reading, told = threading.Event(), []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        told.append((await receive())["type"])
        reading.set()
        told.append((await receive())["type"])

    server.app = app
    with Client(server) as client:
        client.send(request())
        assert reading.wait(HANG_SECONDS)
    eventually(lambda: told == ["http.request", "http.disconnect"])


@as_uvicorn_does
def test_an_application_that_waits_is_told_that_its_answer_is_over(server: Server) -> None:
    told: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        waiting = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        await answering(b"ok")(scope, receive, send)
        told.append((await asyncio.wait_for(waiting, HANG_SECONDS))["type"])

    server.app = app
    with Client(server) as client:
        client.send(request())
        client.gets(whole(b"ok"))
        eventually(lambda: told == ["http.disconnect"])


@ours_alone
def test_every_application_in_line_is_told_that_its_client_is_gone(server: Server) -> None:
    began, told = threading.Event(), []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        began.set()
        told.append((await receive())["type"])

    server.app = app
    with Client(server) as client:
        client.send(request(), request())
        assert began.wait(HANG_SECONDS)
    eventually(lambda: told == ["http.disconnect"])


# The end of the server


@pytest.fixture
def ending(kind: Kind) -> Iterator[Server]:
    """A server that a test may shut down."""
    with Server(*kind) as server:
        yield server


@as_uvicorn_does
def test_a_server_that_ends_closes_an_idle_connection(ending: Server) -> None:
    ending.app = answering(b"hello")
    with Client(ending) as idle, Client(ending) as unused:
        idle.send(request())
        idle.gets(whole(b"hello"))
        eventually(lambda: len(ending.connections) == 2)
        ending.shut_down()
        assert (idle.rest(), unused.rest()) == (b"", b"")


@as_uvicorn_does
@pytest.mark.parametrize("sent", range(3), ids=["nothing sent", "head sent", "a part sent"])
def test_a_server_that_ends_ends_the_answers_under_way(ending: Server, sent: int) -> None:
    step = Step()
    messages = [start(200, length(5)), body(b"hel", more=True), body(b"lo")]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages[:sent]:
            await send(message)
        await step.here()
        for message in messages[sent:]:
            await send(message)

    ending.app = app
    with Client(ending) as client:
        client.send(request())
        step.wait()
        ending.shut_down()
        eventually(lambda: ending.is_shutting_down)
        step.go_on()
        answer = whole(b"hello", *([] if sent else [CLOSE]))
        assert client.rest() == answer


def echo_once(step: Step) -> App:
    """An application that echoes, the first path when it may go on."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/1":
            await step.here()
        await echo(scope, receive, send)

    return app


@as_uvicorn_does
def test_a_server_that_ends_serves_the_requests_in_line(ending: Server) -> None:
    step = Step()
    ending.app = echo_once(step)
    with Client(ending) as client:
        client.send(request("GET /1"), request("GET /2"))
        step.wait()
        ending.shut_down()
        eventually(lambda: ending.is_shutting_down)
        step.go_on()
        assert client.rest() == whole(b"GET /1 ") + whole(b"GET /2 ", CLOSE)


@ours_alone
def test_a_request_that_comes_once_the_server_ends_is_the_last_one_instead_of_that_before_it(
    ending: Server,
) -> None:
    step = Step()
    ending.app = echo_once(step)
    with Client(ending) as client:
        client.send(request("GET /1"))
        step.wait()
        [connection] = ending.connections
        ending.shut_down()
        eventually(lambda: connection.cycle.keep_alive is False)
        client.send(request("GET /2"))
        eventually(lambda: len(connection.pipeline) == 1)
        step.go_on()
        assert client.rest() == whole(b"GET /1 ") + whole(b"GET /2 ", CLOSE)


# An idle connection


@pytest.fixture(scope="module")
def impatient_servers() -> Iterator[dict[Kind, Server]]:
    with ExitStack() as stack:
        short = {kind: Server(*kind, timeout_keep_alive=IDLE_SECONDS) for kind in ALL}
        yield {kind: stack.enter_context(server) for kind, server in short.items()}


@pytest.fixture
def impatient(impatient_servers: dict[Kind, Server], kind: Kind) -> Server:
    """A server that waits for IDLE_SECONDS."""
    return impatient_servers[kind]


@as_uvicorn_does
def test_an_idle_connection_is_closed(impatient: Server) -> None:
    impatient.app = answering(b"hello")
    with Client(impatient) as client:
        client.send(request())
        assert client.rest() == whole(b"hello")


@as_uvicorn_does
def test_a_connection_with_a_request_under_way_is_not_closed(impatient: Server) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/slow":
            await asyncio.sleep(3 * IDLE_SECONDS)
        await echo(scope, receive, send)

    impatient.app = app
    with Client(impatient) as client:
        client.send(request("GET /1"))
        client.gets(whole(b"GET /1 "))
        client.send(request("GET /slow"))
        assert client.rest() == whole(b"GET /slow ")


@as_uvicorn_does
def test_a_connection_that_has_been_closed_is_forgotten(server: Server) -> None:
    server.app = answering(b"hello")
    with Client(server) as client:
        client.send(request())
        client.gets(whole(b"hello"))
        (connection,) = server.connections
        forgotten = weakref.ref(connection)
        del connection
    eventually(lambda: not server.connections)
    eventually(lambda: gc.collect() >= 0 and forgotten() is None)


@ours_alone
def test_a_connection_at_rest_keeps_no_head(server: Server) -> None:
    server.app = answering(b"hello")
    with Client(server) as client:
        client.send(request("GET /long", "X-Long: " + "x" * 1_000))
        client.gets(whole(b"hello"))
        (connection,) = server.connections
        kept = (connection.url, connection.headers, connection.scope, connection.cycle.scope)
        assert kept == (b"", [], {}, {})


# Time that a test makes pass


class Clock:
    """The running loop, with a time of its own."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.timers: list[tuple[float, Callable[[], None], asyncio.TimerHandle]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        handle = asyncio.get_running_loop().call_later(3600, lambda: None)
        self.timers.append((self.now + delay, call, handle))
        return handle

    def waiting(self) -> list[tuple[float, Callable[[], None], asyncio.TimerHandle]]:
        return [timer for timer in self.timers if not timer[2].cancelled()]

    def advance(self, to: float) -> None:
        """Let the time pass, and what is due happen at its time."""
        fired = 0
        while due := [timer for timer in self.waiting() if timer[0] <= to]:
            fired += 1
            assert fired < 1_000, "a timer that is always due again takes all of the time"
            self.now, call, handle = min(due, key=lambda timer: timer[0])
            handle.cancel()
            call()
        self.now = to

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio.get_running_loop(), name)


class Wire(asyncio.Transport):
    """What a connection writes on."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.closed = b"", False

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def get_write_buffer_size(self) -> int:
        return 0


class Played:
    """A connection whose time and whose packets the test makes, idle for 5 seconds at most."""

    def __init__(self, protocol: type[HttpToolsProtocol], app: App | None = None) -> None:
        self.clock, self.wire = Clock(), Wire()
        app = app or answering(b"hello")
        config = uvicorn.Config(
            cast("Any", app), interface="asgi3", ws="none", log_config=None, lifespan="off"
        )
        state = uvicorn.server.ServerState()
        self.connection = protocol(config, state, {}, _loop=cast("Any", self.clock))
        self.connection.connection_made(self.wire)

    async def ask(self, *, answered_after: float = 0) -> None:
        """Send a request now, and have it answered so much later."""
        self.connection.data_received(request())
        self.clock.advance(self.clock.now + answered_after)
        assert not self.wire.closed
        await asyncio.gather(*self.connection.tasks)

    def is_open(self, *, at: float) -> bool:
        self.clock.advance(1000 + at)
        return not self.wire.closed


@pytest.fixture(params=[HttpToolsProtocol, Connection])
async def played(request: pytest.FixtureRequest) -> Played:
    return Played(request.param)


async def test_a_connection_is_closed_when_it_has_been_idle_for_the_time(played: Played) -> None:
    await played.ask()
    assert played.is_open(at=4.9)
    assert not played.is_open(at=5)


async def test_a_request_just_before_the_time_begins_the_time_anew(played: Played) -> None:
    await played.ask()
    assert played.is_open(at=4.9)
    await played.ask()
    assert played.is_open(at=9.8)
    assert not played.is_open(at=9.9)


async def test_a_request_that_takes_longer_than_the_time_is_waited_for(played: Played) -> None:
    await played.ask()
    assert played.is_open(at=3)
    await played.ask(answered_after=21)
    assert played.is_open(at=28.9)
    assert not played.is_open(at=29)


@pytest.mark.parametrize("error", [None, ConnectionResetError()])
async def test_a_connection_has_one_timer_and_none_once_it_is_lost(
    error: Exception | None,
) -> None:
    played = Played(Connection)
    for number in range(100):
        played.clock.advance(1000 + number / 100)
        await played.ask()
    assert len(played.clock.timers) == len(played.clock.waiting()) == 1
    played.connection.connection_lost(error)
    assert played.clock.waiting() == []


def held(go_on: asyncio.Event) -> App:
    """An application that begins its answer, and ends it when it is told to."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(200, length(5)))
        await send(body(b"hel", more=True))
        await go_on.wait()
        await send(body(b"lo"))

    return app


async def test_an_answer_that_has_begun_goes_on_when_the_rest_of_its_request_is_late() -> None:
    go_on = asyncio.Event()
    played = Played(Connection, held(go_on))
    played.connection.data_received(request("POST /", "Content-Length: 10") + b"abc")
    await asyncio.sleep(0)
    assert played.is_open(at=20)
    assert cast("Any", played.connection)._terms.cut == {"body": 1}
    go_on.set()
    await asyncio.gather(*played.connection.tasks)
    assert (played.wire.written, played.wire.closed) == (whole(b"hello"), True)


async def test_what_cannot_be_read_behind_a_request_under_way_does_not_hurry_its_answer() -> None:
    go_on = asyncio.Event()
    played = Played(Connection, held(go_on))
    played.connection.data_received(request())
    await asyncio.sleep(0)
    played.connection.data_received(b"GET /2 HTTP/1.1\r\nHo")
    played.connection.data_received(b"st\0\r\n\r\n")
    assert played.is_open(at=60)
    assert not cast("Any", played.connection)._terms.cut
    go_on.set()
    await asyncio.gather(*played.connection.tasks)
    assert played.wire.written.startswith(whole(b"hello") + b"HTTP/1.1 400 Bad Request\r\n")
    assert played.wire.closed


async def test_a_connection_that_closes_is_left_alone_by_a_server_that_ends() -> None:
    played = Played(Connection)
    played.connection.data_received(last())
    await asyncio.gather(*played.connection.tasks)
    timers, written = len(played.clock.timers), played.wire.written
    assert played.wire.closed
    played.connection.shutdown()
    assert (len(played.clock.timers), played.wire.written) == (timers, written)


async def test_of_what_came_in_one_packet_nothing_is_read_once_its_client_is_gone() -> None:
    paths: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        paths.append(scope["path"])
        await answering(b"hello")(scope, receive, send)
        # The client hangs up before the rest is read.
        if not lost:
            lost.append(True)
            played.connection.connection_lost(None)

    lost: list[bool] = []
    played = Played(Connection, app)
    played.connection.data_received(b"".join(request(f"GET /{n}") for n in range(300)))
    for _ in range(1_000):
        await asyncio.sleep(0)
    assert len(paths) < 200
