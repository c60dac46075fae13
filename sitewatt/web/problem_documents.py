"""Problem documents (RFC 9457): every error as the contract says an error looks."""

import logging
import random
from collections.abc import Callable
from typing import Any

import orjson

from handlers.replies import Response
from sitewatt.contract import Contract
from sitewatt.contract.schema import Schema, resolved
from sitewatt.contract.vocabulary import UNTIMED
from sitewatt.observability import trace_id
from sitewatt.problems import INTERNAL, Problem, problem_of
from storage import Unavailable

logger = logging.getLogger(__name__)

_ROOM_FOR_MORE = len(b',"errors":[],"more":true')


class ProblemDocuments:
    """Writes problems with the titles, statuses and limits of the contract, and counts them.

    `among` chooses the seconds of `Retry-After` between two numbers, both included.
    """

    def __init__(
        self,
        contract: Contract,
        count: Callable[[Problem], None] = lambda problem: None,
        *,
        among: Callable[[int, int], int] = random.randint,
    ) -> None:
        components = contract.bundle["components"]
        self._types = contract.problem_types
        self._count = count
        self._among = among
        self._most_bytes = contract.limits["problem_bytes"]
        self._most_faults = contract.limits["faults"]
        self._schema = Schema(resolved(components["schemas"]["Problem"], components))

    def answer(self, error: BaseException, request_id: str) -> Response:
        """Return the document for what was raised; a bug is logged, and said to be one."""
        problem = problem_of(error)
        self._count(problem or INTERNAL)
        if problem is None:
            logger.error("a bug in request %s", request_id, exc_info=error)
        if isinstance(error, Unavailable):
            logger.warning("the database is not available: %s", error.reason)
        return self._document(problem or INTERNAL, request_id)

    def _document(self, problem: Problem, request_id: str) -> Response:
        kind = self._types[problem.slug]
        document: dict[str, Any] = {
            "type": f"/problems/{problem.slug}",
            "title": kind["title"],
            "status": kind["status"],
            "detail": problem.detail,
            "request_id": request_id,
            **({"trace_id": trace} if (trace := trace_id.get()) else {}),
            **problem.members,
        }
        document |= self._errors(problem, self._most_bytes - len(orjson.dumps(document)))
        if not self._schema.accepts(document, UNTIMED):
            logger.error("a bug: the problem of request %s breaks the contract", request_id)
            return self._document(INTERNAL, request_id)
        headers = {"Content-Type": "application/problem+json", **problem.headers}
        if problem.retry_after is not None:
            headers["Retry-After"] = str(self._among(*problem.retry_after))
        return Response(kind["status"], orjson.dumps(document), headers)

    def _errors(self, problem: Problem, room: int) -> dict[str, Any]:
        """Return `errors`, as many as there is room for, and `more` when there are others."""
        errors: list[dict[str, str]] = []
        room -= _ROOM_FOR_MORE
        for members in (fault.members() for fault in problem.faults[: self._most_faults]):
            room -= len(orjson.dumps(members)) + 1
            if room < 0:
                break
            errors.append(members)
        more = problem.more or len(errors) < len(problem.faults)
        return {**({"errors": errors} if errors else {}), **({"more": True} if more else {})}
