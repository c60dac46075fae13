"""What it costs to import a library: CPU time and memory of a Python that does nothing else."""

import statistics
import subprocess
import sys

from bench.choices.timing import ABSENT, installed
from bench.common.tables import table

MODULES = (
    "pymongo",
    "jsonschema",
    "jsonschema_rs",
    "orjson",
    "starlette.applications",
    "uvicorn",
    "fastapi",
    "connexion",
    "sitewatt.app",
)
PROGRAM = """
import sys, time
import {module}
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(time.process_time(), status["VmRSS"].split()[0], len(sys.modules))
"""


def report() -> str:
    """Return the table: what an import adds to a bare Python, by module."""
    bare = _measured("sys")
    rows = []
    for module in MODULES:
        if installed(module.partition(".")[0]) is None:
            rows.append([module, ABSENT, "", ""])
            continue
        seconds, kibibytes, modules = (
            new - old for new, old in zip(_measured(module), bare, strict=True)
        )
        rows.append([module, f"{seconds * 1000:.0f}", f"{kibibytes / 1024:.0f}", f"{modules:.0f}"])
    return table(["import, beyond a bare Python", "ms of CPU", "MB", "modules"], rows)


def _measured(module: str) -> list[float]:
    """Return CPU seconds, KiB of memory and number of modules, medians of five."""
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM.format(module=module)]
    runs = [
        subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        for _ in range(5)
    ]
    return [statistics.median(map(float, column)) for column in zip(*runs, strict=True)]
