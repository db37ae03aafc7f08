"""Was an alert of any use? One vote a person; from the votes, which rules are noisy (ALR-15)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from hub.alerts import service
from hub.alerts.models import Alert, AlertStatus, AlertVote
from hub.detection.findings import Rule
from hub.kit.asker import asker_of
from hub.kit.clock import utc_now
from hub.kit.db import ScopedSession

BRIEF = timedelta(minutes=5)  # what is over so soon needed nobody
MAX_ROWS = 50_000


def vote(session: ScopedSession, alert_id: UUID, *, is_useful: bool) -> AlertVote:
    """Say so, or change one's mind."""
    alert, asker = service.to_change(session, alert_id)
    user_id = asker.user_id or UUID(int=0)
    mine = _mine(session, alert_id, user_id)
    if mine is None:
        mine = AlertVote(alert_id=alert_id, store_id=alert.store_id, user_id=user_id)
        session.add(mine)
    mine.is_useful, mine.at = is_useful, utc_now()
    session.flush()
    return mine


def my_vote(session: ScopedSession, alert_id: UUID) -> bool | None:
    mine = _mine(session, alert_id, asker_of(session).user_id or UUID(int=0))
    return mine.is_useful if mine else None


def _mine(session: ScopedSession, alert_id: UUID, user_id: UUID) -> AlertVote | None:
    found = select(AlertVote).where(AlertVote.alert_id == alert_id, AlertVote.user_id == user_id)
    return session.scalars(found).first()


@dataclass(slots=True)
class RuleQuality:
    """What one rule cost and gave; `noise` is 0 (every alert mattered) … 1."""

    rule: Rule
    alerts: int = 0
    stores: set[UUID] = field(default_factory=set)
    returns: int = 0
    brief: int = 0  # over by themselves within five minutes
    untouched: int = 0  # closed without anybody having looked
    useful: int = 0
    useless: int = 0

    @property
    def noise(self) -> float:
        """Votes count where there are any, else how many were over before anybody looked."""
        votes = self.useful + self.useless
        by_votes = self.useless / votes if votes else 0.0
        by_itself = (self.brief + self.untouched) / (2 * self.alerts) if self.alerts else 0.0
        return (3 * by_votes + by_itself) / 4 if votes else by_itself


def quality(session: ScopedSession, start: datetime, end: datetime) -> Sequence[RuleQuality]:
    """All rules that alerted in the span, the noisiest first."""
    found: dict[str, RuleQuality] = {}
    rows = select(Alert).where(
        Alert.raised_at >= start, Alert.raised_at < end, *service.readable(session)
    )
    ids: dict[UUID, str] = {}
    for alert in session.scalars(rows.order_by(Alert.raised_at.desc()).limit(MAX_ROWS)):
        ids[alert.id] = alert.rule
        _count(found.setdefault(alert.rule, RuleQuality(alert.rule_name)), alert)
    votes = select(AlertVote).where(AlertVote.at >= start)
    for one in session.scalars(votes):
        rule = ids.get(one.alert_id)
        if rule is not None and one.is_useful:
            found[rule].useful += 1
        elif rule is not None:
            found[rule].useless += 1
    return sorted(found.values(), key=lambda one: (-one.noise * one.alerts, -one.alerts))


def _count(one: RuleQuality, alert: Alert) -> None:
    one.alerts += 1
    one.stores.add(alert.store_id)
    one.returns += alert.returns
    is_over = alert.closed_at is not None
    one.brief += is_over and (alert.closed_at or alert.began_at) - alert.began_at < BRIEF
    is_seen = alert.acknowledged_at is not None or alert.status == AlertStatus.RESOLVED
    one.untouched += is_over and not is_seen
