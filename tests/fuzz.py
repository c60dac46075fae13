"""The long run of the tests that generate: `make fuzz`. Ends with a summary, and 1 for a failure.

FUZZ_SEEDS        the seeds, 1,2,3 when not set; one that failed can be run again alone
FUZZ_CASES        requests of schemathesis to the running program, by all seeds, 100000
FUZZ_EXAMPLES     cases that are generated for an operation, by each seed, 1050
FUZZ_DOCUMENTS    documents for the two validators, by all seeds, 100000
FUZZ_SECONDS      of mutated request bytes on sockets, 600
FUZZ_MODEL_RUNS   of 50 steps against a dictionary, on mongomock; a tenth of it on mongod, 2000
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DEFAULTS = {
    "FUZZ_SEEDS": "1,2,3",
    "FUZZ_CASES": "100000",
    "FUZZ_EXAMPLES": "1050",
    "FUZZ_DOCUMENTS": "100000",
    "FUZZ_SECONDS": "600",
    "FUZZ_MODEL_RUNS": "2000",
}
SECONDS = os.environ.get("FUZZ_SECONDS", DEFAULTS["FUZZ_SECONDS"])
PYTEST = (sys.executable, "-m", "pytest", "-q")
COMMANDS = (
    (*PYTEST, "tests/properties/test_reference_verdicts.py"),
    (*PYTEST, "tests/properties/test_live_program.py"),
    (*PYTEST, "tests/properties/test_two_paths.py"),
    (*PYTEST, "tests/storage/test_storage_interleavings.py"),
    (*PYTEST, "tests/storage/test_storage_model_days.py"),
    (sys.executable, "tests/api/raw_bytes.py", "--seconds", SECONDS),
)


def main() -> int:
    """Run every command, whatever came of the one before, and return 1 when one failed."""
    with tempfile.TemporaryDirectory() as directory:
        figures = Path(directory) / "figures"
        figures.touch()
        environment = {**DEFAULTS, **os.environ, "FUZZ_FIGURES": str(figures)}
        started = time.monotonic()
        failed = [
            command for command in COMMANDS if subprocess.run(command, env=environment).returncode
        ]
        print(f"\n{figures.read_text()}in all {time.monotonic() - started:.0f} s")
    for command in failed:
        print(f"FAILED: {' '.join(command)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
