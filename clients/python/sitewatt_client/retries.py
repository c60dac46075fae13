"""Which requests are sent again, and when.

What was surely not done is sent again whatever it is: no connection was made, or the answer is 429,
or a 503 whose problem is `overloaded`: the service says it before it does anything.
Where nobody knows (a broken connection, no answer in time, 502, 503, 504), only what counts once
however often it is sent:

- whatever reads;
- readings pushed with `on_conflict=reject`: the same again is no change; and every dry run;
- a configuration: the same again makes no revision;
- sites with ids of their own: the same again is no change.

Not `on_conflict=replace` (it would undo what somebody else has corrected since), not sites without
an id (each post makes another), not changing or deleting (the second answer would be about
something else). These are the caller's decision, who gets the error.
"""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from sitewatt_client.errors import Problem, SitewattError
from sitewatt_client.request import Request

NOT_DONE = frozenset({429})
KINDS_NOT_DONE = frozenset({"overloaded"})
NOBODY_KNOWS = frozenset({502, 503, 504})
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 15.0


def counts_once(request: Request[Any]) -> bool:
    """Return whether it is the same to send the request once or several times."""
    if request.method == "GET" or request.query.get("dry_run") is True:
        return True
    if request.operation in ("push_live", "push_fleet"):
        return request.query.get("on_conflict") != "replace"
    if request.operation == "create_sites":
        sites = request.body.get("sites", [request.body])
        return all("id" in site for site in sites)
    return request.operation == "push_configuration"


def may_repeat(request: Request[Any], status: int, error: SitewattError) -> bool:
    """Return whether an answer of this status and kind is a reason to send the request again."""
    if status in NOT_DONE or (isinstance(error, Problem) and error.kind in KINDS_NOT_DONE):
        return True
    return status in NOBODY_KNOWS and counts_once(request)


def pause(attempt: int, headers: Mapping[str, str]) -> float:
    """Return the seconds to wait before another attempt; the first was number 0.

    At least what Retry-After says. The rest is random, so that a fleet that was cut off together
    does not come back together.
    """
    backoff = min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)
    asked = _retry_after(headers)
    return asked + random.uniform(0, backoff)  # noqa: S311 - nothing secret about it


def _retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds that Retry-After asks for; a moment is one on the clock of who sent it."""
    value = headers.get("Retry-After", "")
    if value.isdecimal():
        return float(value)
    moment, now = _moment(value), _moment(headers.get("Date", "")) or datetime.now(UTC)
    return 0.0 if moment is None else max(0.0, (moment - now).total_seconds())


def _moment(date: str) -> datetime | None:
    """Return the moment of an HTTP date, None for what is none."""
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    # `-0000`: UTC, of an unknown place
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
