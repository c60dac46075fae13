"""The room on the disk of a data directory."""

import os
from pathlib import Path

from sitewatt.mongod.directory import DataDirectory
from sitewatt.mongod.errors import MongodError
from sitewatt.mongod.replica import uri_of

LEAST_MB = 32
"""With less room than this mongod cannot be relied on: it ends when it cannot write."""


def free_mb(directory: Path) -> float:
    """The room, in MB, that the user of this process has on the disk of a directory."""
    disk = os.statvfs(directory)
    return disk.f_bavail * disk.f_frsize / 1_000_000


def require_room(directory: Path) -> None:
    """Returns when there is room for mongod to start; raises MongodError."""
    if (room := free_mb(directory)) < LEAST_MB:
        raise MongodError(
            f"The disk of the data directory {directory} has {room:.0f} MB left, and MongoDB needs"
            f" {LEAST_MB} MB to start: make room, or give another directory (--data-dir)."
        )


def has_room(data_directory: Path, uri: str) -> bool:
    """Whether the embedded mongod of a data directory has room; True for any other database."""
    directory = DataDirectory(data_directory)
    if uri != uri_of(directory.socket):
        return True
    try:
        return free_mb(directory.path) >= LEAST_MB
    except OSError:
        return True
