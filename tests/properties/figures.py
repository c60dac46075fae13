"""Figures that a run leaves for its summary."""

import os
from pathlib import Path


def note(line: str) -> None:
    """Print the line, and add it to the file that FUZZ_FIGURES names."""
    print(line)
    if path := os.environ.get("FUZZ_FIGURES"):
        with Path(path).open("a") as figures:
            figures.write(f"{line}\n")
