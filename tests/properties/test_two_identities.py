"""Every operation by two keys of the store: what is generated breaks no rule of access.

schemathesis's `ignored_auth` takes the key away from requests that were answered with success, and
sends wrong ones in its place: nothing may be answered to these. One key may do everything, the
other may read and write at one site. A longer run has more examples: FUZZ_EXAMPLES.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest
from running import CONFIG, EXAMPLES
from serving import BIN, served

import openapi
from sitewatt.contract import Contract

FEW = max(2, EXAMPLES // 12)
OPERATIONS = Contract(openapi.bundle()).operations


def made(directory: Path, *words: str) -> str:
    command = [str(BIN / "sitewatt"), "keys", "create", "--data-dir", str(directory / "data")]
    done = subprocess.run([*command, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def tried(address: str, key: str) -> "subprocess.CompletedProcess[str]":
    """What schemathesis says of the service, asked by the holder of the key."""
    command = [str(BIN / "schemathesis"), "--config-file", str(CONFIG)]
    command += ["run", f"{address}/openapi.json", "--header", f"X-API-Key: {key}", "--no-color"]
    command += ["--checks", "ignored_auth,not_a_server_error,response_schema_conformance"]
    command += ["--phases", "examples,fuzzing", "--seed", "1", "--max-examples", str(FEW)]
    paths = [str(CONFIG.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONHASHSEED": "0"}
    return subprocess.run(command, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What schemathesis said by the name of the identity, each of which ended without a failure."""
    directory = tmp_path_factory.mktemp("identities")
    scopes = [
        word for scope in ("read", "write_live", "write_sites") for word in ("--scope", scope)
    ]
    with served(directory) as address:
        keys = {
            "everything": made(directory, *scopes, "--scope", "admin"),
            "one site": made(directory, *scopes, "--site", "1"),
        }
        done = {name: tried(address, key) for name, key in keys.items()}
    for name, one in done.items():
        assert one.returncode == 0, f"{name}:\n{one.stdout}{one.stderr}"
    return {name: one.stdout for name, one in done.items()}


@pytest.mark.parametrize("name", ["everything", "one site"])
def test_no_operation_is_answered_without_the_key_that_it_needs(
    said: dict[str, str], name: str
) -> None:
    operations = re.search(r"Operations: +(\d+) selected", said[name])
    assert operations is not None, said[name]
    assert int(operations[1]) == len(OPERATIONS)
