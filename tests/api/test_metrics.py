"""What the service counts of itself: right after known requests, and of nothing a request says."""

import asyncio
import math
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from api_service import CONTRACT, KEY, PATHS, Clock, Service, client_of, example
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics

from sitewatt.metrics.exposition import written
from sitewatt.metrics.families import FAMILIES
from sitewatt.metrics.numbers import joined
from sitewatt.metrics.requests import Requests, keywords
from sitewatt.web.terms import CUT
from storage import Measures, Store, Unavailable
from storage.commits import BULKS
from storage.errors import KINDS, Kind

OPENMETRICS = "application/openmetrics-text"
OF_PROMETHEUS = (
    f"{OPENMETRICS};version=1.0.0;q=0.5,{OPENMETRICS};version=0.0.1;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
"""What Prometheus 2.42 sends as Accept."""

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def service(path: str) -> Service:
    """A service that has counted nothing yet."""
    return Service(PATHS[path], has_key=False)


async def scraped(client: httpx.AsyncClient) -> Samples:
    """Return every sample of the page, by its name and labels."""
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    families = parser.text_string_to_metric_families(answer.text)
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for f in families for s in f.samples}


def of(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, tuple(sorted(labels.items()))]


def not_zero(samples: Samples, name: str) -> dict[tuple[str, ...], float]:
    """Return the samples of a metric that have counted something, by the values of their labels."""
    return {
        tuple(value for _, value in labels): number
        for (found, labels), number in samples.items()
        if found == name and number
    }


async def test_every_answer_is_counted_by_its_operation_and_status(
    client: httpx.AsyncClient, site: int
) -> None:
    reading = example("new_reading")
    url = f"/v1/sites/{site}/live"
    asked = [
        await client.post(url, json=reading),
        await client.post(url, json=reading),
        await client.post(url, json={**reading, "soc": 1}),
        await client.post(url, json={**reading, "soc": 101}),
        await client.post(url, content=b"{"),
        await client.post(url, content=b"{", headers={"Content-Type": "application/json"}),
        await client.post(f"/v1/sites/{site + 1}/live", json=reading),
        await client.get("/v1/sites/none"),
        await client.head(url + "/latest"),
        await client.get("/nothing/at/all"),
        await client.put("/v1/sites"),
        await client.request("OPTIONS", "/v1/sites"),
        await client.get("/docs/"),
        await client.get("/docs/none"),
        await client.get("/livez", headers={"Host": "elsewhere.example"}),
        await client.get("/openapi.json", headers={"If-None-Match": "*"}),
    ]
    assert [answer.status_code for answer in asked] == [
        *(201, 200, 409, 422, 415, 400, 404, 400, 200, 404, 405, 204, 200, 404, 403, 304)
    ]
    samples = await scraped(client)
    assert not_zero(samples, "sitewatt_http_requests_total") == {
        ("create_sites", "201"): 1,
        ("push_live", "201"): 1,
        ("push_live", "200"): 1,
        ("push_live", "409"): 1,
        ("push_live", "422"): 1,
        ("push_live", "415"): 1,
        ("push_live", "400"): 1,
        ("push_live", "404"): 1,
        ("get_site", "400"): 1,
        ("get_latest_reading", "200"): 1,
        ("none", "404"): 1,
        ("none", "405"): 1,
        ("none", "204"): 1,
        ("none", "403"): 1,
        ("docs", "200"): 1,
        ("docs", "404"): 1,
        ("get_openapi_json", "304"): 1,
    }
    counts = not_zero(samples, "sitewatt_http_request_duration_seconds_count")
    assert counts["push_live",] == 7
    assert sum(counts.values()) == len(asked) + 1
    again = not_zero(await scraped(client), "sitewatt_http_requests_total")
    assert again["get_metrics", "200"] == 1


async def test_a_bug_is_counted_as_a_500(
    service: Service, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(**_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(store.sites, "list", broken)
    transport = httpx.ASGITransport(service.on(store, clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await client.get("/v1/sites")).status_code == 500
        samples = await scraped(client)
    assert of(samples, "sitewatt_http_requests_total", operation="list_sites", status="500") == 1
    assert not_zero(samples, "sitewatt_problems_total") == {("internal",): 1}


async def test_a_request_that_is_under_way_is_in_flight(
    client: httpx.AsyncClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    going = asyncio.Event()

    async def slow(**_: Any) -> Any:
        await going.wait()
        raise Unavailable("slow")

    monkeypatch.setattr(store.sites, "list", slow)
    waiting = [asyncio.create_task(client.get("/v1/sites")) for _ in range(3)]
    await asyncio.sleep(0.05)
    assert of(await scraped(client), "sitewatt_http_requests_in_flight") == 4
    going.set()
    await asyncio.gather(*waiting)
    assert of(await scraped(client), "sitewatt_http_requests_in_flight") == 1


def test_a_time_is_counted_up_to_the_bound_that_it_does_not_pass() -> None:
    requests = Requests(CONTRACT)
    for seconds in (0.0, 0.0005, 0.00051, 10.0, 10.1, 3600.0):
        requests.add("get_site", 200, seconds)
    counts = requests.by_operation["get_site"].seconds.counts
    assert (counts[0], counts[1], counts[-2], counts[-1], sum(counts)) == (2, 1, 1, 2, 6)


async def test_a_refused_request_counts_once_for_each_keyword_that_it_breaks(
    client: httpx.AsyncClient, site: int
) -> None:
    url = f"/v1/sites/{site}/live"
    columns = {**example("brief_live"), "soc": [101, 102, -1], "load_kwh": [1], "more": []}
    assert (await client.post(url, json=columns)).status_code == 422
    await client.post(url, content=b"{", headers={"Content-Type": "application/json"})
    await client.get("/v1/sites?limit=0&limit=1&nolimit=1")
    await client.get("/v1/sites?cursor=none")
    samples = await scraped(client)
    assert not_zero(samples, "sitewatt_refused_requests_total") == {
        ("maximum",): 1,
        ("minimum",): 2,
        ("x-equal-length",): 1,
        ("additionalProperties",): 1,
        ("json",): 1,
        ("repeated",): 1,
        ("unknown",): 1,
        ("cursor",): 1,
    }
    assert not_zero(samples, "sitewatt_problems_total") == {
        ("invalid-body",): 1,
        ("not-json",): 1,
        ("bad-parameter",): 2,
    }


def test_every_rule_of_the_contract_is_a_keyword_that_can_be_counted() -> None:
    known = set(keywords(CONTRACT))
    assert {"x-unique-instants", "x-not-after-now", "x-equals-parameter", "x-most-in-all"} <= known
    assert {"type", "required", "format", "pattern", "enum", "maxItems", "x-before"} <= known


async def test_readings_are_counted_by_what_became_of_them(
    client: httpx.AsyncClient, site: int
) -> None:
    url, brief = f"/v1/sites/{site}/live", example("brief_live")
    fleet = {"sites": [{"id": site, **brief}]}
    assert (await client.post(f"{url}?dry_run=true", json=brief)).status_code == 200
    assert (await client.post(url, json=brief)).json()["stored"] == 3
    assert (await client.post(url, json=brief)).json()["unchanged"] == 3
    assert (await client.post(url, json={**brief, "soc": [1, 10, 21]})).status_code == 409
    changed = {**brief, "soc": [1, 10, 20]}
    assert (await client.post(f"{url}?on_conflict=replace", json=changed)).json()["replaced"] == 1
    assert (await client.post("/v1/live", json=fleet)).status_code == 409
    samples = await scraped(client)
    assert not_zero(samples, "sitewatt_readings_total") == {
        ("stored",): 3,
        ("unchanged",): 3 + 1 + 2 + 2,
        ("conflicting",): 2 + 1,
        ("replaced",): 1,
    }


async def test_bulks_are_counted_with_their_rows_and_waits(
    client: httpx.AsyncClient, site: int, store: Store
) -> None:
    now = await store.database.clock()
    readings = {now - 600 * i: (1.0, 2.0, 3.0, True, True, True) for i in range(3)}
    await store.live.push(site, readings)
    samples = await scraped(client)
    assert of(samples, "sitewatt_commit_rows_sum") == 3
    assert of(samples, "sitewatt_commit_rows_count") == 1
    assert of(samples, "sitewatt_commit_rows_bucket", le="2.0") == 0
    assert of(samples, "sitewatt_commit_rows_bucket", le="5.0") == 1
    assert of(samples, "sitewatt_commit_wait_seconds_count") == 1
    assert 0 < of(samples, "sitewatt_commit_wait_seconds_sum") < 5


async def test_what_waits_and_what_is_refused_for_it_is_told(
    client: httpx.AsyncClient, site: int, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    going = asyncio.Event()

    async def slow(_: Any) -> tuple[()]:
        await going.wait()
        return ()

    monkeypatch.setattr(store.live._commits, "_write", slow)
    monkeypatch.setattr(store.live._commits, "_most_waiting", 2)
    now = await store.database.clock()
    row = (1.0, 2.0, 3.0, True, True, True)
    pushes = []
    for i in range(BULKS + 2):
        pushes.append(asyncio.create_task(store.live.push(site, {now - i: row})))
        await asyncio.sleep(0.01)
    reading = {**example("new_reading"), "dt-stamp": "2023-11-14T22:10:00Z"}
    monkeypatch.setattr(store.database, "clock", store_clock(1_700_000_000))
    try:
        answer = await client.post(f"/v1/sites/{site}/live", json=reading)
        assert answer.json()["type"] == "/problems/unavailable"
        samples = await scraped(client)
        assert of(samples, "sitewatt_commit_queue_rows") == 2
        assert of(samples, "sitewatt_commit_overloaded_total") == 1
        assert not_zero(samples, "sitewatt_database_errors_total") == {}
    finally:
        going.set()
    await asyncio.gather(*pushes)
    assert of(await scraped(client), "sitewatt_commit_queue_rows") == 0


def store_clock(now: int) -> Callable[[], Any]:
    async def clock() -> int:
        return now

    return clock


async def test_a_database_that_is_away_is_counted_and_the_page_is_served(
    client: httpx.AsyncClient, site: int, store: Store
) -> None:
    assert of(await scraped(client), "sitewatt_ready") == 1
    store.database.prepared = False
    assert (await client.get(f"/v1/sites/{site}")).status_code == 503
    samples = await scraped(client)
    store.database.prepared = True
    assert of(samples, "sitewatt_ready") == 0
    assert not_zero(samples, "sitewatt_database_errors_total") == {("not_prepared",): 1}
    requests = not_zero(samples, "sitewatt_http_requests_total")
    assert requests["get_site", "503"] == 1


async def test_no_label_has_a_value_that_comes_from_a_request(
    client: httpx.AsyncClient, site: int
) -> None:
    said = "said-by-a-request"
    for method in ("GET", "POST", "PUT", said.upper()):
        await client.request(method, f"/v1/{said}", headers={"X-Request-Id": said})
        await client.request(method, f"/v1/sites?{said}={said}", json={said: said})
        await client.request(method, f"/v1/sites/{site}/live", json={said: said, "soc": said})
        await client.request(method, f"/docs/{said}", headers={"Accept": f"{said}/*"})
        await client.request(method, f"/problems/{said}")
    page = (await client.get("/metrics")).text
    assert "said" not in page.lower()
    values = {
        "operation": {*CONTRACT.operations, "docs", "none"},
        "status": {*(str(each["status"]) for each in CONTRACT.problem_types.values())}
        | {"200", "201", "204", "304", "307", "none"},
        "keyword": {*keywords(CONTRACT), "other"},
        "type": {*CONTRACT.problem_types},
        "kind": {*KINDS},
        "limit": {"key", "address", "wrong-keys", "requests", "bodies"},
        "outcome": {"stored", "unchanged", "replaced", "conflicting", "done", "failed"},
        "duty": {"prepare", "sweep", "lease", "seal", "retain", "ages"},
        "reason": {*CUT},
        "age": {"0-20m", "20m-1h", "1h-1d", "1d-7d", "7d-", "never"},
    }
    for _, labels in await scraped(client):
        for name, value in labels:
            is_ours = name in {"le", "version", "python"}
            assert is_ours or value in values[name], (name, value)


async def test_the_page_has_every_metric_of_the_table_and_no_other(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/metrics")
    families = [*parser.text_string_to_metric_families(answer.text)]
    named = {(f.name, f.type, f.documentation) for f in families}
    assert named == {(f.name, f.kind, f.help) for f in FAMILIES}
    for family in families:
        wanted = next(f for f in FAMILIES if f.name == family.name)
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(wanted.labels)


async def test_who_asks_for_openmetrics_gets_it(client: httpx.AsyncClient) -> None:
    answer = await client.get("/metrics", headers={"Accept": OF_PROMETHEUS})
    assert answer.headers["content-type"] == f"{OPENMETRICS}; version=1.0.0; charset=utf-8"
    assert answer.text.endswith("# EOF\n")
    families = [*openmetrics.text_string_to_metric_families(answer.text)]
    assert {family.name for family in families} == {family.name for family in FAMILIES}
    plain = await client.get("/metrics", headers={"Accept": "text/plain"})
    assert plain.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    refused = await client.get("/metrics", headers={"Accept": "application/json"})
    assert refused.status_code == 406


async def test_a_histogram_ends_in_all_that_was_counted(
    client: httpx.AsyncClient, site: int
) -> None:
    samples = await scraped(client)
    name = "sitewatt_http_request_duration_seconds"
    bucket = of(samples, f"{name}_bucket", operation="create_sites", le="+Inf")
    assert bucket == of(samples, f"{name}_count", operation="create_sites") == 1
    assert math.isfinite(of(samples, f"{name}_sum", operation="create_sites"))


@pytest.fixture
async def locked(path: str, store: Store, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(Service(PATHS[path], has_key=True).on(store, clock)) as client:
        yield client


async def test_with_a_key_defined_the_page_needs_it(locked: httpx.AsyncClient) -> None:
    assert (await locked.get("/metrics")).status_code == 401
    with_key = await locked.get("/metrics", headers={"Authorization": f"Bearer {KEY}"})
    assert with_key.status_code == 200
    refused = 'sitewatt_http_requests_total{operation="get_metrics",status="401"} 1.0'
    assert refused in with_key.text


async def test_promtool_finds_nothing_to_say(client: httpx.AsyncClient, site: int) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt install prometheus)")
    for _ in range(2):
        page = (await client.get("/metrics")).content
    command = [promtool, "check", "metrics"]
    checked = await asyncio.to_thread(
        subprocess.run, command, input=page, capture_output=True, timeout=60, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


@pytest.mark.parametrize("kind", [*KINDS, None])
def test_an_error_of_the_database_is_counted_once_by_its_kind(kind: Kind | None) -> None:
    measures, error = Measures(), Unavailable("away", kind)
    measures.add_error(error)
    measures.add_error(error)
    expected = {} if kind is None else {kind: 1}
    assert {name: number for name, number in measures.errors.items() if number} == expected


def test_a_value_that_does_not_fit_its_family_is_neither_written_nor_joined() -> None:
    time, count = ("sitewatt_commit_rows", ()), ("sitewatt_http_requests", ("a", "200"))
    page = written({time: 1.0, count: [1.0, 2.0]}, "text/plain").content.decode()
    assert [line for line in page.splitlines() if not line.startswith("#")] == []
    with pytest.raises(TypeError, match="nothing in common"):
        joined([{time: [1.0, 2.0]}, {time: 1.0}])
