"""A contractor without an account: a signed link to exactly one work order (STO-06, STO-07)."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from hub.kit.clock import utc_now
from hub.kit.records.log import ChangeLog
from hub.maintenance.models import OrderLink
from hub.web.application import create_app
from hub.web.pace import Pace
from tests.hub.web.conftest import signed_in
from tests.hub.web.document import Document
from tests.hub.web.pages.test_work_orders import reported, shot
from tests.hub.web.store_under_test import LOGIN, StoreUnderTest

WHO = "Coldline Service"


@pytest.fixture(scope="module")
def office(store: StoreUnderTest) -> TestClient:
    return signed_in(store, LOGIN.username)


@pytest.fixture(scope="module")
def outside(store: StoreUnderTest) -> TestClient:
    """A phone that nobody is signed in on."""
    return TestClient(create_app(store.services), base_url="http://127.0.0.1:8080")


def given_away(office: TestClient, title: str) -> tuple[str, str]:
    """The order's page, and the link of the contractor it was given to."""
    path = reported(office, title)
    page = office.post(f"{path}/assign?lang=en", data={"contractor": WHO})
    (link,) = [one for one in Document.of(page.text).values("value") if "/o/" in one]
    return path, "/o/" + link.rsplit("/", 1)[1]


def test_a_contractor_does_the_whole_job_by_the_link(
    store: StoreUnderTest, office: TestClient, outside: TestClient
) -> None:
    path, link = given_away(office, "Freezer: fan stands still")
    shown = outside.get(f"{link}?lang=en")
    assert shown.status_code == 200
    page = Document.of(shown.text)
    assert "Freezer: fan stands still" in page.text
    addresses = {*page.values("href"), *page.values("action")} - {""}
    own = ("/o/", "/static/", "#", "tel:")
    assert [one for one in addresses if not one.startswith(own)] == []

    outside.post(f"{link}/accept")
    outside.post(f"{link}/move", data={"status": "on_the_way"})
    outside.post(f"{link}/move", data={"status": "working"})
    order = office.get(f"/api/v1{path}").json()
    for item, _ in enumerate(order["checklist"]):
        outside.post(f"{link}/check", data={"item": item, "done": "true"})
    outside.post(f"{link}/parts", data={"name": "fan"})
    assert outside.post(f"{link}/photos", files=shot("fan.png")).status_code == 200
    signed = {"remedy": "new fan", "signed_by": "on site", "signature": "M10,20L30,40"}
    assert "waiting to be verified" in outside.post(f"{link}/done?lang=en", data=signed).text
    order = office.get(f"/api/v1{path}").json()
    assert (order["status"], order["remedy"]) == ("done", "new fan")
    by = {one["kind"]: one["user_name"] for one in order["history"]}
    assert by["accepted"] == by["on_the_way"] == by["done"] == by["photo"] == WHO
    assert 'd="M10,20L30,40"' in office.get(path).text

    office.post(f"{path}/verify")
    assert outside.get(link).status_code == 404
    with store.services.db.system_read("test") as connection:
        wanted = select(ChangeLog.action).where(ChangeLog.reason.endswith(WHO))
        actions = connection.execute(wanted.order_by(ChangeLog.seq)).scalars().all()
    assert actions[:2] == ["order_link_link", "order_link_opened"]


def test_a_link_opens_nothing_else(office: TestClient, outside: TestClient) -> None:
    _, link = given_away(office, "Freezer: drips")
    other, other_link = given_away(office, "Freezer: hums")
    outside.post(f"{other_link}/accept")
    outside.post(f"{other_link}/photos", files=shot("secret.png"))
    page = Document.of(outside.get(other_link).text)
    photo = next(one for one in page.values("src") if "/photos/" in one).rsplit("/", 1)[1]
    assert outside.get(f"{link}/photos/{photo}").status_code == 404
    assert outside.get(other, follow_redirects=False).status_code == 303  # to the door
    for act in ("assign", "verify", "spares"):
        assert outside.post(f"{link}/{act}").status_code == 403
    for status in ("cancelled", "verified", "assigned"):
        assert outside.post(f"{link}/move", data={"status": status}).status_code == 403
    forged = link[:-1] + ("0" if link[-1] != "0" else "1")
    assert outside.get(forged).status_code == 404


def test_a_link_ends_by_hand_by_time_and_with_the_job(
    store: StoreUnderTest, office: TestClient, outside: TestClient
) -> None:
    path, link = given_away(office, "Freezer: ice")
    office.post(f"{path}/link/revoke")
    assert outside.get(link).status_code == 404
    page = Document.of(office.post(f"{path}/link").text)
    (fresh,) = [one for one in page.values("value") if "/o/" in one]
    fresh = "/o/" + fresh.rsplit("/", 1)[1]
    assert outside.get(fresh).status_code == 200
    with store.services.db.system("test") as connection:
        late = update(OrderLink).where(OrderLink.id == UUID(fresh[3:35]))
        connection.execute(late.values(expires_at=utc_now() - timedelta(seconds=1)))
    assert outside.get(fresh).status_code == 404

    path, link = given_away(office, "Freezer: warm")
    office.post(f"{path}/assign", data={"contractor": "Somebody else"})
    assert outside.get(link).status_code == 404

    path, link = given_away(office, "Freezer: door")
    gone = outside.post(f"{link}/decline?lang=en", data={"reason": "too far"})
    assert "Declined" in gone.text
    assert outside.get(link).status_code == 404
    assert office.get(f"/api/v1{path}").json()["status"] == "new"


def test_who_guesses_links_is_slowed_down(
    store: StoreUnderTest, outside: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(vars(store.services), "strangers", Pace(3))
    tried = [outside.get(f"/o/{'0' * 64}").status_code for _ in range(4)]
    assert tried == [404, 404, 404, 429]
