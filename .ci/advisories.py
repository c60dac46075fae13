"""Asks for the known weaknesses of all that is pinned, and says what nobody could be asked about.

pip-audit, of every pin of every requirements file, and npm audit, of every lock file. Where its
database does not answer, pip-audit says "No known vulnerabilities found" and ends with 0. Here a
package is checked only when an answer was about it; the others are NOT CHECKED, on a line each that
the checks show again at their end.

Ends with 1 when an advisory is found that .ci/accepted-advisories.txt does not have (an id, then
why it does not touch us); with --must-check also when something could not be checked.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
ACCEPTED = ROOT / ".ci" / "accepted-advisories.txt"
UNCHECKED = ROOT / "build" / "not-checked.txt"
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)


class Audit(NamedTuple):
    """What was asked about: how many packages, which got no answer and why, and what was found."""

    of: str
    asked: int
    unanswered: dict[str, str]
    found: list[tuple[str, str]]


def pins(texts: list[str]) -> dict[str, list[str]]:
    """Return every version of every package that the requirements files pin."""
    versions: dict[str, set[str]] = {}
    for text in texts:
        for name, version in PIN.findall(text):
            versions.setdefault(re.sub(r"[-_.]+", "-", name).lower(), set()).add(version)
    return {name: sorted(some) for name, some in sorted(versions.items())}


def ask(command: list[str]) -> tuple[dict[str, Any], str]:
    """Return the JSON that a command printed, empty when it printed none, and its last words."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    words = (done.stderr or done.stdout).strip().splitlines()
    try:
        return json.loads(done.stdout), words[-1] if words else ""
    except ValueError:
        return {}, words[-1] if words else f"it ended with {done.returncode}"


def pip_audit(pinned: dict[str, list[str]], options: list[str]) -> Audit:
    """Return what pip-audit knows of the pins; it takes one version of a name at a time."""
    unanswered: dict[str, str] = {}
    found = []
    for versions in zip_longest(*pinned.values()):
        some = {name: version for name, version in zip(pinned, versions, strict=True) if version}
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.writelines(f"{name}=={version}\n" for name, version in some.items())
            file.flush()
            command = [str(Path(sys.executable).with_name("pip-audit")), "--format=json"]
            command += ["--progress-spinner=off", "--disable-pip", "--no-deps", "-r", file.name]
            answer, words = ask(command + options)
        answers = {entry["name"]: entry for entry in answer.get("dependencies", [])}
        for name, version in some.items():
            entry = answers.get(name, {})
            if "vulns" not in entry:
                unanswered[f"{name} {version}"] = entry.get("skip_reason", words)
            found += [(each["id"], name) for each in entry.get("vulns", [])]
    return Audit("Python packages", sum(map(len, pinned.values())), unanswered, found)


def npm_audit(lock: Path) -> Audit:
    """Return what npm's registry knows of the packages of a lock file."""
    place = str(lock.parent.relative_to(ROOT))
    packages = [name for name in json.loads(lock.read_text())["packages"] if name]
    command = ["npm", "audit", "--json", "--package-lock-only", "--prefix", place]
    answer, words = ask(command)
    unanswered = {}
    if "vulnerabilities" not in answer:
        unanswered = dict.fromkeys(packages, answer.get("message", words))
    found = [
        (via["url"].rpartition("/")[2], name)
        for name, entry in answer.get("vulnerabilities", {}).items()
        for via in entry["via"]
        if isinstance(via, dict)
    ]
    return Audit(f"npm packages of {place}/package-lock.json", len(packages), unanswered, found)


def tell(audit: Audit, accepted: set[str]) -> Iterator[str]:
    """Yield a line of what was checked, and one of what was not, and one for each advisory."""
    checked = audit.asked - len(audit.unanswered)
    yield f"{audit.of}: {checked} of {audit.asked} checked, {len(audit.found)} advisories"
    if audit.unanswered:
        first = next(iter(audit.unanswered.values()))
        yield f"NOT CHECKED: {len(audit.unanswered)} {audit.of} ({first})"
    for advisory, name in audit.found:
        yield f"{'accepted' if advisory in accepted else 'FOUND'}: {advisory} in {name}"


def requirements() -> list[Path]:
    """Return the files with pins."""
    return sorted([*ROOT.glob("requirements/*.txt"), *ROOT.glob("*/requirements.txt")])


def locks() -> list[Path]:
    """Return the lock files of npm, outside of what it has installed."""
    found = [*ROOT.glob("package-lock.json"), *ROOT.glob("[a-z]*/**/package-lock.json")]
    return sorted(path for path in found if {"node_modules", "build"}.isdisjoint(path.parts))


def main() -> int:
    """Ask about everything, and return 1 when something is found that nobody has accepted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--must-check", action="store_true", help="end with 1 when nobody answers")
    parser.add_argument("--osv-url", help="ask this OSV service, in the place of PyPI")
    chosen = parser.parse_args()
    options = ["--vulnerability-service=osv", "--osv-url", chosen.osv_url] if chosen.osv_url else []
    audits = [pip_audit(pins([file.read_text() for file in requirements()]), options)]
    audits += [npm_audit(lock) for lock in locks()]
    accepted = {line.split()[0] for line in ACCEPTED.read_text().splitlines() if line.strip()}
    lines = [line for audit in audits for line in tell(audit, accepted)]
    print("\n".join(lines))
    unchecked = [line for line in lines if line.startswith("NOT CHECKED")]
    UNCHECKED.parent.mkdir(exist_ok=True)
    UNCHECKED.write_text("".join(f"{line}\n" for line in unchecked))
    found = any(line.startswith("FOUND") for line in lines)
    return 1 if found or (chosen.must_check and unchecked) else 0


if __name__ == "__main__":
    sys.exit(main())
