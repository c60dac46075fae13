"""Live readings, by operation."""

from typing import Any

import httpx
import pytest
from api_service import Clock, example

from storage import Store

URL = "/v1/sites/1/live"
ALL = {"from": "1970-01-01T00:00:00Z", "to": "2105-01-01T00:00:00Z"}


@pytest.fixture(autouse=True)
async def _brief_site(site: int) -> None:
    assert site == 1


def reading(**members: Any) -> dict[str, Any]:
    columns = example("brief_live")
    return {name: values[0] for name, values in columns.items()} | members


def receipt(**numbers: Any) -> dict[str, Any]:
    nothing = {"received": 0, "stored": 0, "unchanged": 0, "replaced": 0, "conflicts": 0}
    return nothing | numbers


BRIEF_SPAN = {"first": "2023-01-01T00:00:00Z", "last": "2023-01-01T00:20:00Z"}
ONE_SPAN = {"first": "2023-01-01T00:00:00Z", "last": "2023-01-01T00:00:00Z"}


# push_live


async def test_push_live_takes_the_document_of_the_brief(client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, json=example("brief_live"))
    assert answer.status_code == 201
    assert answer.json() == receipt(received=3, stored=3, **BRIEF_SPAN)


async def test_push_live_twice_is_no_change(client: httpx.AsyncClient) -> None:
    await client.post(URL, json=example("brief_live"))
    answer = await client.post(URL, json=example("brief_live"))
    assert answer.status_code == 200
    assert answer.json() == receipt(received=3, unchanged=3, **BRIEF_SPAN)


async def test_push_live_takes_one_reading_of_scalars(client: httpx.AsyncClient) -> None:
    first = await client.post(URL, json=reading())
    again = await client.post(URL, json=reading(**{"dt-stamp": "2023-01-01T01:00:00.000+01:00"}))
    assert (first.status_code, first.json()) == (201, receipt(received=1, stored=1, **ONE_SPAN))
    assert (again.status_code, again.json()) == (200, receipt(received=1, unchanged=1, **ONE_SPAN))


async def test_push_live_of_no_rows_stores_nothing(client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, json={name: [] for name in example("brief_live")})
    assert (answer.status_code, answer.json()) == (200, receipt())


async def test_push_live_reports_a_conflict_and_stores_the_rest(client: httpx.AsyncClient) -> None:
    await client.post(URL, json=reading())
    body = example("brief_live") | {"soc": [5, 10, 20], "pv_notification": [False, True, True]}
    answer = await client.post(URL, json=body)
    problem = answer.json()
    assert answer.status_code == 409
    assert problem["receipt"] == receipt(received=3, stored=2, conflicts=1, **BRIEF_SPAN)
    assert problem["conflicts"] == [
        {"dt-stamp": "2023-01-01T00:00:00Z", "columns": ["soc", "pv_notification"]}
    ]
    assert (await client.get(URL)).json()["soc"] == [0, 10, 20]


async def test_push_live_replaces_when_asked_to(client: httpx.AsyncClient) -> None:
    await client.post(URL, json=example("brief_live"))
    body = example("brief_live") | {"soc": [5, 10, 20]}
    answer = await client.post(URL, params={"on_conflict": "replace"}, json=body)
    assert answer.status_code == 200
    assert answer.json() == receipt(received=3, replaced=1, unchanged=2, **BRIEF_SPAN)
    assert (await client.get(URL)).json()["soc"] == [5, 10, 20]


@pytest.mark.parametrize("on_conflict", ["reject", "replace"])
async def test_push_live_dry_run_tells_the_receipt_and_stores_nothing(
    client: httpx.AsyncClient, on_conflict: str
) -> None:
    await client.post(URL, json=reading())
    body = example("brief_live") | {"soc": [5, 10, 20]}
    query = {"dry_run": "true", "on_conflict": on_conflict}
    answer = await client.post(URL, params=query, json=body)
    differing = {"conflicts": 1} if on_conflict == "reject" else {"replaced": 1}
    assert answer.status_code == 200
    assert answer.json() == receipt(received=3, stored=2, **differing, **BRIEF_SPAN)
    assert (await client.get(URL)).json()["soc"] == [0]


async def test_push_live_stores_nothing_when_one_row_is_invalid(client: httpx.AsyncClient) -> None:
    body = example("brief_live") | {"soc": [0, 100.5, 20]}
    answer = await client.post(URL, json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {
            "in": "body",
            "pointer": "/soc/1",
            "keyword": "maximum",
            "detail": "must not be more than 100",
        }
    ]
    assert (await client.get(f"{URL}/latest")).status_code == 404


LIVE_FAULTS: list[tuple[dict[str, Any], set[tuple[str, str]]]] = [
    ({"soc": [0, 10]}, {("/soc", "x-equal-length")}),
    ({"soc": "high"}, {("/soc", "type")}),
    ({"soc": [0, None, True]}, {("/soc/1", "type"), ("/soc/2", "type")}),
    ({"load_kwh": [-1, 0, 1_000_000_001]}, {("/load_kwh/0", "minimum"),
                                            ("/load_kwh/2", "maximum")}),
    ({"pv_notification": [0, "true", True]}, {("/pv_notification/0", "type"),
                                              ("/pv_notification/1", "type")}),
    ({"dt-stamp": ["2023-01-01 00:00:00", "2023-01-01T01:00:00+01:00", "2023-01-01 00:20:00"]},
     {("/dt-stamp/1", "x-unique-instants")}),
    ({"dt-stamp": ["2023-01-01 00:00:00", "2023-02-29 00:00:00", "2023-01-01 00:20:00"]},
     {("/dt-stamp/1", "format")}),
    ({"dt-stamp": ["2023-01-01 00:00:00", "2023-01-01 00:00:00.5", "2023-11-15 22:13:21"]},
     {("/dt-stamp/1", "format"), ("/dt-stamp/2", "x-not-after-now")}),
    ({"so/c~": 1}, {("/so~1c~0", "additionalProperties")}),
]  # fmt: skip


@pytest.mark.parametrize(("members", "faults"), LIVE_FAULTS)
async def test_push_live_points_at_every_fault(
    client: httpx.AsyncClient, members: dict[str, Any], faults: set[tuple[str, str]]
) -> None:
    answer = await client.post(URL, json=example("brief_live") | members)
    assert answer.status_code == 422
    assert {(f["pointer"], f["keyword"]) for f in answer.json()["errors"]} == faults
    assert (await client.get(URL)).json()["dt-stamp"] == []


async def test_push_live_lists_a_hundred_faults_and_says_that_there_are_more(
    client: httpx.AsyncClient,
) -> None:
    rows = {name: values[:1] * 10_000 for name, values in example("brief_live").items()}
    answer = await client.post(URL, json=rows | {"soc": [101] * 10_000})
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 100
    assert answer.json()["more"] is True
    assert len(answer.content) < 32_768


async def test_push_live_shows_nothing_of_the_request_but_unknown_names(
    client: httpx.AsyncClient,
) -> None:
    secret = "hunter2" * 30
    body = example("brief_live") | {"soc": [secret] * 3, secret: secret, "dt-stamp": [secret] * 3}
    answer = await client.post(URL, json=body)
    assert answer.status_code == 422
    assert len(answer.text.split("hunter2")) - 1 <= 64 // 7


async def test_push_live_takes_a_stamp_up_to_a_day_ahead(
    client: httpx.AsyncClient, clock: Clock
) -> None:
    ahead = {"dt-stamp": "2023-11-15T22:13:20Z"}
    assert (await client.post(URL, json=reading(**ahead))).status_code == 201
    clock.now -= 1
    answer = await client.post(URL, json=reading(**ahead))
    assert answer.json()["errors"][0]["keyword"] == "x-not-after-now"


async def test_push_live_of_an_unknown_site_is_404(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/sites/9/live", json=reading())
    assert answer.json()["type"] == "/problems/unknown-site"


# get_latest_reading


async def test_get_latest_reading_is_the_newest_by_stamp_not_by_arrival(
    client: httpx.AsyncClient,
) -> None:
    await client.post(URL, json=example("brief_live"))
    await client.post(URL, json=reading(**{"dt-stamp": "2022-06-01 00:00:00"}))
    latest = await client.get(f"{URL}/latest")
    assert latest.json() == {
        "dt-stamp": "2023-01-01T00:20:00Z",
        "soc": 20,
        "load_kwh": 500,
        "net_load_kwh": 600,
        "pv_notification": True,
        "bio_notification": False,
        "cro_notification": False,
    }


async def test_get_latest_reading_posts_back_as_it_is(client: httpx.AsyncClient) -> None:
    await client.post(URL, json=example("brief_live"))
    latest = (await client.get(f"{URL}/latest")).json()
    assert (await client.post(URL, json=latest)).json()["unchanged"] == 1


async def test_get_latest_reading_is_404_before_the_first(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{URL}/latest")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-readings")


async def test_a_reading_of_one_site_is_none_of_another(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sites", json={"id": 2, "name": "b", "location": "south"})
    await client.post("/v1/sites/2/live", json=reading())
    assert (await client.get(f"{URL}/latest")).status_code == 404


# list_readings


async def test_list_readings_posts_back_as_it_is_and_is_all_unchanged(
    client: httpx.AsyncClient,
) -> None:
    await client.post(URL, json=example("brief_live"))
    listed = await client.get(URL)
    again = await client.post(URL, json=listed.json())
    assert again.json() == receipt(received=3, unchanged=3, **BRIEF_SPAN)


async def test_list_readings_is_half_open(client: httpx.AsyncClient) -> None:
    await client.post(URL, json=example("brief_live"))
    query = {"from": "2023-01-01T00:10:00Z", "to": "2023-01-01T00:20:00Z"}
    assert (await client.get(URL, params=query)).json()["soc"] == [10]


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_list_readings_gives_every_row_once_over_its_pages(
    client: httpx.AsyncClient, order: str
) -> None:
    await client.post(URL, json=example("brief_live"))
    seen: list[int] = []
    url = f"{URL}?order={order}&limit=2&columns=soc&{httpx.QueryParams(ALL)}"
    while url:
        answer = await client.get(url)
        assert set(answer.json()) == {"dt-stamp", "soc"}
        seen += answer.json()["soc"]
        following = answer.links.get("next", {}).get("url")
        url = str(answer.url.join(following)) if following else ""
    assert seen == ([0, 10, 20] if order == "asc" else [20, 10, 0])


async def test_list_readings_of_nothing_is_empty_columns(client: httpx.AsyncClient) -> None:
    assert (await client.get(URL)).json() == {name: [] for name in example("brief_live")}


async def test_list_readings_answers_304_to_who_has_it(client: httpx.AsyncClient) -> None:
    await client.post(URL, json=example("brief_live"))
    etag = (await client.get(URL)).headers["etag"]
    assert (await client.get(URL, headers={"If-None-Match": etag})).status_code == 304
    await client.post(URL, json=reading(**{"dt-stamp": "2023-01-01 00:30:00"}))
    assert (await client.get(URL, headers={"If-None-Match": etag})).status_code == 200


async def test_list_readings_answers_no_304_that_would_hide_the_next_page(
    client: httpx.AsyncClient,
) -> None:
    await client.post(URL, json=example("brief_live"))
    whole = await client.get(URL, params={"limit": 3})
    await client.post(URL, json=reading(**{"dt-stamp": "2023-01-01 00:30:00"}))
    known = {"If-None-Match": whole.headers["etag"]}
    cut = await client.get(URL, params={"limit": 3}, headers=known)
    assert (cut.status_code, "next" in cut.links) == (200, True)
    known = {"If-None-Match": cut.headers["etag"]}
    again = await client.get(URL, params={"limit": 3}, headers=known)
    assert (again.status_code, "next" in again.links) == (304, True)


PARAMETER_FAULTS = [
    ("from=yesterday", "from", "format"),
    ("from=2023-01-01T00:00:00+01:00", "from", "format"),
    ("to=2023-13-01T00:00:00Z", "to", "format"),
    ("limit=0", "limit", "minimum"),
    ("limit=10001", "limit", "maximum"),
    ("limit=1_0", "limit", "type"),
    ("limit=%EF%BC%91", "limit", "type"),
    ("order=up", "order", "enum"),
    ("columns=soc,soc", "columns", "uniqueItems"),
    ("columns=soc,dt-stamp", "columns", "enum"),
    ("columns=", "columns", "enum"),
    ("limit=1&limit=1", "limit", "repeated"),
    ("colums=soc", "colums", "unknown"),
    ("cursor=!", "cursor", "pattern"),
    ("cursor=AAAA", "cursor", "cursor"),
    ("%FF=1", "?", "encoding"),
    ("=1", "?", "unknown"),
    ("from=2023-01-02T00:00:00Z&to=2023-01-01T00:00:00Z", "from", "x-before"),
]


@pytest.mark.parametrize(("query", "name", "keyword"), PARAMETER_FAULTS)
async def test_list_readings_names_a_parameter_at_fault(
    client: httpx.AsyncClient, query: str, name: str, keyword: str
) -> None:
    answer = await client.get(f"{URL}?{query}")
    assert answer.status_code == 400
    fault = answer.json()["errors"][0]
    assert (fault["in"], fault["name"], fault["keyword"]) == ("query", name, keyword)


# delete_readings


async def test_delete_readings_takes_the_range_and_counts(
    client: httpx.AsyncClient, store: Store
) -> None:
    await client.post(URL, json=example("brief_live"))
    query = {"from": "2023-01-01T00:10:00Z", "to": "2023-01-02T00:00:00Z"}
    answer = await client.delete(URL, params=query)
    assert (answer.status_code, answer.json()) == (200, {"deleted": 2})
    assert (await store.live.latest(1))[0] == 1_672_531_200


@pytest.mark.parametrize("missing", ["from", "to"])
async def test_delete_readings_needs_both_ends(client: httpx.AsyncClient, missing: str) -> None:
    query = {name: value for name, value in ALL.items() if name != missing}
    answer = await client.delete(URL, params=query)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["name"] == missing
