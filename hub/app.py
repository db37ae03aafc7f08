"""The hub's composition root: parts are built here, handed on as values, and run in one group."""

import asyncio
import logging
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from uuid import UUID

from hub import control
from hub.alerts.desk import Desk
from hub.alerts.notices.courier import Courier
from hub.alerts.notices.links import Links
from hub.alerts.notices.services import AllowedHosts
from hub.archive.custom_fields.fields import Definitions
from hub.errors import BusyError, T
from hub.following import Following, demand_fitting, follow
from hub.guards import audit_sealer, key_care, open_strongroom
from hub.identity import IdentityParts, host_options, open_identity
from hub.ingest.checkpoints import Checkpoints
from hub.ingest.events import Events
from hub.ingest.journal import Journal
from hub.ingest.order_keeper import OrderKeeper
from hub.ingest.orders import Orders
from hub.ingest.registry import Registry
from hub.ingest.series import LastSeen, SeriesConsumer
from hub.ingest.service import Ingest
from hub.ingest.shared_last import FollowedLast
from hub.kit.asker import Asker
from hub.kit.bulk import changing
from hub.kit.db import Database
from hub.kit.exchange import importing
from hub.kit.jobs.runner import Runner
from hub.kit.jobs.turn import Someone, Step
from hub.kit.migrate import upgrade
from hub.kit.records.ports import Ports
from hub.kit.rounds import every
from hub.listening import Server, listen, take_folder, told_in_a_sentence
from hub.live import Live
from hub.live.shared import SharedLive
from hub.local_commands import local_commands
from hub.security.approvals.gate import Gate
from hub.security.audit.sealer import Sealer
from hub.security.passwords import Passwords
from hub.security.privacy.guard import PrivacyGate
from hub.security.retention import KEEPINGS, Retention
from hub.security.sessions import Lifetimes
from hub.security.sign_in import SignIn
from hub.security.vault.care import KeyCare
from hub.security.vault.vault import Vault
from hub.settings import HubSettings, Role
from hub.timeseries.daily import DailyTimeSeries
from hub.timeseries.engines import open_timeseries
from hub.timeseries.last import LastValues
from hub.timeseries.port import TimeSeries
from hub.timeseries.tiers import TieredTimeSeries
from hub.upkeep import chores, keep_up
from hub.web.application import create_app
from hub.web.approvals import export_gate, open_desk
from hub.web.assets import Assets
from hub.web.rendering import Templates
from hub.web.services import Services
from hub.webhooks.models import DELIVERIES
from hub.webhooks.sending import Dispatcher

log = logging.getLogger(__name__)

JOBS: Mapping[str, Step] = {
    importing.IMPORT: importing.step,
    importing.UNDO: importing.undo_step,
    changing.BULK: changing.step,
}
OPEN_REQUESTS_S = 5
CHECKPOINT_S = 0.5


@dataclass(frozen=True)
class Parts:
    """What runs beside the web: the services of requests, and ingest or what follows it."""

    services: Services
    intake: Ingest | Following
    key_care: KeyCare
    sealer: Sealer
    identity: IdentityParts | None


def job_runner(services: Services) -> Runner:
    """Works on background jobs, each with what its asker may do at that moment."""

    def whose(user_id: UUID) -> Someone | None:
        actor = services.sign_in.sessions.absent(user_id)
        if actor is None:
            return None
        return Someone(actor.scope, Asker(actor.user_id, actor.name, actor))

    return Runner(services.db, JOBS, whose, services.jobs_folder)


def _ports(vault: Vault) -> Ports:
    return Ports(vault=vault, approvals=PrivacyGate(Gate()), custom=Definitions())


@contextmanager
def open_parts(settings: HubSettings) -> Iterator[Parts]:
    """Everything between the files on disk and the first request; closes what it opened."""
    with ExitStack() as stack:
        take_folder(settings.data_dir)
        room = open_strongroom(settings)
        stack.callback(room.keys.close)
        db = Database(settings.database_url, _ports(room.vault))
        stack.callback(db.close)
        log.info("The database is at revision %s.", upgrade(db))
        demand_fitting(settings, db)
        registry = Registry(db)
        series = open_timeseries(settings.timeseries_url, settings.data_dir, registry.store_of)
        daily = None
        if settings.role is Role.ALL:  # who writes alone knows when kept sums are out of date
            folder = settings.data_dir / "timeseries"
            series = daily = DailyTimeSeries(TieredTimeSeries(series, folder), folder)
        services = replace(_services(settings, db, registry, series, room.vault), daily=daily)
        stack.callback(series.close)
        identity = open_identity(settings, db, registry, services.sign_in.passwords)
        enrolment = identity.enrolment if identity else None
        bundles = settings.data_dir / "bundles"
        orders = Orders(db, enrolment.authority, bundles) if enrolment else None
        intake = follow(services) or _ingest(services, OrderKeeper(db, registry, orders))
        checks: dict[str, Callable[[], None]] = {
            "database": db.ping,
            "ingest": partial(_demand_moving, intake),
        }
        if identity:
            checks["certificates"] = identity.demand_valid
        services = replace(services, checks=checks, numbers=intake.metrics)
        services = replace(services, enrolment=enrolment, orders=orders)
        open_desk(db, services.sign_in.sessions).finish_approved()
        care, sealer = key_care(services, room), audit_sealer(services, room)
        yield Parts(services, intake, care, sealer, identity)


def _services(
    settings: HubSettings, db: Database, registry: Registry, series: TimeSeries, vault: Vault
) -> Services:
    lifetimes = Lifetimes(
        idle=timedelta(seconds=settings.session_idle_s),
        cookie=timedelta(seconds=settings.session_max_s),
        bearer=timedelta(seconds=settings.token_max_s),
    )
    sign_in = SignIn(db, Passwords(), lifetimes)
    return Services(
        settings=settings,
        db=db,
        sign_in=sign_in,
        export_approval=export_gate(open_desk(db, sign_in.sessions)),
        vault=vault,
        timeseries=series,
        last=(
            FollowedLast(db, registry) if settings.role is Role.WEB else LastValues(series.newest())
        ),
        registry=registry,
        live=SharedLive(db) if settings.role is Role.WEB else Live(),
        templates=Templates(Assets()),
    )


def _ingest(services: Services, keeper: OrderKeeper) -> Ingest:
    settings = services.settings
    consumers = (
        SeriesConsumer(services.timeseries),
        LastSeen(services.last, services.live, services.registry, services.timeseries),
        Events(services.db, services.live, Checkpoints(settings.data_dir / "detection")),
        keeper,
    )
    ingest = Ingest(
        host_options(settings),
        Journal(settings.data_dir / "journal.sqlite"),
        services.db,
        services.registry,
        consumers=consumers,
        live=services.live,
    )
    keeper.send = ingest.send
    return ingest


def _demand_moving(intake: Ingest | Following) -> None:
    """The health check of ingest: raises BusyError with what does not move, and why."""
    troubles = intake.troubles()
    if troubles:
        words = "; ".join(f"{part}: {trouble}" for part, trouble in troubles.items())
        raise BusyError(T(f"数据接收停滞：{words}", f"Ingest does not move: {words}"))


async def serve(settings: HubSettings) -> None:
    """Run until SIGTERM or Ctrl-C; raises StartError with a sentence when it cannot start."""
    with listen(settings) as listener, told_in_a_sentence(), open_parts(settings) as parts:
        await _run(settings, parts, listener)


async def _run(settings: HubSettings, parts: Parts, listener: socket.socket) -> None:
    server = Server(
        create_app(parts.services),
        parts.services.live,
        proxy_headers=bool(settings.proxy_address),
        forwarded_allow_ips=settings.proxy_address,
        timeout_graceful_shutdown=OPEN_REQUESTS_S,
    )
    async with asyncio.TaskGroup() as group:
        others = [
            group.create_task(parts.intake.run(), name="ingest"),
            group.create_task(
                keep_up(chores(parts.services), parts.services.rounds), name="upkeep"
            ),
            group.create_task(_checkpoints(parts.services.db), name="checkpoints"),
            group.create_task(parts.key_care.run(), name="keys"),
            group.create_task(parts.sealer.run(), name="audit"),
            group.create_task(_retention(parts.services).run(), name="retention"),
            group.create_task(_courier(parts.services).run(), name="courier"),
            group.create_task(_dispatcher(parts.services).run(), name="webhooks"),
            group.create_task(Desk(parts.services.db, parts.services.live).run(), name="desk"),
            group.create_task(job_runner(parts.services).run(), name="jobs"),
            group.create_task(
                control.listen(settings.data_dir, local_commands(parts.services)), name="control"
            ),
        ]
        if parts.identity:
            others.append(group.create_task(parts.identity.run(), name="identity"))
        log.info("The hub listens on http://%s:%d.", settings.host, settings.port)
        await server.serve([listener])
        for task in others:
            task.cancel()


async def _checkpoints(db: Database) -> None:
    """Often, so that each is small; PostgreSQL makes its own."""
    if db.is_sqlite:
        await every(CHECKPOINT_S, db.checkpoint, "bring the log of changes into the file")


def _courier(services: Services) -> Courier:
    settings = services.settings
    links = Links(services.vault, settings.base_url)
    return Courier(services.db, services.vault, links, AllowedHosts.of(settings.notice_hosts))


def _retention(services: Services) -> Retention:
    return Retention(services.db, (*KEEPINGS, DELIVERIES))


def _dispatcher(services: Services) -> Dispatcher:
    hosts = AllowedHosts.of(services.settings.notice_hosts)
    return Dispatcher(services.db, services.vault, hosts)
