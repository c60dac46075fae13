"""What mutation.py has pytest do in the runs of mutmut: the fast tests, the fastest first.

mutmut starts each run from a process that has imported what is listed here and nothing of ours, so
that what the modules do when they are imported is done by the changed code too.
"""

import os

import pytest
from mutmut.state import state

IMPORTED = """
_hypothesis_pytestplugin _pytest.assertion.rewrite asyncio connexion faulthandler httpx hypothesis
hypothesis.strategies jsonschema jsonschema_rs limits.strategies mongomock orjson pdb platformdirs
prometheus_client pymongo.asynchronous.mongo_client pytest pytest_asyncio starlette.testclient
uvicorn xml.etree.ElementTree yaml
"""

_at_import: set[str] = set()


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
    """Remember what the import of the tests has come by."""
    _at_import.update(state()._stats)


def pytest_runtest_setup() -> None:
    """Let each test come by what their import has come by."""
    state()._stats.update(_at_import)


def _starts_a_database(item: pytest.Item) -> bool:
    named = {*getattr(item, "fixturenames", ())}
    called = getattr(getattr(item, "callspec", None), "params", {})
    return "mongod" in (*named, called.get("database")) or "own_mongod" in named
