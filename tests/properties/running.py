"""One run of schemathesis in process, and what came of it."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

CONFIG = Path(__file__).with_name("schemathesis.toml")
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "60"))
"""How many cases are generated for an operation. A longer run of the same has more of them."""
SEEDS = [int(seed) for seed in os.environ.get("FUZZ_SEEDS", "1").split(",")]

KEY = "k" * 32


@dataclass
class Outcome:
    """What a run found: a text for each failure, and the statuses each operation answered with.

    The statuses are counted apart for cases that were meant to be valid and those that were not.
    """

    failures: list[str] = field(default_factory=list)
    statuses: dict[tuple[str, str], Counter[int]] = field(
        default_factory=lambda: defaultdict(Counter)
    )

    @property
    def cases(self) -> int:
        """How many requests were answered."""
        return sum(statuses.total() for statuses in self.statuses.values())

    def answered(self, mode: str, first_digits: str) -> set[str]:
        """Return the operations that answered a case of the mode with such a status."""
        return {
            operation
            for (operation, of_mode), statuses in self.statuses.items()
            if of_mode == mode and any(str(status).startswith(first_digits) for status in statuses)
        }


def contract(document: dict[str, Any], app: Any) -> Any:
    """Return the contract as schemathesis knows it, to be tried on the application."""
    config = SchemathesisConfig.from_path(CONFIG)
    schema = schemathesis.openapi.from_dict(document, config=config)
    schema.config.update(headers={"X-API-Key": KEY})
    schema.config.generation.update(max_examples=EXAMPLES)
    schema.app = app
    return schema


def run(schema: Any, phase: str) -> Outcome:
    """Return what one phase of schemathesis finds."""
    schema.config.phases.update(phases=[phase])
    outcome = Outcome()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            outcome.failures.append(f"{phase} could not run: {event}")
        elif isinstance(event, events.ScenarioFinished):
            outcome.failures += _failures(event.recorder)
            _count(event.recorder, outcome)
    return outcome


def _failures(recorder: Any) -> Iterator[str]:
    for checks in recorder.checks.values():
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                said = f"{failure.title}\n{failure.message}"[:2000]
                yield f"{check.name}: {recorder.label}\n{said}\n{check.failure_info.code_sample}"


def _count(recorder: Any, outcome: Outcome) -> None:
    for case_id, node in recorder.cases.items():
        interaction, meta = recorder.interactions.get(case_id), node.value.meta
        if interaction is not None and interaction.response is not None and meta is not None:
            operation_id = node.value.operation.definition.raw["operationId"]
            statuses = outcome.statuses[operation_id, meta.generation.mode.value]
            statuses[interaction.response.status_code] += 1
