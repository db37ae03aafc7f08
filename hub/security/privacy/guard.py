"""The guard before health data, in the same gate as approvals: no assessment or consent, no row."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.errors import ConflictError, T
from hub.kit.clock import utc_now
from hub.kit.records.ports import ApprovalGate, Wish
from hub.security.privacy.consent import HEALTH
from hub.security.privacy.models import ImpactAssessment, LiveConsent

GUARDED = frozenset({"health_profiles"})
PERSON = "customer_id"
_NOT_ASSESSED = T(
    "还没有签署个人信息保护影响评估，健康档案不能使用（管理 → 隐私）。",
    "Health profiles are closed until an impact assessment is signed (Admin → Privacy).",
)
_NO_CONSENT = T(
    "没有本人单独的健康信息授权，不能保存。",
    "Without the person's own separate consent to health data nothing is kept.",
)


class PrivacyGate:
    """Asks for assessment and consent, then the next gate."""

    def __init__(self, then: ApprovalGate) -> None:
        self._then = then

    def demand(self, session: Session, wish: Wish) -> None:
        if wish.record_type in GUARDED and wish.action != "archive":
            _demand_assessment(session)
            _demand_consent(session, wish)
        self._then.demand(session, wish)


def _demand_assessment(session: Session) -> None:
    query = select(ImpactAssessment.id).where(
        ImpactAssessment.purpose == HEALTH, ImpactAssessment.valid_until > utc_now()
    )
    if session.scalars(query.limit(1)).first() is None:
        raise ConflictError(_NOT_ASSESSED)


def _demand_consent(session: Session, wish: Wish) -> None:
    """A change that names another person needs this one's consent; others were checked before."""
    person = wish.values.get(PERSON)
    if wish.action != "create" and person is None:
        return
    query = select(LiveConsent.consent_id).where(
        LiveConsent.subject_id == person, LiveConsent.purpose == HEALTH
    )
    if person is None or session.scalars(query).first() is None:
        raise ConflictError(_NO_CONSENT, {PERSON: _NO_CONSENT})
