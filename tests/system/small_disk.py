"""A disk of its own for a test: small, soon full, or not to be written; root's alone."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """Give the place of a file system in memory; skips the test where none can be mounted."""
    with tempfile.TemporaryDirectory(prefix="sw-", dir="/tmp") as place:
        mounted = mount("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", place)
        if mounted.returncode:
            pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
        try:
            yield Path(place)
        finally:
            subprocess.run(["umount", "--lazy", place], check=True)


def mount(*words: str) -> "subprocess.CompletedProcess[str]":
    command = ["mount", *words]
    if os.getuid():
        return subprocess.CompletedProcess(command, 1, "", "only root may")
    return subprocess.run(command, capture_output=True, text=True, check=False)


def fill(disk: Path) -> Path:
    """Take all the room there is; return the file that has it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(65_536))
        except OSError:
            return ballast
