"""The failures of checks that are right as they are, each as narrow as can be, with its reason."""

from typing import Any, NamedTuple


class Exemption(NamedTuple):
    """What a check reports of an operation's answer, and why that is no fault.

    `problem` is the type of the answer when it is a problem document; `after` is the operation
    that the check blames when it is an earlier one.
    """

    check: str
    operation_id: str
    status: int
    reason: str
    problem: str | None = None
    after: str | None = None


_A_RANGE = "delete_readings empties a range of the readings; the list of them stays"
_ROTATED = "a key that was rotated or revoked in between is gone"
_NOT_THERE = "which sites there are, and what they have, no schema can say"
_KNOWN = "the request says which state the client has, and that is the present one"

_OF_A_SITE = (
    "get_site",
    "update_site",
    "delete_site",
    "push_configuration",
    "get_configuration",
    "list_configuration_revisions",
    "get_configuration_revision",
    "push_live",
    "get_latest_reading",
    "list_readings",
    "delete_readings",
    "aggregate_readings",
    "list_gaps",
)
_WITH_ENTITY_TAG = (
    "get_site",
    "get_configuration",
    "get_configuration_revision",
    "list_readings",
    "get_openapi_json",
    "get_openapi_yaml",
)


def _refused(operation_id: str, status: int, problem: str, reason: str) -> Exemption:
    """Return the exemption of a request that is valid, and that the store refuses."""
    return Exemption("positive_data_acceptance", operation_id, status, reason, problem)


EXEMPTIONS = (
    Exemption(
        "response_schema_conformance",
        "get_openapi_yaml",
        200,
        "the contract describes YAML as the text it is; schemathesis parses it into an object",
    ),
    *(Exemption("positive_data_acceptance", name, 304, _KNOWN) for name in _WITH_ENTITY_TAG),
    *(_refused(name, 404, "unknown-site", _NOT_THERE) for name in _OF_A_SITE),
    _refused("get_configuration", 404, "no-configuration", _NOT_THERE),
    _refused("get_configuration_revision", 404, "unknown-revision", _NOT_THERE),
    _refused("get_latest_reading", 404, "no-readings", _NOT_THERE),
    _refused("create_sites", 409, "sites-exist", _NOT_THERE),
    _refused("create_sites", 409, "site-being-deleted", _NOT_THERE),
    _refused("push_live", 409, "readings-conflict", _NOT_THERE),
    _refused("push_fleet", 404, "unknown-sites", _NOT_THERE),
    _refused("revoke_key", 404, "unknown-key", _NOT_THERE),
    _refused("rotate_key", 404, "unknown-key", _NOT_THERE),
    _refused("push_fleet", 409, "readings-conflict", _NOT_THERE),
    _refused(
        "push_configuration",
        409,
        "too-many-revisions",
        "how many revisions a site has, no schema can say",
    ),
    _refused(
        "update_site",
        412,
        "precondition-failed",
        "whether an entity tag is the one of the present state, no schema can say",
    ),
    Exemption(
        "negative_data_rejection",
        "update_site",
        428,
        "the lack of If-Match is a refusal of its own (RFC 6585), which prints the header to add",
        problem="precondition-required",
    ),
    Exemption(
        "negative_data_rejection",
        "update_site",
        404,
        "without If-Match, a site that is gone is told first",
        problem="unknown-site",
    ),
    Exemption(
        "negative_data_rejection",
        "push_fleet",
        413,
        "a list that is too long may be more bytes than are taken, and that is told first",
        problem="too-large",
    ),
    *(
        Exemption("ensure_resource_availability", name, 404, _ROTATED, "unknown-key", "POST /keys")
        for name in ("revoke_key", "rotate_key")
    ),
    Exemption(
        "use_after_free", "list_readings", 200, _A_RANGE, after="DELETE /sites/{site_id}/live"
    ),
    Exemption(
        "use_after_free", "list_readings", 304, _A_RANGE, after="DELETE /sites/{site_id}/live"
    ),
    Exemption(
        "use_after_free", "get_latest_reading", 200, _A_RANGE, after="DELETE /sites/{site_id}/live"
    ),
)


def is_exempt(failure: Any, case: Any, response: Any) -> bool:
    """Return whether the table has the failure."""
    operation_id = case.operation.definition.raw["operationId"]
    return any(
        entry.check in failure.checks
        and entry.operation_id == operation_id
        and entry.status == response.status_code
        and (entry.problem is None or entry.problem == _problem(response))
        and (entry.after or case.operation.label) == failure.operation
        for entry in EXEMPTIONS
    )


def _problem(response: Any) -> str:
    slug: str = response.json()["type"].removeprefix("/problems/")
    return slug
