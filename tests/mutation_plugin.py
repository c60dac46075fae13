"""What mutation.py has pytest do in the runs of mutmut: the fast tests, the fastest first.

mutmut forks each run from a process that has collected the tests. What is called when modules are
imported has been called there as it was before any change, so a run of a change to it imports them
anew; and as no test is seen to call it, all of them are taken to.
"""

import os
import resource
import sys
from pathlib import Path

import pytest
from mutmut.mutation.trampoline import get_mutant_under_test
from mutmut.state import state

OURS = ("openapi", "handlers", "storage", "sitewatt")
MOST_MEMORY = 4 << 30
"""Bytes that a run may have: a change can make a program ask for more and more."""

_CALLED = Path("called-at-import")


def pytest_configure() -> None:
    """Forget all modules of ours where what is changed was called when they were imported."""
    function = get_mutant_under_test().rpartition("__mutmut_")[0]
    if function:
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    if function not in _called_at_import():
        return
    here = str(Path("tests").resolve())
    for name, module in [*sys.modules.items()]:
        stands_here = str(getattr(module, "__file__", None)).startswith(here)
        if name.partition(".")[0] in OURS or (stands_here and name != __name__):
            del sys.modules[name]


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Say of a change that no test can be imported with that it is noticed."""
    if report.failed:
        os._exit(1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that start a database, and put the fastest first."""
    slow = [item for item in items if _starts_a_database(item)]
    config.hook.pytest_deselected(items=slow)
    fast = [item for item in items if item not in slow]
    items[:] = sorted(fast, key=lambda item: state().duration_by_test.get(item.nodeid, 0))


def pytest_collection_finish() -> None:
    """Note what the import of the tests has called."""
    if get_mutant_under_test() == "stats":
        _CALLED.write_text("\n".join(_called_at_import() | state()._stats))


def pytest_runtest_setup() -> None:
    """Let each test be one that calls what their import has called."""
    if get_mutant_under_test() == "stats":
        state()._stats.update(_called_at_import())


def _called_at_import() -> set[str]:
    return {*_CALLED.read_text().split()} if _CALLED.exists() else set()


def _starts_a_database(item: pytest.Item) -> bool:
    named = {*getattr(item, "fixturenames", ())}
    called = getattr(getattr(item, "callspec", None), "params", {})
    return "mongod" in (*named, called.get("database")) or "own_mongod" in named
