"""Every metric there is: one table that the page, its documentation and a test read."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

Kind = Literal["counter", "gauge", "histogram"]
Join = Literal["sum", "max", "min"]


class Family(NamedTuple):
    """One metric; `joined` says how that of a service is made of those of its processes.

    Without `shared` the process that is asked tells its own.
    """

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    joined: Join = "sum"
    shared: bool = True

    @property
    def shown(self) -> str:
        """The name by which queries know it: that of a counter ends in `_total`."""
        return f"{self.name}_total" if self.kind == "counter" else self.name


FAMILIES: Sequence[Family] = (
    Family("sitewatt_http_requests", "counter", ("operation", "status"),
           "requests that have been answered"),
    Family("sitewatt_http_request_duration_seconds", "histogram", ("operation",),
           "from the head of a request to the last of its answer"),
    Family("sitewatt_http_requests_in_flight", "gauge", (),
           "requests that are being answered, that for this page among them"),
    Family("sitewatt_http_answers_broken_off", "counter", (),
           "answers that had begun and could not be finished"),
    Family("sitewatt_connections", "gauge", (),
           "connections of clients that are open"),
    Family("sitewatt_connections_cut", "counter", ("reason",),
           "connections given up, by what did not come or was not read in time, or full"),
    Family("sitewatt_problems", "counter", ("type",),
           "problem documents, by the last word of their type"),
    Family("sitewatt_refused_requests", "counter", ("keyword",),
           "requests with a fault in their parameters or body, by the keyword that it breaks"),
    Family("sitewatt_limited_requests", "counter", ("limit",),
           "requests refused because a limit of the service was reached, by the limit"),
    Family("sitewatt_http_body_bytes", "gauge", (),
           "bytes of the bodies of requests that are being answered"),
    Family("sitewatt_readings", "counter", ("outcome",),
           "readings of pushes that were answered, by what became of them"),
    Family("sitewatt_commit_rows", "histogram", (),
           "readings in a bulk of the group commit"),
    Family("sitewatt_commit_wait_seconds", "histogram", (),
           "from when readings are given to the group commit to when they are durable"),
    Family("sitewatt_commit_queue_rows", "gauge", (),
           "readings that wait for a bulk"),
    Family("sitewatt_commit_overloaded", "counter", (),
           "pushes refused because too many readings waited"),
    Family("sitewatt_database_errors", "counter", ("kind",),
           "calls of the store that failed for the database, by what it was"),
    Family("sitewatt_ready", "gauge", (),
           "1 when the database takes writes, asked for this page as /readyz asks; else 0",
           shared=False),
    Family("sitewatt_upkeep_runs", "counter", ("duty", "outcome"),
           "times that a duty of the upkeep was done or failed"),
    Family("sitewatt_upkeep_last_success_timestamp_seconds", "gauge", ("duty",),
           "when a duty of the upkeep was done last, in UTC seconds", joined="max"),
    Family("sitewatt_upkeep_lease_held", "gauge", (),
           "1 where the lease is held under which one process seals, removes and counts sites"),
    Family("sitewatt_sealed_documents", "counter", (),
           "documents of sealed days that the upkeep has made or added to, one a site and day"),
    Family("sitewatt_sealed_readings", "counter", (),
           "readings that the upkeep has moved into sealed days"),
    Family("sitewatt_removed_documents", "counter", (),
           "documents of sealed days that were too old and have been removed"),
    Family("sitewatt_sites", "gauge", ("age",),
           "sites by the age of their latest reading, as the holder of the lease last counted"),
    Family("sitewatt_sites_count_duration_seconds", "gauge", (),
           "for how long the database was asked in that count"),
    Family("sitewatt_build_info", "gauge", ("version", "python"),
           "1; its labels say which program runs", shared=False),
    Family("process_cpu_seconds", "counter", (),
           "CPU time of the process, user's and system's"),
    Family("process_resident_memory_bytes", "gauge", (),
           "resident memory of the process"),
    Family("process_virtual_memory_bytes", "gauge", (),
           "virtual memory of the process"),
    Family("process_open_fds", "gauge", (),
           "file descriptors that are open"),
    Family("process_max_fds", "gauge", (),
           "file descriptors that one process may have open", joined="min"),
    Family("process_start_time_seconds", "gauge", (),
           "when the process started, in UTC seconds", joined="min"),
)  # fmt: skip

BY_NAME = {family.name: family for family in FAMILIES}
