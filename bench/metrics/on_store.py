"""sitewatt as it is served, on a MongoDB; with BENCH_COUNTED=0 it counts nothing."""

import os

from bench.metrics.uncounted import without_counters
from sitewatt.app import app_from_environment

if os.environ["BENCH_COUNTED"] == "0":
    without_counters()
app = app_from_environment()
