"""Consent: given by notice, separate for each purpose, withdrawn as easily as given."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select, update

from hub.errors import ConflictError, InvalidError, NotFoundError, T
from hub.kit.asker import Asker
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.ids import uuid7
from hub.kit.records.log import note
from hub.security.privacy.models import Consent, ConsentNotice, ImpactAssessment, LiveConsent

HEALTH = "health"
ASSESSED_FOR = timedelta(days=365)
_NO_NOTICE = T(
    "请先写好告知书，再征求同意。", "Write the notice first; then people can agree to it."
)
_TOO_SHORT = T("请写完整：为什么、有什么风险、怎么防。", "Tell why, which risks, which measures.")
LEAST = 10


class Consents:
    """What people agreed to. `given` and `withdraw` leave a row in the audit."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def publish(self, chain_id: UUID, purpose: str, text: T, asker: Asker) -> int:
        """A new version of the notice of one purpose; returns its number."""
        digest = hashlib.sha256(f"{text.zh}\n{text.en}".encode()).hexdigest()
        newest = select(func.max(ConsentNotice.version)).where(
            ConsentNotice.chain_id == chain_id, ConsentNotice.purpose == purpose
        )
        with self._db.system("consent") as connection:
            version = (connection.scalar(newest) or 0) + 1
            words = {"text_zh": text.zh, "text_en": text.en, "sha256": digest}
            row = {"chain_id": chain_id, "purpose": purpose, "version": version}
            connection.execute(insert(ConsentNotice).values(**row, **words))
            kept = {"purpose": [None, purpose], "version": [None, version]}
            note(connection, "notice_published", asker, chain_id=chain_id, values=kept)
        return version

    def give(
        self, chain_id: UUID, subject_id: UUID, purpose: str, *, channel: str, asker: Asker
    ) -> UUID:
        """The person agreed by the newest notice; ConflictError when there is none."""
        consent_id = uuid7()
        with self._db.system("consent") as connection:
            notice = _newest(connection, chain_id, purpose)
            about = {"chain_id": chain_id, "subject_id": subject_id, "purpose": purpose}
            connection.execute(
                insert(Consent).values(
                    id=consent_id,
                    notice_id=notice[0],
                    notice_sha256=notice[1],
                    channel=channel[:40],
                    **about,
                )
            )
            self._renew(connection, consent_id, about)
            _note(connection, "consent_given", asker, chain_id, subject_id, purpose)
        return consent_id

    def withdraw(self, chain_id: UUID, subject_id: UUID, purpose: str, asker: Asker) -> None:
        """Stop all use at once; NotFoundError when there is nothing to withdraw."""
        with self._db.system("consent") as connection:
            if not self._end(connection, subject_id, purpose, chain_id):
                raise NotFoundError(T("没有有效的授权。", "There is no consent in force."))
            _note(connection, "consent_withdrawn", asker, chain_id, subject_id, purpose)

    def withdraw_all(self, chain_id: UUID, subject_id: UUID, asker: Asker) -> int:
        """Every purpose that the person agreed to; how many there were."""
        live = select(LiveConsent.purpose).where(
            LiveConsent.subject_id == subject_id, LiveConsent.chain_id == chain_id
        )
        with self._db.system_read("consent") as connection:
            purposes = connection.scalars(live).all()
        for purpose in purposes:
            self.withdraw(chain_id, subject_id, purpose, asker)
        return len(purposes)

    def listed(self, chain_id: UUID, subject_id: UUID) -> list[Consent]:
        """What the person agreed to, the newest first."""
        query = select(Consent.__table__).where(
            Consent.chain_id == chain_id, Consent.subject_id == subject_id
        )
        with self._db.system_read("consent") as connection:
            rows = connection.execute(query.order_by(Consent.given_at.desc())).all()
        return [Consent(**row._mapping) for row in rows]

    @staticmethod
    def _renew(connection: Connection, consent_id: UUID, about: Mapping[str, Any]) -> None:
        """A newer yes takes the place of an older one; health data that hang on it stay."""
        mine = (Consent.subject_id == about["subject_id"], Consent.purpose == about["purpose"])
        older = update(Consent).where(*mine, Consent.id != consent_id)
        connection.execute(
            older.where(Consent.withdrawn_at.is_(None)).values(withdrawn_at=utc_now())
        )
        live = update(LiveConsent).where(
            LiveConsent.subject_id == about["subject_id"], LiveConsent.purpose == about["purpose"]
        )
        if not connection.execute(live.values(consent_id=consent_id)).rowcount:
            connection.execute(insert(LiveConsent).values(consent_id=consent_id, **about))

    def holds(self, subject_id: UUID, purpose: str) -> bool:
        query = select(LiveConsent.consent_id).where(
            LiveConsent.subject_id == subject_id, LiveConsent.purpose == purpose
        )
        with self._db.system_read("consent") as connection:
            return connection.scalar(query) is not None

    @staticmethod
    def _end(
        connection: Connection, subject_id: UUID, purpose: str, chain_id: UUID | None = None
    ) -> int:
        live = (LiveConsent.subject_id == subject_id, LiveConsent.purpose == purpose)
        ended = delete(LiveConsent).where(*live)
        if chain_id is not None:
            ended = ended.where(LiveConsent.chain_id == chain_id)
        count = connection.execute(ended).rowcount
        if count:
            kept = (Consent.subject_id == subject_id, Consent.purpose == purpose)
            over = update(Consent).where(*kept, Consent.withdrawn_at.is_(None))
            connection.execute(over.values(withdrawn_at=utc_now()))
        return count


class Assessments:
    """The impact assessment that stands before a module with sensitive data."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def sign(
        self, chain_id: UUID, purpose: str, told: tuple[str, str, str], asker: Asker
    ) -> datetime:
        """`told` is necessity, risks, measures; returns until when it holds."""
        necessity, risks, measures = (text.strip() for text in told)
        if asker.user_id is None or min(len(necessity), len(risks), len(measures)) < LEAST:
            raise InvalidError(_TOO_SHORT)
        until = utc_now() + ASSESSED_FOR
        with self._db.system("assessment") as connection:
            connection.execute(
                insert(ImpactAssessment).values(
                    chain_id=chain_id,
                    purpose=purpose,
                    necessity=necessity,
                    risks=risks,
                    measures=measures,
                    signed_by=asker.user_id,
                    signed_name=asker.name,
                    valid_until=until,
                )
            )
            kept = {"purpose": [None, purpose], "until": [None, until.isoformat()]}
            note(connection, "assessment_signed", asker, chain_id=chain_id, values=kept)
        return until

    def holds(self, chain_id: UUID, purpose: str) -> bool:
        query = select(ImpactAssessment.id).where(
            ImpactAssessment.chain_id == chain_id,
            ImpactAssessment.purpose == purpose,
            ImpactAssessment.valid_until > utc_now(),
        )
        with self._db.system_read("assessment") as connection:
            return connection.execute(query.limit(1)).first() is not None

    def listed(self, chain_id: UUID) -> list[ImpactAssessment]:
        query = select(ImpactAssessment).where(ImpactAssessment.chain_id == chain_id)
        with self._db.system_read("assessment") as connection:
            rows = connection.execute(query.order_by(ImpactAssessment.id.desc())).all()
        return [ImpactAssessment(**row._mapping) for row in rows]


def _newest(connection: Connection, chain_id: UUID, purpose: str) -> tuple[UUID, str]:
    query = (
        select(ConsentNotice.id, ConsentNotice.sha256)
        .where(ConsentNotice.chain_id == chain_id, ConsentNotice.purpose == purpose)
        .order_by(ConsentNotice.version.desc())
    )
    row = connection.execute(query.limit(1)).first()
    if row is None:
        raise ConflictError(_NO_NOTICE)
    return row.id, row.sha256


def _note(
    connection: Connection,
    action: str,
    asker: Asker,
    chain_id: UUID,
    subject_id: UUID,
    purpose: str,
) -> None:
    about = {"chain_id": chain_id, "record_type": "consents", "record_id": subject_id}
    note(connection, action, asker, **about, values={"purpose": [None, purpose]})
