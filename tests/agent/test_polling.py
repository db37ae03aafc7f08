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
from agent.polling import Poller
from protocols.errors import DeviceTimeoutError
from protocols.reading import Quality, Reading
from tests.agent.virtual_time import run_virtually


class FakeDriver:
    metrics = ("air_temperature_c",)

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
    return Polled(driver, bus, interval_s, frozenset())


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
        return dead(asked) if 2 <= asked <= 4 else 3.0

    driver = FakeDriver("cabinet-1", gone_for_three)
    taken = run_virtually(run_for(5.0, Devices((polled(driver, 0.5),))))
    assert taken.of("cabinet-1", "online") == [1.0, 0.0, 1.0]
    values = taken.of("cabinet-1", "air_temperature_c")
    assert values[:3] == [3.0, None, 3.0]
    lines = [m for m in caplog.messages if "cabinet-1" in m]
    assert [line.split(" ")[2:4] for line in lines] == [["was", "lost:"], ["is", "back"]]


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
    run_virtually(run_for(2.5, Devices((polled(broken), polled(well)))))
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
    taken = run_virtually(run_for(1.8, Devices(pushed=(Pushed(till, frozenset()),))))
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
