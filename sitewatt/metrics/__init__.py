"""Metrics: what this service counts of itself, told to Prometheus when it asks.

families     every metric there is
requests     what is counted of requests, while they are served
numbers      numbers apart from how they are written; those of several processes joined
processes    how several processes tell each other theirs
exposition   numbers as text

Storage and upkeep count for themselves (storage/measures.py, upkeep's Record). Nothing is done
between two scrapes but plain additions.
"""

import asyncio
import platform
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version

from prometheus_client import CollectorRegistry, ProcessCollector

from sitewatt.admission import Admission
from sitewatt.contract import Contract
from sitewatt.metrics.exposition import Written, written
from sitewatt.metrics.families import BY_NAME
from sitewatt.metrics.numbers import Numbers, labelled, of_distribution
from sitewatt.metrics.processes import Processes, directory
from sitewatt.metrics.requests import NONE, Refusals, Requests
from sitewatt.readiness import Ending, Readiness
from sitewatt.upkeep import Record
from sitewatt.web.terms import CUT, Terms
from storage import SiteAges, StorageError, Store

AGES = ("0-20m", "20m-1h", "1h-1d", "1d-7d", "7d-")
"""The ages of SiteAges as a label has them; the first bound of each belongs to it."""


class Metrics:
    """The metrics of a service. `requests` and `refusals` are to be counted into.

    `readiness` is what it tells, and what may be asked elsewhere.
    """

    def __init__(
        self,
        contract: Contract,
        store: Store,
        upkeep: Record,
        admission: Admission,
        terms: Terms,
    ) -> None:
        self.requests = Requests(contract)
        self.refusals = Refusals(contract)
        self._store = store
        self._upkeep = upkeep
        self._admission = admission
        self._terms = terms
        self.readiness = Readiness(store, terms)
        self._process = ProcessCollector(registry=CollectorRegistry())
        self._processes = Processes(self._own, directory())

    def told(self) -> AbstractAsyncContextManager[None]:
        """Tell the other processes of this service, if there are any, for as long as it lasts."""
        return self._processes.told()

    async def page(self, media_type: str) -> Written:
        """Return everything there is to tell, in the media type."""
        ready = await self._is_ready()
        numbers = self._processes.numbers()
        numbers["sitewatt_ready", ()] = float(ready)
        numbers["sitewatt_build_info", (version("sitewatt"), platform.python_version())] = 1.0
        # In a thread, for it takes some ms in which requests would wait.
        return await asyncio.to_thread(written, numbers, media_type)

    async def _is_ready(self) -> bool:
        try:
            await self.readiness.check()
        except (Ending, StorageError):
            return False
        return True

    def _own(self) -> Numbers:
        """Return the numbers of this process."""
        return {
            **_of_requests(self.requests),
            **_of_connections(self._terms),
            **labelled("sitewatt_problems", self.refusals.by_type),
            **labelled("sitewatt_refused_requests", self.refusals.by_keyword),
            **labelled("sitewatt_limited_requests", self._admission.refused),
            ("sitewatt_http_body_bytes", ()): self._admission.held,
            **_of_store(self._store),
            **_of_upkeep(self._upkeep),
            **_of_process(self._process),
        }


def _of_requests(requests: Requests) -> Numbers:
    """Return the numbers of requests; of a histogram, which is 17 lines, only where there are."""
    numbers: Numbers = {
        ("sitewatt_http_requests_in_flight", ()): requests.in_flight,
        ("sitewatt_http_answers_broken_off", ()): requests.broken_off,
    }
    for operation, answers in requests.by_operation.items():
        for status, number in answers.statuses.items():
            numbers["sitewatt_http_requests", (operation, str(status or NONE))] = number
        if any(answers.statuses.values()):
            seconds = of_distribution(answers.seconds)
            numbers["sitewatt_http_request_duration_seconds", (operation,)] = seconds
    return numbers


def _of_connections(terms: Terms) -> Numbers:
    cut = {reason: terms.cut[reason] for reason in CUT}
    return {
        ("sitewatt_connections", ()): terms.open,
        **labelled("sitewatt_connections_cut", cut),
    }


def _of_store(store: Store) -> Numbers:
    measures = store.database.measures
    outcomes = {
        "stored": measures.stored,
        "unchanged": measures.unchanged,
        "replaced": measures.replaced,
        "conflicting": measures.conflicting,
    }
    return {
        **labelled("sitewatt_readings", outcomes),
        ("sitewatt_commit_rows", ()): of_distribution(measures.bulk_rows),
        ("sitewatt_commit_wait_seconds", ()): of_distribution(measures.bulk_waits),
        ("sitewatt_commit_queue_rows", ()): store.live.waiting_rows,
        ("sitewatt_commit_overloaded", ()): measures.overloaded,
        **labelled("sitewatt_database_errors", measures.errors),
    }


def _of_upkeep(upkeep: Record) -> Numbers:
    numbers: Numbers = {
        ("sitewatt_upkeep_lease_held", ()): float(upkeep.holds_lease),
        ("sitewatt_sealed_documents", ()): upkeep.sealed_days,
        ("sitewatt_sealed_readings", ()): upkeep.sealed_readings,
        ("sitewatt_removed_documents", ()): upkeep.removed_days,
        **labelled("sitewatt_upkeep_last_success_timestamp_seconds", upkeep.last_success),
    }
    for (duty, outcome), number in upkeep.runs.items():
        numbers["sitewatt_upkeep_runs", (duty, outcome)] = number
    return numbers if upkeep.ages is None else {**numbers, **_of_ages(upkeep.ages)}


def _of_ages(ages: SiteAges) -> Numbers:
    by_age: Mapping[str, float] = {
        **dict(zip(AGES, ages.sites, strict=True)),
        "never": ages.never,
    }
    return {
        **labelled("sitewatt_sites", by_age),
        ("sitewatt_sites_count_duration_seconds", ()): ages.seconds,
    }


def _of_process(process: ProcessCollector) -> Numbers:
    """Return what the system says of this process, which it does on Linux alone."""
    families = [family for family in process.collect() if family.name in BY_NAME]
    return {(family.name, ()): family.samples[0].value for family in families}
