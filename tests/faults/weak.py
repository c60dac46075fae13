"""The control: the same program, acknowledging what one member holds in memory.

The options that decide this win over the URI, so that nobody can set them; here they are changed
before the program starts, to show that the harness sees a loss when there is one.
"""

import sys

import storage.connection
from sitewatt.cli import main

WEAK = {"w": 1, "journal": False, "readConcernLevel": "local"}

storage.connection._OPTIONS = {**storage.connection._OPTIONS, **WEAK}

if __name__ == "__main__":
    sys.exit(main())
