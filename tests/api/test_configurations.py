"""Configurations, by operation."""

from typing import Any

import httpx
import pytest
from api_service import Clock, example

URL = "/v1/sites/1/configuration"


@pytest.fixture(autouse=True)
async def _brief_site(site: int) -> None:
    assert site == 1


def configuration(capacity: float = 3100, **members: Any) -> dict[str, Any]:
    brief = example("brief_configuration")
    brief["battery"]["capacity_kwh"] = capacity
    return dict(brief) | members


# push_configuration


async def test_push_configuration_takes_the_document_of_the_brief(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post(URL, json=example("brief_configuration"))
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{URL}/revisions/1"
    assert answer.json() == example("brief_configuration") | {
        "revision": 1,
        "effective_from": "1970-01-01T00:00:00Z",
        "recorded_at": "2023-11-14T22:13:20Z",
    }


async def test_push_configuration_makes_no_revision_of_what_is_in_force(
    client: httpx.AsyncClient,
) -> None:
    await client.post(URL, json=configuration())
    again = await client.post(URL, json=configuration(3100.0))
    assert (again.status_code, again.json()["revision"]) == (200, 1)


async def test_push_configuration_takes_what_get_configuration_gave(
    client: httpx.AsyncClient,
) -> None:
    await client.post(URL, json=configuration())
    got = (await client.get(URL)).json()
    assert (await client.post(URL, json=got)).status_code == 200
    edited = got | {"battery": got["battery"] | {"vendor": "KATL"}}
    edited.pop("effective_from")
    answer = await client.post(URL, json=edited)
    assert (answer.status_code, answer.json()["revision"]) == (201, 2)


async def test_push_configuration_holds_from_now_when_there_is_one_already(
    client: httpx.AsyncClient, clock: Clock
) -> None:
    await client.post(URL, json=configuration(1))
    clock.now += 60
    answer = await client.post(URL, json=configuration(2))
    assert answer.json()["effective_from"] == "2023-11-14T22:14:20Z"


async def test_push_configuration_needs_no_id(client: httpx.AsyncClient) -> None:
    body = configuration()
    del body["id"]
    answer = await client.post(URL, json=body)
    assert (answer.status_code, answer.json()["id"]) == (201, 1)


async def test_push_configuration_refuses_the_id_of_another_site(client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, json=configuration(id=2))
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {
            "in": "body",
            "pointer": "/id",
            "keyword": "x-equals-parameter",
            "detail": "must be equal to the `site_id` of the path, or be left out",
        }
    ]


async def test_push_configuration_names_every_fault_and_stores_nothing(
    client: httpx.AsyncClient,
) -> None:
    body = configuration(-1)
    body["battery"] |= {"vendor": "tesla", "max_power_kw": "400"}
    body["production"]["pv"] = {"units": 1.5}
    del body["production"]["bio"]
    answer = await client.post(URL, json=body)
    faults = {(f["pointer"], f["keyword"]): f.get("hint") for f in answer.json()["errors"]}
    assert answer.status_code == 422
    assert faults == {
        ("/battery/capacity_kwh", "minimum"): None,
        ("/battery/vendor", "enum"): "did you mean `Tesla`?",
        ("/battery/max_power_kw", "type"): "write it without quotes",
        ("/production/pv/units", "type"): None,
        ("/production", "required"): None,
    }
    assert (await client.get(URL)).status_code == 404


async def test_push_configuration_of_an_unknown_site_is_404(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/sites/9/configuration", json=configuration(id=9))
    assert answer.json()["type"] == "/problems/unknown-site"


# get_configuration


async def test_get_configuration_answers_what_was_in_force_then(
    client: httpx.AsyncClient,
) -> None:
    await client.post(URL, json=configuration(1))
    await client.post(URL, json=configuration(2, effective_from="2023-06-01T00:00:00Z"))
    await client.post(URL, json=configuration(3, effective_from="2023-03-01T00:00:00+01:00"))
    capacities = [
        (await client.get(URL, params={"at": at})).json()["battery"]["capacity_kwh"]
        for at in (
            "1970-01-01T00:00:00Z",
            "2023-02-28T23:00:00Z",
            "2023-05-31 23:59:59",
            "2023-06-01 00:00:00",
            "2030-01-01T00:00:00Z",
        )
    ]
    assert capacities == [1, 3, 3, 2, 2]


async def test_get_configuration_does_not_answer_a_plan(
    client: httpx.AsyncClient, clock: Clock
) -> None:
    await client.post(URL, json=configuration(1))
    await client.post(URL, json=configuration(2, effective_from="2024-01-01T00:00:00Z"))
    assert (await client.get(URL)).json()["battery"]["capacity_kwh"] == 1
    clock.now = 1_704_067_200
    assert (await client.get(URL)).json()["battery"]["capacity_kwh"] == 2


async def test_get_configuration_is_404_before_the_first(client: httpx.AsyncClient) -> None:
    answer = await client.get(URL)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-configuration")


async def test_get_configuration_answers_304_to_who_has_it(client: httpx.AsyncClient) -> None:
    await client.post(URL, json=configuration())
    etag = (await client.get(URL)).headers["etag"]
    answer = await client.get(URL, headers={"If-None-Match": f'"other", W/{etag}'})
    assert answer.status_code == 304


# list_configuration_revisions and get_configuration_revision


async def test_list_configuration_revisions_is_newest_first(client: httpx.AsyncClient) -> None:
    for capacity in (1, 2, 3):
        await client.post(URL, json=configuration(capacity))
    history = (await client.get(f"{URL}/revisions")).json()["revisions"]
    assert [(r["revision"], r["battery"]["capacity_kwh"]) for r in history] == [
        (3, 3),
        (2, 2),
        (1, 1),
    ]
    second = await client.get(f"{URL}/revisions/2")
    assert second.json() == history[1]


async def test_get_configuration_revision_is_404_for_another_number(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get(f"{URL}/revisions/1")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown-revision")
