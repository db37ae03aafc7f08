"""Staff are warned without learning what a customer has (CUS-09, CUS-08)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from hub.archive.customers.records import Customer
from hub.archive.health.checking import SAYS, Grave, check, override
from hub.archive.health.records import Condition, HealthProfile
from hub.archive.privacy.erasure import Erasure
from hub.archive.products.records import Product
from hub.archive.services.records import Service
from hub.errors import InvalidError, T
from hub.kit.records.apply import Change, apply
from hub.kit.records.log import ChangeLog
from hub.kit.records.ports import Ports
from hub.security.audit.chain import AuditChain
from hub.security.privacy.consent import HEALTH, Consents
from hub.security.vault.opening import Strongroom, open_vault
from tests.hub.chain_under_test import HUB, ChainUnderTest


@dataclass
class Desk:
    """A customer with an allergy to peanuts and high blood pressure, and three things to sell."""

    chain: ChainUnderTest
    room: Strongroom
    customer: UUID
    snack: UUID
    sauna: UUID
    water: UUID

    def found(self) -> dict[UUID, Grave]:
        with self.chain.read() as session:
            unfit = check(session, self.customer, [self.snack, self.sauna, self.water])
        return {one.thing_id: one.grave for one in unfit}


def named(code: str) -> dict[str, object]:
    return {"code": code, "name": code}


@pytest.fixture
def desk(chain: ChainUnderTest, tmp_path: Path) -> Iterator[Desk]:
    room = open_vault(f"sqlite:///{tmp_path / 'keys.sqlite'}", "", tmp_path / "master.key")
    chain.db.ports = Ports(vault=room.vault)
    with chain.write() as session:
        codes = {
            code: apply(session, Condition, Change(values={**named(code), "kind": kind})).id
            for code, kind in (("peanut", "allergy"), ("pressure", "condition"))
        }
        customer = apply(session, Customer, Change(values={"name": "Zephyrine"})).id
        goods = {
            name: apply(session, Product, Change(values={"code": name, "name": name, **unfit})).id
            for name, unfit in (
                ("snack", {"not_suitable_for": [codes["peanut"]]}),
                ("water", {"suitable_for": [codes["pressure"]]}),
            )
        }
        price = {"duration_min": 60, "price_minor": 8800}
        about = named("sauna") | price | {"not_suitable_for": [codes["pressure"]]}
        sauna = apply(session, Service, Change(values=about)).id
    consents = Consents(chain.db)
    consents.publish(chain.id, HEALTH, T("告知", "Notice"), HUB)
    consents.give(chain.id, customer, HEALTH, channel="paper", asker=HUB)
    with chain.write() as session:
        told = {"code": "H-9", "customer_id": customer, "consent_on": "2026-01-01"}
        told |= {"conditions": "pressure", "allergies": "peanut"}
        apply(session, HealthProfile, Change(values=told))
    yield Desk(chain, room, customer, goods["snack"], sauna, goods["water"])
    room.keys.close()


def test_an_allergy_blocks_and_a_condition_warns(desk: Desk) -> None:
    assert desk.found() == {desk.snack: Grave.BLOCK, desk.sauna: Grave.WARN}


def test_what_is_said_names_no_condition(desk: Desk) -> None:
    with desk.chain.read() as session:
        said = repr(check(session, desk.customer, [desk.snack, desk.sauna])) + repr(SAYS)
    assert not any(word in said for word in ("peanut", "pressure", "allergy"))


def test_without_consent_nothing_is_known(desk: Desk) -> None:
    erasure = Erasure(desk.chain.db, desk.room.vault, AuditChain(desk.chain.db, desk.room.keys))
    erasure.end_consent(desk.chain.id, desk.customer, HEALTH, HUB)
    assert desk.found() == {}


def test_to_go_on_needs_a_reason_which_is_in_the_audit(desk: Desk) -> None:
    with desk.chain.write() as session:
        customer = session.get_one(Customer, desk.customer)
        unfit = check(session, desk.customer, [desk.snack])
        with pytest.raises(InvalidError):
            override(session, customer, unfit, "  ")
        override(session, customer, unfit, "for a friend")
    with desk.chain.read() as session:
        query = select(ChangeLog).where(ChangeLog.action == "warning_overridden")
        (row,) = session.scalars(query)
    assert (row.record_id, row.reason) == (desk.customer, "for a friend")
    assert row.values == {"things": [None, [str(desk.snack)]]}
