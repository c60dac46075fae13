"""Every operation of the contract, called by the Python client against the real program."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from program import example
from readings_of_tests import day, row

import openapi
from sitewatt_client import Client, Request, errors, models, operations

CALLED: set[str] = set()


class Noting(Client):
    """A client that notes which operations the service has answered."""

    async def send(self, request: Request[Any]) -> Any:
        answer = await super().send(request)
        CALLED.add(request.operation)
        return answer


@pytest.fixture
async def sites(service: Any, key: str) -> AsyncIterator[Client]:
    async with Noting(service.url, key) as sites:
        yield sites


async def test_the_briefs_documents_are_posted_as_they_stand(sites: Client) -> None:
    [site] = await sites.create_many(example("brief_sites")["sites"])
    assert site == {"id": 1, "name": "Willo Woods", "location": "north", "time_zone": "UTC"}
    revision = await sites.push_configuration(1, example("brief_configuration"))
    assert (revision["revision"], revision["battery"]["vendor"]) == (1, "Tesla")
    assert (await sites.push(1, example("brief_live"))).stored == 3
    assert await sites.latest(1) == {
        "dt-stamp": "2023-01-01T00:20:00Z",
        "soc": 20,
        "load_kwh": 500,
        "net_load_kwh": 600,
        "pv_notification": True,
        "bio_notification": False,
        "cro_notification": False,
    }
    assert (await sites.columns(1))["load_kwh"] == example("brief_live")["load_kwh"]


async def test_a_site_is_made_found_changed_and_deleted(sites: Client) -> None:
    site = await sites.create(name="Elm", location="far", id=70, time_zone="Europe/Berlin")
    assert await sites.create(**site) == await sites.get(70) == site
    with pytest.raises(errors.Conflict, match="exists"):
        await sites.create(name="Oak", location="far", id=70)
    assert [found["id"] async for found in sites.list(location="far")] == [70]
    etag = (await sites.send(operations.get_site(70))).etag
    assert (await sites.update(70, etag=etag, name="Oak"))["name"] == "Oak"
    with pytest.raises(errors.PreconditionFailed) as failed:
        await sites.update(70, etag=etag, name="Ash")
    assert failed.value.document["current"]["name"] == "Oak"
    assert (await sites.update(70, name="Ash"))["name"] == "Ash"
    await sites.delete(70)
    with pytest.raises(errors.NotFound) as unknown:
        await sites.get(70)
    assert unknown.value.kind == "unknown-site"


async def test_more_sites_than_a_page_holds_are_all_listed(sites: Client) -> None:
    made = [{"name": "Elm", "location": "many"} for _ in range(1000)]
    await sites.create_many(made)
    await sites.create_many(made)
    listed = [site["id"] async for site in sites.list(location="many")]
    assert len(listed) == 2000
    assert listed == sorted(set(listed))
    latest = [site["id"] async for site in sites.latest_all()]
    assert set(listed) <= set(latest)


async def test_configurations_have_a_history(sites: Client, site: int) -> None:
    first = {**example("brief_configuration"), "id": site}
    await sites.push_configuration(site, first)
    second = {**first, "effective_from": datetime(2024, 1, 1, tzinfo=UTC)}
    second["battery"] = {**first["battery"], "capacity_kwh": 5}
    assert (await sites.push_configuration(site, second))["revision"] == 2
    assert [revision["revision"] for revision in await sites.revisions(site)] == [2, 1]
    assert (await sites.revision(site, 1))["battery"] == first["battery"]
    assert (await sites.configuration(site))["revision"] == 2
    assert (await sites.configuration(site, at="2023-06-01 00:00:00"))["revision"] == 1


async def test_readings_are_analysed_and_deleted(sites: Client, site: int) -> None:
    await sites.push(site, day())
    start, end = "2023-01-01 00:00:00", datetime(2023, 1, 3, tzinfo=UTC)
    buckets = await sites.aggregate(site, "1d", start, end)
    assert [bucket["rows"] for bucket in buckets] == [144, 0]
    [gap] = await sites.gaps(site, start, end)
    assert (gap["from"], gap["slots"]) == ("2023-01-02T00:00:00Z", 144)
    assert await sites.delete_readings(site, start, end) == 144
    assert [reading async for reading in sites.readings(site)] == []
    with pytest.raises(errors.NotFound):
        await sites.latest(site)


async def test_readings_of_many_sites_go_in_one_call(sites: Client, site: int) -> None:
    other = (await sites.create(name="Elm", location="north"))["id"]
    receipt = await sites.push_fleet({site: row(0), other: day()})
    assert (receipt.stored, receipt.by_site[other]["stored"]) == (145, 144)
    receipt = await sites.push_fleet({site: row(0, soc=99), other: row(0)})
    assert (receipt.conflicts, receipt.conflicting[0]["id"]) == (1, site)


async def test_keys_are_made_listed_rotated_and_revoked(sites: Client, service: Any) -> None:
    made = await sites.create_key(["read"], sites=[1], label="Willo Woods")
    assert made["id"] in {key["id"] async for key in sites.list_keys()}
    async with Client(service.url, made["key"]) as bound:
        assert [site["id"] async for site in bound.list()] in ([], [1])
    rotated = await sites.rotate_key(made["id"])
    assert (rotated["scopes"], rotated["sites"]) == (["read"], [1])
    await sites.revoke_key(rotated["id"])
    with pytest.raises(errors.NotFound):
        await sites.revoke_key(rotated["id"])


async def test_the_service_tells_of_itself(sites: Client) -> None:
    assert (await sites.version())["name"] == "sitewatt"
    assert await sites.ready() == {"status": "ready"}
    assert (await sites.send(operations.get_liveness())).document == {"status": "alive"}
    contract = await sites.send(operations.get_openapi_json())
    assert contract.document == openapi.bundle()
    assert contract.etag
    same = await sites.send(operations.get_openapi_json(if_none_match=contract.etag))
    assert (same.status, same.body) == (304, b"")
    assert (await sites.send(operations.get_openapi_yaml())).text.startswith("openapi: 3.0.3")
    assert (await sites.send(operations.get_schema("Site"))).document["$id"].endswith("Site")
    assert "<html" in (await sites.send(operations.get_problem_type("unknown-site"))).document
    assert "sitewatt_http_requests_total" in (await sites.send(operations.get_metrics())).document


def test_every_operation_of_the_contract_was_called() -> None:
    assert operation_ids() == CALLED


def operation_ids() -> set[str]:
    paths = openapi.bundle()["paths"].values()
    methods = ("get", "post", "put", "patch", "delete")
    return {path[method]["operationId"] for path in paths for method in methods if method in path}


@pytest.mark.parametrize("name", sorted(operation_ids()))
def test_every_operation_has_its_request(name: str) -> None:
    assert callable(getattr(operations, name))


def test_the_columns_of_the_client_are_those_of_the_contract() -> None:
    schema = openapi.bundle()["components"]["schemas"]["Reading"]
    assert list(models.Reading.__annotations__) == list(schema["properties"])
