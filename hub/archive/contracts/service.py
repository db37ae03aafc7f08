"""Which contracts somebody must be reminded of today, until it is decided what comes after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from hub.archive.contracts.lead_times import days_of
from hub.archive.contracts.records import Contract, Decision
from hub.kit.db import ScopedSession
from hub.kit.records.access import readable


@dataclass(frozen=True, slots=True)
class Reminder:
    """A contract that ends in `days_left` days; `step` is the lead time that has been reached.

    `key` is the same for as long as the step is, so that it is told once a step. Past its end a
    contract is at step 0.
    """

    contract: Contract
    days_left: int
    step: int

    @property
    def key(self) -> str:
        return f"contract:{self.contract.id}:{self.contract.valid_until}:{self.step}"


def reminders(session: ScopedSession, today: date) -> Sequence[Reminder]:
    """What is due and not decided, the most urgent first; talks alone decide nothing."""
    undecided = (Decision.OPEN, Decision.RENEGOTIATE)
    query = (
        select(Contract)
        .where(Contract.archived_at.is_(None), Contract.decision.in_(undecided))
        .where(*readable(session, Contract))
        .order_by(Contract.valid_until, Contract.id)
    )
    found = []
    for contract in session.scalars(query):
        left = (contract.valid_until - today).days
        reached = [step for step in (*days_of(contract.reminder_days), 0) if left <= step]
        if left < 0 or any(reached):
            found.append(Reminder(contract, left, min(s for s in reached if s or left < 0)))
    return found
