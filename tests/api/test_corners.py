"""What hardly ever happens to an answer: problems too large or wrong, late errors, lost clients."""

import asyncio
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from api_service import CONTRACT
from test_protocol import Played, Wire

from handlers.replies import Stream
from sitewatt.admission import Admission, Limits
from sitewatt.auth import OpenToThisMachine
from sitewatt.contract import Fault, MethodNotAllowed
from sitewatt.metrics.requests import Requests
from sitewatt.problems import Problem
from sitewatt.web import problem_documents
from sitewatt.web.envelope import Envelope
from sitewatt.web.exchange import Exchange
from sitewatt.web.problem_documents import ProblemDocuments
from sitewatt.web.protocol import Connection
from sitewatt.web.streams import send_stream

SCOPE: dict[str, Any] = {
    "type": "http", "method": "GET", "path": "/", "query_string": b"",
    "headers": [(b"host", b"localhost")],
}  # fmt: skip


def document_of(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> tuple[int, dict[str, Any]]:
    """Return the status and the document of a problem, whatever was raised."""
    monkeypatch.setattr(problem_documents, "problem_of", lambda error: problem)
    answer = ProblemDocuments(CONTRACT).answer(ValueError(), "r" * 8)
    document: dict[str, Any] = orjson.loads(answer.content)
    assert len(answer.content) <= CONTRACT.limits["problem_bytes"]
    return answer.status, document


def test_a_problem_that_breaks_the_contract_is_told_as_an_internal_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = Problem("unknown-site", "There is none." * 100)
    status, document = document_of(wrong, monkeypatch)
    assert (status, document["type"]) == (500, "/problems/internal")
    assert "breaks the contract" in caplog.text


def test_faults_that_have_no_room_are_left_out_and_said_to_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    faults = tuple(Fault("body", f"/{n}", "type", "x" * 500) for n in range(100))
    status, document = document_of(Problem("invalid-body", "Wrong.", faults=faults), monkeypatch)
    assert status == 422
    assert document["more"] is True
    assert 50 < len(document["errors"]) < 100


async def test_an_error_after_the_head_of_an_answer_is_not_answered_again() -> None:
    sent: list[Any] = []

    async def failing(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        raise MethodNotAllowed(("GET",))

    async def send(message: Any) -> None:
        sent.append(message["type"])

    envelope = Envelope(
        failing,
        authority=OpenToThisMachine(),
        admission=Admission(CONTRACT, Limits()),
        problems=ProblemDocuments(CONTRACT),
        requests=Requests(CONTRACT),
        least_coded_bytes=1000,
    )
    with pytest.raises(MethodNotAllowed):
        await envelope(dict(SCOPE), asyncio.Event().wait, send)  # type: ignore[arg-type]
    assert sent.count("http.response.start") == 1


class Pieces:
    """Pieces that nothing has to close: an iterator and no generator."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def __aiter__(self) -> "Pieces":
        return self

    async def __anext__(self) -> bytes:
        for piece in self._pieces:
            return piece
        raise StopAsyncIteration


async def test_pieces_that_cannot_be_closed_are_sent_all_the_same() -> None:
    sent: list[bytes] = []

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    async def receive() -> Any:
        await asyncio.Event().wait()

    await send_stream(Stream(200, Pieces(iter([b"a", b"b"])), {}), SCOPE, receive, send)
    assert b"".join(sent) == b"ab"


async def test_a_connection_that_is_closing_is_not_closed_again_when_its_time_is_up() -> None:
    played = Played(Connection)
    await played.ask()
    played.wire.closed = True
    closed = []
    played.wire.close = lambda: closed.append(True)
    played.clock.advance(1006)
    assert closed == []


def test_a_connection_that_is_closing_is_not_reset() -> None:
    exchange: Any = Exchange.__new__(Exchange)
    exchange.transport = Wire()
    exchange.transport.closed = True
    exchange._reset()  # Neither socket nor abort is there to be used.
    assert exchange.transport.written == b""
