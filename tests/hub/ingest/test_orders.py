"""Orders to agents and roll-outs in stages, over real SQL (EDG-14, R39)."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import insert, select

from hub.errors import ConflictError, InvalidError
from hub.ingest.block import Block, TextEvent
from hub.ingest.enrolment_tables import CertificateRow
from hub.ingest.order_keeper import OrderKeeper
from hub.ingest.order_tables import AgentDocumentRow, OrderRow, RolloutRow, RolloutState
from hub.ingest.orders import AGAIN, SOAK, STAGES, Bundle, Orders, Wish, add_bundle
from hub.ingest.registry import Registry
from hub.ingest.tables import AgentRow, NodeState
from hub.kit.asker import Asker
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.ids import uuid7
from hub.kit.records.log import ChangeLog
from hub.security.pki import Authority
from hub.timeseries.port import Points
from protocols.orders import (
    DESCRIPTION,
    RESULT,
    Outcome,
    Result,
    Verb,
    encode,
    parse_order,
    parse_signed,
)
from protocols.sparkplug import codec

ASKER = Asker.hub("test")
RESTART = Wish(Verb.RESTART, {})
AGENTS = 40


@dataclass
class Fleet:
    """Orders over a database with agents of one chain, and what their keeper sends."""

    db: Database
    orders: Orders
    keeper: OrderKeeper
    registry: Registry
    chain_id: UUID
    agents: list[UUID]
    sent: list[str]

    def state(self, order_id: UUID) -> str:
        with self.db.system_read("test") as connection:
            found = select(OrderRow.state).where(OrderRow.id == order_id)
            return str(connection.scalar(found))

    def answer(self, agent_id: UUID, order_id: UUID, outcome: Outcome) -> None:
        result = Result(str(order_id), outcome, "好", "well")
        with self.db.system("test") as connection:
            self.orders.take_result(connection, agent_id, result)

    def of_rollout(self, rollout_id: UUID) -> list[tuple[UUID, UUID]]:
        """(agent, order), oldest first."""
        its = select(OrderRow.agent_id, OrderRow.id).where(OrderRow.rollout_id == rollout_id)
        with self.db.system_read("test") as connection:
            return [(a, o) for a, o in connection.execute(its.order_by(OrderRow.id))]

    def rollout(self, rollout_id: UUID) -> tuple[str, int]:
        its = select(RolloutRow.state, RolloutRow.stage).where(RolloutRow.id == rollout_id)
        with self.db.system_read("test") as connection:
            row = connection.execute(its).one()
        return row.state, STAGES[row.stage]


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    db = Database(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    db.create_all()
    registry, chain_id, store_id = Registry(db), uuid7(), uuid7()
    agents = [
        registry.approve("g", f"store-{n}", chain_id=chain_id, store_id=store_id)
        for n in range(AGENTS)
    ]
    with db.system("test") as connection:
        ends = {"expires_at": utc_now() + timedelta(days=90)}
        scope = {"chain_id": chain_id, "store_id": store_id} | ends
        rows = [{"serial": f"{n:x}", "agent_id": a, **scope} for n, a in enumerate(agents)]
        connection.execute(insert(CertificateRow), rows)
    orders = Orders(db, Authority.open(tmp_path / "pki"), tmp_path / "bundles")
    keeper, sent = OrderKeeper(db, registry, orders), list[str]()

    def send(_topic: str, payload: bytes) -> bool:
        sent.extend(str(value) for _, value in codec.commands(codec.parse(payload)))
        return True

    keeper.send = send
    yield Fleet(db, orders, keeper, registry, chain_id, agents, sent)
    db.close()


def online(fleet: Fleet) -> None:
    for node in fleet.registry.nodes():
        node.state = NodeState.ONLINE


def test_an_order_is_sent_until_it_is_answered_and_then_no_more(fleet: Fleet) -> None:
    own = fleet.orders.issue(fleet.agents[0], RESTART, ASKER)
    fleet.keeper.tick()
    assert fleet.sent == [], "the agent is not there"
    online(fleet)
    fleet.keeper._looked = 0.0
    fleet.keeper.tick()
    (text,) = fleet.sent
    order = parse_order(parse_signed(text).text)
    assert (order.id, order.agent, order.verb) == (str(own), "store-0", Verb.RESTART)
    now = utc_now()
    assert fleet.orders.due(fleet.agents, now) == [], "not every two seconds"
    assert len(fleet.orders.due(fleet.agents, now + AGAIN * 2)) == 1, "but again"
    fleet.answer(fleet.agents[0], own, Outcome.DONE)
    assert fleet.orders.due(fleet.agents, now + AGAIN * 2) == []
    fleet.answer(fleet.agents[0], own, Outcome.RETURNED)
    assert fleet.state(own) == "done", "what is final stays"


def test_only_the_agent_itself_answers_its_order(fleet: Fleet) -> None:
    own = fleet.orders.issue(fleet.agents[0], RESTART, ASKER)
    fleet.answer(fleet.agents[1], own, Outcome.DONE)
    fleet.answer(fleet.agents[0], uuid7(), Outcome.DONE)
    with fleet.db.system("test") as connection:
        fleet.orders.take_result(connection, fleet.agents[0], Result("no id", Outcome.DONE, "", ""))
    assert fleet.state(own) == "waiting"


def test_what_nobody_answers_expires(fleet: Fleet) -> None:
    own = fleet.orders.issue(fleet.agents[0], RESTART, ASKER)
    fleet.orders.advance([], utc_now() + timedelta(hours=25))
    assert fleet.state(own) == "expired"


def test_each_order_and_answer_is_in_the_audit(fleet: Fleet) -> None:
    own = fleet.orders.issue(fleet.agents[0], RESTART, ASKER)
    fleet.answer(fleet.agents[0], own, Outcome.ON_TRIAL)
    fleet.answer(fleet.agents[0], own, Outcome.RETURNED)
    with fleet.db.system_read("test") as connection:
        found = connection.execute(select(ChangeLog.action, ChangeLog.record_id)).all()
    assert [tuple(row) for row in found] == [
        ("order_restart", fleet.agents[0]),
        ("order_returned", fleet.agents[0]),
    ]


# roll-outs

BUNDLE = Bundle("9.9.9", "0" * 64, 1000, Path())


def test_a_rollout_goes_in_stages_with_a_pause_between(fleet: Fleet) -> None:
    own, now = fleet.orders.roll_out(fleet.chain_id, BUNDLE, ASKER), utc_now()
    for percent in STAGES:
        orders = fleet.of_rollout(own)
        assert len(orders) == math.ceil(AGENTS * percent / 100)
        assert fleet.rollout(own) == ("running", percent)
        fleet.orders.advance(fleet.agents, now + SOAK * 4)
        assert len(fleet.of_rollout(own)) == len(orders), "not before all have answered"
        for agent_id, order_id in orders:
            fleet.answer(agent_id, order_id, Outcome.DONE)
        fleet.orders.advance(fleet.agents, utc_now())
        if percent < 100:
            assert len(fleet.of_rollout(own)) == len(orders), "not at once"
        fleet.orders.advance(fleet.agents, utc_now() + SOAK * 2)
    assert fleet.rollout(own) == ("done", 100)
    assert len({agent for agent, _ in fleet.of_rollout(own)}) == AGENTS


@pytest.mark.parametrize("outcome", [Outcome.RETURNED, Outcome.FAILED, Outcome.REFUSED])
def test_one_that_does_not_succeed_pauses_it(fleet: Fleet, outcome: Outcome) -> None:
    own = fleet.orders.roll_out(fleet.chain_id, BUNDLE, ASKER)
    ((agent_id, order_id),) = fleet.of_rollout(own)
    fleet.answer(agent_id, order_id, outcome)
    fleet.orders.advance(fleet.agents, utc_now() + SOAK * 2)
    assert fleet.rollout(own) == ("paused", 1)
    fleet.orders.advance(fleet.agents, utc_now() + SOAK * 4)
    assert len(fleet.of_rollout(own)) == 1
    with pytest.raises(ConflictError):
        fleet.orders.roll_out(fleet.chain_id, BUNDLE, ASKER)
    fleet.orders.set_rollout(own, RolloutState.STOPPED, ASKER)
    assert fleet.orders.roll_out(fleet.chain_id, BUNDLE, ASKER) != own


def test_an_agent_that_is_away_holds_nobody_up(fleet: Fleet) -> None:
    own = fleet.orders.roll_out(fleet.chain_id, replace(BUNDLE, version="9.9.8"), ASKER)
    ((first, order_id),) = fleet.of_rollout(own)
    fleet.answer(first, order_id, Outcome.DONE)
    fleet.orders.advance(fleet.agents, utc_now() + SOAK * 2)
    second = fleet.of_rollout(own)[1:]
    away = second[0][0]
    for agent_id, order_id in second[1:]:
        fleet.answer(agent_id, order_id, Outcome.DONE)
    there = [agent for agent in fleet.agents if agent != away]
    fleet.orders.advance(there, utc_now() + SOAK * 2)
    assert fleet.rollout(own) == ("running", 100)


def test_a_stop_withdraws_what_was_not_done(fleet: Fleet) -> None:
    own = fleet.orders.roll_out(fleet.chain_id, BUNDLE, ASKER)
    fleet.orders.set_rollout(own, RolloutState.STOPPED, ASKER)
    ((_, order_id),) = fleet.of_rollout(own)
    assert fleet.state(order_id) == "expired"
    assert fleet.orders.due(fleet.agents, utc_now()) == []


# what agents say of themselves


def _document(fleet: Fleet, metric: str, text: str) -> TextEvent:
    with fleet.db.system_read("test") as connection:
        store_id = connection.scalar(select(AgentRow.store_id).limit(1))
    assert store_id is not None
    now_ms = int(utc_now().timestamp() * 1000)
    own = fleet.agents[0]
    return TextEvent(7, own, 1, 1, 0, store_id, "agent", metric, now_ms, text, is_historical=False)


def _block(texts: tuple[TextEvent, ...]) -> Block:
    historical, received_ms = np.zeros(0, np.bool_), np.zeros(0, np.int64)
    return Block(7, 7, Points.empty(), historical, received_ms, texts, ())


def test_what_an_agent_says_is_kept_once(fleet: Fleet) -> None:
    order = fleet.orders.issue(fleet.agents[0], RESTART, ASKER)
    done = encode(Result(str(order), Outcome.DONE, "好", "well"))
    said = (
        _document(fleet, DESCRIPTION, json.dumps({"software": "0.1.0"})),
        _document(fleet, RESULT, done),
        _document(fleet, RESULT, "no JSON"),
        _document(fleet, "ticket", "not ours"),
    )
    block = _block(said)
    fleet.keeper.apply(block)
    fleet.keeper.apply(block)  # after a restart the journal is taken in again
    with fleet.db.system_read("test") as connection:
        kept = connection.execute(select(AgentDocumentRow.kind, AgentDocumentRow.text)).all()
    assert [tuple(row) for row in kept] == [(DESCRIPTION, '{"software": "0.1.0"}')]
    assert fleet.state(order) == "done"
    assert OrderKeeper(fleet.db, fleet.registry, fleet.orders).position() == 7


def test_a_bundle_is_named_by_its_version(tmp_path: Path, fleet: Fleet) -> None:
    path = tmp_path / "storevitals-agent-9.9.9.tar"
    path.write_bytes(b"software")
    made = add_bundle(path, tmp_path / "bundles")
    assert fleet.orders.bundles() == [made]
    assert (made.version, made.size) == ("9.9.9", 8)
    with pytest.raises(InvalidError):
        add_bundle(tmp_path / "other.tar", tmp_path / "bundles")
