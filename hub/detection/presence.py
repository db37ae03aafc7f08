"""Who is there: devices that fell silent, stores without power, agents that are gone (ALR-10).

A device is judged by its agent's time, the newest stamp the agent sent, so what an agent tells
late is judged as it would have been at the time. An agent can only be missed by the hub's clock.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from hub.detection.catalog import Catalog, Role
from hub.detection.findings import Change, Evidence, Finding, Rule, Severity
from hub.detection.readings import FRESH_MS, Runs

OFFLINE_HOLD_MS = 90_000  # a device that is back sooner was never gone; time to see a power cut
CUT_HOLD_MS = 20_000
CUT_SPREAD_MS = 300_000  # devices that fall silent within this may share a cause
CUT_SHARE = 0.5
CUT_DEVICES = 3
SILENT_MS = 600_000.0  # for a device that says it is online, or nothing about it
SILENT_INTERVALS = 5.0
AGENT_DEATH_MS = 30_000
AGENT_SILENT_MS = 90_000
NEVER = -1

_SPEAKS = ~np.isin(np.arange(len(Role)), (Role.ONLINE, Role.IN_COUNT, Role.OUT_COUNT))

DEVICE = np.dtype(
    [
        ("seen_ms", "<i8"),
        ("interval_ms", "<f8"),
        ("online", "i1"),  # -1: has never said
        ("offline_ms", "<i8"),
        ("told_ms", "<i8"),  # since when it counts as offline; NEVER: it does not
        ("defrost_until_ms", "<i8"),
        ("door_until_ms", "<i8"),
    ]
)
AGENT = np.dtype(
    [
        ("time_ms", "<i8"),  # the newest stamp it sent
        ("heard_ms", "<i8"),  # when the hub last heard of it
        ("dead_ms", "<i8"),  # when the broker last said it is gone
        ("told_ms", "<i8"),
        ("slot", "<i8"),  # the open quarter of an hour of its counters
        ("covered_s", "<f8"),  # how much of it the agent was there
    ]
)
STORE = np.dtype([("told_ms", "<i8")])


class Presence:
    """State of devices, agents and stores by catalog number."""

    def __init__(self) -> None:
        self.devices = blank(DEVICE, 0)
        self.agents = blank(AGENT, 0)
        self.stores = blank(STORE, 0)

    def grow(self, catalog: Catalog) -> None:
        """Make room for what the catalog has more."""
        self.devices = grown(self.devices, len(catalog.devices))
        self.agents = grown(self.agents, len(catalog.agents))
        self.stores = grown(self.stores, len(catalog.stores))

    def observe(
        self, catalog: Catalog, runs: Runs, before_ms: NDArray[np.int64], received_ms: int
    ) -> None:
        """Take the readings of a block; `before_ms` is the newest stamp before, by run."""
        series, lengths = runs.series, runs.lengths
        if not len(series):
            return
        last_ms = runs.readings.t_ms[runs.ends - 1]
        device, agent = catalog.device_of[series], catalog.agent_of[series]
        role = catalog.role[series]
        np.maximum.at(self.agents["time_ms"], agent, last_ms)
        self.agents["heard_ms"][np.unique(agent)] = received_ms
        speaks = _SPEAKS[role]
        np.maximum.at(self.devices["seen_ms"], device[speaks], last_ms[speaks])
        speaks &= before_ms > 0
        self._learn_intervals(device[speaks], ((last_ms - before_ms) / lengths)[speaks])
        for run in np.flatnonzero(role == Role.ONLINE):
            readings = runs.readings[slice(runs.starts[run], runs.ends[run])]
            self._take_online(int(device[run]), readings.t_ms, readings.value > 0.5)

    def hear(self, agent: int, received_ms: int, is_alive: bool) -> None:
        """A birth or a death of an agent."""
        self.agents["heard_ms" if is_alive else "dead_ms"][agent] = received_ms

    def findings(self, catalog: Catalog) -> Iterator[Finding]:
        """Devices and stores whose state changed; call after a block."""
        since_ms, now_ms = self._quiet_since(catalog)
        if not (
            (since_ms != NEVER).any()
            or (self.devices["told_ms"] != NEVER).any()
            or (self.stores["told_ms"] != NEVER).any()
        ):
            return
        store_of = np.array([device.store for device in catalog.devices], np.intp)
        for store in np.unique(store_of[(since_ms != NEVER) | self._is_concerned(store_of)]):
            mine = np.flatnonzero(store_of == store)
            yield from self._store_findings(catalog, int(store), mine, since_ms[mine], now_ms[mine])

    def tick(self, catalog: Catalog, now_ms: int, started_ms: int) -> Iterator[Finding]:
        """Agents that were not heard of, by the hub's clock.

        A hub that was down itself, until `started_ms`, gives agents the time to come back.
        """
        agents = self.agents
        heard_ms = agents["heard_ms"]
        silent = now_ms - np.maximum(heard_ms, started_ms) > AGENT_SILENT_MS
        dead = (agents["dead_ms"] > heard_ms) & (
            now_ms - np.maximum(agents["dead_ms"], started_ms) > AGENT_DEATH_MS
        )
        gone = (silent | dead) & (heard_ms != NEVER)
        told = agents["told_ms"] != NEVER
        for agent in np.flatnonzero(gone != told):
            since_ms = int(heard_ms[agent] if gone[agent] else agents["told_ms"][agent])
            agents["told_ms"][agent] = since_ms if gone[agent] else NEVER
            change = Change.RAISED if gone[agent] else Change.CLEARED
            yield self.agent_finding(catalog, int(agent), change, since_ms, now_ms)

    def _learn_intervals(self, device: NDArray[np.int32], interval_ms: NDArray[np.float64]) -> None:
        """A device's usual interval is that of its quickest series, smoothed."""
        quickest = np.full(len(self.devices), np.inf)
        np.minimum.at(quickest, device, interval_ms)
        usual = self.devices["interval_ms"]
        known = np.isfinite(quickest) & (quickest < 3_600_000)
        share = np.where(usual[known] > 0, 0.1, 1.0)
        usual[known] += share * (quickest[known] - usual[known])

    def _take_online(
        self, device: int, t_ms: NDArray[np.int64], is_online: NDArray[np.bool_]
    ) -> None:
        row = self.devices[device]
        if is_online[-1]:
            row["online"] = 1
            return
        ons = np.flatnonzero(is_online)
        if row["online"] != 0 or len(ons):
            row["offline_ms"] = t_ms[ons[-1] + 1 if len(ons) else 0]
        row["online"] = 0

    def _quiet_since(self, catalog: Catalog) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """By device: since when it is quiet (NEVER: it is not), and its agent's time."""
        devices = self.devices
        now_ms = self.agents["time_ms"][[device.agent for device in catalog.devices]]
        patience_ms = np.maximum(SILENT_MS, SILENT_INTERVALS * devices["interval_ms"])
        is_silent = (devices["seen_ms"] > 0) & (now_ms - devices["seen_ms"] > patience_ms)
        since_ms = np.where(is_silent, devices["seen_ms"], NEVER)
        return np.where(devices["online"] == 0, devices["offline_ms"], since_ms), now_ms

    def _is_concerned(self, store_of: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Devices that were told as offline, or whose store was told as without power."""
        told: NDArray[np.bool_] = self.devices["told_ms"] != NEVER
        dark: NDArray[np.bool_] = self.stores["told_ms"][store_of] != NEVER
        return told | dark

    def _store_findings(
        self,
        catalog: Catalog,
        store: int,
        mine: NDArray[np.intp],
        since_ms: NDArray[np.int64],
        now_ms: NDArray[np.int64],
    ) -> Iterator[Finding]:
        agent = [catalog.devices[device].agent for device in mine]
        fresh = self.agents["heard_ms"][agent] - self.agents["time_ms"][agent] <= FRESH_MS
        quiet = (since_ms != NEVER) & fresh
        ids = tuple(catalog.devices[device].id for device in mine)
        together = quiet & (since_ms >= int(since_ms.max()) - CUT_SPREAD_MS)
        polled = int((self.devices["seen_ms"][mine] > 0).sum())
        is_cut = bool(
            together.sum() >= max(CUT_DEVICES, CUT_SHARE * polled)
            and int(now_ms.max()) - int(since_ms[together].min()) >= CUT_HOLD_MS
        )
        stores, at_ms = self.stores, int(now_ms.max())
        if is_cut and stores["told_ms"][store] == NEVER:
            stores["told_ms"][store] = since_ms[together].min()
            gone = tuple(name for name, out in zip(ids, together, strict=True) if out)
            yield self.cut_finding(catalog, store, Change.RAISED, at_ms, gone)
        elif not is_cut and stores["told_ms"][store] != NEVER and quiet.sum() * 3 < polled:
            yield self.cut_finding(catalog, store, Change.CLEARED, at_ms, ids)
            stores["told_ms"][store] = NEVER
        has_power = stores["told_ms"][store] == NEVER
        told = self.devices["told_ms"][mine] != NEVER
        lost = quiet & ~told & has_power & (now_ms - since_ms >= OFFLINE_HOLD_MS)
        back = told & (since_ms == NEVER)
        for k in np.flatnonzero(lost | back):
            number, told_ms = int(mine[k]), self.devices["told_ms"]
            began_ms = int(told_ms[number] if back[k] else since_ms[k])
            told_ms[number] = NEVER if back[k] else began_ms
            change = Change.CLEARED if back[k] else Change.RAISED
            yield self.offline_finding(catalog, number, change, began_ms, int(now_ms[k]))

    def cut_finding(
        self, catalog: Catalog, store: int, change: Change, at_ms: int, devices: tuple[str, ...]
    ) -> Finding:
        """A store without power, since it was told."""
        since_ms = int(self.stores["told_ms"][store])
        evidence = Evidence(
            trigger="together", window_start_ms=since_ms, window_end_ms=at_ms, devices=devices
        )
        store_id, worst = catalog.stores[store], Severity.CRITICAL
        return Finding(change, store_id, "store", Rule.POWER_CUT, worst, since_ms, at_ms, evidence)

    def offline_finding(
        self, catalog: Catalog, number: int, change: Change, since_ms: int, at_ms: int
    ) -> Finding:
        """A device that does not answer."""
        device = catalog.devices[number]
        is_told = self.devices["online"][number] == 0
        evidence = Evidence(
            trigger="offline" if is_told else "silent",
            device=device.id,
            window_start_ms=since_ms,
            window_end_ms=at_ms,
            devices=(device.id,),
        )
        store_id, rule = catalog.stores[device.store], Rule.DEVICE_OFFLINE
        return Finding(
            change, store_id, device.id, rule, Severity.MEDIUM, since_ms, at_ms, evidence
        )

    def agent_finding(
        self, catalog: Catalog, agent: int, change: Change, since_ms: int, at_ms: int
    ) -> Finding:
        """An agent that is gone, and with it all its devices."""
        is_dead = self.agents["dead_ms"][agent] > self.agents["heard_ms"][agent]
        evidence = Evidence(
            trigger="death" if is_dead else "silent",
            window_start_ms=since_ms,
            window_end_ms=at_ms,
            devices=tuple(d.id for d in catalog.devices if d.agent == agent),
        )
        store_id, source = catalog.stores[catalog.agent_store[agent]], catalog.agents[agent]
        return Finding(
            change,
            store_id,
            f"agent/{source}",
            Rule.AGENT_OFFLINE,
            Severity.HIGH,
            since_ms,
            at_ms,
            evidence,
        )


def blank(dtype: np.dtype[np.void], size: int) -> NDArray[np.void]:
    """Rows of nothing known yet."""
    rows = np.zeros(size, dtype)
    for name in dtype.names or ():
        if name not in ("interval_ms", "covered_s"):
            rows[name] = NEVER
    return rows


def grown(rows: NDArray[np.void], size: int) -> NDArray[np.void]:
    """The same rows and blank ones up to `size`."""
    return (
        rows if len(rows) >= size else np.concatenate((rows, blank(rows.dtype, size - len(rows))))
    )
