"""sitewatt on a store that keeps nothing; with BENCH_COUNTED=0 it counts nothing either."""

import os
from types import SimpleNamespace
from typing import Any, cast

from bench.common.keyring import keyring
from bench.http.store import Live, NoStore
from bench.metrics.uncounted import without_counters
from sitewatt.app import create_app
from storage import Measures


class Measured(NoStore):
    """The store that keeps nothing, with the numbers that a page of metrics has of a store."""

    live = Live()
    database = SimpleNamespace(measures=Measures())

    async def ready(self) -> None:
        """Be ready."""


Measured.live.waiting_rows = 0  # type: ignore[attr-defined]

if os.environ["BENCH_COUNTED"] == "0":
    without_counters()
app = create_app(cast("Any", Measured()), keyring())
