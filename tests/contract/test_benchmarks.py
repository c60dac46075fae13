"""Benchmarks that need nothing but the service still run: a figure is worth what repeats it."""

import pytest

import openapi
from bench.keys import __main__ as of_keys
from bench.limits import __main__ as of_limits
from bench.metrics import in_process
from sitewatt.contract import Contract


def test_what_counting_adds_can_be_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_process, "TURNS", 1)
    monkeypatch.setattr(in_process, "BLOCK", 2)
    names = [added.name for added in in_process.added("with storage")]
    assert names == ["one reading in", "144 rows in", "latest out", "with storage"]


async def test_what_the_check_of_a_key_costs_can_be_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    await of_keys.main(["--keys", "3", "--requests", "4", "--turns", "1"])
    assert len(capsys.readouterr().out.splitlines()) == 3


@pytest.mark.parametrize("kind", of_limits.KINDS)
def test_what_limits_cost_can_be_measured(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_limits, "NUMBER", 2)
    assert of_limits.microseconds(Contract(openapi.bundle()), of_limits.KINDS[kind]) >= 0
