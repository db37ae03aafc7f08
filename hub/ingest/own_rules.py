"""The watch over a chain's own rules: three times a minute what they say now, against open alerts.

Nothing is kept between two looks: a rule is tried on the minutes that it needs, so a restart
changes nothing. Events end no alert of such a rule; this watch does.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from hub.alerts.announce import announce
from hub.alerts.models import Alert
from hub.alerts.notices.routing import LEVELS
from hub.alerts.raising import Raising
from hub.alerts.resting import spans_of, windows
from hub.alerts.trial import MINUTE_MS, Machine, Trial, try_rule
from hub.archive.alert_rules.records import AlertRule
from hub.archive.equipment.records import Equipment
from hub.archive.stores.records import Store
from hub.detection.conditions import leaves, parse, words
from hub.detection.findings import Change, Evidence, Finding, Rule
from hub.ingest.tables import SeriesRow
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.live import Live
from hub.timeseries.port import TimeSeries

EVERY_S = 20.0
LAG = timedelta(seconds=20)  # what a minute says is complete after this
MARGIN_MIN = 120  # before the times of a rule, so that hysteresis and defrosts are known


class OwnRules:
    """Looks when it is told to, every EVERY_S."""

    def __init__(
        self,
        db: Database,
        timeseries: TimeSeries,
        live: Live,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._db, self._timeseries, self._live, self._now = db, timeseries, live, now

    def tick(self) -> int:
        """Raise and end what is due; how many alerts changed."""
        now = self._now()
        with self._db.system_read("own rules") as connection:
            rules = _rules(connection)
            is_open = _open(connection)
            if not rules and not is_open:
                return 0
            machines = machines_of(connection, {rule.chain_id for rule in rules})
            rests = _rests(connection, machines, now)
        findings = self._findings(rules, machines, is_open, now, rests)
        if not findings:
            return 0
        chain_of = {one.store_id: one.chain_id for one in machines}
        chain_of |= {store_id: chain_id for store_id, _, chain_id, _ in is_open}
        with self._db.system("own rules") as connection:
            told = Raising(connection, chain_of).post(findings, now)
        announce(self._live, told)
        return len(told)

    def _findings(
        self,
        rules: Sequence[AlertRule],
        machines: Sequence[Machine],
        is_open: Sequence[tuple[UUID, str, UUID, str | None]],
        now: datetime,
        rests: Mapping[UUID, Sequence[tuple[int, int]]],
    ) -> list[Finding]:
        known = {(store_id, source) for store_id, source, *_ in is_open}
        end_ms = int((now - LAG).timestamp() * 1000) // MINUTE_MS * MINUTE_MS
        found: list[Finding] = []
        holding: set[tuple[UUID, str]] = set()
        for rule in rules:
            mine = [(rule, one) for one in machines if one.chain_id == rule.chain_id]
            pairs = [(rule, one) for _, one in mine if one.fits(rule)]
            length = 2 * (rule.hold_min + rule.keep_min) + MARGIN_MIN
            span_ms = (end_ms - length * MINUTE_MS, end_ms)
            for trial in try_rule(self._timeseries, pairs, span_ms, rests):
                if trial.spells and trial.spells[-1].end is None:
                    key = trial.machine.store_id, source_of(rule, trial.machine)
                    holding.add(key)
                    if key not in known:
                        found.append(raised(rule, trial))
        over = [one for one in is_open if (one[0], one[1]) not in holding]
        return [*found, *(_ended(one, end_ms) for one in over)]


def _rests(
    connection: Connection, machines: Sequence[Machine], now: datetime
) -> Mapping[UUID, Sequence[tuple[int, int]]]:
    """When somebody works at machines, as far back as any rule looks."""
    stores = {one.store_id for one in machines}
    known = windows(connection, stores, now - timedelta(days=3), now)
    return spans_of(known, [(one.id, one.store_id) for one in machines])


def source_of(rule: AlertRule, machine: Machine) -> str:
    """One alert a rule and machine."""
    return f"{machine.device}/{rule.id.hex[-12:]}"


def raised(rule: AlertRule, trial: Trial) -> Finding:
    """What a trial that ends in a spell says."""
    condition = parse(rule.condition)
    leaf = next(leaves(condition))
    spell, machine = trial.spells[-1], trial.machine
    value = float(trial.values[leaf.metric][-1])
    evidence = Evidence(
        trigger="own-rule",
        device=machine.device,
        metric=leaf.metric,
        series=machine.series[leaf.metric],
        value=round(value, 3) if value == value else None,
        limit=leaf.limit,
        window_start_ms=trial.at_ms(spell.begun),
        window_end_ms=trial.at_ms(spell.start),
        name=rule.name,
        condition_zh=words(condition, is_chinese=True),
        condition_en=words(condition, is_chinese=False),
    )
    return Finding(
        Change.RAISED,
        machine.store_id,
        source_of(rule, machine),
        Rule.OWN,
        LEVELS[rule.level],
        trial.at_ms(spell.begun),
        trial.at_ms(spell.start),
        evidence,
    )


def _ended(one: tuple[UUID, str, UUID, str | None], at_ms: int) -> Finding:
    store_id, source, _, device = one
    evidence = Evidence(trigger="over", device=device)
    severity = min(LEVELS.values())
    return Finding(Change.CLEARED, store_id, source, Rule.OWN, severity, at_ms, at_ms, evidence)


def _rules(connection: Connection) -> list[AlertRule]:
    """Rules that are on and as they were tested, of every chain."""
    table = AlertRule.__table__
    found = connection.execute(
        select(table).where(table.c.is_enabled.is_(True), table.c.archived_at.is_(None))
    )
    rules = [AlertRule(**row._mapping) for row in found]
    return [rule for rule in rules if rule.is_watching]


def _open(connection: Connection) -> list[tuple[UUID, str, UUID, str | None]]:
    found = select(Alert.store_id, Alert.source, Alert.chain_id, Alert.device).where(
        Alert.closed_at.is_(None), Alert.rule == Rule.OWN.value, Alert.clears_at.is_(None)
    )
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(found)]


def machines_of(connection: Connection, chains: Iterable[UUID]) -> list[Machine]:
    """All machines of these chains whose devices speak."""
    wanted = list(chains)
    series = _series_of(connection, wanted)
    rows = connection.execute(
        select(
            Equipment.id,
            Equipment.chain_id,
            Equipment.store_id,
            Equipment.device_id,
            Equipment.name,
            Equipment.type,
            Store.zone,
            Store.opening_hours,
        )
        .join(Store, Store.id == Equipment.store_id)
        .where(
            Equipment.chain_id.in_(wanted),
            Equipment.device_id.is_not(None),
            Equipment.archived_at.is_(None),
        )
    )
    return [
        Machine(
            row.id,
            row.chain_id,
            row.store_id,
            row.device_id,
            row.name,
            row.type,
            ZoneInfo(row.zone),
            row.opening_hours,
            series[row.store_id, row.device_id],
        )
        for row in rows
        if (row.store_id, row.device_id) in series
    ]


def _series_of(
    connection: Connection, chains: Sequence[UUID]
) -> dict[tuple[UUID, str], dict[str, int]]:
    """By store and device: the series of each metric."""
    found: dict[tuple[UUID, str], dict[str, int]] = defaultdict(dict)
    known = select(SeriesRow.store_id, SeriesRow.device, SeriesRow.metric, SeriesRow.id)
    for store_id, device, metric, number in connection.execute(
        known.where(SeriesRow.chain_id.in_(chains))
    ):
        found[store_id, device][metric] = number
    return found
