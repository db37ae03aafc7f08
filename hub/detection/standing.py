"""Everything that is wrong now, as the detectors know it: what open alerts are compared with."""

from collections.abc import Iterator

import numpy as np

from hub.detection.defaults import GROUPS, TRIGGERS, UP, rule_of
from hub.detection.engine import Engine
from hub.detection.findings import Change, Evidence, Finding, Severity
from hub.detection.presence import NEVER, Presence


def standing(engine: Engine) -> list[Finding]:
    """A RAISED finding for each condition that was told and still holds."""
    return [
        *_equipment(engine),
        *_presence(engine),
        *engine.trade.standing_findings(),
        *engine.upkeep.standing(engine.catalog),
    ]


def _equipment(engine: Engine) -> Iterator[Finding]:
    books, levels, catalog = engine.series.books, engine.series.levels, engine.catalog
    told = (books["announced"] > 0) & (books["level"] > 0)
    for series, group in zip(*(found.tolist() for found in np.nonzero(told)), strict=True):
        row, limits = catalog.rows.get(series), catalog.limits.get(series)
        if row is None or limits is None:
            continue
        cell, level = books[series], levels[series]
        active = [trigger for trigger in GROUPS[group] if cell["is_active"][trigger]]
        yield Finding(
            Change.RAISED,
            row.store_id,
            f"{row.device}/{row.metric}",
            rule_of(limits, group),
            Severity(int(cell["announced"][group])),
            int(cell["began_ms"][group]),
            int(level["t_ms"]),
            Evidence(
                trigger=TRIGGERS[active[-1]] if active else "",
                device=row.device,
                metric=row.metric,
                series=series,
                value=round(float(level["value"]), 3),
                limit=engine.limit(series, group, active[-1] if active else -1),
                usual=round(float(level["long"]), 3) if group <= UP + 1 else None,
                window_start_ms=int(cell["began_ms"][group]),
                window_end_ms=int(level["t_ms"]),
            ),
        )


def _presence(engine: Engine) -> Iterator[Finding]:
    presence, catalog = engine.presence, engine.catalog
    for number in np.flatnonzero(presence.devices["told_ms"] != NEVER).tolist():
        device = catalog.devices[number]
        since_ms = int(presence.devices["told_ms"][number])
        at_ms = int(presence.agents["time_ms"][device.agent])
        yield presence.offline_finding(catalog, number, Change.RAISED, since_ms, at_ms)
    for store in np.flatnonzero(presence.stores["told_ms"] != NEVER).tolist():
        yield presence.cut_finding(catalog, store, Change.RAISED, _newest(presence), ())
    for agent in np.flatnonzero(presence.agents["told_ms"] != NEVER).tolist():
        since_ms = int(presence.agents["told_ms"][agent])
        yield presence.agent_finding(catalog, agent, Change.RAISED, since_ms, since_ms)


def _newest(presence: Presence) -> int:
    return int(presence.agents["time_ms"].max())
