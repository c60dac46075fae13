"""How a command ends when it is stopped, or when nobody takes what it writes."""

import errno
import os
import sys
from collections.abc import Callable

INTERRUPTED = 130
NOBODY_READS = 141
"""As shells have them: 128 and the number of the signal, here SIGINT and SIGPIPE."""

_OF_OUTPUT = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


class CommandFailed(Exception):
    """What is wrong is told in a sentence, and the command ends with 1."""


def ended(command: Callable[[], int]) -> int:
    """Run a command and return its exit code, once all that it has written is taken.

    A reader that goes away (`| head`) is no failure to tell; a full disk and an interrupt are told
    in a sentence.
    """
    try:
        code = command()
        sys.stdout.flush()
    except CommandFailed as error:
        return _told(str(error), 1)
    except BrokenPipeError:
        _drop_output()
        return NOBODY_READS
    except KeyboardInterrupt:
        return _told("stopped", INTERRUPTED)
    except OSError as error:
        if error.errno not in _OF_OUTPUT:
            raise
        _drop_output()
        return _told(f"the output cannot be written: {error.strerror}", 1)
    return code


def _told(said: str, code: int) -> int:
    sys.stderr.write(f"sitewatt: {said}\n")
    return code


def _drop_output() -> None:
    """Leave nothing that Python would try to write once more at its end."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)
