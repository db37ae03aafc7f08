"""Agents from the hub: what they run, orders, bundles and roll-outs by API and page (EDG-14)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import insert, update
from starlette.testclient import TestClient

from hub.archive.stores.records import Store
from hub.ingest.enrolment_tables import CertificateRow
from hub.ingest.order_tables import AgentDocumentRow
from hub.ingest.orders import Orders, add_bundle
from hub.kit.clock import utc_now
from hub.kit.ids import uuid7
from hub.security.pki import Authority
from protocols.orders import DESCRIPTION, SELF_TEST, Outcome, Result
from tests.hub.web.world_under_test import API, CHIEF, World, open_world

AGENTS = f"{API}/agents"
TOLD = {
    "software": "0.1.0",
    "machine": "aarch64",
    "configuration": '[agent]\nid = "n-1"\npassword = "***"',
    "can_go_back": True,
}
FINDING = {
    "name": {"zh": "时钟", "en": "Clock"},
    "state": "ok",
    "text": {"zh": "准确", "en": "right"},
    "todo": {"zh": "", "en": ""},
}
REPORT = {"is_passed": True, "software": "0.1.0", "findings": [FINDING]}


@dataclass
class Care:
    """A world whose one agent has told what it runs."""

    world: World
    orders: Orders
    agent: UUID
    chief: TestClient
    digest: str


@pytest.fixture(scope="module")
def care(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Care]:
    folder: Path = tmp_path_factory.mktemp("care")
    with open_world(folder) as plain:
        services, store = plain.services, plain.mine
        orders = Orders(services.db, Authority.open(folder / "pki"), folder / "bundles")
        world = replace(plain, services=replace(services, orders=orders))
        place = {"chain_id": plain.amber.id, "store_id": store.id}
        agent = services.registry.approve("g", "n-1", **place)
        with services.db.system("test") as connection:
            ends = utc_now() + timedelta(days=90)
            its = place | {"agent_id": agent}
            connection.execute(insert(CertificateRow).values(serial="1", expires_at=ends, **its))
            for kind, told in ((DESCRIPTION, TOLD), (SELF_TEST, REPORT)):
                row = its | {"id": uuid7(), "kind": kind, "at": utc_now()}
                connection.execute(insert(AgentDocumentRow).values(text=json.dumps(told), **row))
        (folder / "storevitals-agent-9.9.9.tar").write_bytes(b"software of 9.9.9")
        bundle = add_bundle(folder / "storevitals-agent-9.9.9.tar", folder / "bundles")
        yield Care(world, orders, agent, world.signed_in(CHIEF), bundle.sha256)


def test_what_runs_and_what_was_ordered_are_told(care: Care) -> None:
    its = f"{AGENTS}/{care.agent}"
    told = care.chief.get(f"{its}/running").json()
    assert (told["software"], told["configuration"]) == ("0.1.0", TOLD["configuration"])
    given = care.chief.post(f"{its}/orders", json={"verb": "configure", "text": "[agent]\r\n"})
    assert given.status_code == 202, given.text
    (order,) = care.chief.get(f"{its}/orders").json()
    assert (order["id"], order["verb"], order["state"]) == (
        given.json()["id"],
        "configure",
        "waiting",
    )
    result = Result(order["id"], Outcome.RETURNED, "已退回", "went back: unit-2")
    with care.world.services.db.system("test") as connection:
        care.orders.take_result(connection, care.agent, result)
    assert care.chief.get(f"{its}/orders").json()[0]["told_en"] == "went back: unit-2"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"verb": "format_disk"}, 422),
        ({"verb": "configure"}, 422),
        ({"verb": "update"}, 422),
        ({"verb": "update", "sha256": "0" * 64}, 404),
    ],
)
def test_what_makes_no_sense_is_not_ordered(care: Care, body: dict[str, str], status: int) -> None:
    assert care.chief.post(f"{AGENTS}/{care.agent}/orders", json=body).status_code == status


def test_a_bundle_comes_in_pieces_to_whoever_knows_its_digest(care: Care) -> None:
    nobody = care.world.browser()
    path = f"{AGENTS}/bundles/{care.digest}"
    assert nobody.get(path).content == b"software of 9.9.9"
    rest = nobody.get(path, headers={"Range": "bytes=9-"})
    assert (rest.status_code, rest.content) == (206, b"of 9.9.9")
    assert nobody.get(f"{AGENTS}/bundles/{'0' * 64}").status_code == 404


def test_a_rollout_is_for_who_has_the_whole_chain(care: Care) -> None:
    technician = care.world.as_("installer")
    assert technician.post(f"{AGENTS}/rollouts", json={"sha256": care.digest}).status_code == 403
    begun = care.chief.post(f"{AGENTS}/rollouts", json={"sha256": care.digest})
    assert begun.status_code == 202, begun.text
    (rollout,) = care.chief.get(f"{AGENTS}/rollouts").json()
    assert (rollout["version"], rollout["percent"]) == ("9.9.9", 1)
    assert rollout["counts"] == {"waiting": 1}
    stop = f"{AGENTS}/rollouts/{rollout['id']}/stopped"
    assert care.chief.post(stop).status_code == 204
    assert care.chief.get(f"{AGENTS}/rollouts").json()[0]["state"] == "stopped"


def test_a_rollout_may_be_for_one_region_alone(care: Care) -> None:
    """EDG-14: a group of stores first."""
    made = care.chief.post("/api/v1/regions", json={"code": "north", "name": "North"})
    assert made.status_code == 201, made.text
    body = {"sha256": care.digest, "region_id": made.json()["id"]}
    assert care.chief.post(f"{AGENTS}/rollouts", json=body).status_code == 409, "no agent there"
    missing = body | {"region_id": str(uuid7())}
    assert care.chief.post(f"{AGENTS}/rollouts", json=missing).status_code == 404
    with care.world.services.db.system("test") as connection:
        its = update(Store).where(Store.id == care.world.mine.id)
        connection.execute(its.values(region_id=UUID(made.json()["id"])))
    page = care.chief.post("/admin/rollouts", data=body, follow_redirects=False)
    assert page.status_code == 303
    (newest, *_) = care.chief.get(f"{AGENTS}/rollouts").json()
    assert (newest["region"], newest["counts"]) == ("North", {"waiting": 1})
    assert "North · 1 %" in care.chief.get("/admin/rollouts").text
    assert care.chief.post(f"{AGENTS}/rollouts/{newest['id']}/stopped").status_code == 204


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_show_it(care: Care, language: str) -> None:
    page = care.chief.get(f"/admin/agents/{care.agent}?lang={language}")
    assert page.status_code == 200
    for word in ("0.1.0", "aarch64", "n-1", "时钟" if language == "zh" else "Clock"):
        assert word in page.text
    given = care.chief.post(
        f"/admin/agents/{care.agent}/orders", data={"verb": "check"}, follow_redirects=False
    )
    assert given.status_code == 303
    words = {"zh": "等待采集端", "en": "waiting for the agent"}
    assert words[language] in care.chief.get(f"/admin/agents/{care.agent}").text
    assert "9.9.9" in care.chief.get("/admin/rollouts").text
