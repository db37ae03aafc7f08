"""A shared till PC: enrolled by a manager, changed over by PIN, locked when nobody is there."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from hub.kit.clock import utc_now
from hub.kit.records.log import ChangeLog
from hub.security.models import SignInSession
from tests.hub.chain_under_test import PASSWORD
from tests.hub.web.document import Document
from tests.hub.web.pages.test_records import english
from tests.hub.web.world_under_test import API, CHIEF, World, open_world

PIN = "482913"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        for username in ("clerk", "cashier", CHIEF):
            form = {"password": PASSWORD, "pin": PIN, "again": PIN}
            answer = made.signed_in(username).post("/account/pin", data=form)
            assert answer.status_code == 200, answer.text
        yield made


@pytest.fixture(scope="module")
def till(world: World) -> TestClient:
    """A browser that the store manager has enrolled and left."""
    browser = english(world.signed_in("store_manager"))
    form = {"store": str(world.mine.id), "name": "Front till"}
    assert browser.post("/till/devices", data=form).status_code == 200
    assert "this one" in browser.get("/till/devices").text
    browser.post("/till/lock")
    return browser


def people(till: TestClient) -> dict[str, str]:
    """Name → value of the radio button."""
    document = Document.of(till.get("/till").text)
    values = [
        o.attributes["value"] for o in document.all("input") if o.attributes["name"] == "user"
    ]
    names = [o.text for o in document.all("span") if "label" in o.inside and len(o.text) > 1]
    return dict(zip(names, values, strict=True))


def switch(till: TestClient, name: str, pin: str = PIN) -> int:
    form = {"user": people(till)[name], "pin": pin}
    answer = till.post("/till", data=form, follow_redirects=False)
    return answer.status_code


def test_people_of_the_store_with_a_pin_change_over_and_act_under_their_names(
    world: World, till: TestClient
) -> None:
    assert list(people(till)) == ["cashier", "clerk"], "headquarters signs in fully"
    assert switch(till, "clerk", "４８２９１３") == 303, "full-width digits are digits"
    assert till.get(f"{API}/auth/me").json()["username"] == "clerk"
    assert till.get("/admin/people").status_code == 403, "the rights of the clerk, no more"
    report = {"kind": "idea", "text": "From the till"}
    assert till.post("/feedback", data=report, follow_redirects=False).status_code == 303
    old = till.cookies["storevitals"]
    assert "Switch person" in till.get("/help").text
    till.post("/till/lock")
    assert switch(till, "cashier") == 303
    assert till.get(f"{API}/auth/me").json()["username"] == "cashier"
    gone = {"Authorization": f"Bearer {old}"}
    assert world.browser().get(f"{API}/auth/me", headers=gone).status_code == 401
    with world.services.db.system_read("test") as connection:
        query = select(ChangeLog.asker_name).where(ChangeLog.action == "pin_sign_in")
        assert connection.scalars(query).all()[-2:] == ["clerk", "cashier"]


def test_a_pin_changes_no_account(till: TestClient) -> None:
    switch(till, "clerk")
    form = {"password": PASSWORD, "pin": "907254", "again": "907254"}
    assert till.post("/account/pin", data=form).status_code == 403
    assert till.get("/account").status_code == 403
    program = {"name": "mine for a year", "scopes": ["stores.read"], "days": 366}
    assert till.post(f"{API}/auth/tokens", json=program).status_code == 403, "outlives the PIN"
    assert till.get("/help").status_code == 200


def test_an_idle_session_ends_and_leads_back_to_the_names(world: World, till: TestClient) -> None:
    switch(till, "clerk")
    ago = timedelta(minutes=11)
    with world.services.db.system("test") as connection:
        old = update(SignInSession).where(SignInSession.pc_id.is_not(None))
        connection.execute(old.values(seen_at=utc_now() - ago))
    answer = till.get("/stock?q=tea", follow_redirects=False)
    assert answer.headers["location"] == "/till?next=/stock%3Fq%3Dtea"


def test_a_pin_is_nothing_elsewhere(world: World) -> None:
    """Another browser, and a person of another store, get nowhere with it."""
    stranger = world.browser()
    assert stranger.get("/till", follow_redirects=False).headers["location"] == "/login"
    form = {"user": str(world.mine.id), "pin": PIN}
    answer = stranger.post("/till", data=form, follow_redirects=False)
    assert answer.headers["location"].startswith("/login")


def test_a_clerk_enrols_nothing_and_a_manager_only_the_own_store(world: World) -> None:
    form = {"store": str(world.foreign[0].id), "name": "x"}
    assert world.signed_in("clerk").post("/till/devices", data=form).status_code == 403
    assert world.signed_in("store_manager").post("/till/devices", data=form).status_code == 403


def test_five_wrong_tries_stop_a_pin_until_a_full_sign_in(world: World, till: TestClient) -> None:
    assert [switch(till, "clerk", "111222") for _ in range(5)] == [401] * 5
    assert switch(till, "clerk") == 401
    assert "sign in once with your password" in _refusal(till, "clerk").lower()
    assert switch(till, "cashier") == 303, "the others go on"
    world.signed_in("clerk")
    assert switch(till, "clerk") == 303


def test_after_ten_wrong_tries_the_pc_rests_and_revoked_it_is_a_stranger(
    world: World, till: TestClient
) -> None:
    for name in ("clerk", "cashier"):
        world.signed_in(name)
        for _ in range(5):
            switch(till, name, "111222")
    world.signed_in("cashier")
    assert switch(till, "cashier") == 429
    manager = english(world.signed_in("store_manager"))
    actions = Document.of(manager.get("/till/devices").text).values("action")
    (address,) = [one for one in actions if one.endswith("/revoke")]
    assert world.signed_in("clerk").post(address).status_code == 403
    manager.post(address)
    assert till.get("/till", follow_redirects=False).headers["location"] == "/login"


def _refusal(till: TestClient, name: str) -> str:
    return till.post("/till", data={"user": people(till)[name], "pin": PIN}).text
