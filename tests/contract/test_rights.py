"""What an operation asks of a key, and what is left of a request for one that is bound to sites."""

from collections.abc import Collection
from typing import Any, NamedTuple

import pytest

from sitewatt.contract import ContractError
from sitewatt.contract.rights import FirstKeyLacks, NeedsAllSites, Rights, scopes_of
from storage import UnknownSite, UnknownSites

BOTH_WAYS = [{"bearer": ["write_live", "admin"]}, {"api_key": ["admin", "write_live"]}]
OF_A_SITE = {"name": "Site-Id", "x-names-site": True}
FIRST = {"member": "scopes", "value": "admin"}
ENTRIES = {"properties": {"sites": {"items": {"x-names-site": "id", "properties": {"id": {}}}}}}


class Caller(NamedTuple):
    """Of whom an operation may ask who they are."""

    key_id: str | None = "0" * 12
    sites: Collection[int] | None = None


BOUND = Caller(sites={1, 2})


def rights(body: dict[str, Any] | None = None, **said: Any) -> Rights:
    """The rights of an operation of which the contract says so, with the security of both ways."""
    declared = {"operationId": "paint_site", "security": BOTH_WAYS, "parameters": []}
    return Rights({**declared, **said}, body)


def test_the_scopes_are_those_of_both_ways_in_order() -> None:
    assert scopes_of(BOTH_WAYS) == ("admin", "write_live")
    assert rights(parameters=[OF_A_SITE]).scopes == ("admin", "write_live")
    assert scopes_of([{"bearer": []}]) == ()
    assert scopes_of([]) is None


def test_scopes_that_depend_on_the_way_of_the_key_are_refused_at_start() -> None:
    with pytest.raises(ContractError) as refusal:
        scopes_of([{"bearer": ["read"]}, {"api_key": ["admin"]}])
    assert str(refusal.value) == (
        "an operation needs the same scopes whatever the key's way: [('read',), ('admin',)]"
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (None, {}),
        ({"properties": {"name": {}}}, {"parameters": [{"name": "limit"}]}),
        (None, {"x-bound-keys": "welcome"}),
        (None, {"x-bound-keys": "refused", "parameters": [OF_A_SITE]}),
        (ENTRIES, {"x-bound-keys": "filtered"}),
    ],
)
def test_an_operation_that_does_not_say_once_what_bound_keys_may_is_refused_at_start(
    body: dict[str, Any] | None, said: dict[str, Any]
) -> None:
    with pytest.raises(ContractError) as refusal:
        rights(body, **said)
    assert str(refusal.value) == "paint_site says either which site it is about, or x-bound-keys"


def test_a_public_operation_says_nothing_of_bound_keys() -> None:
    public = rights(security=[])
    assert (public.scopes, public.arguments) == (None, [])
    public.admit(BOUND)
    arguments: dict[str, Any] = {}
    public.narrow(BOUND, arguments)
    assert arguments == {}


def test_a_handler_gets_to_know_what_the_contract_says_of_keys() -> None:
    assert rights(parameters=[OF_A_SITE]).arguments == []
    filtered = {"x-bound-keys": "filtered"}
    assert rights(**filtered).arguments == ["own_sites"]
    assert rights(**{"x-bound-keys": "refused", "x-first-key": FIRST}).arguments == ["without_key"]
    assert rights(**filtered, **{"x-first-key": FIRST}).arguments == ["own_sites", "without_key"]


def test_a_bound_key_is_admitted_but_where_it_is_refused() -> None:
    refused = rights(**{"x-bound-keys": "refused"})
    with pytest.raises(NeedsAllSites):
        refused.admit(BOUND)
    refused.admit(Caller())
    with pytest.raises(NeedsAllSites):
        refused.admit(Caller(sites=()))
    rights(**{"x-bound-keys": "filtered"}).admit(BOUND)
    rights(parameters=[OF_A_SITE]).admit(BOUND)


def test_where_answers_are_filtered_the_handler_is_told_the_sites_of_the_key() -> None:
    filtered = rights(**{"x-bound-keys": "filtered"})
    for caller in (BOUND, Caller()):
        arguments: dict[str, Any] = {"limit": 1}
        filtered.narrow(caller, arguments)
        assert arguments == {"limit": 1, "own_sites": caller.sites}


def test_a_foreign_site_in_a_parameter_is_not_there() -> None:
    about = rights(parameters=[{"name": "limit"}, OF_A_SITE])
    about.narrow(BOUND, {"site_id": 2, "limit": 9})
    about.narrow(Caller(), {"site_id": 3, "limit": 9})
    with pytest.raises(UnknownSite) as refusal:
        about.narrow(BOUND, {"site_id": 3, "limit": 1})
    assert refusal.value.args == UnknownSite(3).args


def test_foreign_sites_in_a_body_are_not_there_however_deep_they_stand() -> None:
    groups = {"properties": {"groups": {"items": ENTRIES}, "owner": {"x-names-site": "home"}}}
    about = rights(groups)
    body: Any = {"groups": [{"sites": [{"id": 1}, {"id": 2}, {}]}, {}, {"sites": [{"id": 2}]}]}
    about.narrow(BOUND, {"body": body})
    body["owner"] = {"home": 4}
    body["groups"][2]["sites"] += [{"id": 9}, {"id": 1}]
    about.narrow(Caller(), {"body": body})
    with pytest.raises(UnknownSites) as refusal:
        about.narrow(BOUND, {"body": body})
    assert refusal.value.args == UnknownSites({4, 9}).args


def test_the_first_key_of_all_must_have_what_the_contract_says() -> None:
    first = rights(**{"x-bound-keys": "refused", "x-first-key": FIRST})
    nobody = Caller(key_id=None)
    for caller, scopes in ((nobody, ["read", "admin"]), (Caller(), ["read"]), (Caller(), [])):
        arguments: dict[str, Any] = {"body": {"scopes": scopes}}
        first.narrow(caller, arguments)
        assert arguments["without_key"] is (caller.key_id is None)
    with pytest.raises(FirstKeyLacks) as refusal:
        first.narrow(nobody, {"body": {"scopes": ["read"]}})
    assert (refusal.value.member, refusal.value.value) == ("scopes", "admin")
    assert refusal.value.args == ("scopes", "admin")
