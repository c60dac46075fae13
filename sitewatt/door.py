"""The door of a listener: how to close it so that nobody who came in is sent away.

A connection is made by the system before the program accepts it. What waits when a listener is
closed is reset, though its client may have sent a request. So the system is first told to take no
new ones, which Linux does by a filter on the listener that drops a packet that begins a connection:
who knocks then is neither let in nor refused until the listener is gone, and refused by it when he
knocks again, after a second. Meanwhile the program accepts what waits.
"""

import ctypes
import os
import socket
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress

SECONDS = 0.15
"""For so long the shut door is kept, in which the event loop accepts all that waits."""

_SO_ATTACH_FILTER = 26
_INSTRUCTIONS = (
    (0x30, 0, 0, 13),  # load the byte of the flags in the head of TCP
    (0x54, 0, 0, 0x12),  # of these, SYN and ACK
    (0x15, 0, 1, 0x02),  # is it SYN alone?
    (0x06, 0, 0, 0),  # then drop it
    (0x06, 0, 0, 0xFFFFFFFF),  # else keep all of it
)
"""Classic BPF, as `man 7 socket` has it under SO_ATTACH_FILTER; it needs no rights."""


def shut(listeners: Iterable[socket.socket]) -> None:
    """Let the system take no new connections; those that wait can still be accepted.

    Where there is no such thing, nothing is done, and what waits in the end is reset.
    """
    if sys.platform != "linux":
        return  # pragma: no cover
    program = b"".join(struct.pack("HBBI", *instruction) for instruction in _INSTRUCTIONS)
    instructions = ctypes.create_string_buffer(program)
    filter_ = struct.pack("HP", len(_INSTRUCTIONS), ctypes.addressof(instructions))
    for listener in listeners:
        # What uvloop gives is no socket, and one of the same file does as well.
        with suppress(OSError), socket.socket(fileno=os.dup(listener.fileno())) as same:
            same.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filter_)
