"""Writes the generated part of the Python client from the contract: `make clients-python`.

openapi-generator fills the two templates in clients/python/templates. Of what it writes only these
two files are kept; they have no date and no version in them, so the same contract gives the same
bytes.
"""

import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import openapi

ROOT = Path(__file__).parents[1]
KEPT = ("models.py", "operations.py")
GENERATED = ROOT / "clients/python/sitewatt_client/generated"


def jar() -> Path:
    """The program of openapi-generator, in its wheel. Raises LookupError where it is missing."""
    found = importlib.util.find_spec("openapi_generator_cli")
    if found is None or found.origin is None:
        raise LookupError("openapi-generator-cli is not installed")
    return Path(found.origin).parent / "openapi-generator.jar"


def java() -> str:
    """The path of Java. Raises LookupError where there is none."""
    found = shutil.which("java")
    if found is None:
        raise LookupError("there is no java on the PATH")
    return found


def generate(into: Path) -> None:
    """Write the generated files into a directory that is there."""
    with tempfile.TemporaryDirectory() as scratch:
        contract, out = Path(scratch, "openapi.json"), Path(scratch, "out")
        contract.write_text(json.dumps(openapi.bundle()))
        command = [java(), "-jar", str(jar()), "generate", "-c", "clients/python/generator.yaml"]
        command += ["-i", str(contract), "-o", str(out)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
        for name in KEPT:
            shutil.copyfile(out / "generated" / name, into / name)


def main() -> None:
    """Write them into the client; with a directory as argument, there."""
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else GENERATED)


if __name__ == "__main__":
    main()
