"""Change the code, one thing at a time, and see whether a test notices: `make mutation`.

ARGS="contract storage" names the parts below; without it, all. Each part is copied to
build/mutation/<part>, and mutmut runs there: for each change the fast tests that come by it. The
last lines are the figures by module; then the names of the changes that no test noticed, and
`mutmut show <name>` in that directory prints one.
"""

import configparser
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
COPIED = ("openapi", "handlers", "storage", "sitewatt", "tests", "docs", "bench", "deploy")
COPIED += ("setup.cfg", "pyproject.toml", "README.md", "package.json", "Makefile", "CHANGELOG.md")
SLOW = ("test_of_a_bomb", "bounded_number_of_times", "two_that_run_at_once_remove_the_same")
SLOW += ("more_sites_than_one_command_changes",)
UNUSED = ("cacheprovider", "schemathesis", "xdist", "xdist.looponfail", "anyio")
UNUSED += ("unraisableexception",)
ADDED = [word for plugin in UNUSED for word in ("-p", f"no:{plugin}")]
ADDED += ["-p", "tests.mutation_plugin", "--assert=plain", "--hypothesis-profile=ci"]
ADDED += ["-k", f"not ({' or '.join(SLOW)})"]
ADDED += ["-W", "ignore:Module already imported so cannot be rewritten"]
VERDICTS = {
    0: "survived",
    1: "killed",
    3: "killed",
    -24: "timeout",
    33: "no tests",
    None: "not run",
}
"""What an exit of pytest says of a change. Any other is told as it is: it says nothing."""


class Part(NamedTuple):
    """What is changed, and by which tests it should be noticed."""

    sources: tuple[str, ...]
    tests: tuple[str, ...]


RULES_OF_THE_STORE = tuple(
    f"storage/{name}.py"
    for name in (
        *("bulks", "calendar", "classification", "grid", "history", "ids", "known", "measures"),
        *("server", "summaries"),
    )
)
THE_STORE = tuple(f"storage/{file.name}" for file in sorted((ROOT / "storage").glob("*.py")))

PARTS = {
    "auth": Part(
        (
            *("sitewatt/auth.py", "sitewatt/keyring.py", "sitewatt/admission/guard.py"),
            "sitewatt/contract/rights.py",
        ),
        (
            *("tests/contract/test_authority.py", "tests/contract/test_rights.py"),
            "tests/storage/test_storage_keyring.py",
        ),
    ),
    "storage-rules": Part(
        RULES_OF_THE_STORE,
        tuple(
            f"tests/storage/test_storage_{name}.py"
            for name in (
                *("pure", "calendar", "summaries", "analysis_rules", "bulks", "server", "corners"),
            )
        ),
    ),
    "contract": Part(
        tuple(
            f"sitewatt/contract/{name}.py"
            for name in (
                *("faults", "formats", "media_types", "operations", "parameters", "preferences"),
                *("readers", "routes", "schema", "strict_json", "vocabulary", "windows"),
            )
        ),
        tuple(
            f"tests/contract/test_{name}.py"
            for name in (
                *("codings", "faults_told", "operations", "parameters", "routes", "schemas"),
                *("strict_json", "vocabulary", "dear_bodies"),
            )
        ),
    ),
    "storage": Part(
        tuple(each for each in THE_STORE if each not in RULES_OF_THE_STORE),
        tuple(
            f"tests/storage/test_storage_{name}.py"
            for name in (
                *("live", "sites", "configurations", "retention", "fleet", "analysis", "known"),
                *("commits", "newest", "deletion", "measures", "layout", "keys", "sealing"),
                *("removal", "lease", "staleness", "readiness", "availability", "connection"),
                *("deletion_marks", "newest_shared", "upgrades", "looks", "page", "corners"),
                *("server", "clock", "errors", "findings", "receipts"),
            )
        ),
    ),
}
"""The parts. What their tests need of a database is mongomock.

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
        "pytest_add_cli_args": "\n" + "\n".join(ADDED),
        "track_dependencies": "false",
        # Not forked from a process whose caches hold the answers of the unchanged code.
        "process_isolation": "forkserver",
        "timeout_multiplier": "4",
        "timeout_constant": "10",
        "pytest_add_cli_args_test_selection": "\n" + "\n".join(part.tests),
    }
    with (directory / "setup.cfg").open("w") as file:
        settings.write(file)
    return directory


def run(name: str, part: Part) -> list[str]:
    """Run mutmut on a part, print its figures by module, and return the changes unnoticed."""
    directory = prepare(name, part)
    mutmut = str(Path(sys.executable).with_name("mutmut"))
    # A module that nobody compiles anew is imported in a tenth of the time.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    command = [mutmut, "run", "--max-children", "2"]
    subprocess.run(command, cwd=directory, env=environment, check=True)
    unnoticed = []
    for file in sorted((directory / "mutants").glob("*/**/*.py.meta")):
        verdicts = {
            change: VERDICTS.get(code, f"exit {code}")
            for change, code in json.loads(file.read_text())["exit_code_by_key"].items()
        }
        counted = Counter(verdicts.values()).items()
        told = ", ".join(f"{number} {verdict}" for verdict, number in sorted(counted))
        print(f"{file.name.removesuffix('.py.meta')}: {len(verdicts)} changes, {told}")
        unnoticed += [f"{change}: {said}" for change, said in verdicts.items() if said != "killed"]
    return unnoticed


def main() -> int:
    """Run the parts that are named, or all."""
    for name in sys.argv[1:] or PARTS:
        print("\n".join(run(name, PARTS[name])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
