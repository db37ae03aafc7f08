"""A customer asks for a copy and to be forgotten (SEC-24, SEC-27, C14; PIPL 15, 28, 45, 47)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from hub.archive.customers.records import Customer, Member
from hub.archive.health.records import HealthProfile
from hub.archive.person_requests.records import PersonRequest
from hub.archive.privacy.erasure import Erasure
from hub.archive.privacy.persons import copy_of
from hub.errors import ConflictError, NotFoundError, T
from hub.kit.asker import Asker, EveryRight, bind_asker
from hub.kit.clock import utc_now
from hub.kit.comments.service import say
from hub.kit.records.access import load
from hub.kit.records.apply import Change, apply
from hub.kit.records.history import history
from hub.kit.records.ports import Place, Ports
from hub.security.accounts import Grant
from hub.security.approvals.models import ApprovalRequest
from hub.security.audit.chain import AuditChain, Fault
from hub.security.privacy.consent import HEALTH, Consents
from hub.security.vault.opening import Strongroom, open_vault
from hub.security.vault.vault import ErasedError
from tests.hub.chain_under_test import HUB, ChainUnderTest

NAME, PHONE, SAID, ILLNESS = "Zephyrine Quill", "13912345678", "prefers jasmine", "rare malady"
WORDS = (NAME, PHONE, SAID, ILLNESS, "Quillon")


@dataclass
class Books:
    """A chain with one customer who left traces everywhere."""

    chain: ChainUnderTest
    room: Strongroom
    customer: UUID
    card: UUID
    profile: UUID
    erasure: Erasure
    audit: AuditChain


@pytest.fixture
def books(chain: ChainUnderTest, tmp_path: Path) -> Iterator[Books]:
    room = open_vault(f"sqlite:///{tmp_path / 'keys.sqlite'}", "", tmp_path / "master.key")
    chain.db.ports = Ports(vault=room.vault)
    clerk = chain.add_user("clerk", Grant("clerk"))
    consents = Consents(chain.db)
    consents.publish(chain.id, HEALTH, T("告知", "Notice"), HUB)
    with chain.write() as session:
        values = {"name": NAME, "phone": PHONE, "notes": SAID}
        customer = apply(session, Customer, Change(values=values)).id
        apply(session, Customer, Change(customer, {"notes": f"{SAID}, asks for Quillon"}))
        card_id = apply(
            session, Member, Change(values={"number": "M-77", "customer_id": customer})
        ).id
        bind_asker(session, Asker(clerk, "clerk", EveryRight()))
        say(session, Customer, customer, f"{NAME} called today", {})
        about = {"wording": f"{NAME} asks", "kind": "copy", "received_on": "2026-01-05"}
        apply(session, PersonRequest, Change(values={"customer_id": customer, **about}))
        waits = {"record_type": "customers", "record_id": customer, "action": "update"}
        later = {"steps": ["admin"], "deadline_at": utc_now(), "change": {"name": NAME}}
        session.add(ApprovalRequest(asker_id=clerk, asker_name="clerk", **waits, **later))
    consents.give(chain.id, customer, HEALTH, channel="paper", asker=HUB)
    with chain.write() as session:
        health = {"code": "H-77", "customer_id": str(customer), "history": ILLNESS}
        health["consent_on"] = "2026-01-01"
        profile = apply(session, HealthProfile, Change(values=health)).id
    audit = AuditChain(chain.db, room.keys)
    erasure = Erasure(chain.db, room.vault, audit)
    yield Books(chain, room, customer, card_id, profile, erasure, audit)
    room.keys.close()


def everything(books: Books) -> str:
    """Every column of every table, as whoever steals the file reads it."""
    with books.chain.db.system_read("test") as connection:
        tables = select(text("name")).select_from(text("sqlite_master")).where(text("type='table'"))
        names = connection.scalars(tables).all()
        rows = [connection.execute(select(text("*")).select_from(text(n))).all() for n in names]
    return json.dumps(rows, default=str, ensure_ascii=False)


def test_the_database_itself_keeps_no_health_row_without_a_live_consent(books: Books) -> None:
    with books.chain.write() as session:
        other = apply(session, Customer, Change(values={"name": "another"})).id
    values = {"code": "H-78", "customer_id": other, "consent_on": "2026-01-01"}
    with pytest.raises(ConflictError), books.chain.write() as session:
        apply(session, HealthProfile, Change(values=values))
    by_hand = text(
        "INSERT INTO health_profiles (id, chain_id, code, customer_id, consent_on, "
        "consent_purpose, version, created_at, updated_at) VALUES "
        "(:i, :c, 'H', :p, '2026-01-01', :w, 1, '2026-01-01', '2026-01-01')"
    )
    for purpose in (HEALTH, None):
        row = {"i": other.hex, "c": books.chain.id.hex, "p": other.hex, "w": purpose}
        with pytest.raises(IntegrityError), books.chain.db.system("test") as connection:
            connection.execute(by_hand, row)


def test_a_newer_consent_keeps_the_profile_and_a_withdrawal_ends_it_at_once(books: Books) -> None:
    consents = Consents(books.chain.db)
    consents.give(books.chain.id, books.customer, HEALTH, channel="phone", asker=HUB)
    with books.chain.read() as session:
        kept = load(session, HealthProfile, books.profile)
        assert kept.history is not None
        sealed = kept.history.sealed
    books.erasure.end_consent(books.chain.id, books.customer, HEALTH, HUB)
    with pytest.raises(NotFoundError), books.chain.read() as session:
        load(session, HealthProfile, books.profile)
    place = Place(books.chain.id, "health_profiles", "history", books.profile, books.customer)
    with pytest.raises(ErasedError):
        books.room.vault.open(place, sealed)
    with books.chain.read() as session:
        assert load(session, Customer, books.customer).name == NAME
    assert all(one.withdrawn_at for one in consents.listed(books.chain.id, books.customer))


def test_the_copy_holds_all_of_it(books: Books) -> None:
    with books.chain.write() as session:
        told = copy_of(session, load(session, Customer, books.customer))
        looks = history(session, HealthProfile, books.profile)
    said = json.dumps(told, ensure_ascii=False)
    assert all(word in said for word in WORDS)
    kinds = {"customers", "members", "health_profiles", "person_requests"}
    assert {one["type"] for one in told["records"]} == kinds
    assert told["consents"][0]["channel"] == "paper"
    assert told["history"]
    assert "reveal" in {one.action for one in looks}


def test_nothing_of_the_person_is_left_and_the_audit_still_holds(books: Books) -> None:
    books.audit.seal()
    assert all(word in everything(books) for word in (NAME, PHONE, SAID))
    gone = books.erasure.forget(books.chain.id, books.customer, HUB)
    left = everything(books)
    assert [word for word in WORDS if word in left] == []
    assert gone.records == 3, "the health profile went with its consent"
    assert gone.audit_rows >= 4
    assert books.audit.verify().troubles == ()
    with books.chain.read() as session:
        card = load(session, Member, books.card)
        assert card.customer_id == books.customer, "figures still add up, and point at nobody"
        assert card.archived_at is not None
    with pytest.raises(ConflictError):
        books.erasure.forget(books.chain.id, books.customer, HUB)


def test_a_redaction_hides_no_forgery(books: Books) -> None:
    """Who writes to the database alone can neither change a redacted row nor redact another."""
    books.erasure.forget(books.chain.id, books.customer, HUB)
    books.audit.seal()
    with books.chain.db.system("attack") as connection:
        connection.execute(text("DROP TRIGGER changes_no_update"))
        newest = "(SELECT max(seq) FROM audit_redactions)"
        connection.execute(text(f"UPDATE changes SET asker_name = 'x' WHERE seq = {newest}"))  # noqa: S608
    assert {one.fault for one in books.audit.verify().troubles} == {Fault.CHANGED}


def test_the_audit_opens_for_a_redaction_alone(books: Books) -> None:
    books.erasure.forget(books.chain.id, books.customer, HUB)
    for where in ("(SELECT max(seq) FROM audit_redactions)", "(SELECT min(seq) FROM changes)"):
        with pytest.raises(IntegrityError), books.chain.db.system("attack") as connection:
            connection.execute(text(f"UPDATE changes SET reason = 'x' WHERE seq = {where}"))  # noqa: S608
