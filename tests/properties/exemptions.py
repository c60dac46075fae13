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

EXEMPTIONS = (
    Exemption(
        "response_schema_conformance",
        "get_openapi_yaml",
        200,
        "the contract describes YAML as the text it is; schemathesis parses it into an object",
    ),
    Exemption(
        "positive_data_acceptance",
        "update_site",
        412,
        "whether an entity tag is the one of the present state, no schema can say",
        problem="precondition-failed",
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
