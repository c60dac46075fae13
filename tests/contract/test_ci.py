"""What the checks of a change run, and what they leave to `make test` alone."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES = (ROOT / ".ci" / "long-tests").read_text().splitlines()
LONG = [line for line in LINES if line and not line.startswith("#")]


def test_what_is_left_out_is_there_under_that_name() -> None:
    assert len(set(LONG)) == len(LONG)
    for line in LONG:
        file, _, name = line.partition("::")
        assert (ROOT / file).is_file(), line
        assert f"def {name.partition('[')[0]}" in (ROOT / file).read_text(), line


def test_only_the_checks_leave_it_out() -> None:
    assert ".ci/long-tests" in (ROOT / ".ci" / "run").read_text()
    assert "long-tests" not in (ROOT / "Makefile").read_text()
