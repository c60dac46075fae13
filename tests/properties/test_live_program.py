"""Every operation of the running program: examples, limits, generated data, and along the links.

schemathesis runs by its command line with all of its phases and all of its checks, once for each
seed. FUZZ_SEEDS names the seeds, FUZZ_EXAMPLES says how many cases are generated for an operation,
FUZZ_CASES how many requests are made at least, by all seeds together.
"""

import math
import os
import time

import pytest
from command_line import OPERATIONS, Run
from figures import note
from running import EXAMPLES, SEEDS
from serving import served

FEWEST_CASES = math.ceil(int(os.environ.get("FUZZ_CASES", "3000")) / len(SEEDS))
WITH_WORDS = {
    name for name, operation in OPERATIONS.items() if {*operation.arguments} - {"media_type"}
}
"""The operations with parameters or a body; a media type is chosen by a header of HTTP's own."""


@pytest.fixture(scope="module", params=SEEDS)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """What schemathesis did with the program, by one seed."""
    directory, started = tmp_path_factory.mktemp("program"), time.monotonic()
    with served(directory) as address:
        run = Run(address, directory, seed=request.param, examples=EXAMPLES, cases=FEWEST_CASES)
    took = time.monotonic() - started
    cases = ", ".join(f"{name} {number:,}" for name, number in run.cases.items())
    note(
        f"schemathesis, seed {request.param}: {run.cases.total():,} cases ({cases}),"
        f" {len(run.failures)} failures, {run.exempted} exempt, {took:.0f} s"
    )
    return run


def test_no_check_fails(run: Run) -> None:
    print("\n".join(run.said))
    assert run.failures == [], "\n\n".join(run.failures)
    assert set(run.statuses) == {0}


def test_the_run_has_as_many_cases_as_it_should(run: Run) -> None:
    assert run.cases.total() >= FEWEST_CASES
    assert run.cases["coverage"] > 1_000
    assert run.cases["fuzzing"] > 10 * EXAMPLES
    assert run.cases["stateful"] > 100


def test_every_example_of_the_contract_is_taken(run: Run) -> None:
    examples = run.phases["examples"]
    assert WITH_WORDS - examples.answered("positive", "2") == set()
    assert examples.answered("positive", "400") | examples.answered("positive", "422") == set()


def test_values_at_the_limits_are_taken_and_beyond_them_refused(run: Run) -> None:
    coverage = run.phases["coverage"]
    assert OPERATIONS.keys() - coverage.answered("positive", "2") == set()
    assert WITH_WORDS - coverage.answered("negative", "4") == set()


def test_generated_data_keeps_and_breaks_the_contract_as_it_is_told(run: Run) -> None:
    fuzzing = run.phases["fuzzing"]
    assert OPERATIONS.keys() - fuzzing.answered("positive", "2") == set()
    assert fuzzing.answered("negative", "4") != set()


def test_the_links_of_the_contract_lead_through_the_service(run: Run) -> None:
    covered, selected = run.links
    assert covered >= selected / 2 > 0
