"""EDG-01..07: the whole store on real wires: simulator → drivers → readings, and a power cut."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from agent.devices import Devices, build_devices
from agent.polling import Poller
from agent.settings import load_settings
from agent.simulator.configuration import AgentIdentity, agent_toml
from agent.simulator.live import LiveStore, SimulatedClock, Wires
from agent.simulator.model import StoreModel
from agent.simulator.scenario import Scenario
from protocols.pos.ticket import Ticket
from protocols.reading import Quality, Reading
from tests.integration.conftest import Mosquitto

pytestmark = pytest.mark.integration

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 9, 12, tzinfo=SHANGHAI)


class Taken:
    """What reached the outbox."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []

    def __call__(self, readings: Sequence[Reading], *, urgent: bool) -> None:
        self.readings += readings

    def newest(self, device: str, metric: str) -> Reading | None:
        found = [r for r in self.readings if (r.device, r.metric) == (device, metric)]
        return found[-1] if found else None

    def are_online(self, devices: set[str], value: float) -> bool:
        newest = [self.newest(device, "online") for device in devices]
        return all(reading is not None and reading.value == value for reading in newest)


async def until(is_so: Callable[[], object], within_s: float) -> None:
    async with asyncio.timeout(within_s):
        while not is_so():  # noqa: ASYNC110 what is waited for knows no event
            await asyncio.sleep(0.05)


def built(folder: Path, text: str) -> Devices:
    file = folder / "agent.toml"
    file.write_text(text, "utf-8")
    return build_devices(load_settings(file), folder=folder)


def check_tickets(taken: Taken) -> None:
    documents = [r.value for r in taken.readings if r.metric == "ticket"]
    tickets = [Ticket.model_validate(json.loads(str(text))) for text in documents]
    assert {ticket.till for ticket in tickets} == {"till-1", "till-2"}
    assert len({ticket.key for ticket in tickets}) == len(tickets)
    assert not [r for r in taken.readings if r.metric == "quarantined_ticket"]


def check_stamps(taken: Taken) -> None:
    newest: dict[tuple[str, str], datetime] = {}
    for reading in taken.readings:
        series = (reading.device, reading.metric)
        assert series not in newest or reading.time >= newest[series]
        newest[series] = reading.time


def test_every_device_speaks_and_a_power_cut_turns_its_values_bad(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    model = StoreModel(7, SHANGHAI, NOON)
    walls = {"offset": timedelta()}
    started = datetime.now(SHANGHAI)
    clock = SimulatedClock(
        NOON, 1.0, lambda: NOON + (datetime.now(SHANGHAI) - started) + walls["offset"]
    )
    store = LiveStore(model, clock, SHANGHAI, "示范店")
    taken = Taken()

    async def test() -> None:
        async with store.open(Wires(tmp_path / "lines", mqtt_url=mosquitto.url)) as listening:
            identity = AgentIdentity(
                "store-1", "示范店", "demo-1", tmp_path, "Asia/Shanghai", mosquitto.url
            )
            devices = built(tmp_path, agent_toml(identity, listening))
            names = {device for device, metric in devices.series() if metric == "online"}
            tasks = [
                asyncio.create_task(store.run()),
                asyncio.create_task(Poller(devices, taken).run()),
            ]
            await until(lambda: taken.are_online(names, 1.0), 15)
            walls["offset"] += timedelta(minutes=30)  # half an hour of trade at once
            await until(lambda: taken.newest("till-1", "ticket"), 10)
            await until(lambda: taken.newest("till-2", "ticket"), 10)
            await until(lambda: (r := taken.newest("door-1", "in_count")) and r.value, 15)
            model.begin(Scenario.POWER_CUT)
            powered = {device for device in names if not device.startswith(("till", "door-2"))}
            await until(lambda: taken.are_online(powered, 0.0), 30)
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    asyncio.run(asyncio.wait_for(test(), 90))
    air = taken.newest("cabinet-1", "air_temperature_c")
    assert air is not None
    assert (air.value, air.quality) == (None, Quality.BAD)
    check_tickets(taken)
    check_stamps(taken)
