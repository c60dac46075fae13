"""Problems: every error as RFC 9457 has it. One table maps what was raised to what is answered.

Statuses and titles are the contract's (`x-problem-types`). What is not in the table is a bug: it is
logged with its request id and told to nobody.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson

from handlers.columns import conflict_members, receipt_members
from handlers.cursors import UnreadableCursor
from handlers.preconditions import PreconditionFailed, PreconditionRequired
from handlers.replies import Response
from sitewatt.auth import Forbidden, ForeignRequest, Unauthenticated
from sitewatt.contract import (
    BadParameters,
    Contract,
    Fault,
    InvalidBody,
    MediaTypeNotTaken,
    MethodNotAllowed,
    NotJson,
    Request,
    UnknownPath,
)
from sitewatt.contract.schema import Schema, resolved
from sitewatt.web.bodies import BodyTooLarge
from sitewatt.web.documents import UnknownProblem, UnknownSchema
from storage import errors as store

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 2
"""When a client may ask again after a 503: a restart of the database takes about so long."""


@dataclass(frozen=True)
class Problem:
    """What to answer: a type of the contract, a sentence, and what goes with it."""

    slug: str
    detail: str
    members: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    more: bool = False


class Problems:
    """Writes problem documents with the titles, statuses and limits of the contract."""

    def __init__(self, contract: Contract) -> None:
        self._types = contract.problem_types
        self._limits = contract.limits
        self._schema = Schema(
            resolved(
                contract.bundle["components"]["schemas"]["Problem"], contract.bundle["components"]
            )
        )

    def answer(self, error: Exception, request_id: str) -> Response:
        """Return the problem document for what was raised; never raises."""
        return self._document(self._problem(error, request_id), request_id)

    def _problem(self, error: Exception, request_id: str) -> Problem:
        for kind in type(error).__mro__:
            if kind in _TABLE:
                return _TABLE[kind](error)
        logger.error("a bug: request %s", request_id, exc_info=error)
        return _internal()

    def _document(self, problem: Problem, request_id: str) -> Response:
        kind = self._types[problem.slug]
        document = {
            "type": f"/problems/{problem.slug}",
            "title": kind["title"],
            "status": kind["status"],
            "detail": problem.detail,
            "request_id": request_id,
            **problem.members,
        }
        content = orjson.dumps(document | self._errors(problem, len(orjson.dumps(document))))
        if not self._schema.accepts(orjson.loads(content), _UNTIMED):
            logger.error(
                "a bug: the problem document of request %s breaks the contract", request_id
            )
            return self._document(_internal(), request_id)
        headers = {"Content-Type": "application/problem+json", **problem.headers}
        return Response(kind["status"], content, headers)

    def _errors(self, problem: Problem, size: int) -> dict[str, Any]:
        """Return the faults that fit into the size the contract allows a problem, and `more`."""
        if not problem.faults:
            return {}
        errors: list[dict[str, str]] = []
        room = self._limits["problem_bytes"] - size - 32
        for fault in problem.faults:
            room -= len(orjson.dumps(fault.members())) + 1
            if room < 0:
                break
            errors.append(fault.members())
        more = problem.more or len(errors) < len(problem.faults)
        return {"errors": errors, **({"more": True} if more else {})}


_UNTIMED = Request(now=0, parameters={})


@lru_cache
def _internal() -> Problem:
    return Problem("internal", "Something went wrong here. It has been logged with the request id.")


def _fault_count(faults: list[Fault], more: bool) -> str:
    if len(faults) == 1 and not more:
        return "one fault"
    return f"more than {len(faults)} faults" if more else f"{len(faults)} faults"


def _invalid_body(error: InvalidBody) -> Problem:
    detail = f"The body has {_fault_count(error.faults, error.more)}; nothing was stored."
    return Problem("invalid-body", detail, faults=tuple(error.faults), more=error.more)


def _not_json(error: NotJson) -> Problem:
    fault = Fault("body", "", "json", error.detail, error.hint)
    return Problem("not-json", error.detail, faults=(fault,))


def _bad_parameters(error: BadParameters) -> Problem:
    names = ", ".join(f"`{fault.place}`" for fault in error.faults)
    return Problem(
        "bad-parameter", f"Wrong in the URL or a header: {names}.", faults=tuple(error.faults)
    )


def _unreadable_cursor(error: UnreadableCursor) -> Problem:
    hint = "take it as it is from the Link header of the page before"
    fault = Fault("query", "cursor", "cursor", "was not given out by this service", hint)
    return _bad_parameters(BadParameters([fault]))


def _method_not_allowed(error: MethodNotAllowed) -> Problem:
    allowed = ", ".join(error.allowed)
    return Problem("method-not-allowed", f"This path takes {allowed}.", headers={"Allow": allowed})


def _media_type(error: MediaTypeNotTaken) -> Problem:
    taken = ", ".join(error.taken)
    headers = {error.header: taken}
    return Problem(
        "unsupported-media-type", f"Send the body as Content-Type: {taken}.", headers=headers
    )


def _too_large(error: BodyTooLarge) -> Problem:
    return Problem("too-large", f"A body has at most {error.limit} bytes; send it in parts.")


def _unauthenticated(error: Unauthenticated) -> Problem:
    headers = {"WWW-Authenticate": 'Bearer realm="sitewatt"'}
    return Problem("unauthenticated", error.detail, headers=headers)


def _forbidden(error: Forbidden) -> Problem:
    scopes = " or ".join(error.scopes)
    return Problem("forbidden", f"The key does not have the scope this needs: {scopes}.")


def _foreign(error: ForeignRequest) -> Problem:
    return Problem("forbidden", error.detail)


def _unknown_path(error: UnknownPath) -> Problem:
    return Problem("unknown-path", "There is nothing at this path; /docs shows what there is.")


def _unknown_site(error: store.UnknownSite) -> Problem:
    return Problem("unknown-site", f"There is no site {error.site_id}.")


def _sites_exist(error: store.SitesExist) -> Problem:
    detail = "Sites with these ids exist and are not the ones sent; none of the list was created."
    return Problem("sites-exist", detail, {"site_ids": list(error.site_ids)})


def _site_being_deleted(error: store.SiteBeingDeleted) -> Problem:
    detail = "These sites are being deleted; in a quarter of a minute their ids are free."
    return Problem("site-being-deleted", detail, {"site_ids": list(error.site_ids)})


def _no_configuration(error: store.NoConfiguration) -> Problem:
    return Problem("no-configuration", f"Site {error.site_id} had no configuration at that time.")


def _unknown_revision(error: store.UnknownRevision) -> Problem:
    detail = f"The configuration of site {error.site_id} has no revision {error.revision}."
    return Problem("unknown-revision", detail)


def _too_many_revisions(error: store.TooManyRevisions) -> Problem:
    detail = f"Site {error.site_id} has {error.limit} revisions, which is as many as are kept."
    return Problem("too-many-revisions", detail)


def _no_readings(error: store.NoReadings) -> Problem:
    return Problem("no-readings", f"Site {error.site_id} has no reading yet.")


def _readings_conflict(error: store.ReadingsConflict) -> Problem:
    number = error.receipt.conflicts
    detail = (
        f"{number} of {error.receipt.received} readings differ from the one stored for their stamp;"
        " no stored value was changed, and the other readings are stored."
        " To correct stored readings, push with on_conflict=replace."
    )
    conflicts = [conflict_members(conflict) for conflict in error.conflicts]
    members = {"receipt": receipt_members(error.receipt), "conflicts": conflicts}
    return Problem("readings-conflict", detail, members)


def _precondition_required(error: PreconditionRequired) -> Problem:
    return Problem(
        "precondition-required",
        f"Say which state you change by the header If-Match: {error.etag}",
        {"current": error.current},
        {"ETag": error.etag},
    )


def _precondition_failed(error: PreconditionFailed) -> Problem:
    return Problem(
        "precondition-failed",
        f"The site has changed since; what it is now has the ETag {error.etag}.",
        {"current": error.current},
        {"ETag": error.etag},
    )


def _unavailable(error: store.Unavailable) -> Problem:
    logger.warning("the database is not available: %s", error.reason)
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    detail = "The database does not answer; nothing was acknowledged. Ask again, it is safe."
    return Problem("unavailable", detail, headers=headers)


def _no_ids_left(error: store.NoIdsLeft) -> Problem:
    return Problem("sites-exist", "The server has no id left to give; name one yourself.")


def _unknown_schema(error: UnknownSchema) -> Problem:
    return Problem("unknown-schema", "The contract has no schema of that name.")


def _unknown_problem(error: UnknownProblem) -> Problem:
    return Problem("unknown-problem", "There is no problem of that type.")


_TABLE: Mapping[type[BaseException], Callable[[Any], Problem]] = {
    NotJson: _not_json,
    BadParameters: _bad_parameters,
    UnreadableCursor: _unreadable_cursor,
    Unauthenticated: _unauthenticated,
    Forbidden: _forbidden,
    ForeignRequest: _foreign,
    UnknownPath: _unknown_path,
    UnknownSchema: _unknown_schema,
    UnknownProblem: _unknown_problem,
    MethodNotAllowed: _method_not_allowed,
    BodyTooLarge: _too_large,
    MediaTypeNotTaken: _media_type,
    InvalidBody: _invalid_body,
    PreconditionRequired: _precondition_required,
    PreconditionFailed: _precondition_failed,
    store.UnknownSite: _unknown_site,
    store.NoConfiguration: _no_configuration,
    store.UnknownRevision: _unknown_revision,
    store.NoReadings: _no_readings,
    store.SitesExist: _sites_exist,
    store.SiteBeingDeleted: _site_being_deleted,
    store.NoIdsLeft: _no_ids_left,
    store.TooManyRevisions: _too_many_revisions,
    store.ReadingsConflict: _readings_conflict,
    store.Unavailable: _unavailable,
}
