"""The paths of the contract: what they name, and what cannot be told apart does not start."""

import pytest
from small_contract import GET, PATCHED, SITE, bundle, contract

from sitewatt.contract import Contract, ContractError, MethodNotAllowed, UnknownPath


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_path_and_a_method_name_an_operation_and_its_parameters(method: str) -> None:
    for path, name, texts in (
        ("/v9/sites/7/paint", "get_paint", {"site_id": "7"}),
        ("/paint", "get_all_paint", {}),
    ):
        found = contract().routes.match(method, path)
        assert (found.operation.id, found.path) == (name, texts)


def test_each_method_of_a_path_names_its_own_operation() -> None:
    path = "/v9/sites/7/paint"
    assert contract().routes.match("PATCH", path).operation.id == "paint_site"
    with pytest.raises(MethodNotAllowed) as refusal:
        contract().routes.match("DELETE", path)
    assert refusal.value.allowed == ("GET", "HEAD", "OPTIONS", "PATCH")


@pytest.mark.parametrize(
    "path", ["", "/", "/v9", "/v9/sites/7", "/v9/sites//paint", "/v9/sites/7/paint/", "/PAINT"]
)
def test_a_path_that_the_contract_has_not_is_unknown(path: str) -> None:
    for asked in (
        lambda: contract().routes.match("GET", path),
        lambda: contract().routes.allowed(path),
    ):
        with pytest.raises(UnknownPath):
            asked()


def test_the_methods_of_a_path_are_named_in_order() -> None:
    assert contract().routes.allowed("/paint") == ("GET", "HEAD", "OPTIONS")
    only = Contract(bundle(patch=PATCHED | {"parameters": [SITE]})).routes
    path = "/v9/sites/7/paint"
    assert only.allowed(path) == ("OPTIONS", "PATCH")
    for method in ("GET", "HEAD", "PUT"):
        with pytest.raises(MethodNotAllowed) as refusal:
            only.match(method, path)
        assert refusal.value.allowed == ("OPTIONS", "PATCH")
        assert str(refusal.value) == "OPTIONS, PATCH"


def test_a_fixed_segment_goes_before_a_parameter() -> None:
    given = bundle(get=GET)
    newest = {**GET, "operationId": "get_newest", "parameters": [], "x-bound-keys": "refused"}
    given["paths"]["/sites/newest/paint"] = {"get": newest}
    routes = Contract(given).routes
    assert routes.match("GET", "/v9/sites/newest/paint").operation.id == "get_newest"
    assert routes.match("GET", "/v9/sites/newer/paint").operation.id == "get_paint"


def test_two_names_for_one_place_of_a_path_are_refused_at_start() -> None:
    given = bundle(get=GET)
    twin = {**GET, "operationId": "get_twin"}
    given["paths"]["/sites/{plant_id}/twin"] = {"get": twin}
    with pytest.raises(ContractError) as refusal:
        Contract(given)
    assert str(refusal.value) == "site_id and plant_id stand at the same place of a path"
