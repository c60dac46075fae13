"""Every operation, tried with the contract's examples, with its limits, and with generated data.

Each test is a phase of schemathesis, in process, with all of its checks. FUZZ_EXAMPLES says how
many cases are generated for an operation.
"""

from typing import Any

from running import Outcome, run

import openapi
from sitewatt.contract import Contract

OPERATIONS = Contract(openapi.bundle()).operations
WITH_WORDS = {name for name, operation in OPERATIONS.items() if operation.arguments}


def test_every_example_of_the_contract_is_taken(schema: Any) -> None:
    outcome = run(schema, "examples")
    assert_no_failures(outcome)
    assert WITH_WORDS - outcome.answered("positive", "2") == set()
    assert outcome.answered("positive", "400") | outcome.answered("positive", "422") == set()


def test_values_at_the_limits_are_taken_and_beyond_them_refused(schema: Any) -> None:
    outcome = run(schema, "coverage")
    assert_no_failures(outcome)
    assert OPERATIONS.keys() - outcome.answered("positive", "2") == set()
    assert WITH_WORDS - outcome.answered("negative", "4") == set()


def test_generated_data_keeps_and_breaks_the_contract_as_it_is_told(schema: Any) -> None:
    outcome = run(schema, "fuzzing")
    assert_no_failures(outcome)
    assert OPERATIONS.keys() - outcome.answered("positive", "2") == set()
    assert outcome.answered("negative", "4") != set()


def assert_no_failures(outcome: Outcome) -> None:
    """Show every failure, and the statuses that came."""
    for (operation, mode), statuses in sorted(outcome.statuses.items()):
        print(f"{operation} {mode}: {dict(statuses)}")
    assert outcome.failures == [], "\n\n".join(outcome.failures)
