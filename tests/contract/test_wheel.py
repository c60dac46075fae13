"""What ships is what was tested: the wheel holds the four packages whole, and nothing else."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import openapi

ROOT = Path(__file__).parents[2]
PACKAGES = ("openapi", "handlers", "storage", "sitewatt")
COPIED = (*PACKAGES, "docs", "tests")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy of the tree, so that nothing left by an older build gets into it."""
    tree = tmp_path_factory.mktemp("wheel") / "tree"
    for directory in COPIED:
        shutil.copytree(
            ROOT / directory, tree / directory, ignore=shutil.ignore_patterns("__pycache__")
        )
    for file in (file for file in ROOT.iterdir() if file.is_file()):
        shutil.copy(file, tree)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist"]
    built = subprocess.run(build, cwd=tree, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return next((tree / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """The files in the wheel."""
    return set(zipfile.ZipFile(wheel).namelist())


def sources() -> set[str]:
    """Return every file of the four packages, as a wheel would name it."""
    files = (file for package in PACKAGES for file in (ROOT / package).rglob("*"))
    return {
        file.relative_to(ROOT).as_posix()
        for file in files
        if file.is_file() and "__pycache__" not in file.parts
    }


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(names: set[str]) -> None:
    assert {name for name in names if ".dist-info/" not in name} == sources()


def test_the_wheel_carries_the_licence(names: set[str]) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_the_program_of_the_wheel_prints_the_bundle_of_the_tree(
    wheel: Path, tmp_path: Path
) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    program = "import sys; from sitewatt.cli import main; sys.exit(main())"
    printed = subprocess.run(
        [sys.executable, "-c", program, "contract", "--format", "json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert printed.returncode == 0, printed.stderr
    assert json.loads(printed.stdout) == openapi.bundle()
