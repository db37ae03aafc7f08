"""What the hub does for itself while it runs: chores, each at its own pace, one after the other."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from hub.alerts import expiring, shortage
from hub.analytics import discounts, proof
from hub.archive.safety import planning as drills
from hub.errors import T
from hub.ingest import day_keeper, own_rules
from hub.ingest.day_keeper import DayKeeper
from hub.ingest.own_rules import OwnRules
from hub.ingest.run_hours import run_hours_of
from hub.kit.clock import utc_now
from hub.kit.statistics import learn
from hub.maintenance import planning
from hub.web.services import Ran, Services
from protocols.metrics import Kind

TICK_S = 20.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chore:
    """`do` runs in a thread of its own, soon after the start and then every `every_s`."""

    name: T
    every_s: float
    do: Callable[[], object]


def chores(services: Services) -> tuple[Chore, ...]:
    db, series, live = services.db, services.timeseries, services.live
    run_hours = run_hours_of(services.registry, services.last)
    remind, restock = partial(expiring.remind, db, live), partial(shortage.watch, db, live)
    own, plan = OwnRules(db, series, live).tick, partial(planning.plan, db, run_hours)
    return (
        Chore(T("封存时序数据", "seal time series"), 60, lambda: series.maintain(utc_now())),
        Chore(T("提醒快到期的", "remind of what ends soon"), expiring.EVERY_S, remind),
        Chore(T("看护库存", "watch the stock"), shortage.EVERY_S, restock),
        Chore(T("核对销售账", "prove the sales"), proof.EVERY_S, partial(proof.prove, db)),
        Chore(T("看护打折", "watch discounts"), discounts.EVERY_S, partial(discounts.watch, db)),
        Chore(T("安排演练", "plan drills"), drills.EVERY_S, partial(drills.plan, db)),
        Chore(T("检查自定规则", "watch own rules"), own_rules.EVERY_S, own),
        Chore(T("安排保养", "plan maintenance"), planning.EVERY_S, plan),
        *_day_keeping(services),
        Chore(T("更新表的统计", "learn sizes of tables"), 15 * 60, partial(learn, db)),
    )


def _day_keeping(services: Services) -> tuple[Chore, ...]:
    settings = services.settings
    if services.daily is None:
        return ()
    policy = {
        Kind.GAUGE: settings.keep_gauges_days,
        Kind.STATE: settings.keep_states_days,
        Kind.COUNTER: settings.keep_counters_days,
        Kind.EVENT: settings.keep_events_days,
    }
    keeper = DayKeeper(services.db, services.registry, services.daily, policy)
    return (Chore(T("汇总每日读数", "keep days"), day_keeper.EVERY_S, keeper.tick),)


async def keep_up(all_chores: tuple[Chore, ...], rounds: dict[str, Ran]) -> None:
    """Until cancelled; `rounds` is told how each went. A chore that fails is told of in the log,
    and tried at its next time."""
    due = dict.fromkeys((chore.name.en for chore in all_chores), 0.0)
    while True:
        await asyncio.sleep(TICK_S)
        for chore in all_chores:
            if time.monotonic() < due[chore.name.en]:
                continue
            begun = time.monotonic()
            due[chore.name.en] = begun + chore.every_s
            is_well = await asyncio.to_thread(_done, chore)
            took_s = time.monotonic() - begun
            rounds[chore.name.en] = Ran(chore.name, utc_now(), took_s, is_well)


def _done(chore: Chore) -> bool:
    """Whether it went well."""
    try:
        chore.do()
    except Exception:
        log.exception("The chore “%s” failed; it is tried again later.", chore.name.en)
        return False
    return True
