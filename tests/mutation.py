"""Change the code, one thing at a time, and see whether a test notices: `make mutation`.

ARGS="contract storage" names the parts below; without it, all. Each part is copied to
build/mutation/<part>, and mutmut runs there: for each change the fast tests that come by it. The
last lines are the figures by module; then the names of the changes that no test noticed, and
`mutmut show <name>` in that directory prints one.
"""

import configparser
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
COPIED = ("openapi", "handlers", "storage", "sitewatt", "tests", "docs", "bench", "deploy")
COPIED += ("setup.cfg", "pyproject.toml", "README.md", "package.json", "Makefile", "CHANGELOG.md")
CHECKED = ("killed", "survived", "timeout", "no tests", "suspicious", "segfault")


class Part(NamedTuple):
    """What is changed, and by which tests it should be noticed."""

    sources: tuple[str, ...]
    tests: tuple[str, ...]


PARTS = {
    "contract": Part(
        ("sitewatt/contract/*.py",),
        (
            "tests/contract/test_compiled.py",
            "tests/contract/test_entries.py",
            "tests/contract/test_dear_bodies.py",
            "tests/contract/test_codings.py",
        ),
    ),
    "auth": Part(("sitewatt/auth.py",), ("tests/api/test_service.py",)),
    "storage-rules": Part(
        tuple(
            f"storage/{name}.py"
            for name in (
                *("bulks", "calendar", "classification", "grid", "history", "ids", "known"),
                *("measures", "server", "summaries"),
            )
        ),
        tuple(
            f"tests/storage/test_storage_{name}.py"
            for name in (
                *("pure", "calendar", "summaries", "analysis_rules", "bulks", "server", "corners"),
            )
        ),
    ),
    "storage": Part(
        ("storage/*.py",),
        tuple(
            f"tests/storage/test_storage_{name}.py"
            for name in (
                *("live", "sites", "configurations", "retention", "fleet", "analysis", "known"),
                *("commits", "newest", "deletion", "inspection", "measures", "layout"),
            )
        ),
    ),
}
"""The parts. Those of the last and of auth start mongods, on loopback, and take longest.

Hypothesis has its profile `ci`: the same values each time and no deadline, for changed code is slow
to call.
"""


def prepare(name: str, part: Part) -> Path:
    """Return a directory with a copy of the tree and the settings of mutmut for a part."""
    directory = ROOT / "build" / "mutation" / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    for each in COPIED:
        origin = ROOT / each
        (shutil.copytree if origin.is_dir() else shutil.copy2)(origin, directory / each)
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(directory / "setup.cfg")
    others = [each for each in COPIED if (directory / each).exists() and each != "tests"]
    settings["mutmut"] = {
        "source_paths": "\nopenapi\nhandlers\nstorage\nsitewatt",
        "only_mutate": "\n" + "\n".join(part.sources),
        "also_copy": "\n" + "\n".join(others),
        "pytest_add_cli_args": "\n-p\nno:cacheprovider\n--hypothesis-profile=ci",
        "track_dependencies": "false",
        # Not forked from a process whose caches hold the answers of the unchanged code.
        "process_isolation": "forkserver",
        "pytest_add_cli_args_test_selection": "\n" + "\n".join(part.tests),
    }
    with (directory / "setup.cfg").open("w") as file:
        settings.write(file)
    return directory


def run(name: str, part: Part) -> list[str]:
    """Run mutmut on a part, print its figures by module, and return the changes unnoticed."""
    directory = prepare(name, part)
    mutmut = str(Path(sys.executable).with_name("mutmut"))
    subprocess.run([mutmut, "run", "--max-children", "2"], cwd=directory, check=True)
    told = subprocess.run(
        [mutmut, "results", "--all", "true"],
        cwd=directory,
        check=True,
        capture_output=True,
        text=True,
    )
    figures: dict[str, Counter[str]] = {}
    unnoticed = []
    for change, verdict in re.findall(r"^ *(\S+): (.+)$", told.stdout, re.MULTILINE):
        module = change.rpartition(".")[0]
        figures.setdefault(module, Counter())[verdict] += 1
        if verdict not in {"killed", "timeout", "caught by type check"}:
            unnoticed.append(f"{change}: {verdict}")
    for module, counted in sorted(figures.items()):
        print(
            f"{module}: {sum(counted.values())} changes, "
            + ", ".join(f"{counted[verdict]} {verdict}" for verdict in CHECKED if counted[verdict])
        )
    return unnoticed


def main() -> int:
    """Run the parts that are named, or all."""
    for name in sys.argv[1:] or PARTS:
        print("\n".join(run(name, PARTS[name])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
