"""EDG-01: one dead device never stops polling of the others."""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from agent.devices import Devices, Polled, Pushed
from agent.drivers.base import Outlet, utc_now
from agent.outlet import OutletRules
from agent.polling import Poller
from agent.polling_status import DeviceState, DeviceStatus
from protocols.errors import DeviceTimeoutError, NotAskedError
from protocols.reading import Quality, Reading
from tests.agent.virtual_time import run_virtually


class FakeDriver:
    metrics = ("air_temperature_c",)
    is_behind = False
    plan = ("holding_register 1",)
    refused = ()

    def __init__(self, device: str, answer: Callable[[int], float | Exception]) -> None:
        self.device = device
        self.asked: list[float] = []
        self._answer = answer

    async def read(self) -> list[Reading]:
        self.asked.append(asyncio.get_running_loop().time())
        said = self._answer(len(self.asked))
        if isinstance(said, Exception):
            raise said
        return [Reading(self.device, "air_temperature_c", said, utc_now())]


class Taken:
    def __init__(self) -> None:
        self.readings: list[Reading] = []

    def __call__(self, readings: Sequence[Reading], *, urgent: bool) -> None:
        self.readings += readings

    def of(self, device: str, metric: str) -> list[float | str | None]:
        return [r.value for r in self.readings if (r.device, r.metric) == (device, metric)]


def polled(driver: FakeDriver, interval_s: float = 0.05, bus: str = "b") -> Polled:
    return Polled(driver, bus, interval_s)


async def run_for(seconds: float, devices: Devices) -> Taken:
    taken = Taken()
    clock = asyncio.get_running_loop().time
    poller = Poller(devices, taken, clock=clock, rng=random.Random(1))
    task = asyncio.create_task(poller.run())
    await asyncio.sleep(seconds)
    assert poller.idle_s() < 11
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return taken


def dead(_asked: int) -> Exception:
    return DeviceTimeoutError("Unit 9 did not answer.")


def test_a_dead_unit_is_probed_ever_slower_and_others_keep_their_beat() -> None:
    well, ill = FakeDriver("well", lambda _n: 4.0), FakeDriver("ill", dead)
    taken = run_virtually(run_for(60, Devices((polled(well), polled(ill)))))
    assert len(well.asked) > 1100
    pauses = [b - a for a, b in pairwise(ill.asked)]
    wanted = [0.5, 1, 2, 4, 8, 10, 10]
    assert len(pauses) >= len(wanted) - 1
    for pause, least in zip(pauses, wanted, strict=False):
        assert least <= pause <= 1.3 * least + 0.01
    assert taken.of("ill", "online") == [0.0]
    assert taken.of("ill", "air_temperature_c") == [None]
    assert set(taken.of("well", "air_temperature_c")) == {4.0}


def test_lost_and_found_are_one_line_each(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    def gone_for_three(asked: int) -> float | Exception:
        return dead(asked) if 2 <= asked <= 5 else 3.0

    driver = FakeDriver("cabinet-1", gone_for_three)
    taken = run_virtually(run_for(15.0, Devices((polled(driver, 0.5),))))
    assert taken.of("cabinet-1", "online") == [1.0, 0.0, 1.0]
    values = taken.of("cabinet-1", "air_temperature_c")
    assert values[:3] == [3.0, None, 3.0]
    lines = [m for m in caplog.messages if "cabinet-1" in m]
    assert [line.split(" ")[2:4] for line in lines] == [["was", "lost:"], ["is", "back"]]


def test_a_burst_of_errors_within_three_seconds_is_no_loss() -> None:
    driver = FakeDriver("d", lambda n: dead(n) if n in (2, 3, 4) else 3.0)
    taken = run_virtually(run_for(5.0, Devices((polled(driver),))))
    assert taken.of("d", "online") == [1.0]


def test_a_unit_that_may_not_be_asked_yet_is_not_missed_by_that() -> None:
    """The bus leaves a silent unit alone for 2 × timeout: the probe waits for it."""

    def left_alone(asked: int) -> float | Exception:
        return NotAskedError("silent", 2.5) if asked in (2, 3, 4) else 3.0

    driver = FakeDriver("d", left_alone)
    taken = run_virtually(run_for(9.0, Devices((polled(driver),))))
    assert taken.of("d", "online") == [1.0]
    assert [round(b - a, 1) for a, b in pairwise(driver.asked[1:5])] == [2.5] * 3


def test_who_has_more_to_say_lets_the_others_in_between() -> None:
    class Wordy(FakeDriver):
        async def read(self) -> list[Reading]:
            self.is_behind = len(self.asked) % 4 != 3
            await asyncio.sleep(0.2)
            return await super().read()

    wordy, brief = Wordy("wordy", lambda _n: 1.0), FakeDriver("brief", lambda _n: 2.0)
    run_virtually(run_for(4.0, Devices((polled(wordy, 1.0), polled(brief, 0.25)))))
    assert len(wordy.asked) == 16
    assert len(brief.asked) >= 15


def test_on_a_bus_that_cannot_keep_up_critical_devices_keep_their_beat() -> None:
    class Slow(FakeDriver):
        async def read(self) -> list[Reading]:
            await asyncio.sleep(0.2)
            return await super().read()

    units = [Slow(f"d{n}", lambda _n: 1.0) for n in range(9)]
    critical = Polled(
        Slow("cold", lambda _n: 1.0), "b", 0.5, OutletRules(frozenset({"air_temperature_c"}))
    )
    others = tuple(polled(unit, 0.5) for unit in units)
    run_virtually(run_for(20.0, Devices((*others, critical))))
    assert isinstance(critical.driver, Slow)
    assert len(critical.driver.asked) >= 16
    assert min(len(unit.asked) for unit in units) >= 5


def test_people_see_why_a_device_is_lost_and_what_is_asked() -> None:
    async def test() -> list[DeviceStatus]:
        driver = FakeDriver("d", lambda n: 3.0 if n < 3 else dead(n))
        clock = asyncio.get_running_loop().time
        poller = Poller(Devices((polled(driver, 1.0),)), Taken(), clock=clock)
        before = poller.devices()
        task = asyncio.create_task(poller.run())
        await asyncio.sleep(1.5)
        between = poller.devices()
        await asyncio.sleep(10)
        task.cancel()
        return [*before, *between, *poller.devices()]

    before, between, after = run_virtually(test())
    assert before.state is DeviceState.WAITING
    assert between.state is DeviceState.ONLINE
    assert between.heard_at is not None
    assert (after.state, after.reason) == (DeviceState.LOST, "Unit 9 did not answer.")
    assert after.plan == ("holding_register 1",)


def test_two_missed_polls_are_no_loss() -> None:
    driver = FakeDriver("d", lambda n: dead(n) if n in (2, 3) else 3.0)
    taken = run_virtually(run_for(2.2, Devices((polled(driver),))))
    assert taken.of("d", "online") == [1.0]
    assert None not in taken.of("d", "air_temperature_c")


def test_a_bug_in_one_driver_is_logged_with_its_traceback_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = FakeDriver("broken", lambda _n: KeyError("x"))
    well = FakeDriver("well", lambda _n: 4.0)
    run_virtually(run_for(6.0, Devices((polled(broken), polled(well)))))
    assert [bool(r.exc_info) for r in caplog.records] == [True, False]
    assert len(well.asked) > 20


def test_what_is_overdue_is_polled_once() -> None:
    class Slow(FakeDriver):
        async def read(self) -> list[Reading]:
            await asyncio.sleep(0.25 if not self.asked else 0)
            return await super().read()

    driver = Slow("d", lambda _n: 1.0)
    run_virtually(run_for(1.5, Devices((polled(driver, 0.1),))))
    assert len(driver.asked) <= 14


def test_buses_do_not_wait_for_each_other() -> None:
    class Stuck(FakeDriver):
        async def read(self) -> list[Reading]:
            await asyncio.sleep(60)
            return []

    stuck, well = Stuck("stuck", dead), FakeDriver("well", lambda _n: 4.0)
    devices = Devices((polled(stuck, bus="a"), polled(well, bus="b")))
    run_virtually(run_for(1.5, devices))
    assert len(well.asked) > 5


class FakeTill:
    device = "till-1"
    metrics = ("ticket", "paper_out")

    def __init__(self) -> None:
        self.calls = 0

    async def listen(self, outlet: Outlet) -> None:
        self.calls += 1
        outlet.up()
        noon = datetime(2026, 1, 1, tzinfo=UTC)
        outlet.emit([Reading("till-1", "ticket", "{}", noon)])
        if self.calls < 3:
            raise DeviceTimeoutError("/dev/ttyUSB0 is gone.")
        await asyncio.sleep(60)


def test_a_device_that_speaks_by_itself_is_opened_again() -> None:
    till = FakeTill()
    taken = run_virtually(run_for(1.8, Devices(pushed=(Pushed(till),))))
    assert till.calls == 3
    assert taken.of("till-1", "online") == [1.0, 0.0, 1.0, 0.0, 1.0]
    assert [r.quality for r in taken.readings if r.metric == "paper_out"] == [Quality.BAD] * 2
    tickets = [r.time for r in taken.readings if r.metric == "ticket"]
    assert len(tickets) == 3


def test_a_service_that_fails_ends_the_poller() -> None:
    async def broken() -> None:
        raise OSError("no memory")

    async def test() -> None:
        with pytest.raises(ExceptionGroup):
            await Poller(Devices(services=(broken,)), Taken()).run()

    asyncio.run(asyncio.wait_for(test(), 2))
