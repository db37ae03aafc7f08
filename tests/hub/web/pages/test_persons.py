"""The page of one customer's consent, copy and erasure: who may do what (SEC-24, SEC-27)."""

import io
import json
import zipfile
from collections.abc import Iterator

import pytest

from hub.archive.customers.records import Customer
from hub.errors import T
from hub.kit.records.apply import Change, apply
from hub.security.privacy.consent import HEALTH, Consents
from tests.hub.chain_under_test import HUB
from tests.hub.web.world_under_test import API, World, open_world

NAME = "Zephyrine Quill"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        notices = Consents(made.services.db)
        notices.publish(made.amber.id, HEALTH, T("告知", "Notice"), HUB)
        yield made


@pytest.fixture(scope="module")
def person(world: World) -> str:
    with world.amber.write() as session:
        return f"/persons/{apply(session, Customer, Change(values={'name': NAME})).id}"


def test_a_store_records_and_takes_back_a_consent(world: World, person: str) -> None:
    manager = world.signed_in("store_manager")
    assert "Record the consent" in manager.get(f"{person}?lang=en").text
    assert manager.post(f"{person}/consent", data={"channel": "telepathy"}).status_code == 422
    assert "in force" in manager.post(f"{person}/consent", data={"channel": "paper"}).text
    assert "in force" not in manager.post(f"{person}/withdraw").text


@pytest.mark.parametrize("action", ["copy", "erase"])
@pytest.mark.parametrize("role", ["store_manager", "cashier", "clerk", "hr"])
def test_only_the_privacy_officer_copies_and_erases(
    world: World, person: str, role: str, action: str
) -> None:
    browser = world.signed_in(role)
    answer = browser.post(f"{person}/{action}", data={"sure": "erase"})
    assert answer.status_code in (403, 404)
    assert NAME not in browser.get(person).text or role not in ("clerk", "hr")


def test_a_person_of_another_chain_is_not_there(world: World) -> None:
    theirs = f"/persons/{world.cobalt.ids['customers']}"
    officer = world.signed_in("privacy_officer")
    assert officer.get(theirs).status_code == 404
    for action in ("consent", "withdraw", "copy", "erase"):
        data = {"sure": "erase", "channel": "paper"}
        assert officer.post(f"{theirs}/{action}", data=data).status_code == 404


def test_a_request_is_noted_at_the_counter_and_answered_by_what_is_done(
    world: World, person: str
) -> None:
    """SEC-27: its days are counted from when it was said, and what the officer does ends it."""
    manager, officer = world.signed_in("store_manager"), world.signed_in("privacy_officer")
    for kind in ("copy", "correct"):
        data = {"kind": kind, "identity_by": "ID card"}
        assert manager.post(f"{person}/requests", data=data).status_code == 200
    assert manager.post(f"{person}/requests", data={"kind": "praise"}).status_code == 422
    assert "days left" in manager.get(f"{person}?lang=en").text
    assert manager.get("/archive/person-requests").status_code == 403
    officer.post(f"{person}/copy")
    listed = officer.get(f"{API}/person-requests").json()["items"]
    states = {one["kind"]: one["state"] for one in listed if one["customer_id"] in person}
    assert states == {"copy": "done", "correct": "open"}


def test_the_officer_hands_over_a_copy_and_forgets(world: World, person: str) -> None:
    officer = world.signed_in("privacy_officer")
    answer = officer.post(f"{person}/copy")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        told = json.loads(archive.read("copy.json"))
        assert NAME in archive.read("copy.csv").decode("utf-8-sig")
    assert told["records"][0]["name"] == NAME
    assert officer.post(f"{person}/erase", data={"sure": "yes"}).status_code == 422
    gone = officer.post(f"{person}/erase", data={"sure": "erase"})
    assert gone.status_code == 200
    assert NAME not in gone.text
    search = world.signed_in("store_manager").get("/archive/customers", params={"q": "Zephyrine"})
    assert "/archive/customers/0" not in search.text.partition("<table")[2]
