"""`storevitals-agent simulate`: a store in software on real ports."""

import argparse
import asyncio
import json
import logging
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agent.outbox import Outbox
from agent.outbox_rows import OutboxError
from agent.simulator.configuration import AgentIdentity, agent_toml
from agent.simulator.history import history
from agent.simulator.live import Listening, LiveStore, SimulatedClock, Wires
from agent.simulator.model import StoreModel
from agent.simulator.scenario import Scenario
from protocols.mqtt.options import MqttOptions, MqttOptionsError

log = logging.getLogger(__name__)

BEGIN_ON_SIGNAL = "signal"


class SimulateError(Exception):
    """What was asked for cannot be done; the message says what to change."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "simulate",
        help="a store in software on real ports",
        description="Serves two cold cabinets, a freezer, an HVAC unit, an energy meter, two door "
        "counters and two tills on Modbus RTU (pty), Modbus TCP, serial ptys and MQTT.",
    )
    add = parser.add_argument
    add("--scenario", type=Scenario, choices=list(Scenario), default=Scenario.NORMAL)
    add(
        "--begin",
        default="0",
        metavar="WHEN",
        help="when the scenario begins: after so many seconds of wall time (default 0), or "
        f"'{BEGIN_ON_SIGNAL}': at SIGUSR1",
    )
    add("--speed", type=float, default=1.0, help="simulated seconds a second (default 1)")
    add("--seed", type=int, default=1, help="which store; the same seed lives the same days")
    add("--zone", default="Asia/Shanghai", help="time zone of the store")
    add("--name", default="便民生活超市 示范店", help="name on the receipts")
    add("--dir", type=Path, default=Path(".simulator"), help="folder of the serial lines")
    add("--modbus-port", type=int, default=0, help="first TCP port; the door's is the next one")
    add("--mqtt-url", help="broker of the side door and, in --config-out, of the uplink")
    add("--agent-id", default="store-1", help="edge node id in --config-out")
    add("--group", default="demo-0", help="Sparkplug group in --config-out")
    add("--data-dir", type=Path, default=Path(".simulator"), help="agent's folder in --config-out")
    add("--drain-per-s", type=int, default=2000, help="drain limit in --config-out; 0: none")
    add("--config-out", type=Path, metavar="FILE", help="write an agent.toml for this store")
    add("--history-days", type=float, default=0.0, help="write so many days into --outbox first")
    add("--outbox", type=Path, metavar="FILE", help="the agent's outbox; the agent must not run")
    add("--json", action="store_true", help="say where each device listens as one JSON line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    try:
        _check(args)
        return asyncio.run(_simulate(args, _store(args)))
    except (SimulateError, MqttOptionsError, OutboxError) as error:
        sys.stderr.write(f"storevitals-agent simulate: {error}\n")
        return 1


def _check(args: argparse.Namespace) -> None:
    if not 0 < args.speed <= 10_000:
        raise SimulateError(f"--speed is {args.speed:g}: give a number above 0, at most 10000.")
    if not 0 <= args.history_days <= 400:
        raise SimulateError(f"--history-days is {args.history_days:g}: give 0 to 400.")
    if args.history_days and args.outbox is None:
        raise SimulateError("--history-days needs --outbox FILE to write to.")
    if args.config_out and not args.mqtt_url:
        raise SimulateError("--config-out needs --mqtt-url: the agent must know its broker.")
    if args.mqtt_url:
        MqttOptions(args.mqtt_url, client_id="simulator")
    _begin_after_s(args.begin)
    try:
        ZoneInfo(args.zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SimulateError(f"--zone {args.zone!r} is no time zone.") from error


def _begin_after_s(begin: str) -> float | None:
    """Seconds; None: at the signal."""
    if begin == BEGIN_ON_SIGNAL:
        return None
    with suppress(ValueError):
        if (seconds := float(begin)) >= 0:
            return seconds
    raise SimulateError(f"--begin is {begin!r}: give seconds or '{BEGIN_ON_SIGNAL}'.")


def _store(args: argparse.Namespace) -> LiveStore:
    """The store as it stands now, its history written."""
    zone = ZoneInfo(args.zone)
    start = datetime.now(UTC) - timedelta(days=args.history_days)
    model = StoreModel(args.seed, zone, start)
    if args.outbox:
        _write_history(model, args.outbox, start + timedelta(days=args.history_days))
    model.advance(datetime.now(UTC))  # writing took a while, and life went on
    model.take_events()
    return LiveStore(model, SimulatedClock(model.now, args.speed), zone, args.name)


def _write_history(model: StoreModel, file: Path, end: datetime) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with Outbox(file) as outbox:
        count = outbox.bulk(chain.from_iterable(history(model, end)))
    log.info("Wrote %d readings of history to %s.", count, file)


async def _simulate(args: argparse.Namespace, store: LiveStore) -> int:
    loop = asyncio.get_running_loop()
    stopped, begun = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    loop.add_signal_handler(signal.SIGUSR1, begun.set)
    wires = Wires(args.dir, args.modbus_port, args.mqtt_url, f"sensors/{args.agent_id}/door-2")
    try:
        async with store.open(wires) as listening, asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(store.run(), name="store"),
                group.create_task(_begin(store, args, begun), name="scenario"),
            ]
            if args.config_out:
                args.config_out.write_text(_configuration(args, listening), "utf-8")
            _say(listening, is_json=args.json)
            await stopped.wait()
            for task in tasks:
                task.cancel()
    except OSError as error:
        raise SimulateError(f"{error.strerror or error}; choose another --modbus-port.") from error
    return 0


async def _begin(store: LiveStore, args: argparse.Namespace, begun: asyncio.Event) -> None:
    after_s = _begin_after_s(args.begin)
    if after_s is None:
        await begun.wait()
    else:
        await asyncio.sleep(after_s)
    if args.scenario is Scenario.NORMAL:
        return
    store.model.begin(args.scenario)
    log.info("Scenario %s began.", args.scenario)


def _configuration(args: argparse.Namespace, listening: Listening) -> str:
    identity = AgentIdentity(
        agent_id=args.agent_id,
        name=args.name,
        group=args.group,
        data_dir=args.data_dir.absolute(),
        zone=args.zone,
        broker_url=args.mqtt_url,
        drain_per_s=args.drain_per_s,
    )
    return agent_toml(identity, listening)


def _say(listening: Listening, *, is_json: bool) -> None:
    if is_json:
        sys.stdout.write(json.dumps(listening.document()) + "\n")
    else:
        sys.stdout.write("\n".join([*listening.sentences(), "Stop with Ctrl-C."]) + "\n")
    sys.stdout.flush()
