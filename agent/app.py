"""The composition root of the agent: settings → buses → poller → outbox → uplink."""

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from agent.devices import Devices, build_devices
from agent.guard import Guard, ModbusRelay, Watched
from agent.health import DEVICE as OWN_DEVICE
from agent.health import METRICS as OWN_METRICS
from agent.health import Health
from agent.identity_renewal import Renewal
from agent.machine import settle
from agent.outbox import MEGABYTE, Outbox
from agent.outbox_batch import Batching
from agent.outbox_dating import BootClock
from agent.outbox_repair import repair, set_aside
from agent.outbox_rows import OutboxDamagedError, OutboxError
from agent.outlet import Sink
from agent.polling import Poller
from agent.remote.desk import OrderDesk, Site, View
from agent.settings import AgentSettings, SettingsError, secret
from agent.status.logbook import Logbook
from agent.status.pace import Pace
from agent.status.server import StatusServer
from agent.status.snapshot import Sources, snapshot
from agent.systemd import Notifier
from agent.uplink import Uplink
from agent.uplink_session import UplinkRules
from agent.version import VERSION
from protocols.limits import Limit
from protocols.mqtt.options import MqttOptions, MqttOptionsError
from protocols.sparkplug.topics import EdgeNode

log = logging.getLogger(__name__)

_OWN_SERIES = [*((OWN_DEVICE, metric) for metric in OWN_METRICS), *OrderDesk.series()]
STALLED_S = 30.0  # a bus or an outbox that has not moved for so long starves the watchdog


async def run_agent(settings: AgentSettings, notifier: Notifier, site: Site) -> None:
    """Works until SIGTERM or SIGINT. Raises SettingsError, OutboxError, or a group of errors.

    The settings' relative paths begin beside the local configuration.
    """
    devices = build_devices(settings, folder=site.local.parent)
    brokers = mqtt_options(settings)
    with open_outbox(settings) as outbox:
        if devices.totals is not None:
            devices.totals.recall(outbox.newest_first())
        uplink = _uplink(settings, brokers, outbox)
        guard = build_guard(settings, devices, outbox.append, lambda: uplink.is_connected)
        outbox.declare([*devices.series(), *guard.series(), *_OWN_SERIES])
        poller = Poller(devices, guard)
        desk = OrderDesk(settings, site, outbox.append, _view(poller, uplink))
        uplink.on_order = desk.take
        health = Health(outbox, settings.agent.data_dir)
        logbook = Logbook()
        pace = _pace(settings)
        seen = Sources(settings, poller, outbox, uplink, logbook, pace, alarms=guard.alarms)
        page = StatusServer(settings.status, {"/status.json": partial(snapshot, seen)})

        def is_moving() -> bool:
            return poller.idle_s() < STALLED_S and outbox.idle_s() < STALLED_S

        services = {
            "outbox": outbox.run(),
            "poller": poller.run(),
            "uplink": uplink.run(),
            "guard": guard.run(),
            "orders": desk.run(),
            "health": health.run(),
            "status": page.run(),
            "renewal": Renewal(settings.agent.data_dir / "identity").run(),
            "watchdog": notifier.feed(is_moving),
        }
        with _cancelled_by_signals(), _noted(logbook):
            await _run(services, notifier, settings.agent.id)


async def _run(
    services: Mapping[str, Coroutine[object, object, None]], notifier: Notifier, agent: str
) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            for name, work in services.items():
                group.create_task(work, name=name)
            settle()
            notifier.ready()
            log.info("Agent %s is running.", agent)
    finally:
        notifier.stopping()


def _view(poller: Poller, uplink: Uplink) -> View:
    return View(
        online=lambda: [d.device for d in poller.devices() if d.state == "online"],
        devices=lambda: [d.device for d in poller.devices()],
        acks=lambda: uplink.session.acks_heard,
    )


def _pace(settings: AgentSettings) -> Pace:
    return Pace(settings.outbox.max_mb * MEGABYTE)


def build_guard(
    settings: AgentSettings, devices: Devices, sink: Sink, is_connected: Callable[[], bool]
) -> Guard:
    watched = [
        Watched(
            table.device,
            table.metric,
            Limit(
                value=table.above if table.above is not None else table.below or 0.0,
                hold_s=table.hold_s,
                clear_s=table.clear_s,
                hysteresis=table.hysteresis,
                is_low=table.above is None,
            ),
            table.rests_in_defrost,
        )
        for table in settings.limit
    ]
    relay = settings.warning
    output = ModbusRelay(devices.buses[relay.bus], relay.unit, relay.coil) if relay else None
    return Guard(watched, sink, is_connected, output)


def mqtt_options(settings: AgentSettings) -> list[MqttOptions]:
    """One for each broker. Raises SettingsError with the table that the mistake is in."""
    table = settings.uplink
    password = secret(table.password, table.password_file)
    try:
        return [
            MqttOptions(
                url,
                client_id=settings.agent.id,
                username=table.username or None,
                password=password,
                ca_file=table.ca_file,
                cert_file=table.cert_file,
                key_file=table.key_file,
            )
            for url in (table.url, *table.more_urls)
        ]
    except MqttOptionsError as error:
        raise SettingsError(f"[uplink]: {error}") from error


def open_outbox(settings: AgentSettings) -> Outbox:
    """A damaged file is repaired: in a store nobody is there to do it. Raises OutboxError."""
    path, table = settings.outbox_path, settings.uplink
    batching = Batching(table.layout, table.flush_metrics, table.flush_s)
    try:
        return Outbox(path, max_mb=settings.outbox.max_mb, batching=batching, is_dated=BootClock())
    except OutboxDamagedError as error:
        log.error("%s", error)
    is_saved = _save_damaged(path)
    outbox = Outbox(path, max_mb=settings.outbox.max_mb, batching=batching, is_dated=BootClock())
    if not is_saved:
        outbox.tell_gap()
    return outbox


def _save_damaged(path: Path) -> bool:
    """False where nothing could be saved and a new outbox has to begin."""
    try:
        result = repair(path)
    except OutboxError as error:
        kept = set_aside(path)
        log.error("%s It is kept as %s; a new one begins. Check the memory card.", error, kept)
        return False
    log.error(
        "Outbox %s was repaired: %d batches saved, %d lost; the damaged file is kept as %s. "
        "Check the memory card.",
        path,
        result.saved,
        result.lost,
        result.kept_as,
    )
    return True


def _uplink(settings: AgentSettings, brokers: Sequence[MqttOptions], outbox: Outbox) -> Uplink:
    node = EdgeNode(settings.uplink.group, settings.agent.id)
    return Uplink(node, brokers[0], outbox, _rules(settings), more_options=brokers[1:])


def _rules(settings: AgentSettings) -> UplinkRules:
    table = settings.uplink
    return UplinkRules(
        layout=table.layout,
        window=table.window,
        drain_per_s=table.drain_per_s,
        software=f"storevitals-agent {VERSION}",
        primary_host=table.primary_host,
        has_more_brokers=bool(table.more_urls),
    )


@contextmanager
def _noted(logbook: Logbook) -> Iterator[None]:
    """Warnings of the whole agent are noted for the status page."""
    root = logging.getLogger()
    root.addHandler(logbook)
    try:
        yield
    finally:
        root.removeHandler(logbook)


@contextmanager
def _cancelled_by_signals() -> Iterator[None]:
    """SIGTERM and Ctrl-C end the block quietly; what was appended is on disk, so no drain."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # noqa: S101 a coroutine runs in a task
    received: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        received.append(number)
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    try:
        yield
    except asyncio.CancelledError:
        if not received or task.uncancel():
            raise
        log.info("The agent stops (%s).", received[0].name)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
