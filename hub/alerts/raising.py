"""Findings into alert rows, in the transaction of the caller and in batches.

Writing the same findings again changes nothing: an open alert is unique by store, source and rule,
an occurrence by these and its beginning. What comes back within minutes is the same alert; what
another alert explains stands under it; many alerts of a store at once are one incident.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, or_, select

from hub.alerts.families import (
    AFTERMATH,
    FLAP_QUIET,
    FLAPS_AFTER,
    RETURN_WITHIN,
    Place,
    rank,
)
from hub.alerts.models import AlertEventKind, AlertStatus
from hub.alerts.resting import Window, shelve, windows
from hub.alerts.rows import ALERTS, COLUMNS, AlertState, Batch, Told
from hub.alerts.storms import gather, storm_of
from hub.detection.findings import Change, Finding, Severity
from hub.kit.ids import uuid7

__all__ = ["Raising", "Told", "place_of"]

FIRST_STEP_AFTER = timedelta(seconds=2)  # so that a cause may come before its signs are told
_BATCH = 500
_ByKey = dict[tuple[UUID, str, str], AlertState]


class Raising:
    """Writes findings; `chain_of` gives the chain of a store."""

    def __init__(self, connection: Connection, chain_of: Mapping[UUID, UUID]) -> None:
        self._connection = connection
        self._chain_of = chain_of
        self._open: _ByKey = {}
        self._gone: _ByKey = {}
        self._windows: list[Window] = []

    def post(self, findings: Iterable[Finding], now: datetime) -> list[Told]:
        """Write findings of stores that `chain_of` knows; what people should hear of."""
        known = [finding for finding in findings if finding.store_id in self._chain_of]
        if not known:
            return []
        began = min(_instant(finding.since_ms) for finding in known)
        store_ids = {finding.store_id for finding in known}
        self._load(store_ids, began)
        self._windows = windows(self._connection, store_ids, now, now)
        told: list[Told] = []
        for group in _rounds(known):
            batch = Batch(now)
            for finding in group:
                self._take(batch, finding)
            refused = batch.write(self._connection)
            self._open = _without(self._open, refused)
            self._gone = _without(self._gone, refused)
            told += batch.told
        return told

    def _take(self, batch: Batch, finding: Finding) -> None:
        found = self._open.get(_key(finding))
        is_earlier = found is not None and _instant(finding.at_ms) < found.since_at
        if is_earlier and finding.change is not Change.PAST:
            return  # of a spell before, which was told before a restart
        match finding.change:
            case Change.RAISED | Change.STEPPED if found is not None:
                self._step(batch, found, finding)
            case Change.RAISED | Change.STEPPED:
                self._begin(batch, finding)
            case Change.CLEARED if found is not None:
                self._clear(batch, found, finding)
            case Change.PAST if finding.severity >= Severity.HIGH:
                self._record(batch, finding)

    def _begin(self, batch: Batch, finding: Finding) -> None:
        """A condition that was not there: the same alert again, a sign of another, or a new one."""
        gone = self._gone.get(_key(finding))
        began_at = _instant(_began_ms(finding))
        if gone is not None and gone.closed_at is not None and began_at >= gone.began_at:
            if _instant(finding.at_ms) <= gone.closed_at:
                return  # a spell of this alert, told again
            if began_at - gone.closed_at <= RETURN_WITHIN:
                self._return(batch, gone, finding)
                return
        place = place_of(finding)
        mine = [one for one in self._open.values() if one.place.store_id == finding.store_id]
        cause = next((one for one in mine if one.place.explains(place)), None)
        if cause is not None:
            self._also(batch, cause, finding)
            return
        self._raise(batch, finding, mine)

    def _raise(self, batch: Batch, finding: Finding, mine: list[AlertState]) -> None:
        alert = self._new(batch, finding, None)
        self._open[alert.key] = alert
        storm = storm_of(mine, alert)
        if storm is not None:
            alert.parent_id = storm.id
        else:
            alert.step_at = batch.now + FIRST_STEP_AFTER
        batch.tell(alert, AlertEventKind.RAISED, _detail(finding))
        if shelve(batch, alert, self._windows):
            return
        for child in mine:
            is_recent = alert.began_at - child.began_at < AFTERMATH
            if is_recent and alert.place.explains(child.place):
                self._group(batch, child, alert)
        gathered = None if storm else gather(batch, [*mine, alert])
        if gathered is not None:
            self._open[gathered.key] = gathered
            gathered.step_at = batch.now + FIRST_STEP_AFTER
            for child in [one for one in (*mine, alert) if one.parent_id is None]:
                self._group(batch, child, gathered)

    def _group(self, batch: Batch, child: AlertState, parent: AlertState) -> None:
        """Put an alert under the one that explains it; it tells nobody any more."""
        child.parent_id, child.step_at = parent.id, None
        batch.tell(child, AlertEventKind.GROUPED, {"parent_id": str(parent.id)})
        if child.severity > parent.severity:
            parent.severity = child.severity

    def _return(self, batch: Batch, alert: AlertState, finding: Finding) -> None:
        """Back so soon that it is the same alert, acknowledged or not as it was."""
        del self._gone[alert.key]
        self._open[alert.key] = alert
        alert.closed_at, alert.status = None, alert.unshelved_status
        alert.since_at = _instant(_began_ms(finding))
        alert.returns += 1
        alert.severity = int(finding.severity)
        alert.evidence = finding.evidence.to_json()
        if alert.severity > alert.told_severity and alert.parent_id is None:
            alert.step, alert.step_at = 0, batch.now + FIRST_STEP_AFTER
        batch.tell(alert, AlertEventKind.RETURNED, _detail(finding) | {"times": alert.returns})
        shelve(batch, alert, self._windows)

    def _step(self, batch: Batch, alert: AlertState, finding: Finding) -> None:
        """Better or worse, or still there while its end was being waited for."""
        alert.clears_at, was_ending = None, alert.clears_at is not None
        is_worse = finding.severity > alert.severity
        is_better = finding.change is Change.STEPPED and finding.severity < alert.severity
        if not is_worse and not is_better:
            if was_ending:
                batch.changed[alert.id] = alert
            return
        detail = _detail(finding) | {"from": alert.severity}
        alert.severity = int(finding.severity)
        alert.evidence = finding.evidence.to_json()
        if is_worse and alert.severity > alert.told_severity and alert.parent_id is None:
            alert.step, alert.step_at = 0, batch.now + FIRST_STEP_AFTER
        batch.tell(alert, AlertEventKind.STEPPED, detail)

    def _also(self, batch: Batch, alert: AlertState, finding: Finding) -> None:
        is_worse = finding.severity > alert.severity
        alert.severity = max(alert.severity, int(finding.severity))
        (batch.tell if is_worse else batch.record)(alert, AlertEventKind.ALSO, _detail(finding))

    def _clear(self, batch: Batch, alert: AlertState, finding: Finding) -> None:
        at = min(_instant(finding.at_ms), batch.now)
        if alert.returns >= FLAPS_AFTER:
            alert.clears_at = at + FLAP_QUIET
            batch.changed[alert.id] = alert
            return
        clear(batch, alert, at, _detail(finding))
        del self._open[alert.key]
        self._gone[alert.key] = alert

    def _record(self, batch: Batch, finding: Finding) -> None:
        """An excursion that was over when the hub heard of it: in the record, not in the list.

        What goes on where it ended is the same one, and is told of.
        """
        alert = self._new(batch, finding, _instant(finding.at_ms))
        gone = self._gone.get(alert.key)
        if gone is None or gone.closed_at is None or _instant(finding.at_ms) > gone.closed_at:
            self._gone[alert.key] = alert
        batch.record(alert, AlertEventKind.CLEARED, _detail(finding), at=alert.closed_at)

    def _new(self, batch: Batch, finding: Finding, ended_at: datetime | None) -> AlertState:
        began_at = _instant(_began_ms(finding))
        alert = AlertState(
            id=uuid7(),
            chain_id=self._chain_of[finding.store_id],
            place=place_of(finding),
            severity=int(finding.severity),
            status=AlertStatus.CLEARED if ended_at else AlertStatus.RAISED,
            events=0,
            began_at=began_at,
            since_at=began_at,
            raised_at=ended_at or batch.now,
            closed_at=ended_at,
            evidence=finding.evidence.to_json(),
        )
        batch.new[alert.id] = alert
        return alert

    def _load(self, store_ids: set[UUID], began: datetime) -> None:
        """What is open, and what was cleared so late that it may come back or be told again."""
        is_gone = (ALERTS.c.status == AlertStatus.CLEARED) & (
            ALERTS.c.closed_at >= began - RETURN_WITHIN
        )
        for stores in _chunks(sorted(store_ids, key=str)):
            rows = select(*COLUMNS).where(
                or_(ALERTS.c.closed_at.is_(None), is_gone), ALERTS.c.store_id.in_(stores)
            )
            for row in self._connection.execute(
                rows.order_by(ALERTS.c.closed_at, ALERTS.c.id).with_for_update()
            ):
                alert = AlertState.of(row)
                (self._gone if alert.closed_at else self._open)[alert.key] = alert


def clear(batch: Batch, alert: AlertState, at: datetime, detail: Mapping[str, Any]) -> None:
    """Its condition is over."""
    alert.status, alert.closed_at = AlertStatus.CLEARED, at
    alert.clears_at = alert.shelved_until = alert.step_at = None
    batch.tell(alert, AlertEventKind.CLEARED, detail, at=at)


def place_of(finding: Finding) -> Place:
    return Place(finding.store_id, finding.evidence.device, finding.source, finding.rule)


def _rounds(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Findings in order, cut where a source and rule comes again; in each cut causes first."""
    rounds: list[list[Finding]] = []
    seen: set[tuple[UUID, str, str]] = set()
    for finding in findings:
        if not rounds or _key(finding) in seen:
            rounds.append([])
            seen.clear()
        seen.add(_key(finding))
        rounds[-1].append(finding)
    return [sorted(group, key=lambda finding: rank(finding.rule)) for group in rounds]


def _without(alerts: _ByKey, refused: Set[UUID]) -> _ByKey:
    return {key: one for key, one in alerts.items() if one.id not in refused}


def _chunks(ids: Sequence[UUID]) -> list[Sequence[UUID]]:
    return [ids[first : first + _BATCH] for first in range(0, len(ids), _BATCH)]


def _key(finding: Finding) -> tuple[UUID, str, str]:
    return finding.store_id, finding.source, finding.rule.value


def _began_ms(finding: Finding) -> int:
    """A condition that steps before it was told began, for us, at that reading."""
    return finding.at_ms if finding.change is Change.STEPPED else finding.since_ms


def _detail(finding: Finding) -> dict[str, Any]:
    return {"rule": finding.rule.value, "source": finding.source} | finding.evidence.to_json()


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
