"""Writing down what is abnormal, wherever it was seen: once a subject, rule and hour."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from hub.kit.asker import Asker
from hub.kit.db import Database
from hub.kit.records.log import note
from hub.security.audit.models import SecurityFinding


@dataclass(frozen=True, slots=True)
class Abnormal:
    """`subject_id` is the account it is about, None where it is not known."""

    chain_id: UUID
    rule: str
    subject_id: UUID | None
    subject_name: str
    began_at: datetime
    evidence: dict[str, Any]


def tell_of(db: Database, seen: Abnormal) -> bool:
    """Whether it is new; it is in the audit as well."""
    table = SecurityFinding
    same = select(table.id).where(
        table.chain_id == seen.chain_id,
        table.rule == seen.rule,
        table.subject_id.is_not_distinct_from(seen.subject_id),
        table.subject_name == seen.subject_name,
        table.began_at == seen.began_at,
    )
    values = {
        "chain_id": seen.chain_id,
        "rule": seen.rule,
        "subject_id": seen.subject_id,
        "subject_name": seen.subject_name,
        "began_at": seen.began_at,
        "evidence": seen.evidence,
    }
    try:
        with db.system("watch") as connection:
            if connection.scalar(same) is not None:
                return False
            connection.execute(insert(table).values(values))
            kept = {"rule": [None, seen.rule], "subject": [None, str(seen.subject_id)]}
            asker = Asker.hub("watch")
            note(connection, "abnormal_access", asker, chain_id=seen.chain_id, values=kept)
    except IntegrityError:  # another process was quicker
        return False
    return True
