"""What people can learn from: earlier alerts of the same kind, and what cured them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from hub.alerts import service
from hub.alerts.models import Alert, AlertEvent, AlertEventKind
from hub.archive.equipment.records import Equipment
from hub.kit.db import ScopedSession

LIMIT = 5


@dataclass(frozen=True, slots=True)
class Case:
    """An earlier alert; `cure` is what somebody wrote when it was done, or empty."""

    alert: Alert
    cure: str
    by: str


def similar(session: ScopedSession, alert: Alert) -> Sequence[Case]:
    """Of the same source first; then of the same model of equipment in any store one may see."""
    own = _earlier(session, alert, [(alert.store_id, alert.device)], LIMIT)
    places = _same_model(session, alert)
    others = _earlier(session, alert, places, LIMIT - len(own)) if places else []
    found = [*own, *others]
    cures = _cures(session, [one.id for one in found])
    return [Case(one, *cures.get(one.id, ("", ""))) for one in found]


def _earlier(
    session: ScopedSession,
    alert: Alert,
    places: Sequence[tuple[UUID, str | None]],
    limit: int,
) -> Sequence[Alert]:
    if limit <= 0:
        return []
    rows = select(Alert).where(
        Alert.rule == alert.rule,
        Alert.closed_at.is_not(None),
        Alert.id != alert.id,
        Alert.store_id.in_({store for store, _ in places}),
        Alert.device.in_({device for _, device in places})
        if alert.device
        else Alert.device.is_(None),
        *service.readable(session),
    )
    wanted = set(places)
    found = session.scalars(rows.order_by(Alert.raised_at.desc()).limit(20 * limit))
    return [one for one in found if (one.store_id, one.device) in wanted][:limit]


def _same_model(session: ScopedSession, alert: Alert) -> list[tuple[UUID, str | None]]:
    if not alert.device:
        return []
    mine = session.scalars(
        select(Equipment).where(
            Equipment.store_id == alert.store_id, Equipment.device_id == alert.device
        )
    ).first()
    if mine is None or not mine.model:
        return []
    twins = select(Equipment).where(
        Equipment.model == mine.model,
        Equipment.brand == mine.brand,
        Equipment.id != mine.id,
        Equipment.device_id.is_not(None),
    )
    return [(one.store_id, one.device_id) for one in session.scalars(twins.limit(200))]


def _cures(session: ScopedSession, ids: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """The note with which somebody closed it."""
    if not ids:
        return {}
    rows = select(AlertEvent).where(
        AlertEvent.alert_id.in_(ids),
        AlertEvent.kind == AlertEventKind.RESOLVED,
        AlertEvent.note != "",
    )
    return {row.alert_id: (row.note, row.user_name) for row in session.scalars(rows)}
