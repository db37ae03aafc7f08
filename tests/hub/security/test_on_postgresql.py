"""Keys, audit, erasure, approvals and policies on a real PostgreSQL; the newest tables undone."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from alembic import command
from sqlalchemy import select, text

from hub.archive.customers.records import Customer
from hub.archive.privacy.erasure import Erasure
from hub.archive.suppliers.records import Supplier
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.migrate import check, config, upgrade
from hub.kit.records.apply import Change, apply
from hub.kit.records.ports import Ports
from hub.kit.records.reveal import reveal
from hub.sealed_columns import SEALED_COLUMNS
from hub.security.accounts import Grant
from hub.security.actor import Hurdle
from hub.security.approvals.models import ApprovalRequest
from hub.security.audit.chain import AuditChain
from hub.security.policies import Policies, Wording
from hub.security.sessions import Origin
from hub.security.vault.opening import Strongroom, open_vault
from hub.security.vault.rotation import Rotation
from tests.hub.chain_under_test import (
    HUB,
    PASSWORD,
    ChainUnderTest,
    open_chain_under_test,
    sign_in_for,
)
from tests.postgresql import running_postgresql

pytestmark = pytest.mark.integration
BEFORE_POLICIES = "0042"
ACCOUNT, NAME = "6222 0000 1234", "Zephyrine Quill"


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with running_postgresql() as url:
        made = Database(url)
        upgrade(made)
        yield made
        made.close()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Strongroom]:
    folder: Path = tmp_path_factory.mktemp("keys")
    made = open_vault(f"sqlite:///{folder / 'keys.sqlite'}", "", folder / "master.key")
    yield made
    made.keys.close()


@pytest.fixture(scope="module")
def shop(database: Database, room: Strongroom) -> ChainUnderTest:
    """A chain on PostgreSQL, after its newest migrations were undone and done again."""
    with database.engines.write.begin() as connection:
        command.downgrade(config(connection), BEFORE_POLICIES)
    upgrade(database)
    check(database)
    database.ports = Ports(vault=room.vault)
    return open_chain_under_test(database, "amber")


def test_a_rotation_under_which_nothing_becomes_unreadable(
    shop: ChainUnderTest, room: Strongroom
) -> None:
    """SEC-04 (R36 in small): the secret, and one that waits for an approval."""
    with shop.write() as session:
        apply(session, Supplier, Change(shop.supplier, {"bank_account": ACCOUNT}))
    work = Rotation(shop.db, room.keys, room.vault, SEALED_COLUMNS, others_done_s=0)
    for _ in range(3):
        work.begin(shop.id)
        assert work.finish(lambda _: None, HUB).keys_destroyed == 1
    with shop.write() as session:
        supplier = session.get_one(Supplier, shop.supplier)
        assert reveal(session, supplier, Supplier.bank_account, "test") == ACCOUNT


def test_a_person_goes_and_the_audit_holds(shop: ChainUnderTest, room: Strongroom) -> None:
    """SEC-05, SEC-27: from a request that waits as well."""
    audit = AuditChain(shop.db, room.keys)
    user = shop.add_user("asker", Grant("clerk"))
    with shop.write() as session:
        person = apply(session, Customer, Change(values={"name": NAME})).id
        session.add(held(user, person))
    audit.seal()
    Erasure(shop.db, room.vault, audit).forget(shop.id, person, HUB)
    with shop.db.system_read("test") as connection:
        told = connection.execute(select(ApprovalRequest.change, ApprovalRequest.state)).all()
        words = connection.scalar(text("SELECT count(*) FROM changes WHERE values::text ~ 'Quill'"))
    assert [tuple(one) for one in told] == [({}, "refused")]
    assert words == 0
    audit.seal()
    assert audit.verify().troubles == ()


def held(user: UUID, person: UUID) -> ApprovalRequest:
    return ApprovalRequest(
        record_type="members",
        action="create",
        change={"customer_id": str(person), "number": NAME},
        steps=["admin"],
        asker_id=user,
        asker_name="asker",
        deadline_at=utc_now() + timedelta(days=1),
    )


def test_policies_stand_before_work(shop: ChainUnderTest) -> None:
    shop.add_user("clerk", Grant("clerk"))
    door, policies = sign_in_for(shop.db), Policies(shop.db)
    secret = door.sign_in("clerk", PASSWORD, Origin("192.0.2.1"), cookie=True).secret
    policies.publish(shop.id, Wording(shop.id, "Discretion", "Tell nobody."), HUB)
    clerk = door.sessions.actor(secret)
    assert clerk.hurdle is Hurdle.POLICIES
    (edition,) = policies.waiting(shop.id, clerk.user_id)
    for _ in ("a click", "and another"):
        policies.accept(shop.id, clerk.user_id, edition.id, HUB)
    assert door.sessions.actor(secret).hurdle is None
