"""Enrolment from the code to revocation over the real API (EDG-13, SEC-01, R37)."""

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import delete, select, update
from starlette.testclient import TestClient

from hub.ingest.enrolment import TRIES, Enrolment
from hub.ingest.enrolment_tables import CertificateRow, EnrolmentCodeRow
from hub.kit.clock import utc_now
from hub.kit.records.log import ChangeLog
from hub.security.accounts import Grant
from hub.security.models import SignInFailure
from hub.security.pki import Authority
from tests.hub.security.test_pki import request_for
from tests.hub.web.world_under_test import API, CHIEF, World, open_world

AGENTS = f"{API}/agents"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with an authority of its own."""
    folder: Path = tmp_path_factory.mktemp("hub")
    with open_world(folder) as world:
        services = world.services
        enrolment = Enrolment(
            services.db,
            services.registry,
            services.sign_in.passwords,
            Authority.open(folder / "pki"),
            "mqtts://hub.example:8883",
        )
        yield replace(world, services=replace(services, enrolment=enrolment))


@pytest.fixture
def nobody(hub: World) -> TestClient:
    with hub.services.db.system("test") as connection:
        connection.execute(delete(SignInFailure))
    return hub.browser()


def new_code(hub: World) -> str:
    answer = hub.as_(CHIEF).post(f"{AGENTS}/enrolment-codes", json={"store_id": str(hub.mine.id)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["code"])


def enrolled(hub: World, nobody: TestClient) -> tuple[dict[str, str], ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    body = {"code": new_code(hub), "request": request_for(key)}
    answer = nobody.post(f"{AGENTS}/enrol", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json(), key


def id_of(hub: World, agent: str) -> str:
    listed = hub.as_(CHIEF).get(AGENTS).json()
    return next(str(one["id"]) for one in listed if one["name"] == agent)


def renewal(identity: dict[str, str], key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    request = request_for(ec.generate_private_key(ec.SECP256R1()))
    signature = key.sign(request.encode(), ec.ECDSA(hashes.SHA256()))
    return {
        "certificate": identity["certificate"],
        "request": request,
        "signature": b64encode(signature).decode(),
    }


def age(hub: World, agent_id: str) -> None:
    """The certificates of an agent ended yesterday."""
    with hub.services.db.system("test") as connection:
        ended = utc_now() - timedelta(days=1)
        connection.execute(update(CertificateRow).values(expires_at=ended))


def test_a_code_lets_one_agent_in_once(hub: World, nobody: TestClient) -> None:
    code = new_code(hub)
    body = {"code": f"{code[:4]}-{code[4:].lower()}"}  # as people type it
    body["request"] = request_for(ec.generate_private_key(ec.SECP256R1()))
    identity = nobody.post(f"{AGENTS}/enrol", json=body).json()
    made = x509.load_pem_x509_certificates(identity["certificate"].encode())[0]
    assert made.subject.rfc4514_string() == f"CN={identity['agent']}"
    assert identity["broker_url"] == "mqtts://hub.example:8883"
    assert nobody.post(f"{AGENTS}/enrol", json=body).status_code == 404
    enrolment = hub.services.enrolment
    assert enrolment is not None
    assert (identity["group"], identity["agent"]) in enrolment.speakers()


def test_five_wrong_tries_void_a_code(hub: World, nobody: TestClient) -> None:
    code = new_code(hub)
    request = request_for(ec.generate_private_key(ec.SECP256R1()))
    wrong = code[:3] + ("AAAAA" if code[3:] != "AAAAA" else "BBBBB")
    for _ in range(TRIES):
        answer = nobody.post(f"{AGENTS}/enrol", json={"code": wrong, "request": request})
        assert answer.status_code == 404
    assert (
        nobody.post(f"{AGENTS}/enrol", json={"code": code, "request": request}).status_code == 404
    )


def test_a_code_ends_after_a_day(hub: World, nobody: TestClient) -> None:
    code = new_code(hub)
    with hub.services.db.system("test") as connection:
        connection.execute(update(EnrolmentCodeRow).values(expires_at=utc_now()))
    body = {"code": code, "request": request_for(ec.generate_private_key(ec.SECP256R1()))}
    assert nobody.post(f"{AGENTS}/enrol", json=body).status_code == 404


def test_a_newer_code_of_the_store_voids_the_older(hub: World, nobody: TestClient) -> None:
    older, _ = new_code(hub), new_code(hub)
    body = {"code": older, "request": request_for(ec.generate_private_key(ec.SECP256R1()))}
    assert nobody.post(f"{AGENTS}/enrol", json=body).status_code == 404


def test_an_address_that_guesses_is_locked_out(hub: World, nobody: TestClient) -> None:
    request = request_for(ec.generate_private_key(ec.SECP256R1()))
    answers = [
        nobody.post(f"{AGENTS}/enrol", json={"code": f"ZZZ{n:05}", "request": request}).status_code
        for n in range(22)
    ]
    assert answers[:20] == [404] * 20
    assert answers[-1] == 403


def test_only_a_hash_of_the_code_is_kept(hub: World) -> None:
    code = new_code(hub)
    with hub.services.db.system_read("test") as connection:
        kept = [str(tuple(row)) for row in connection.execute(select(EnrolmentCodeRow.__table__))]
        told = [json.dumps(v) for v in connection.scalars(select(ChangeLog.values))]
    assert not [row for row in kept + told if code in row or code[3:] in row]


def test_the_old_key_asks_for_the_new_one(hub: World, nobody: TestClient) -> None:
    identity, key = enrolled(hub, nobody)
    answer = nobody.post(f"{AGENTS}/renew", json=renewal(identity, key))
    assert answer.status_code == 200
    assert answer.json()["agent"] == identity["agent"]
    stranger = ec.generate_private_key(ec.SECP256R1())
    assert nobody.post(f"{AGENTS}/renew", json=renewal(identity, stranger)).status_code == 422


def test_a_spare_from_the_drawer_waits_for_a_person(hub: World, nobody: TestClient) -> None:
    identity, key = enrolled(hub, nobody)
    agent_id = id_of(hub, identity["agent"])
    age(hub, agent_id)
    assert nobody.post(f"{AGENTS}/renew", json=renewal(identity, key)).status_code == 202
    chief = hub.as_(CHIEF)
    assert chief.post(f"{AGENTS}/{agent_id}/approve-renewal").status_code == 204
    assert nobody.post(f"{AGENTS}/renew", json=renewal(identity, key)).status_code == 200


def test_a_revoked_agent_gets_nothing_more(hub: World, nobody: TestClient) -> None:
    identity, key = enrolled(hub, nobody)
    agent_id = id_of(hub, identity["agent"])
    assert hub.as_(CHIEF).post(f"{AGENTS}/{agent_id}/revoke").status_code == 204
    assert nobody.post(f"{AGENTS}/renew", json=renewal(identity, key)).status_code == 403
    enrolment = hub.services.enrolment
    assert enrolment is not None
    assert identity["agent"] not in {node for _, node in enrolment.speakers()}
    crl = x509.load_pem_x509_crl((enrolment.authority.folder / "crl.pem").read_bytes())
    made = x509.load_pem_x509_certificates(identity["certificate"].encode())[0]
    assert crl.get_revoked_certificate_by_serial_number(made.serial_number) is not None
    with hub.services.db.system_read("test") as connection:
        actions = set(
            connection.scalars(select(ChangeLog.action).where(ChangeLog.record_type == "agents"))
        )
    assert {"enrolment_code", "agent_enrolled", "agent_revoked"} <= actions


@pytest.mark.parametrize(("role", "status"), [("clerk", 403), ("auditor", 403), ("installer", 201)])
def test_who_may_make_a_code(hub: World, role: str, status: int) -> None:
    body = {"store_id": str(hub.mine.id)}
    assert hub.as_(role).post(f"{AGENTS}/enrolment-codes", json=body).status_code == status


def test_nobody_touches_the_agents_of_another_chain(hub: World, nobody: TestClient) -> None:
    identity, _ = enrolled(hub, nobody)
    agent_id = id_of(hub, identity["agent"])
    body = {"store_id": str(hub.cobalt.stores[0].id)}
    assert hub.as_(CHIEF).post(f"{AGENTS}/enrolment-codes", json=body).status_code == 404
    hub.cobalt.add_user("cobalt-chief", Grant("admin"))
    assert hub.as_("cobalt-chief").post(f"{AGENTS}/{agent_id}/revoke").status_code == 404


def test_the_page_shows_the_code_once_and_revokes(hub: World, nobody: TestClient) -> None:
    identity, _ = enrolled(hub, nobody)
    browser = hub.signed_in(CHIEF)
    page = browser.post("/admin/agents/code?lang=en", data={"store": str(hub.mine.id)})
    assert page.status_code == 200
    assert "sudo storevitals-agent enrol" in page.text
    assert identity["agent"] in browser.get("/admin/agents").text
    agent_id = id_of(hub, identity["agent"])
    answer = browser.post(f"/admin/agents/{agent_id}/revoke", follow_redirects=False)
    assert answer.status_code == 303
    assert "revoked" in browser.get("/admin/agents?lang=en").text
