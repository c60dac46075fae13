"""Sites, by operation."""

import httpx
import pytest
from api_service import Clock, example

WILLO = {"id": 1, "name": "Willo Woods", "location": "north", "time_zone": "UTC"}


async def created(client: httpx.AsyncClient, **site: object) -> dict[str, object]:
    answer = await client.post("/v1/sites", json={"name": "a", "location": "b", **site})
    assert answer.status_code == 201
    return dict(answer.json())


# create_sites


async def test_create_sites_takes_the_document_of_the_brief(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/sites", json=example("brief_sites"))
    assert (answer.status_code, answer.json()) == (201, {"sites": [WILLO]})


async def test_create_sites_answers_one_site_with_its_location(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/sites", json={"name": "Elm", "location": "south"})
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/sites/{answer.json()['id']}"
    assert (await client.get(answer.headers["location"])).json() == answer.json()


async def test_create_sites_gives_ids_that_nobody_has(client: httpx.AsyncClient, site: int) -> None:
    ids = {(await created(client))["id"] for _ in range(3)}
    assert len(ids | {site}) == 4


async def test_create_sites_twice_is_no_change(client: httpx.AsyncClient, site: int) -> None:
    answer = await client.post("/v1/sites", json=example("brief_sites"))
    assert (answer.status_code, answer.json()) == (200, {"sites": [WILLO]})


async def test_create_sites_creates_none_of_a_list_with_a_clash(
    client: httpx.AsyncClient, site: int
) -> None:
    others = [{"id": n, "name": "new", "location": "x"} for n in (2, site, 3)]
    answer = await client.post("/v1/sites", json={"sites": others})
    assert answer.status_code == 409
    assert answer.json()["site_ids"] == [site]
    assert [s["id"] for s in (await client.get("/v1/sites")).json()["sites"]] == [site]


async def test_create_sites_names_every_fault_and_stores_nothing(client: httpx.AsyncClient) -> None:
    sites = [
        {"id": 1, "name": "fine", "location": "x"},
        {"id": 0, "name": "", "location": "x\u0007", "time_zone": "Mars/Olympus"},
        {"id": 1, "nam": "x", "location": "x"},
    ]
    answer = await client.post("/v1/sites", json={"sites": sites})
    assert answer.status_code == 422
    faults = {(fault["pointer"], fault["keyword"]) for fault in answer.json()["errors"]}
    assert faults == {
        ("/sites/1/id", "minimum"),
        ("/sites/1/name", "minLength"),
        ("/sites/1/name", "pattern"),
        ("/sites/1/location", "pattern"),
        ("/sites/1/time_zone", "format"),
        ("/sites/2", "required"),
        ("/sites/2/nam", "additionalProperties"),
        ("/sites/2/id", "x-unique-by"),
    }
    assert (await client.get("/v1/sites")).json() == {"sites": []}


async def test_create_sites_speaks_of_the_single_site_that_was_meant(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/v1/sites", json={"nme": "a", "location": "b"})
    faults = answer.json()["errors"]
    assert {fault["keyword"] for fault in faults} == {"required", "additionalProperties"}
    assert {"did you mean `name`?"} == {f["hint"] for f in faults if "hint" in f}


async def test_create_sites_reads_an_integer_however_it_is_spelt(client: httpx.AsyncClient) -> None:
    body = b'{"id": 7.0, "name": "a", "location": "b"}'
    answer = await client.post(
        "/v1/sites", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 201
    assert '"id":7,' in answer.text


# list_sites


async def test_list_sites_is_empty_at_first(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/sites")).json() == {"sites": []}


async def test_list_sites_gives_every_site_once_over_its_pages(client: httpx.AsyncClient) -> None:
    ids = [(await created(client))["id"] for _ in range(7)]
    seen: list[object] = []
    url = "/v1/sites?limit=3"
    while url:
        answer = await client.get(url)
        seen += [site["id"] for site in answer.json()["sites"]]
        following = answer.links.get("next", {}).get("url")
        assert ("next" in answer.json()) == (following is not None)
        url = str(answer.url.join(following)) if following else ""
    assert seen == ids


async def test_list_sites_finds_by_location_and_name(client: httpx.AsyncClient) -> None:
    await created(client, name="a", location="north")
    wanted = await created(client, name="b", location="north")
    await created(client, name="b", location="south")
    north = (await client.get("/v1/sites", params={"location": "north"})).json()["sites"]
    both = (await client.get("/v1/sites", params={"location": "north", "name": "b"})).json()
    assert len(north) == 2
    assert both == {"sites": [wanted]}


@pytest.mark.parametrize("cursor", ["AAAA", "zzzzzzzzzzz", "__________8", "AAAAAAAAAAB"])
async def test_list_sites_refuses_a_cursor_that_it_never_gave(
    client: httpx.AsyncClient, cursor: str
) -> None:
    answer = await client.get("/v1/sites", params={"cursor": cursor})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["name"] == "cursor"


# get_site


async def test_get_site_answers_304_to_who_has_it(client: httpx.AsyncClient, site: int) -> None:
    first = await client.get(f"/v1/sites/{site}")
    again = await client.get(f"/v1/sites/{site}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


async def test_get_site_refuses_a_condition_that_is_no_list_of_tags(
    client: httpx.AsyncClient, site: int
) -> None:
    answer = await client.get(f"/v1/sites/{site}", headers={"If-None-Match": "0"})
    assert answer.status_code == 400
    fault = answer.json()["errors"][0]
    assert (fault["in"], fault["name"], fault["keyword"]) == ("header", "If-None-Match", "pattern")


@pytest.mark.parametrize("site_id", ["2", "2147483647"])
async def test_get_site_answers_404_where_there_is_none(
    client: httpx.AsyncClient, site_id: str
) -> None:
    answer = await client.get(f"/v1/sites/{site_id}")
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/unknown-site"


@pytest.mark.parametrize(
    "site_id", ["abc", "01", "+1", "1.0", "1_0", "0", "-1", "2147483648", "\uff11"]
)
async def test_get_site_answers_400_to_what_is_no_id(
    client: httpx.AsyncClient, site_id: str
) -> None:
    answer = await client.get(f"/v1/sites/{site_id}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["name"] == "site_id"


# update_site


async def test_update_site_changes_what_is_named(client: httpx.AsyncClient, site: int) -> None:
    etag = (await client.get(f"/v1/sites/{site}")).headers["etag"]
    answer = await client.patch(
        f"/v1/sites/{site}",
        json={"time_zone": "Europe/Amsterdam"},
        headers={"If-Match": etag, "Content-Type": "application/merge-patch+json"},
    )
    assert (answer.status_code, answer.json()) == (200, WILLO | {"time_zone": "Europe/Amsterdam"})
    assert answer.headers["etag"] == (await client.get(f"/v1/sites/{site}")).headers["etag"]


async def test_update_site_says_which_header_is_missing(
    client: httpx.AsyncClient, site: int
) -> None:
    headers = {"Content-Type": "application/merge-patch+json"}
    answer = await client.patch(f"/v1/sites/{site}", json={"name": "x"}, headers=headers)
    etag = (await client.get(f"/v1/sites/{site}")).headers["etag"]
    assert answer.status_code == 428
    assert f"If-Match: {etag}" in answer.json()["detail"]


async def test_update_site_refuses_a_change_of_a_state_that_has_gone(
    client: httpx.AsyncClient, site: int
) -> None:
    headers = {"If-Match": '"gone"', "Content-Type": "application/merge-patch+json"}
    answer = await client.patch(f"/v1/sites/{site}", json={"name": "x"}, headers=headers)
    assert answer.status_code == 412
    assert answer.json()["current"] == WILLO
    assert (await client.get(f"/v1/sites/{site}")).json() == WILLO


async def test_update_site_refuses_a_change_of_nothing(
    client: httpx.AsyncClient, site: int
) -> None:
    headers = {"If-Match": "*", "Content-Type": "application/merge-patch+json"}
    answer = await client.patch(f"/v1/sites/{site}", json={}, headers=headers)
    assert answer.status_code == 422


# delete_site


async def test_delete_site_takes_everything_of_it(
    client: httpx.AsyncClient, site: int, clock: Clock
) -> None:
    await client.post(f"/v1/sites/{site}/live", json=example("brief_live"))
    assert (await client.delete(f"/v1/sites/{site}")).status_code == 204
    for path in ("", "/configuration", "/configuration/revisions", "/live", "/live/latest"):
        assert (await client.get(f"/v1/sites/{site}{path}")).status_code == 404
    assert (await client.get("/v1/sites")).json() == {"sites": []}
    assert (await client.delete(f"/v1/sites/{site}")).status_code == 404


async def test_delete_site_keeps_the_id_until_all_is_gone(
    client: httpx.AsyncClient, site: int
) -> None:
    await client.delete(f"/v1/sites/{site}")
    answer = await client.post("/v1/sites", json=example("brief_sites"))
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/site-being-deleted"
