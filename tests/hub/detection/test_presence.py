"""Silent devices, stores without power, agents that are gone (ALR-10)."""

from hub.detection.findings import Change, Rule
from tests.hub.detection.watched import START_MS, Watched
from tests.hub.simulated_store import AGENT

DEVICES = [f"device-{n}" for n in range(6)]
NAMES = [(device, metric) for device in DEVICES for metric in ("power_w", "online")]


def minute(store: Watched, second: int, gone: set[str]) -> None:
    """All devices at one second; those that are gone only as offline."""
    store.say_all(
        [
            (device, metric, float(second), 0.0 if metric == "online" and device in gone else 1.0)
            for device, metric in NAMES
            if not (metric == "power_w" and device in gone)
        ]
    )


def run(store: Watched, seconds: range, gone: set[str] | None = None) -> None:
    for second in seconds:
        minute(store, second, gone or set())


def test_one_device_that_is_gone_for_a_while() -> None:
    store = Watched(NAMES)
    run(store, range(0, 300, 10))
    run(store, range(300, 380, 10), {"device-2"})
    assert store.found == []
    run(store, range(380, 460, 10), {"device-2"})
    run(store, range(460, 520, 10))
    assert [(f.change, f.rule, f.source) for f in store.found] == [
        (Change.RAISED, Rule.DEVICE_OFFLINE, "device-2"),
        (Change.CLEARED, Rule.DEVICE_OFFLINE, "device-2"),
    ]
    assert store.found[0].since_ms == START_MS + 300_000


def test_a_short_absence_is_nobodys_business() -> None:
    store = Watched(NAMES)
    run(store, range(0, 300, 10))
    run(store, range(300, 360, 10), {"device-2"})
    run(store, range(360, 900, 10))
    assert store.found == []


def test_many_at_once_are_one_power_cut() -> None:
    store = Watched(NAMES)
    run(store, range(0, 300, 10))
    run(store, range(300, 900, 10), set(DEVICES[:4]))
    assert [(f.change, f.rule) for f in store.found] == [(Change.RAISED, Rule.POWER_CUT)]
    assert set(store.found[0].evidence.devices) == set(DEVICES[:4])
    run(store, range(900, 1200, 10), {"device-0"})
    assert [(f.change, f.rule, f.source) for f in store.found[1:]] == [
        (Change.CLEARED, Rule.POWER_CUT, "store"),
        (Change.RAISED, Rule.DEVICE_OFFLINE, "device-0"),
    ]


def test_a_device_that_never_speaks_of_itself_is_missed_after_ten_minutes() -> None:
    store = Watched([("fridge", "power_w"), ("meter", "power_w")])
    for second in range(0, 600, 10):
        store.say_all([("fridge", "power_w", second, 1.0), ("meter", "power_w", second, 2.0)])
    for second in range(600, 1180, 10):
        store.say("meter", "power_w", second, 2.0)
    assert store.found == []
    for second in range(1180, 1400, 10):
        store.say("meter", "power_w", second, 2.0)
    assert [(f.rule, f.source) for f in store.found] == [(Rule.DEVICE_OFFLINE, "fridge")]


def test_an_agent_is_missed_by_the_hubs_clock() -> None:
    store = Watched(NAMES)
    run(store, range(0, 60, 10))
    now_ms = START_MS + 60_000
    assert store.engine.tick(now_ms + 60_000, START_MS) == []
    (found,) = store.engine.tick(now_ms + 120_000, START_MS)
    assert (found.rule, found.source) == (Rule.AGENT_OFFLINE, f"agent/{AGENT}")
    assert store.engine.tick(now_ms + 180_000, START_MS) == []
    run(store, range(300, 310, 10))
    (found,) = store.engine.tick(START_MS + 301_000, START_MS)
    assert found.change is Change.CLEARED


def test_a_hub_that_just_started_waits_for_agents_first() -> None:
    store = Watched(NAMES)
    run(store, range(0, 60, 10))
    started_ms = START_MS + 3_600_000
    assert store.engine.tick(started_ms + 60_000, started_ms) == []
    assert len(store.engine.tick(started_ms + 120_000, started_ms)) == 1
