"""The generated part of the Python client is what the contract gives, byte for byte."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GENERATE = runpy.run_path(str(ROOT / "clients" / "generate.py"))


def test_the_generated_part_is_what_the_contract_gives(tmp_path: Path) -> None:
    try:
        GENERATE["java"](), GENERATE["jar"]()
    except LookupError as missing:
        pytest.skip(f"{missing}; `make clients-check` installs all but Java")
    for place in (tmp_path / "once", tmp_path / "twice"):
        place.mkdir()
        GENERATE["generate"](place)
    for name in GENERATE["KEPT"]:
        once = (tmp_path / "once" / name).read_bytes()
        assert once == (tmp_path / "twice" / name).read_bytes()
        assert once == (GENERATE["GENERATED"] / name).read_bytes(), "run `make clients`"
