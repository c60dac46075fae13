"""Clients that are slow, or never come to an end: each is given up, and nothing of it is stored.

Every row goes over a real socket to uvicorn as the program sets it up, on a real mongod, with short
terms. `wire.Connection` fails when what must come does not, within 10 seconds.
"""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import repeat

import pytest
from api_service import BUNDLE
from crafted import CHUNKED, JSON, LIVE, READING, chunk, framed, get, post
from wire import Answer, Connection, CutShort
from wire_service import WireService, eventually, slug, wire_service

from sitewatt.mongod import Mongod
from sitewatt.web import protocol, refusals
from sitewatt.web.terms import CUT, Terms

HEAD_SECONDS, BODY_SECONDS, ANSWER_SECONDS = 0.5, 0.6, 0.7
DRIP_SECONDS = 0.1
"""Between two drops; each comes long before any of the times is over."""

SHORT = Terms(HEAD_SECONDS, BODY_SECONDS, ANSWER_SECONDS, max_connections=40)
LONG = post(LIVE, b" " * 60_000)[:500]
"""A push of which most is missing."""

PUSH = framed(LIVE, b"", JSON, CHUNKED)


@pytest.fixture(scope="module")
def service(mongod: Mongod) -> Iterator[WireService]:
    with wire_service(mongod.uri, path="compiled", name="slow", terms=SHORT) as service:
        yield service


@pytest.fixture
def nothing_stored(service: WireService) -> Iterator[None]:
    before = service.stored()
    service.errors()
    yield
    assert (service.stored(), service.errors()) == (before, [])


pytestmark = pytest.mark.usefixtures("nothing_stored")


@contextmanager
def dripping(connection: Connection, drop: bytes) -> Iterator[None]:
    """Send a drop again and again, until it is over; nothing when there is none."""
    over = threading.Event()

    def drip() -> None:
        while not over.wait(DRIP_SECONDS):
            connection.send(drop)

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def is_closed(connection: Connection) -> bool:
    return connection.answer() is None


def is_too_slow(answer: Answer | None, *, by_service: bool) -> bool:
    assert answer is not None
    problem = json.loads(answer.body)
    assert (answer.status, slug(answer)) == (408, "request-timeout")
    assert problem["title"] == BUNDLE["x-problem-types"]["request-timeout"]["title"]
    assert answer.headers["connection"] == "close"
    return by_service == ("x-request-id" in answer.headers)


def is_given_up(service: WireService, sent: bytes, drop: bytes, *, by_service: bool) -> bool:
    """Whether a client that sends this and then drips is answered 408, and closed."""
    with Connection(service.open_port) as slow:
        slow.send(sent)
        with dripping(slow, drop):
            return is_too_slow(slow.answer(), by_service=by_service) and is_closed(slow)


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"\r\n\r\n"], ids=["nothing", "a line", "lines"])
@pytest.mark.parametrize("drop", [b"", b"\r\n"], ids=["and stops", "and drips empty lines"])
def test_a_client_that_begins_no_request_is_closed_without_a_word(
    service: WireService, sent: bytes, drop: bytes
) -> None:
    with Connection(service.open_port) as slow:
        slow.send(sent)
        with dripping(slow, drop):
            assert is_closed(slow)


@pytest.mark.parametrize(
    "sent", [b"GET /", b"GET /livez HTTP/1.1\r\nX", get(b"/livez", b"X-Long: y")[:-4]]
)
@pytest.mark.parametrize("drop", [b"", b"X"], ids=["stops", "drips"])
def test_a_head_that_does_not_end_is_answered_408(
    service: WireService, sent: bytes, drop: bytes
) -> None:
    assert is_given_up(service, sent, drop, by_service=False)


@pytest.mark.parametrize(
    ("headers", "most"),
    [(b"X-Junk: " + b"a" * 9_000, 50_000), (b"a:\r\n" * 100 + b"a:", 70_000)],
    ids=["a long one", "many short ones"],
)
def test_heads_that_do_not_end_are_held_in_so_much_memory_and_no_more(
    service: WireService, headers: bytes, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "MOST_OF_HEADS", most)
    whole = get(b"/livez", headers)
    with ExitStack() as stack:
        slow = [stack.enter_context(Connection(service.open_port)) for _ in range(6)]
        for number, connection in enumerate(slow):
            connection.send(get(b"/livez") * (number == 0) + whole[:-4])
        answers = [connection.answer() for connection in slow]
    eventually(lambda: SHORT.heads == 0)
    statuses = [answer and answer.status for answer in answers]
    assert sorted(statuses) == [200, 408, 408, 408, 408, 503]


def test_a_head_of_usual_length_is_read_however_many_there_are_that_do_not_end(
    service: WireService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "MOST_OF_HEADS", 0)
    head = get(b"/livez", b"X-Junk: " + b"a" * 7_000)
    with Connection(service.open_port) as usual:
        for part in (head[:5_000], head[5_000:-2], head[-2:]):
            usual.send(part)
            time.sleep(DRIP_SECONDS)
        answer = usual.answer()
    assert answer is not None
    assert answer.status == 200


def test_half_a_head_behind_a_whole_request_leaves_that_its_answer(service: WireService) -> None:
    with Connection(service.open_port) as slow:
        slow.send(get(b"/livez") + get(b"/livez")[:9])
        answer = slow.answer()
        assert answer is not None
        assert answer.status == 200
        assert is_too_slow(slow.answer(), by_service=False)
        assert is_closed(slow)


@pytest.mark.parametrize(
    ("sent", "drop"),
    [
        (LONG, b""),
        (LONG, b" "),
        (post(LIVE, READING)[:-1], b""),
        (PUSH, b""),
        (PUSH, b"1\r\n \r\n"),
        (PUSH + chunk(READING) + b"\r\n", b""),
        (PUSH + chunk(READING) + b"\r\n", b"0"),
        (PUSH + b"5", b";extension"),
        (PUSH + chunk(READING) + b"\r\n0\r\n", b"X-Trailer: y\r\n"),
        (post(LIVE, READING, b"Expect: 100-continue")[:-len(READING)], b""),
    ],
    ids=[
        "a length, nothing", "a length, drips", "all but a byte", "chunks, nothing",
        "chunks, drips", "no last chunk", "a last chunk of many digits",
        "an endless extension of a chunk", "endless trailers", "after 100 Continue",
    ],
)  # fmt: skip
def test_a_body_that_does_not_end_is_answered_408(
    service: WireService, sent: bytes, drop: bytes
) -> None:
    assert is_given_up(service, sent, drop, by_service=True)


def test_a_body_that_comes_fast_enough_may_take_longer_than_the_time(service: WireService) -> None:
    body = b" " * 1000 + READING
    began = time.monotonic()
    with Connection(service.open_port) as slow:
        sent = post(LIVE + b"?dry_run=true", body)
        for at in range(0, len(sent), 100):
            slow.send(sent[at : at + 100])
            time.sleep(0.1)
        answer = slow.answer()
    assert answer is not None
    assert answer.status == 200
    assert time.monotonic() - began > 2 * BODY_SECONDS


@pytest.mark.parametrize("drop", [b"", b" " * 10_000], ids=["stops", "goes on"])
def test_the_rest_of_what_has_been_refused_is_not_waited_for(
    service: WireService, drop: bytes
) -> None:
    with Connection(service.locked_port) as slow:
        slow.send(LONG.replace(b"60000", b"99999999999"))
        refused = slow.answer()
        assert refused is not None
        assert refused.status in (401, 413)
        with dripping(slow, drop), suppress(CutShort):
            assert is_closed(slow)


def test_a_get_whose_body_does_not_come_is_answered_and_closed(service: WireService) -> None:
    with Connection(service.open_port) as slow:
        slow.send(get(b"/livez", b"Content-Length: 10"))
        answer = slow.answer()
        assert answer is not None
        assert answer.status == 200
        assert is_closed(slow)


@pytest.mark.parametrize("sent", [LONG, get(b"/livez")[:9], PUSH + b"5\r\nab"])
def test_a_client_that_hangs_up_is_forgotten(service: WireService, sent: bytes) -> None:
    with Connection(service.open_port) as half:
        half.send(sent)
        half.half_close()
        assert is_closed(half)
    eventually(lambda: SHORT.open == 0)


def test_requests_in_line_are_read_while_they_are_few_and_all_answered(
    service: WireService,
) -> None:
    with Connection(service.open_port) as eager:
        thread = threading.Thread(target=eager.send, args=(get(b"/livez") * 3_000,))
        thread.start()
        statuses = [answer.status for _ in range(3_000) if (answer := eager.answer())]
        thread.join()
        assert statuses == [200] * 3_000
        eager.send(get(b"/readyz"))
        after = eager.answer()
        assert after is not None
        assert after.status == 200


def test_a_client_that_does_not_read_is_cut(service: WireService) -> None:
    before = SHORT.cut["answer"]
    with small_socket(service.open_port) as deaf:
        deaf.sendall(get(b"/openapi.json") * 100)
        eventually(lambda: SHORT.cut["answer"] == before + 1)
    eventually(lambda: SHORT.open == 0)


def test_a_client_that_reads_slowly_but_steadily_is_served(service: WireService) -> None:
    with small_socket(service.open_port) as slow:
        slow.sendall(get(b"/openapi.json") * 3 + get(b"/livez", b"Connection: close"))
        parts: list[bytes] = []
        while part := slow.recv(20_000):
            parts.append(part)
            time.sleep(0.05)
    assert b"".join(parts).count(b"HTTP/1.1 200 OK") == 4


@contextmanager
def small_socket(port: int) -> Iterator[socket.socket]:
    """A connection whose kernel takes little that has not been read."""
    with socket.socket() as small:
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        small.settimeout(10)
        small.connect(("127.0.0.1", port))
        yield small


def test_beyond_the_most_connections_each_is_told_503(service: WireService) -> None:
    before = SHORT.cut["full"]
    with many(service.open_port, SHORT.max_connections):
        eventually(lambda: SHORT.open == SHORT.max_connections)
        with Connection(service.open_port) as surplus:
            refused = surplus.answer()
            assert refused is not None
            assert (refused.status, slug(refused)) == (503, "overloaded")
            assert refused.headers["retry-after"] in {"1", "2", "3"}
            assert is_closed(surplus)
    eventually(lambda: SHORT.open == 0)
    assert SHORT.cut["full"] == before + 1
    with Connection(service.open_port) as later:
        later.send(get(b"/livez"))
        answer = later.answer()
        assert answer is not None
        assert answer.status == 200


@contextmanager
def many(port: int, number: int) -> Iterator[None]:
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in repeat(None, number)]
    try:
        yield
    finally:
        for connection in connections:
            connection.close()


def test_each_reason_for_a_cut_is_counted(service: WireService) -> None:
    with Connection(service.open_port) as asking:
        asking.send(get(b"/metrics"))
        page = asking.answer()
    assert page is not None
    for reason in CUT:
        assert f'sitewatt_connections_cut_total{{reason="{reason}"}}'.encode() in page.body


@pytest.mark.parametrize(
    ("refusal", "slug_"),
    [(refusals.late, "request-timeout"), (partial(refusals.full, "connections"), "overloaded")],
)
def test_what_the_server_itself_refuses_is_a_problem_of_the_contract(
    refusal: Callable[[refusals.Headers], bytes], slug_: str
) -> None:
    head_, _, body = refusal([(b"date", b"now")]).partition(b"\r\n\r\n")
    problem, declared = json.loads(body), BUNDLE["x-problem-types"][slug_]
    assert problem["type"] == f"/problems/{slug_}"
    assert (problem["title"], problem["status"]) == (declared["title"], declared["status"])
    assert head_.startswith(b"HTTP/1.1 %d " % declared["status"])
    assert BUNDLE["components"]["schemas"]["Problem"]["required"] == [*problem]
