"""Opening a chain and its first account."""

import pytest
from sqlalchemy import func, select

from hub.archive.chains.records import Chain
from hub.archive.chains.service import create_admin
from hub.errors import ConflictError, InvalidError
from hub.kit.db import Database
from hub.security.models import Role
from hub.security.roles import SEEDS
from hub.security.sessions import Origin
from tests.hub.chain_under_test import sign_in_for


def test_the_first_account_opens_the_chain_and_the_second_joins_it(db: Database) -> None:
    for name in ("anna", "bert"):
        create_admin(db, chain_name="Amber", username=name, password="correct horse")
    with db.system_read("test") as connection:
        assert connection.scalar(select(func.count(Chain.id))) == 1
        assert connection.scalar(select(func.count(Role.id))) == len(SEEDS)
    door = sign_in_for(db)
    token = door.sign_in("anna", "correct horse", Origin(""), cookie=True)
    actor = door.sessions.actor(token.secret)
    assert actor.scope.store_ids is None
    assert not actor.must_change_password


def test_admin_admin_is_refused_and_leaves_no_account(db: Database) -> None:
    """ASVS 6.3.2: no default users."""
    with pytest.raises(InvalidError):
        create_admin(db, chain_name="Amber", username="admin", password="admin123")
    create_admin(db, chain_name="Amber", username="admin", password="correct horse")
    with pytest.raises(ConflictError):
        create_admin(db, chain_name="Amber", username="admin", password="correct horse")
