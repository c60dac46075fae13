"""The dashboard and the alerts ask for metrics that there are, with labels and values they have."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from api_service import CONTRACT
from prometheus_client.parser import text_string_to_metric_families

from sitewatt.metrics import AGES
from sitewatt.metrics.families import FAMILIES
from sitewatt.metrics.requests import keywords
from sitewatt.upkeep import DUTIES
from storage.errors import KINDS

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana" / "sitewatt.json").read_text())
RULES = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
TESTS = yaml.safe_load((DEPLOY / "prometheus" / "alerts_test.yml").read_text())
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
HOW_TO = (ROOT / "docs" / "how-to" / "watch-it.md").read_text()
PROMTOOL = shutil.which("promtool")

OF_PROMETHEUS = {"up": {"job", "instance"}}
ADDED = {"job", "instance", "le"}
"""Labels that Prometheus adds to every sample, and that of the buckets of a histogram."""

VALUES = {
    "operation": {*CONTRACT.operations, "docs", "none"},
    "status": {*(str(s) for o in CONTRACT.operations.values() for s in o.statuses), "none"},
    "type": {*CONTRACT.problem_types},
    "keyword": {*keywords(CONTRACT), "other"},
    "outcome": {"stored", "unchanged", "replaced", "conflicting", "done", "failed"},
    "kind": {*KINDS},
    "duty": {*DUTIES},
    "age": {*AGES, "never"},
    "job": {"sitewatt", "$job"},
}

_NAME = re.compile(r"\b((?:sitewatt|process)_[a-z_]+|up)\b(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'([a-z]+)(=~|!~|!=|=)"([^"]*)"')
_BY = re.compile(r"\bby \(([^)]*)\)")


def expressions() -> Iterator[tuple[str, str]]:
    """Yield every expression of the dashboard, the alerts and their tests, after where it is."""
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield f"${variable['name']}", variable["query"]["query"]
    for rule in ALERTS:
        yield rule["alert"], rule["expr"]
    for test in TESTS["tests"]:
        for series in test["input_series"]:
            yield "a series of the tests", series["series"]


@pytest.fixture
async def known(client: httpx.AsyncClient, site: int) -> dict[str, set[str]]:
    """The labels of each sample of the real page by its name; a family without any has its own."""
    await client.get("/metrics")
    page = (await client.get("/metrics")).text
    named = {f.shown: {*f.labels} for f in FAMILIES if f.kind != "histogram"}
    told = [*text_string_to_metric_families(page)]
    assert {family.name for family in told} == {family.name for family in FAMILIES}
    for sample in (sample for family in told for sample in family.samples):
        named.setdefault(sample.name, set()).update(sample.labels)
    return {**named, **OF_PROMETHEUS}


async def test_every_expression_asks_for_what_there_is(known: dict[str, set[str]]) -> None:
    wrong = [f"{place}: {what}" for place, asked in expressions() for what in faults(asked, known)]
    assert wrong == []


def test_an_expression_that_asks_for_nothing_is_noticed() -> None:
    known = {"sitewatt_http_requests_total": {"status"}}
    for asked in (
        "nothing_at_all",
        'sitewatt_http_requests_total{type="not-json"}',
        'sitewatt_http_requests_total{status=~"200|299"}',
        "sum by (kind) (sitewatt_http_requests_total)",
        "sitewatt_http_request_total",
    ):
        assert [*faults(asked, known)], asked
    assert not [*faults('sum by (status) (sitewatt_http_requests_total{status="200"})', known)]


def faults(expression: str, known: dict[str, set[str]]) -> Iterator[str]:
    """Yield what an expression asks for and there is not."""
    found = [(name, matchers) for name, matchers in _NAME.findall(expression) if name in known]
    if not found or len(found) < len(_NAME.findall(expression)):
        yield f"{expression} asks for no metric, or for an unknown one"
    labels = set().union(*(known[name] for name, _ in found)) | ADDED
    for name, matchers in found:
        for label, how, text in _MATCHER.findall(matchers):
            if label not in known[name] | ADDED:
                yield f"{name} has no label {label}"
            values = {*(text.split("|") if "~" in how else [text])}
            if label in VALUES and not values <= VALUES[label]:
                yield f"{name}: {label} is never {values - VALUES[label]}"
    for grouped in _BY.findall(expression):
        if unknown := {label.strip() for label in grouped.split(",")} - labels:
            yield f"{expression} groups by {unknown}"


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_leads_to_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("critical", "warning")
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert page == "docs/how-to/watch-it.md"
    headings = re.findall(r"^### (.*)$", HOW_TO, re.MULTILINE)
    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}
    assert f"`{rule['alert']}`" in HOW_TO


def test_every_alert_is_tested_where_it_must_come_and_where_it_must_not() -> None:
    cases = [case for test in TESTS["tests"] for case in test["alert_rule_test"]]
    for wanted in (True, False):
        tested = {case["alertname"] for case in cases if bool(case["exp_alerts"]) == wanted}
        assert tested == {rule["alert"] for rule in ALERTS}


def test_the_panels_of_the_dashboard_do_not_overlap_and_say_what_they_show() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        assert panel["description"].endswith(".")
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (apt install prometheus)")
@pytest.mark.parametrize(
    "words",
    [
        ("check", "rules", "alerts.yml"),
        ("test", "rules", "alerts_test.yml"),
        ("check", "config", "--syntax-only", "scrape.yml"),
    ],
)
def test_promtool_takes_the_files(words: tuple[str, ...]) -> None:
    command = [str(PROMTOOL), *words]
    done = subprocess.run(
        command, cwd=DEPLOY / "prometheus", capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
