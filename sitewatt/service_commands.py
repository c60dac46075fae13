"""How the command line begins a command of the service, whose modules take a second to read."""

import argparse
from importlib import import_module


def of_service(module: str, name: str, given: argparse.Namespace) -> int:
    """Run the command `name` of a module here and return its exit code; CommandFailed as usual."""
    running = import_module("sitewatt.running")
    command = getattr(import_module(f"sitewatt.{module}"), name)
    return int(running.run(command, given))
