"""What generated requests must be beyond JSON Schema, so that the service has to take them.

schemathesis knows the schemas and not the `x-` vocabulary, and draws ids of sites that nobody has
created. `fit` mends what was meant to be valid, and nothing else.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle, islice
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase

import openapi
from handlers import cursors, instants
from sitewatt.contract.formats import instant, time_zone
from sitewatt.contract.schema import resolved
from storage import COLUMNS

BUNDLE = openapi.bundle()
SITES = range(1, 61)
"""The ids of the sites that are there when a run begins; each has a revision and readings."""

KEYS = [f"{number:012x}" for number in range(1, 2_001)]
"""The ids of the keys that are there when a run of the program begins; nobody has their texts."""

_GIVEN_UP = {
    "delete_site": ("site_id", cycle(SITES[10:50])),
    "delete_readings": ("site_id", cycle(SITES[50:])),
    "revoke_key": ("key_id", cycle(KEYS[:1_000])),
    "rotate_key": ("key_id", cycle(KEYS[1_000:])),
}
"""What each operation that ends something is sent to, so that all else stays as it is."""

_STAMP = "2023-01-01 00:00:00"
_FUTURE = "2099-01-01T00:00:00Z"
_SLOT, _DAY = 600, 86_400


def _spelt(moment: int, between: str, fraction: str, offset: int | None, zulu: str) -> str:
    """Return a moment in one of the contract's spellings; the offset is in minutes."""
    local = instants.format_instant(moment + (offset or 0) * 60)[:-1].replace("T", between)
    if offset is None:
        return local + fraction + zulu
    sign, (hours, minutes) = "-" if offset < 0 else "+", divmod(abs(offset), 60)
    return f"{local}{fraction}{sign}{hours:02}:{minutes:02}"


INSTANTS = st.builds(
    _spelt,
    st.one_of(
        st.integers(0, 143).map(lambda slot: instants.parse(_STAMP) + slot * _SLOT),
        st.integers(instants.FIRST + _DAY, instants.END - 2 * _DAY),
    ),
    between=st.sampled_from("Tt "),
    fraction=st.sampled_from(("", ".0", ".000", ".00000000000000")),
    offset=st.none() | st.integers(-1439, 1439),
    zulu=st.sampled_from(("", "Z", "z")),
)
"""Times as text; half of them in the slots of one day, where they meet those of other requests."""

TIME_ZONES = st.sampled_from(("UTC", "Europe/Amsterdam", "America/St_Johns", "Asia/Kathmandu"))


ENTITY_TAGS = st.sampled_from(('"0"', 'W/"0"', '"0", "1"', "*"))


def register_formats() -> None:
    """Teach schemathesis the formats of the contract, and `entity-tags`."""
    schemathesis.openapi.format("instant", INSTANTS)
    schemathesis.openapi.format("time-zone", TIME_ZONES)
    schemathesis.openapi.format("entity-tags", ENTITY_TAGS)


def explain_preconditions(document: dict[str, Any]) -> None:
    """Say in schemathesis's words what it needs to know of If-Match and If-None-Match.

    It makes no header from a pattern, so they get a format. And If-Match must be given, though
    OpenAPI cannot call it required, for its lack is a 428 and not a 400.
    """
    components = document["components"]
    for name in ("if_match", "if_none_match"):
        parameter = components["parameters"][name]
        schema = resolved(parameter["schema"], components)
        parameter["schema"] = {**schema, "format": "entity-tags"}
    components["parameters"]["if_match"]["required"] = True


def fit(case: Any) -> None:
    """Make what is meant to be valid in a case so that the service can take it.

    What the contract's examples say and where its links lead is sent as it is.
    """
    operation_id = case.operation.definition.raw["operationId"]
    phase, meant = case.meta.phase.name, _meant_to_be_valid(case)
    if phase == TestPhase.STATEFUL:
        _fit_step(case, operation_id, meant)
    else:
        _fit_path(case, operation_id, meant)
        _fit_headers(case)
    if ParameterLocation.QUERY in meant:
        case.query = _fit_query(case.query)
    if ParameterLocation.BODY in meant and operation_id in _BODIES:
        case.body = _BODIES[operation_id](case.body, case.path_parameters)


def _meant_to_be_valid(case: Any) -> set[ParameterLocation]:
    """Return the parts of the case that may be mended."""
    if case.meta.phase.name == TestPhase.EXAMPLES:
        return set()
    parts = case.meta.components.items()
    return set(ParameterLocation) - {place for place, part in parts if part.mode.is_negative}


def _fit_path(case: Any, operation_id: str, meant: set[ParameterLocation]) -> None:
    if operation_id in _GIVEN_UP and case.meta.generation.mode.is_positive:
        name, doomed = _GIVEN_UP[operation_id]
        case.path_parameters = {name: next(doomed)}
    elif ParameterLocation.PATH in meant:
        given = case.path_parameters
        case.path_parameters = {name: _one_of(_KNOWN[name], given[name]) for name in given}


_KNOWN: Mapping[str, Sequence[Any]] = {
    "site_id": SITES,
    "key_id": KEYS,
    "revision": range(1, 2),
    "name": tuple(BUNDLE["components"]["schemas"]),
    "type": tuple(BUNDLE["x-problem-types"]),
}


def _one_of(known: Sequence[Any], value: Any) -> Any:
    return value if value in known else known[len(str(value)) % len(known)]


def _fit_headers(case: Any) -> None:
    """Let If-Match name the state that the site is in."""
    if case.meta.generation.mode.is_positive and "If-Match" in case.headers:
        case.headers = {**case.headers, "If-Match": "*"}


def _fit_step(case: Any, operation_id: str, meant: set[ParameterLocation]) -> None:
    """Let a push in a chain store something, for the next steps to find."""
    if operation_id != "push_live":
        return
    case.query = {name: value for name, value in case.query.items() if name != "dry_run"}
    if ParameterLocation.BODY in meant and case.body["dt-stamp"] == []:
        case.body = {**case.body, "dt-stamp": [_STAMP]}


def _fit_query(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return the query with a cursor that can be read, and a range that begins before it ends."""
    fitted = dict(query)
    if "cursor" in fitted:
        fitted["cursor"] = _readable(fitted["cursor"])
    ends = [fitted[name] for name in ("from", "to") if name in fitted]
    if len(ends) == 2 and not any(map(instant, ends)):
        fitted["from"], fitted["to"] = sorted(ends, key=instants.parse)
    return fitted


def _readable(cursor: str) -> str:
    """Return a cursor that the service could have given out."""
    try:
        cursors.read(cursor)
    except cursors.UnreadableCursor:
        return cursors.write(len(cursor))
    return cursor


def _fit_readings(body: Any, path: Mapping[str, Any]) -> Any:
    """Return readings with past and different stamps, and columns of their number."""
    if isinstance(body["dt-stamp"], str):
        return {**body, "dt-stamp": _past(body["dt-stamp"])}
    rows = {instants.parse(stamp): stamp for stamp in map(_past, body["dt-stamp"])}
    columns = {name: _as_long(name, body[name], len(rows)) for name in COLUMNS}
    return {"dt-stamp": list(rows.values()), **columns}


def _fit_fleet(body: Any, path: Mapping[str, Any]) -> Any:
    """Return readings of sites that there are, each once, and few enough in all."""
    most = 10_000 // len(SITES)
    cut = [{n: v if n == "id" else v[:most] for n, v in entry.items()} for entry in body["sites"]]
    fitted = [{"id": _one_of(SITES, e["id"]), **_fit_readings(e, path)} for e in cut]
    return {"sites": list({entry["id"]: entry for entry in fitted}.values())}


def _past(stamp: str) -> str:
    return stamp if instant(stamp) is None and instants.parse(stamp) <= time.time() else _STAMP


def _as_long(name: str, column: list[Any], rows: int) -> list[Any]:
    values = column or [False if name.endswith("notification") else 0]
    return list(islice(cycle(values), rows))


def _fit_configuration(body: Any, path: Mapping[str, Any]) -> Any:
    """Return the configuration as one of the path's site."""
    return {**body, "id": path["site_id"]} if "id" in body else body


def _fit_sites(body: Any, path: Mapping[str, Any]) -> Any:
    """Return the site, or the sites with each id once."""
    if "sites" not in body:
        return _fit_site(body, path)
    sites = [_fit_site(site, path) for site in body["sites"]]
    by_id = {site.get("id", f"without {place}"): site for place, site in enumerate(sites)}
    return {"sites": list(by_id.values())}


def _fit_site(body: Any, path: Mapping[str, Any]) -> Any:
    """Return the members of a site with a time zone that there is."""
    known = "time_zone" not in body or time_zone(body["time_zone"]) is None
    return body if known else {**body, "time_zone": "UTC"}


def _fit_key(body: Any, path: Mapping[str, Any]) -> Any:
    """Return a key that expires later than now, and is bound to no sites when it has `admin`."""
    dropped = {"sites"} if "admin" in body["scopes"] else set()
    late = {"expires_at": _FUTURE} if "expires_at" in body else {}
    return {name: value for name, value in {**body, **late}.items() if name not in dropped}


_BODIES: Mapping[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "create_sites": _fit_sites,
    "update_site": _fit_site,
    "push_configuration": _fit_configuration,
    "push_live": _fit_readings,
    "push_fleet": _fit_fleet,
    "create_key": _fit_key,
}
"""What to do to the body of an operation, given the parameters of the path."""
