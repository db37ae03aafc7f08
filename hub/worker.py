"""`serve --role ingest`: one of several workers, each with the shards it has the lease of."""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from operator import add

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.errors import BusyError, HubError, StartError
from hub.identity import host_options
from hub.ingest.checkpoints import SqlCheckpoints
from hub.ingest.events import Events
from hub.ingest.leases import Leases
from hub.ingest.order_keeper import OrderKeeper
from hub.ingest.orders import Orders
from hub.ingest.registry import Registry
from hub.ingest.series import SeriesConsumer
from hub.ingest.service import Ingest
from hub.ingest.shards import Lease, LeasedDatabase
from hub.ingest.shared_last import SharedLast, SqlPlace
from hub.ingest.sql_journal import SqlJournal
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.migrate import upgrade
from hub.kit.rounds import every
from hub.listening import Server, listen, take_folder, told_in_a_sentence
from hub.live.shared import SharedLive
from hub.security.pki import Authority
from hub.settings import HubSettings
from hub.timeseries.engines import open_timeseries
from hub.timeseries.port import TimeSeries
from hub.web.measures import IngestNumbers
from protocols.mqtt.options import MqttOptions

log = logging.getLogger(__name__)

API = "/api/v1"
MAINTAIN_S = 10.0
IDLE_SHARE = 0.5  # of a lease's life: a transaction that waits longer for us is ended by PostgreSQL
LEAST_NOT_MOST = ("connected",)  # numbers of which the worst shard's is told, not the sum


@dataclass(frozen=True)
class Shared:
    """What all shards of a worker have in common."""

    settings: HubSettings
    db: Database
    live: SharedLive
    orders: Orders | None
    options: MqttOptions


class Shard:
    """One shard at work: built in a thread, then `run` until cancelled, then `close`."""

    def __init__(self, shared: Shared, lease: Lease) -> None:
        settings = shared.settings
        self.lease, self.db = lease, LeasedDatabase(shared.db, lease)
        registry = Registry(self.db, lease=lease)
        with ExitStack() as undo:
            self.series: TimeSeries = open_timeseries(
                settings.timeseries_url,
                settings.data_dir,
                registry.store_of,
                partial(SqlPlace, self.db),
            )
            undo.callback(self.series.close)
            keeper = OrderKeeper(self.db, registry, shared.orders, lease)
            self.ingest = Ingest(
                replace(shared.options, client_id=_client_id(shared.options, lease)),
                SqlJournal(self.db),
                self.db,
                registry,
                consumers=(
                    SeriesConsumer(self.series),
                    SharedLast(self.db, registry, shared.live, self.series),
                    Events(self.db, shared.live, SqlCheckpoints(self.db), lease=lease),
                    keeper,
                ),
                live=shared.live,
                lease=lease,
            )
            keeper.send = self.ingest.send
            undo.pop_all()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.ingest.run(), name=f"shard-{self.lease.shard}")
            maintain = every(
                MAINTAIN_S, lambda: self.series.maintain(utc_now()), "flush the series"
            )
            tasks.create_task(maintain, name=f"series-{self.lease.shard}")

    def close(self) -> None:
        """What was not saved is taken in again by whoever works on the shard next."""
        try:
            self.series.close()
        except (BusyError, SQLAlchemyError) as error:
            log.info("Shard %d was left without its last position: %s", self.lease.shard, error)


class Worker:
    """Holds a fair share of the shards and works on them."""

    def __init__(self, shared: Shared, leases: Leases) -> None:
        self._shared, self._leases = shared, leases
        self._shards: dict[int, Shard] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._refused = 0
        self._lost = 0
        self._trouble = "the first round of leases has not ended"

    async def run(self) -> None:
        """Until cancelled; raises when a shard ends by a bug."""
        try:
            while True:
                await self._round()
                ended = [task for task in self._tasks.values() if task.done()]
                for task in ended:
                    task.result()
                await asyncio.sleep(self._leases.every_s)
        finally:
            await self._leave()

    def numbers(self) -> Mapping[str, float]:
        """Of all shards together."""
        found: dict[str, float] = {}
        for shard in tuple(self._shards.values()):
            for name, value in shard.ingest.metrics().items():
                joined = min if name in LEAST_NOT_MOST else max if "_seconds" in name else add
                found[name] = joined(found.get(name, value), value) if name in found else value
        refused = self._refused + sum(shard.db.refused for shard in tuple(self._shards.values()))
        own = {"shards_held_rows": float(len(self._shards)), "shards_lost": float(self._lost)}
        return found | own | {"writes_refused": float(refused)}

    def troubles(self) -> dict[str, str]:
        found = {"leases": self._trouble} if self._trouble else {}
        for shard in tuple(self._shards.values()):
            for part, trouble in shard.ingest.troubles().items():
                found[f"{part}@{shard.lease.shard}"] = trouble
        return found

    async def _round(self) -> None:
        try:
            found = await asyncio.to_thread(self._leases.renew)
        except (SQLAlchemyError, HubError) as error:
            self._trouble = f"the leases could not be renewed: {error}"
            log.warning("The leases could not be renewed: %s", error)
            return
        self._trouble = ""
        gone = [n for n, shard in self._shards.items() if found.held.get(n) != shard.lease]
        self._lost += len(gone)
        await asyncio.gather(*(self._end(number) for number in gone))
        for lease in found.surplus:
            await self._end(lease.shard)
            await asyncio.to_thread(self._leases.give, lease)
            found.held.pop(lease.shard)
        await asyncio.gather(
            *(self._begin(lease) for n, lease in found.held.items() if n not in self._shards)
        )

    async def _begin(self, lease: Lease) -> None:
        try:
            shard = await asyncio.to_thread(Shard, self._shared, lease)
        except (SQLAlchemyError, HubError, OSError) as error:
            log.warning("Shard %d does not begin yet: %s", lease.shard, error)
            self._trouble = f"shard {lease.shard} does not begin: {error}"
            return
        self._shards[lease.shard] = shard
        self._tasks[lease.shard] = asyncio.create_task(shard.run())
        log.info("Shard %d is worked on from here (term %d).", lease.shard, lease.term)

    async def _end(self, number: int) -> None:
        task, shard = self._tasks.pop(number, None), self._shards.pop(number, None)
        if task is None or shard is None:
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.to_thread(shard.close)
        self._refused += shard.db.refused
        log.info("Shard %d is no longer worked on from here.", number)

    async def _leave(self) -> None:
        """Others have the shards at once."""
        leases = [shard.lease for shard in self._shards.values()]
        await asyncio.gather(*(self._end(lease.shard) for lease in leases))
        try:
            for lease in leases:
                await asyncio.to_thread(self._leases.give, lease)
            await asyncio.to_thread(self._leases.leave)
        except SQLAlchemyError as error:
            log.warning("The leases end by themselves in %g s: %s", self._leases.ttl_s, error)


async def serve_worker(settings: HubSettings) -> None:
    """Run until SIGTERM or Ctrl-C; raises StartError with a sentence when it cannot start."""
    _demand_servers(settings)
    with listen(settings) as listener, told_in_a_sentence(), ExitStack() as stack:
        take_folder(settings.data_dir)
        db = Database(_impatient(settings))
        stack.callback(db.close)
        log.info("The database is at revision %s.", upgrade(db))
        live = SharedLive(db)
        stack.callback(live.close)
        live.start()
        shared = Shared(settings, db, live, _orders(settings, db), host_options(settings))
        name = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(3)}"
        leases = Leases(db, name, shards=settings.shards, ttl_s=settings.lease_s)
        await _run(settings, Worker(shared, leases), live, listener)


async def _run(
    settings: HubSettings, worker: Worker, live: SharedLive, listener: socket.socket
) -> None:
    server = Server(_application(worker), live)
    async with asyncio.TaskGroup() as group:
        work = group.create_task(worker.run(), name="worker")
        log.info("The worker tells its health on http://%s:%d.", settings.host, settings.port)
        await server.serve([listener])
        work.cancel()


def _application(worker: Worker) -> Starlette:
    """Health and numbers, of one worker; for a port that only the operator's network reaches."""

    def health(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    def ready(_request: Request) -> Response:
        troubles = worker.troubles()
        return JSONResponse({"parts": troubles}, status_code=503 if troubles else 200)

    def metrics(_request: Request) -> Response:
        own = CollectorRegistry()
        own.register(IngestNumbers(worker.numbers))
        return Response(
            generate_latest() + generate_latest(own),
            headers={"Content-Type": CONTENT_TYPE_LATEST},
        )

    routes = {"/health": health, "/health/ready": ready, "/metrics": metrics}
    return Starlette(routes=[Route(API + path, function) for path, function in routes.items()])


def _demand_servers(settings: HubSettings) -> None:
    """Several processes need a database and a time-series engine that several may use."""
    if not settings.database_url.startswith("postgresql"):
        raise StartError(
            "Ingest workers need PostgreSQL: set HUB_DATABASE_URL to postgresql+psycopg://…, "
            "or run everything in one process with --role all."
        )
    if settings.timeseries_url.startswith("duckdb"):
        raise StartError(
            "DuckDB allows one process: set HUB_TIMESERIES_URL to victoriametrics://… or "
            "influxdb://…, or run everything in one process with --role all."
        )


def _impatient(settings: HubSettings) -> str:
    """A paused worker must not keep a lease's row locked for longer than the lease lives."""
    limit_ms = int(settings.lease_s * IDLE_SHARE * 1000)
    options = f"-c idle_in_transaction_session_timeout={limit_ms}"
    url = make_url(settings.database_url).update_query_dict({"options": options})
    return url.render_as_string(hide_password=False)


def _orders(settings: HubSettings, db: Database) -> Orders | None:
    """Only where the hub's authority lies: orders are signed by it."""
    if not settings.agents_url or not settings.authority_dir.exists():
        return None
    return Orders(db, Authority.open(settings.authority_dir), settings.data_dir / "bundles")


def _client_id(options: MqttOptions, lease: Lease) -> str:
    return f"{options.client_id}-{lease.shard}-{lease.term}"
