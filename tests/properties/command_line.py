"""One run of schemathesis as anyone runs it, by its command line, and what came of it."""

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fitting import BUNDLE
from running import CONFIG, KEY, Outcome
from serving import BIN

import openapi
from sitewatt.contract import Contract

OPERATIONS = Contract(openapi.bundle()).operations
_OF_LABEL = {
    f"{method.upper()} {path}": declared["operationId"]
    for path, item in BUNDLE["paths"].items()
    for method, declared in item.items()
    if isinstance(declared, dict) and "operationId" in declared
}


PHASES = ("examples", "coverage", "fuzzing", "stateful")


class Run:
    """What schemathesis did by one seed, with all of its phases and all of its checks.

    How many chains one walk along the links has is Hypothesis's to say, so it walks again, by
    seeds that follow from this one, until there are as many cases as asked for.
    """

    def __init__(
        self, address: str, directory: Path, *, seed: int, examples: int, cases: int
    ) -> None:
        self._address, self._directory, self._examples = address, directory, examples
        self.phases = {phase: Outcome() for phase in PHASES}
        self.said: list[str] = []
        self.statuses: list[int] = []
        self._run(seed, PHASES)
        links = re.search(r"API Links: +(\d+) covered / (\d+) selected", self.said[0])
        self.links = (int(links[1]), int(links[2])) if links else (0, 0)
        while self.statuses[-1] == 0 and self.cases.total() < cases:
            self._run(1000 * seed + len(self.said), ("stateful",))

    def _run(self, seed: int, phases: tuple[str, ...]) -> None:
        report = self._directory / "report.ndjson"
        # Without --url, schemathesis takes the servers of the contract: `/v1`, `/` for some paths.
        command = [str(BIN / "schemathesis"), "--config-file", str(CONFIG)]
        command += ["run", f"{self._address}/openapi.json", "--header", f"X-API-Key: {KEY}"]
        command += ["--checks", "all", "--phases", ",".join(phases)]
        command += ["--seed", str(seed), "--max-examples", str(self._examples), "--no-color"]
        command += ["--report", "ndjson", "--report-ndjson-path", str(report)]
        paths = [str(CONFIG.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
        done = subprocess.run(
            command,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
        )
        self.said.append(done.stdout + done.stderr)
        self.statuses.append(done.returncode)
        read(report, self.phases)
        report.unlink()

    @property
    def exempted(self) -> int:
        """How many failures of checks the table of exemptions took away."""
        return sum(int(n) for said in self.said for n in re.findall(r"Filtered: (\d+)", said))

    @property
    def cases(self) -> Counter[str]:
        """How many requests of each phase were answered."""
        return Counter({name: outcome.cases for name, outcome in self.phases.items()})

    @property
    def failures(self) -> list[str]:
        """The failures of all phases."""
        return [failure for outcome in self.phases.values() for failure in outcome.failures]


def read(report: Path, phases: dict[str, Outcome]) -> None:
    """Add to the outcome of each phase what the report tells of it."""
    with report.open() as lines:
        for event in map(json.loads, lines):
            if scenario := event.get("ScenarioFinished"):
                _add(scenario["recorder"], phases[scenario["phase"]])


def _add(recorder: dict[str, Any], outcome: Outcome) -> None:
    outcome.failures += _failures(recorder)
    interactions = recorder.get("interactions", {})
    for case_id, node in recorder.get("cases", {}).items():
        case, answer = node["value"], interactions.get(case_id, {}).get("response")
        if answer is not None and "meta" in case:
            label = f"{case['method']} {case['path']}"
            operation = _OF_LABEL.get(label) or _OF_LABEL[recorder["label"]]
            mode = case["meta"]["generation"]["mode"]
            outcome.statuses[operation, mode][answer["status_code"]] += 1


def _failures(recorder: dict[str, Any]) -> Iterator[str]:
    for checks in recorder.get("checks", {}).values():
        for check in checks:
            if check["status"] == "failure":
                yield f"{check['name']}: {recorder['label']}\n{json.dumps(check)[:2000]}"
