"""The composition root: the contract, the handlers and the store become one application."""

import os
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.metadata import version

from pymongo.monitoring import CommandListener
from starlette.types import ASGIApp, Receive, Scope, Send

import openapi
from handlers import Handler, handlers
from handlers.ports import Clock
from sitewatt import observability, settings
from sitewatt.admission import Admission, Limits
from sitewatt.admission.guard import CountingAuthority
from sitewatt.auth import Authority, KeyFileError
from sitewatt.binding import positional
from sitewatt.compiled import compiled_app
from sitewatt.contract import Contract, ContractError
from sitewatt.metrics import Metrics
from sitewatt.metrics.requests import DOCS
from sitewatt.mongod.room import has_room
from sitewatt.observability import OPERATION
from sitewatt.opening import authority
from sitewatt.serving import ending_by, on_terms, room_for_connections
from sitewatt.settings import Settings
from sitewatt.tracing import Tracing, TracingError, tracing_of
from sitewatt.upkeep import Record, upkeep
from sitewatt.web.docs import docs_app
from sitewatt.web.documents import ContractDocuments
from sitewatt.web.envelope import Envelope
from sitewatt.web.problem_documents import ProblemDocuments
from sitewatt.web.terms import Terms
from sitewatt.workers import collect_rarely, end_with_parent, ending_with_a_sentence
from storage import DATABASE_NAME, BadAddress, Store, connect


def compiled_contract() -> Contract:
    """Return the contract, compiled, with a handler for each operation; raises ContractError."""
    contract = Contract(openapi.bundle())
    check_one_to_one(contract, handlers())
    return contract


def check_one_to_one(contract: Contract, given: Mapping[str, Handler]) -> None:
    """Promise that operations and handlers have the same names; raises ContractError."""
    if missing := sorted(contract.operations.keys() - given.keys()):
        raise ContractError(f"operations without a handler: {', '.join(missing)}")
    if surplus := sorted(given.keys() - contract.operations.keys()):
        raise ContractError(f"handlers without an operation: {', '.join(surplus)}")
    for name, operation in contract.operations.items():
        wanted, taken = set(operation.arguments), set(positional(given[name]))
        if wanted != taken:
            differing = ", ".join(sorted(wanted ^ taken))
            raise ContractError(f"{name} and its handler differ in these parameters: {differing}")


def create_app(
    store: Store,
    authority: Authority,
    *,
    clock: Clock = lambda: int(time.time()),
    serve: Callable[..., ASGIApp] = compiled_app,
    retention_days: int | None = None,
    limits: Limits | None = None,
    tracing: Tracing | None = None,
    terms: Terms | None = None,
) -> ASGIApp:
    """Return the service on a store. Nothing in it is global: two may stand side by side.

    `serve` makes an application of the operations: `compiled_app`, or for the judge in tests
    `stock.connexion_app`. Without `tracing` there are no traces, and nothing of them is asked.
    `terms` are those of its connections, which say when the process is to end.
    """
    contract, record, terms = compiled_contract(), Record(), terms or Terms()
    admission = Admission(contract, limits or Limits())
    metrics = Metrics(contract, store, record, admission, terms)
    problems = ProblemDocuments(contract, metrics.refusals.add)
    work = partial(upkeep, store, clock, retention_days, record)
    operations = serve(
        contract,
        handlers(),
        _services(contract, store, clock, metrics),
        authority=CountingAuthority(authority, admission.rates),
        problems=problems,
        clock=clock,
        lifespan=_while(metrics.told, work),
    )
    enveloped = Envelope(
        _with_docs(operations, docs_app(problems)),
        authority=authority,
        admission=admission,
        problems=problems,
        requests=metrics.requests,
        least_coded_bytes=contract.limits["least_coded_bytes"],
    )
    return enveloped if tracing is None else tracing.around(enveloped, contract, store)


def _while(
    *works: Callable[[], AbstractAsyncContextManager[None]],
) -> Callable[[object], AbstractAsyncContextManager[None]]:
    """Return a lifespan in which all of the works are under way."""

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            for work in works:
                await stack.enter_async_context(work())
            yield

    return lifespan


def _services(
    contract: Contract, store: Store, clock: Clock, metrics: Metrics
) -> Mapping[str, object]:
    """Return what a handler may name among its parameters."""
    return {
        "store": store,
        "clock": clock,
        "url_for": contract.url_for,
        "documents": ContractDocuments(contract.bundle, version("sitewatt")),
        "metrics": metrics,
        "readiness": metrics.readiness,
    }


def app_from_environment() -> ASGIApp:
    """Return the service as the environment describes it; every worker process calls this."""
    end_with_parent()
    with ending_with_a_sentence(settings.SettingsError, KeyFileError, ContractError, TracingError):
        return _app_from_environment()


def _app_from_environment() -> ASGIApp:
    chosen = settings.load({})
    observability.configure(chosen.log_format, chosen.log_level)
    tracing = tracing_of(os.environ)
    store = open_store(chosen, listeners=() if tracing is None else tracing.listeners)
    terms = terms_of(chosen)
    app = create_app(
        store,
        authority(chosen, store),
        retention_days=chosen.retention_days,
        limits=limits(chosen),
        tracing=tracing,
        terms=terms,
    )
    collect_rarely()
    return ending_by(on_terms(app, terms), terms, chosen.drain_time)


def terms_of(chosen: Settings) -> Terms:
    """Return the terms of this process's connections; fewer of them where files are few."""
    return Terms(
        head_timeout=chosen.head_timeout,
        body_timeout=chosen.body_timeout,
        answer_timeout=chosen.answer_timeout,
        max_connections=room_for_connections(chosen.max_connections),
    )


def open_store(chosen: Settings, *, listeners: Sequence[CommandListener] = ()) -> Store:
    """Return the store of the settings; the database is not asked yet."""
    if chosen.mongodb_uri is None:
        raise settings.SettingsError("without SITEWATT_MONGODB_URI there is no database to serve")
    try:
        timeout = chosen.mongodb_timeout
        client = connect(chosen.mongodb_uri, timeout=timeout, listeners=listeners)
    except BadAddress as error:
        raise settings.SettingsError(f"{chosen.mongodb_variable}: {error}") from None
    schemas = openapi.bundle()["components"]["schemas"]
    store = Store(client.get_default_database(DATABASE_NAME), schemas=schemas)
    store.readiness.has_room = partial(has_room, chosen.data_dir, chosen.mongodb_uri)
    return store


def limits(chosen: Settings) -> Limits:
    """Return what a worker takes of its clients at once and within a time."""
    return Limits(
        rate_per_key=chosen.rate_per_key,
        rate_per_address=chosen.rate_per_address,
        rate_of_wrong_keys=chosen.rate_of_wrong_keys,
        trusted_proxies=chosen.trusted_proxies or "",
        max_requests=chosen.max_requests,
    )


def _with_docs(operations: ASGIApp, docs: ASGIApp) -> ASGIApp:
    """Return both as one application; the start and the end of the process go to the operations."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else None
        if path is not None and (path in ("/", "/docs") or path.startswith("/docs/")):
            scope[OPERATION] = DOCS
            await docs(scope, receive, send)
        else:
            await operations(scope, receive, send)

    return application
