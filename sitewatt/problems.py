"""Problems: the one table that maps what was raised to what is answered.

Statuses and titles are the contract's (`x-problem-types`); here stand the sentences and what goes
with them. What is not in the table is a bug, and told to nobody.
"""

from asyncio import CancelledError
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.exceptions import HTTPException

from handlers.columns import conflict_members, receipt_members
from handlers.cursors import UnreadableCursor
from handlers.preconditions import PreconditionFailed, PreconditionRequired
from sitewatt import contract
from sitewatt.admission import Overloaded, TooManyRequests, UrlTooLong
from sitewatt.auth import Forbidden, ForeignRequest, Unauthenticated
from sitewatt.contract import Fault
from sitewatt.hindrances import in_words
from sitewatt.readiness import Ending
from sitewatt.web.bodies import BodyTooLarge, BodyTooSlow, ClientGone, EncodingNotTaken, NotGzip
from sitewatt.web.documents import UnknownProblem, UnknownSchema
from storage import errors as store
from storage.receipts import joined

RETRY_AFTER_SECONDS = (1, 3)
"""When a client may ask again after a 503, at the earliest and the latest.

A restart of the database takes about so long. Each is told a time of its own, so that a fleet that
was refused at once does not come back at once.
"""


@dataclass(frozen=True)
class Problem:
    """What to answer: a type of the contract, a sentence, and what goes with it."""

    slug: str
    detail: str
    members: Mapping[str, Any] = field(default_factory=dict[str, Any])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    faults: tuple[Fault, ...] = ()
    more: bool = False
    retry_after: tuple[int, int] | None = None
    """The seconds among which chance chooses those of `Retry-After`, both included."""


INTERNAL = Problem("internal", "Something went wrong here. It has been logged with the request id.")


def problem_of(error: BaseException) -> Problem | None:
    """Return the problem that the error is, by its class or the nearest base; None for a bug."""
    for kind in type(error).__mro__:
        if kind in _TABLE:
            return _TABLE[kind](error)
    return None


def _said(slug: str, sentence: str) -> Callable[[Any], Problem]:
    """Return the row of an error that needs no more than a sentence, with the error as `{0}`."""
    return lambda error: Problem(slug, sentence.format(error))


def _not_json(error: contract.NotJson) -> Problem:
    fault = Fault("body", "", "json", error.detail, error.hint)
    return Problem("not-json", error.detail, faults=(fault,))


def _invalid_body(error: contract.InvalidBody) -> Problem:
    number = len(error.faults)
    counted = "one fault" if number == 1 else f"{number} faults"
    detail = f"The body has {'more than ' if error.more else ''}{counted}; nothing was stored."
    return Problem("invalid-body", detail, faults=tuple(error.faults), more=error.more)


def _bad_parameters(error: contract.BadParameters) -> Problem:
    names = ", ".join(f"`{fault.place}`" for fault in error.faults)
    detail = f"Wrong in the URL or a header: {names}."
    return Problem("bad-parameter", detail[:1000], faults=tuple(error.faults))


def _unreadable_cursor(error: UnreadableCursor) -> Problem:
    hint = "take it as it is from the Link header of the page before"
    fault = Fault("query", "cursor", "cursor", "was not given out by this service", hint)
    return _bad_parameters(contract.BadParameters([fault]))


def _method_not_allowed(error: contract.MethodNotAllowed) -> Problem:
    allowed = ", ".join(error.allowed)
    return Problem("method-not-allowed", f"This path takes {allowed}.", headers={"Allow": allowed})


def _media_type(error: contract.MediaTypeNotTaken) -> Problem:
    taken = ", ".join(error.taken)
    detail = f"Send the body as Content-Type: {' or '.join(error.taken)}."
    return Problem("unsupported-media-type", detail, headers={error.header: taken})


def _not_acceptable(error: contract.NotAcceptable) -> Problem:
    offered = " or ".join(error.offered)
    detail = f"The answer would be {offered}; name it in Accept, or leave Accept out."
    return Problem("not-acceptable", detail)


def _encoding(error: EncodingNotTaken) -> Problem:
    detail = "Send the body as it is, without Content-Encoding, or as Content-Encoding: gzip."
    headers = {"Accept-Encoding": "gzip, identity"}
    return Problem("unsupported-media-type", detail, headers=headers)


def _unauthenticated(error: Unauthenticated) -> Problem:
    headers = {"WWW-Authenticate": 'Bearer realm="sitewatt"'}
    return Problem("unauthenticated", error.detail, headers=headers)


def _forbidden(error: Forbidden) -> Problem:
    scopes = ", ".join(error.scopes)
    return Problem("forbidden", f"The key does not have the scope that this needs: {scopes}.")


def _first_key(error: contract.FirstKeyLacks) -> Problem:
    detail = (
        f"Without any key in the server, the new one needs `{error.value}` in `{error.member}`:"
        " else nobody could make another."
    )
    return Problem("first-key", detail)


def _keys_exist(error: store.KeysExist) -> Problem:
    return _unauthenticated(Unauthenticated("There is a key by now: send one with the request."))


def _precondition_required(error: PreconditionRequired) -> Problem:
    detail = f"Say which state you change by the header If-Match: {error.etag}"
    headers = {"ETag": error.etag}
    return Problem("precondition-required", detail, {"current": error.current}, headers)


def _precondition_failed(error: PreconditionFailed) -> Problem:
    detail = f"The site has changed since; what it is now has the ETag {error.etag}."
    headers = {"ETag": error.etag}
    return Problem("precondition-failed", detail, {"current": error.current}, headers)


def _sites_exist(error: store.SitesExist) -> Problem:
    detail = "Sites with these ids exist and are not the ones sent; nothing was created."
    return Problem("sites-exist", detail, {"site_ids": list(error.site_ids)})


def _site_being_deleted(error: store.SiteBeingDeleted) -> Problem:
    detail = "These sites are being deleted; their ids are free again in some seconds."
    return Problem("site-being-deleted", detail, {"site_ids": list(error.site_ids)})


def _readings_conflict(error: store.ReadingsConflict) -> Problem:
    number = error.receipt.conflicts
    detail = (
        f"{number} of {error.receipt.received} readings differ from the one stored for their stamp;"
        " no stored value was changed, and the other readings are stored."
        " To correct stored readings, push with on_conflict=replace."
    )
    conflicts = [conflict_members(conflict) for conflict in error.conflicts]
    members = {"receipt": receipt_members(error.receipt), "conflicts": conflicts}
    more = {"more": True} if number > len(conflicts) else {}
    return Problem("readings-conflict", detail, {**members, **more})


def _fleet_conflict(error: store.FleetConflict) -> Problem:
    receipts = [receipt for receipt in error.receipts.values() if receipt.received]
    whole = store.ReadingsConflict(joined(receipts), [])
    problem = _readings_conflict(whole)
    conflicts = [{"id": site_id, **conflict_members(one)} for site_id, one in error.conflicts]
    members = {**problem.members, "conflicts": conflicts}
    if whole.receipt.conflicts == len(conflicts):
        members.pop("more", None)
    return replace(problem, members=members)


def _unknown_sites(error: store.UnknownSites) -> Problem:
    detail = "There are no sites with these ids; nothing was stored."
    return Problem("unknown-sites", detail, {"site_ids": list(error.site_ids)})


def _too_many_requests(error: TooManyRequests) -> Problem:
    """Return a refusal until there is a new quota, and a little longer: not all come then."""
    counted = _COUNTED[error.name].format(error.rate)
    detail = f"There were {counted}; wait for {error.seconds} seconds."
    retry_after = (error.seconds, error.seconds + RETRY_AFTER_SECONDS[1] - RETRY_AFTER_SECONDS[0])
    return Problem("too-many-requests", detail, retry_after=retry_after)


_COUNTED = {
    "key": "more than {} requests with this key",
    "address": "more than {} requests from this address",
    "wrong-keys": "{} wrong keys from this address",
}


def _full(error: Overloaded) -> Problem:
    detail = f"This server has as many {error.what} as it can hold just now; nothing was done."
    return Problem("overloaded", detail, retry_after=RETRY_AFTER_SECONDS)


def _unavailable(sentence: str, **headers: str) -> Callable[[Any], Problem]:
    """Return the row of an error after which a request can be sent again, a little later."""
    problem = Problem("unavailable", sentence, headers=headers, retry_after=RETRY_AFTER_SECONDS)
    return lambda _: problem


_NOBODY_KNOWS = (
    "nobody knows whether this was stored. Send it again: readings, configurations and sites with"
    " an id of your own count once."
)
_NO_ANSWER = _unavailable(f"The database does not answer, so {_NOBODY_KNOWS}")


def _not_ready(error: store.NotReady) -> Problem:
    return _hindered(error.kind)


def _ending(_: Ending) -> Problem:
    return _hindered("ending")


def _hindered(kind: str) -> Problem:
    said = {"kind": kind}
    return Problem("unavailable", in_words(kind), said, retry_after=RETRY_AFTER_SECONDS)


_TABLE: Mapping[type[BaseException], Callable[[Any], Problem]] = {
    contract.NotJson: _not_json,
    contract.InvalidBody: _invalid_body,
    contract.BadParameters: _bad_parameters,
    contract.UnknownPath: _said("unknown-path", "There is nothing at this path; see /docs."),
    contract.MethodNotAllowed: _method_not_allowed,
    contract.MediaTypeNotTaken: _media_type,
    contract.NotAcceptable: _not_acceptable,
    HTTPException: _said("bad-request", "The request cannot be read."),
    ClientGone: _said("bad-request", "The client hung up before its request was whole."),
    BodyTooSlow: _said(
        "request-timeout", "The rest of the body did not come in time; nothing was stored."
    ),
    BodyTooLarge: _said("too-large", "A body has at most {0.limit} bytes; send it in parts."),
    EncodingNotTaken: _encoding,
    NotGzip: _said("bad-request", "The body {0}."),
    UrlTooLong: _said("uri-too-long", "Path and query have at most {0.limit} bytes together."),
    TooManyRequests: _too_many_requests,
    Overloaded: _full,
    Unauthenticated: _unauthenticated,
    Forbidden: _forbidden,
    contract.NeedsAllSites: _said(
        "forbidden", "The key is bound to sites, and this is about none: it needs a key for all."
    ),
    contract.FirstKeyLacks: _first_key,
    ForeignRequest: _said("forbidden", "{0.detail}"),
    UnreadableCursor: _unreadable_cursor,
    PreconditionRequired: _precondition_required,
    PreconditionFailed: _precondition_failed,
    UnknownSchema: _said("unknown-schema", "The contract has no schema of that name."),
    UnknownProblem: _said("unknown-problem", "There is no problem of that type."),
    store.UnknownSite: _said("unknown-site", "There is no site {0.site_id}."),
    store.SitesExist: _sites_exist,
    store.SiteBeingDeleted: _site_being_deleted,
    store.NoIdsLeft: _said("sites-exist", "The server has no id left to give; name one yourself."),
    store.NoConfiguration: _said(
        "no-configuration", "Site {0.site_id} had no configuration in force at that time."
    ),
    store.UnknownRevision: _said(
        "unknown-revision", "The history of site {0.site_id} has no revision {0.revision}."
    ),
    store.TooManyRevisions: _said(
        "too-many-revisions", "Site {0.site_id} has {0.limit} revisions, as many as are kept."
    ),
    store.NoReadings: _said("no-readings", "Site {0.site_id} has no reading yet."),
    store.UnknownTimeZone: _said(
        "unknown-time-zone", "This server does not know the time zone of site {0.site_id}."
    ),
    store.ReadingsConflict: _readings_conflict,
    store.FleetConflict: _fleet_conflict,
    store.UnknownSites: _unknown_sites,
    store.UnknownKey: _said("unknown-key", "There is no key {0.key_id}."),
    store.KeysExist: _keys_exist,
    store.Overloaded: _unavailable(
        "More readings come in than the database takes just now. Send these again a little later;"
        " what of them may be stored already counts once."
    ),
    store.NotReady: _not_ready,
    Ending: _ending,
    store.UnknownFormat: _unavailable(
        "A newer version of sitewatt wrote some of this, and this one cannot read it."
    ),
    store.Unavailable: _NO_ANSWER,
    store.UnsuitableServer: _NO_ANSWER,
    # Who has sent more requests behind it on the connection knows by its end that they had none.
    CancelledError: _unavailable(
        f"This process has ended before it had an answer, so {_NOBODY_KNOWS}", Connection="close"
    ),
}
