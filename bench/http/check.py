"""Whether the servers do the same: what each takes, what each refuses, what each says."""

import json
from collections.abc import Iterator

from bench.common.client import UnexpectedAnswer, exchange
from bench.common.messages import message
from bench.common.servers import Server
from bench.http.corpus import LATEST, Measured, bad, beyond, good


def findings(server: Server, requests: list[Measured]) -> Iterator[str]:
    """Yield where a server does not do what all are to do."""
    for request in requests:
        yield from _answers(server, request)
    for name, sent in good():
        status = exchange(server.port, sent).status
        if status not in (200, 201):
            yield f"refuses {name} ({status})"
    for name, status in statuses(server, [(refused.name, refused.message) for refused in bad()]):
        if not 400 <= status < 500:
            yield f"answers {name} with {status}"


def laxities(server: Server) -> list[str]:
    """Return what sitewatt refuses and this server takes, or answers with a 500."""
    sent = [(request.name, request.message) for request in beyond()]
    return [f"{name} ({status})" for name, status in statuses(server, sent) if not _refused(status)]


def reply_findings(server: Server) -> Iterator[str]:
    """Yield where a server, on a store whose answers break the contract, passes them on."""
    status = exchange(server.port, message("GET", LATEST)).status
    if status < 500:
        yield f"answers {status} with a reading that breaks the contract"


def statuses(server: Server, sent: list[tuple[str, bytes]]) -> Iterator[tuple[str, int]]:
    """Yield the status that each request gets."""
    for name, message_ in sent:
        yield name, exchange(server.port, message_).status


def _answers(server: Server, request: Measured) -> Iterator[str]:
    try:
        answer = exchange(server.port, request.messages[0])
    except UnexpectedAnswer as error:
        yield f"{request.name}: {error}"
        return
    if answer.status != request.status or json.loads(answer.body) != request.answer:
        yield f"{request.name}: {answer.status} {answer.body.decode()[:300]}"
    if not answer.headers.get("x-request-id"):
        yield f"{request.name}: no X-Request-Id"
    tagged = request.messages[0].replace(b"\r\n", b"\r\nX-Request-Id: ours-1\r\n", 1)
    if exchange(server.port, tagged).headers.get("x-request-id") != "ours-1":
        yield f"{request.name}: another X-Request-Id than the request brought"


def _refused(status: int) -> bool:
    return 400 <= status < 500
