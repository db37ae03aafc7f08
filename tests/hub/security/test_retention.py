"""What is older than its days goes, what is younger stays (SEC-24): a clock test each."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select

from hub.kit.clock import utc_now
from hub.security.accounts import Grant
from hub.security.audit.models import SecurityFinding
from hub.security.models import PasswordLink, SignInFailure, SignInSession, SignInStep
from hub.security.replays import KeptAnswer
from hub.security.retention import KEEPINGS, Keeping, Retention
from tests.hub.chain_under_test import ChainUnderTest


def row(
    keeping: Keeping, chain: ChainUnderTest, user: UUID, at: datetime, n: int
) -> dict[str, object]:
    token = at.isoformat().encode() + bytes([n])
    owner = {"chain_id": chain.id, "user_id": user}
    rows: dict[object, dict[str, object]] = {
        SignInSession: {
            "token_hash": token,
            "is_cookie": True,
            "created_at": at,
            "seen_at": at,
            "expires_at": at,
            "address": "",
            "user_agent": "",
            **owner,
        },
        SignInFailure: {"key": f"account:{at}:{n}", "failures": 1, "last_at": at},
        PasswordLink: {"token_hash": token, "expires_at": at, **owner},
        SignInStep: {"token_hash": token, "challenge": b"x", "expires_at": at, **owner},
        KeptAnswer: {
            "session_id": user,
            "chain_id": chain.id,
            "key": f"{at}{n}",
            "request_hash": b"",
            "status": 200,
            "headers": {},
            "answer": "",
            "at": at,
        },
        SecurityFinding: {
            "chain_id": chain.id,
            "rule": f"mass_export{n}",
            "subject_name": "li",
            "began_at": at,
            "evidence": {},
            "closed_at": at,
        },
    }
    return rows[keeping.model]


@pytest.mark.parametrize("keeping", KEEPINGS, ids=lambda one: one.table.name)
def test_the_day_after_its_last_it_is_gone(chain: ChainUnderTest, keeping: Keeping) -> None:
    user, days = chain.add_user("li", Grant("clerk")), timedelta(days=keeping.days)
    young, old = utc_now() - days + timedelta(hours=1), utc_now() - days - timedelta(hours=1)
    with chain.db.system("test") as connection:
        for n, at in enumerate((young, old, old)):
            values = row(keeping, chain, user, at, n)
            connection.execute(insert(keeping.model).values(values))
    assert Retention(chain.db, (keeping,)).sweep() == {keeping.table.name: 2}
    with chain.db.system_read("test") as connection:
        assert connection.scalar(select(func.count()).select_from(keeping.table)) == 1


def test_every_class_says_in_both_languages_what_it_is_for() -> None:
    for one in KEEPINGS:
        assert all((one.label.zh, one.label.en, one.purpose.zh, one.purpose.en)), one
        assert one.column in one.table.c
