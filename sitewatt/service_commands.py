"""How the command line begins a command of the service.

The settings come first, for the modules of a service take a second to read.
"""

import argparse
from importlib import import_module

from sitewatt import settings


def of_service(module: str, name: str, given: argparse.Namespace) -> int:
    """Run the command `name` of a module and return its exit code.

    Raises CommandFailed for what can be wrong with a machine or its settings.
    """
    chosen = settings.load(vars(given))
    running = import_module("sitewatt.running")
    command = getattr(import_module(f"sitewatt.{module}"), name)
    return int(running.run(command, chosen, given))
