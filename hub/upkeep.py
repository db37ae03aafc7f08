"""What the hub does for itself while it runs: chores, each at its own pace, one after the other."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from hub.alerts import expiring, shortage
from hub.analytics import proof
from hub.ingest import own_rules
from hub.ingest.own_rules import OwnRules
from hub.ingest.run_hours import run_hours_of
from hub.kit.clock import utc_now
from hub.kit.statistics import learn
from hub.maintenance import planning
from hub.web.services import Services

TICK_S = 20.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chore:
    """`do` runs in a thread of its own, soon after the start and then every `every_s`."""

    name: str
    every_s: float
    do: Callable[[], object]


def chores(services: Services) -> tuple[Chore, ...]:
    db, series, live = services.db, services.timeseries, services.live
    run_hours = run_hours_of(services.registry, services.last)
    return (
        Chore("seal time series", 60, lambda: series.maintain(utc_now())),
        Chore("remind of what ends soon", expiring.EVERY_S, lambda: expiring.remind(db, live)),
        Chore("watch the stock", shortage.EVERY_S, lambda: shortage.watch(db, live)),
        Chore("prove the sales", proof.EVERY_S, lambda: proof.prove(db)),
        Chore("watch own rules", own_rules.EVERY_S, OwnRules(db, series, live).tick),
        Chore("plan maintenance", planning.EVERY_S, lambda: planning.plan(db, run_hours)),
        Chore("learn sizes of tables", 15 * 60, lambda: learn(db)),
    )


async def keep_up(all_chores: tuple[Chore, ...]) -> None:
    """Until cancelled. A chore that fails is told of in the log, and tried at its next time."""
    due = dict.fromkeys((chore.name for chore in all_chores), 0.0)
    while True:
        await asyncio.sleep(TICK_S)
        for chore in all_chores:
            if time.monotonic() < due[chore.name]:
                continue
            due[chore.name] = time.monotonic() + chore.every_s
            try:
                await asyncio.to_thread(chore.do)
            except Exception:
                log.exception("The chore “%s” failed; it is tried again later.", chore.name)
