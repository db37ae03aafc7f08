"""What one person alone may not do waits for others, whoever sends it (SEC-12, FIN-06)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from hub.archive.purchase_orders.records import OrderStatus, PurchaseOrder
from hub.archive.suppliers.records import Supplier
from hub.errors import ConflictError, ForbiddenError, NotFoundError
from hub.kit.asker import Asker, bind_asker
from hub.kit.records.actions import perform
from hub.kit.records.apply import Change, apply, undo
from hub.kit.records.history import history
from hub.kit.records.ports import Ports
from hub.kit.records.reveal import reveal
from hub.security.accounts import Grant, set_grants
from hub.security.actor import Actor
from hub.security.approvals import desk as desk_module
from hub.security.approvals.desk import Desk
from hub.security.approvals.gate import ApprovalNeededError, Gate
from hub.security.approvals.models import ApprovalRequest, ApprovalRule
from hub.security.approvals.rules import Rules
from hub.security.sign_in import SignIn
from hub.web.approvals import open_desk
from tests.hub.chain_under_test import HUB, ChainUnderTest, sign_in_for

YES, NO = True, False


class Office:
    """A chain where a supplier's longer payment terms need two people."""

    def __init__(self, chain: ChainUnderTest) -> None:
        self.chain = chain
        chain.db.ports = Ports(vault=chain.db.ports.vault, approvals=Gate())
        self.door: SignIn = sign_in_for(chain.db)
        self.desk = open_desk(chain.db, self.door.sessions)
        self.ids = {
            name: chain.add_user(name, *(Grant(role) for role in roles))
            for name, roles in (
                ("buyer", ["hq_manager"]),
                ("boss", ["hq_manager"]),
                ("keeper", ["admin"]),
                ("clerk", ["clerk"]),
                ("both", ["hq_manager", "admin"]),
            )
        }
        self.rule(0, ["hq_manager", "admin"])

    def rule(self, above: int, steps: list[str], field: str = "payment_days") -> None:
        rule = ApprovalRule(
            record_type="suppliers",
            action="update",
            field=field,
            above=above or 60,
            steps=steps,
            deadline_h=24,
        )
        Rules(self.chain.db).add(self.chain.id, rule, HUB)

    def actor(self, name: str) -> Actor:
        found = self.door.sessions.absent(self.ids[name])
        assert found is not None
        return found

    def asker(self, name: str) -> Asker:
        actor = self.actor(name)
        return Asker(actor.user_id, actor.name, actor)

    def change(self, name: str, **values: object) -> None:
        """Through the corridor, as every form, cell, import and API does."""
        with self.chain.db.write(self.actor(name).scope) as session:
            bind_asker(session, self.asker(name))
            apply(session, Supplier, Change(self.chain.supplier, values))

    def change_by_hub(self, **values: object) -> None:
        with self.chain.write() as session:
            apply(session, Supplier, Change(self.chain.supplier, values))

    def ask(self, name: str = "buyer", days: int = 90) -> UUID:
        with pytest.raises(ApprovalNeededError) as caught:
            self.change(name, payment_days=days)
        assert caught.value.members() == {"approval": f"/approvals/{caught.value.pending.id}"}
        self.desk.keep(caught.value.pending)
        return caught.value.pending.id

    def decide(self, name: str, request: UUID, is_yes: bool = YES, why: str = "") -> str:
        actor = self.actor(name)
        return self.desk.decide(actor, request, is_yes=is_yes, why=why, asker=self.asker(name))

    @property
    def days(self) -> int | None:
        with self.chain.read() as session:
            supplier = session.get(Supplier, self.chain.supplier)
            assert supplier is not None
            return supplier.payment_days


@pytest.fixture
def office(vaulted: ChainUnderTest) -> Office:
    return Office(vaulted)


def test_the_record_is_untouched_until_the_last_yes(office: Office) -> None:
    request = office.ask()
    assert office.days != 90
    assert office.decide("boss", request) == "waiting"
    assert office.days != 90
    assert office.decide("keeper", request) == "done"
    assert office.days == 90


def test_below_the_amount_and_for_other_fields_nothing_waits(office: Office) -> None:
    office.change("buyer", payment_days=59)
    office.change("buyer", contact="another name")
    assert office.days == 59


def test_of_several_amounts_the_strictest_that_is_reached_counts(office: Office) -> None:
    office.rule(120, ["admin", "admin", "hq_manager"])
    with pytest.raises(ApprovalNeededError) as caught:
        office.change("buyer", payment_days=150)
    assert caught.value.pending.steps == ("admin", "admin", "hq_manager")


def test_nobody_approves_their_own_request(office: Office) -> None:
    request = office.ask("both")
    with pytest.raises(ForbiddenError, match="their own"):
        office.decide("both", request)


def test_nobody_takes_two_steps_of_one_request(office: Office) -> None:
    request = office.ask()
    office.decide("both", request)
    with pytest.raises(ConflictError, match="already"):
        office.decide("both", request)


@pytest.mark.parametrize("name", ["keeper", "clerk"])
def test_a_step_belongs_to_its_role(office: Office, name: str) -> None:
    request = office.ask()
    with pytest.raises((ForbiddenError, NotFoundError)):
        office.decide(name, request)


def test_a_refusal_ends_it(office: Office) -> None:
    request = office.ask()
    assert office.decide("boss", request, NO, "too long") == "refused"
    with pytest.raises((ConflictError, NotFoundError)):
        office.decide("keeper", request)
    assert office.days != 90


def test_an_approval_is_for_this_change_and_no_other(office: Office) -> None:
    """What was approved once opens nothing else."""
    request = office.ask(days=90)
    office.decide("boss", request)
    office.decide("keeper", request)
    for days in (91, 365):
        with pytest.raises(ApprovalNeededError):
            office.change("buyer", payment_days=days)


def test_who_lost_the_right_meanwhile_changes_nothing(office: Office) -> None:
    request = office.ask()
    office.decide("boss", request)
    set_grants(office.chain.db, office.chain.id, office.ids["buyer"], [Grant("clerk")], HUB)
    assert office.decide("keeper", request) == "failed"
    assert office.days != 90


def test_a_delegate_decides_in_place_and_never_for_the_one_who_asked(office: Office) -> None:
    request = office.ask()
    boss, until = office.actor("boss"), datetime.now(UTC) + timedelta(days=3)
    office.desk.delegate(boss, office.ids["clerk"], until, office.asker("boss"))
    assert office.decide("clerk", request) == "waiting"
    case = office.desk.case(office.actor("clerk"), request)
    assert case.votes[0].instead_of == "boss"
    own = office.ask("boss")
    set_grants(office.chain.db, office.chain.id, office.ids["both"], [], HUB)
    with pytest.raises(NotFoundError):
        office.decide("clerk", own)


def test_after_the_deadline_it_is_over(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    request = office.ask()
    later = datetime.now(UTC) + timedelta(hours=25)
    monkeypatch.setattr(desk_module, "utc_now", lambda: later)
    with pytest.raises((ConflictError, NotFoundError)):
        office.decide("boss", request)
    assert office.desk.case(office.actor("buyer"), request).request.state == "expired"


def test_what_was_approved_when_the_hub_stopped_is_done_at_its_start(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = office.ask()
    office.decide("boss", request)
    with monkeypatch.context() as stopped:
        stopped.setattr(Desk, "_do", lambda *_: "approved")
        office.decide("keeper", request)
    assert office.days != 90
    assert office.desk.finish_approved() == 1
    assert office.days == 90
    assert office.desk.finish_approved() == 0


def test_the_hubs_own_work_passes(office: Office) -> None:
    with office.chain.write() as session:
        apply(session, Supplier, Change(office.chain.supplier, {"payment_days": 200}))
    assert office.days == 200


def test_undoing_asks_as_well(office: Office) -> None:
    with office.chain.write() as session:
        apply(session, Supplier, Change(office.chain.supplier, {"payment_days": 100}))
        apply(session, Supplier, Change(office.chain.supplier, {"payment_days": 10}))
    with office.chain.read() as session:
        seq = history(session, Supplier, office.chain.supplier)[0].seq
    with office.chain.db.write(office.actor("buyer").scope) as session:
        bind_asker(session, office.asker("buyer"))
        with pytest.raises(ApprovalNeededError):
            undo(session, Supplier, office.chain.supplier, seq)


def test_a_new_record_waits_as_well_and_is_made_once(office: Office) -> None:
    rule = ApprovalRule(
        record_type="suppliers", action="create", field="", above=0, steps=["admin"], deadline_h=1
    )
    Rules(office.chain.db).add(office.chain.id, rule, HUB)
    with office.chain.db.write(office.actor("buyer").scope) as session:
        bind_asker(session, office.asker("buyer"))
        with pytest.raises(ApprovalNeededError) as caught:
            apply(session, Supplier, Change(values={"code": "S-9", "name": "late"}))
    office.desk.keep(caught.value.pending)
    assert office.decide("keeper", caught.value.pending.id) == "done"
    with office.chain.read() as session:
        made = session.get(Supplier, caught.value.pending.wish.record_id)
    assert made is not None
    assert made.name == "late"


def test_a_rule_needs_roles_that_exist(office: Office) -> None:
    with pytest.raises(ConflictError):
        office.rule(1, ["emperor"])
    with pytest.raises(ConflictError):
        office.rule(1, [])


class Orders:
    """An order worth 1,000.00 whose sending needs an admin from 500.00 on."""

    def __init__(self, office: Office) -> None:
        self.office = office
        rule = ApprovalRule(
            record_type="purchase_orders",
            action="send",
            field="total_minor",
            above=50_000,
            steps=["admin"],
            deadline_h=24,
        )
        Rules(office.chain.db).add(office.chain.id, rule, HUB)
        self.order = self.new(price_minor=10_000)

    def new(self, price_minor: int) -> UUID:
        chain = self.office.chain
        line = {"product_id": chain.product, "quantity_milli": 10_000, "price_minor": price_minor}
        values = {"store_id": chain.stores[0].id, "number": f"PO-{price_minor}", "items": [line]}
        values["supplier_id"] = chain.supplier
        with chain.write() as session:
            return apply(session, PurchaseOrder, Change(values=values)).id

    def send(self, order: UUID | None = None) -> None:
        office = self.office
        with office.chain.db.write(office.actor("buyer").scope) as session:
            bind_asker(session, office.asker("buyer"))
            perform(session, PurchaseOrder, order or self.order, "send")

    def ask(self) -> UUID:
        with pytest.raises(ApprovalNeededError) as caught:
            self.send()
        self.office.desk.keep(caught.value.pending)
        return caught.value.pending.id

    def see(self) -> PurchaseOrder:
        with self.office.chain.read() as session:
            found = session.get(PurchaseOrder, self.order)
            assert found is not None
            return found


@pytest.fixture
def orders(office: Office) -> Orders:
    return Orders(office)


def test_an_action_is_held_back_by_what_the_record_is_worth_and_then_done(orders: Orders) -> None:
    """FIN-06: the amount of an order is no part of the change that sends it."""
    orders.send(orders.new(price_minor=100))
    request = orders.ask()
    assert orders.see().status is OrderStatus.DRAFT
    assert orders.office.decide("keeper", request) == "done"
    assert orders.see().status is OrderStatus.SENT
    assert orders.see().sent_on is not None


def test_an_approved_action_keeps_its_guards(orders: Orders) -> None:
    """Its own check, its state and the version that was judged hold at the last yes as well."""
    office = orders.office
    request = orders.ask()
    office.change_by_hub(standing="blocked")
    assert office.decide("keeper", request) == "failed"
    office.change_by_hub(standing="approved")
    request = orders.ask()
    with office.chain.write() as session:
        apply(session, PurchaseOrder, Change(orders.order, {"notes": "twice as much, please"}))
    assert office.decide("keeper", request) == "failed"
    assert "changed" in office.desk.case(office.actor("keeper"), request).request.outcome
    assert orders.see().status is OrderStatus.DRAFT


def test_a_change_that_clashes_with_a_later_one_is_not_forced_through(office: Office) -> None:
    request = office.ask(days=90)
    office.decide("boss", request)
    office.change_by_hub(payment_days=14)
    assert office.decide("keeper", request) == "failed"
    assert office.days == 14


def test_a_secret_that_waits_is_sealed_and_written_at_the_last_yes(
    office: Office,
) -> None:
    """SEC-12: what waits is in the request sealed, whatever is held back, and gone afterwards."""
    rule = ApprovalRule(
        record_type="suppliers", action="update", field="", above=0, steps=["admin"], deadline_h=1
    )
    Rules(office.chain.db).add(office.chain.id, rule, HUB)
    account = "6222 0000 1234 5678"
    with pytest.raises(ApprovalNeededError) as caught:
        office.change("buyer", bank_account=account, contact="new one")
    assert account not in repr(caught.value.pending)
    office.desk.keep(caught.value.pending)
    request = caught.value.pending.id
    case = office.desk.case(office.actor("keeper"), request).request
    assert case.secret_fields == ["bank_account"]
    assert case.secrets is not None
    assert account not in case.secrets
    assert case.change == {"contact": "new one"}
    assert office.decide("keeper", request) == "done"
    with office.chain.write() as session:
        supplier = session.get(Supplier, office.chain.supplier)
        assert supplier is not None
        assert reveal(session, supplier, Supplier.bank_account, "test") == account
    assert office.desk.case(office.actor("keeper"), request).request.secrets is None


@pytest.mark.parametrize("is_yes", [True, False])
def test_secrets_of_a_request_that_is_over_are_gone(office: Office, is_yes: bool) -> None:
    with pytest.raises(ApprovalNeededError) as caught:
        office.change("buyer", payment_days=90, bank_account="6222 0000")
    office.desk.keep(caught.value.pending)
    request = caught.value.pending.id
    office.decide("boss", request, is_yes, "no")
    if is_yes:
        assert office.decide("keeper", request) == "done"
    with office.chain.db.system_read("test") as connection:
        assert connection.scalar(select(ApprovalRequest.secrets)) is None
