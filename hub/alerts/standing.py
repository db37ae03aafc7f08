"""Alerts of a rule that stand as long as the archive says so; nothing is kept between two looks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from hub.alerts.announce import announce
from hub.alerts.models import Alert
from hub.alerts.raising import Raising
from hub.detection.findings import Change, Evidence, Finding, Rule, Severity
from hub.kit.db import Database
from hub.live import Live

_Known = Mapping[tuple[UUID, str], Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """What an open alert should say now; `since` is when it became so."""

    chain_id: UUID
    store_id: UUID
    source: str
    severity: Severity
    since: datetime
    evidence: Evidence


def bring_in_line(
    db: Database, live: Live, rule: Rule, wanted: Iterable[Standing], now: datetime
) -> int:
    """Raise what is missing, step what got better or worse, end the rest; how many changed."""
    with db.system_read(rule.value) as connection:
        known = _open(connection, rule)
    chains = {store_id: row.chain_id for (store_id, _), row in known.items()}
    findings, stays = [], set()
    for one in wanted:
        chains[one.store_id] = one.chain_id
        alert = known.get((one.store_id, one.source))
        stays.add((one.store_id, one.source))
        if alert is None or alert.severity != one.severity:
            change = Change.RAISED if alert is None else Change.STEPPED
            findings.append(_finding(change, rule, one, now))
    gone = (row for key, row in known.items() if key not in stays)
    findings += [_finding(Change.CLEARED, rule, _as_it_was(row), now) for row in gone]
    if not findings:
        return 0
    with db.system(rule.value) as connection:
        told = Raising(connection, chains).post(findings, now)
    announce(live, told)
    return len(told)


def _open(connection: Connection, rule: Rule) -> _Known:
    row = (Alert.chain_id, Alert.store_id, Alert.source, Alert.severity, Alert.began_at)
    found = select(*row).where(Alert.rule == rule.value, Alert.closed_at.is_(None))
    return {(one.store_id, one.source): one for one in connection.execute(found)}


def _as_it_was(row: Any) -> Standing:
    severity = Severity(row.severity)
    return Standing(row.chain_id, row.store_id, row.source, severity, row.began_at, Evidence())


def _finding(change: Change, rule: Rule, one: Standing, now: datetime) -> Finding:
    since_ms, at_ms = (int(when.timestamp() * 1000) for when in (one.since, now))
    place = (one.store_id, one.source, rule, one.severity)
    return Finding(change, *place, since_ms, at_ms, one.evidence)
