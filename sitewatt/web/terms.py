"""Terms: how long a worker waits for its clients, and how many of them it has at once."""

from collections import Counter
from dataclasses import dataclass, field

TERMS = "sitewatt.terms"
"""Where the state of the lifespan has the terms, for the connections."""

LEAST_RATE = 500
"""Bytes a second. A body that comes, or an answer that is read, more slowly is given up.

The worst mobile link that meters use (GPRS, one slot) has 1,000. A body of 2 MiB may so take 70
minutes, in which it costs what any connection costs; one that only drips ends with its patience.
"""

MOST_OF_HEADS = 16 * 2**20
"""Bytes of memory in a worker for heads that have not come whole, those of usual length beside."""

USUAL_HEAD = 8 * 2**10
"""Bytes of memory of a head for which there is always room: nearly all come in one packet."""

CUT = ("head", "body", "answer", "full")
"""Why a connection is given up: what does not come or is not read, or that there are too many."""

LAST_WORD = 1.0
"""Seconds in which a connection that was used just now may bring one more request at the end."""


@dataclass
class Terms:
    """What holds for every connection of a worker; times are in seconds.

    `head_timeout` is for a head, from its first byte, or from when the connection was made.
    `body_timeout` is for a body without a byte, and so is `answer_timeout` for an answer of which
    nothing is read. `open` is the number of connections, `heads` what the heads that have not come
    whole take in memory, in bytes. `cut` counts the connections that were given up, by why.
    `ending` is set when the process has been told to end; each answer ends its connection then.
    """

    head_timeout: float = 8
    body_timeout: float = 8
    answer_timeout: float = 30
    max_connections: int = 10_000
    open: int = 0
    heads: int = 0
    ending: bool = False
    cut: Counter[str] = field(default_factory=Counter)
