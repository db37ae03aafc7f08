"""The front door (SEC-08): in, out, back to where one was going, and nowhere else."""

import pytest
from starlette.testclient import TestClient

from hub.kit.asker import Asker
from hub.security.accounts import Grant, NewAccount, add_account
from hub.security.passwords import Passwords
from hub.web.application import create_app
from hub.web.pages.login import own_address
from tests.hub.web.conftest import signed_in
from tests.hub.web.document import Document
from tests.hub.web.store_under_test import LOGIN, StoreUnderTest


@pytest.fixture
def stranger(store: StoreUnderTest) -> TestClient:
    return TestClient(
        create_app(store.services), base_url="http://127.0.0.1:8080", follow_redirects=False
    )


@pytest.mark.parametrize(
    ("wish", "address"),
    [
        ("/alerts?status=all", "/alerts?status=all"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/login?next=/", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
        ("", "/"),
    ],
)
def test_one_is_only_ever_sent_to_a_page_of_the_hub(wish: str, address: str) -> None:
    assert own_address(wish) == address


def test_who_is_not_signed_in_is_led_to_the_door_and_back(stranger: TestClient) -> None:
    answer = stranger.get("/alerts?status=all")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/login?next=/alerts%3Fstatus%3Dall",
    )
    form = {"username": LOGIN.username, "password": LOGIN.password, "next": "/alerts?status=all"}
    answer = stranger.post("/login", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/alerts?status=all")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_a_part_of_a_page_asked_for_after_the_session_ended_leads_to_the_door(
    stranger: TestClient,
) -> None:
    answer = stranger.get("/", headers={"HX-Request": "true", "HX-Target": "vitals"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login")


def test_a_script_gets_a_problem_document_in_place_of_a_page(stranger: TestClient) -> None:
    answer = stranger.get("/alerts/count", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["status"]) == (401, 401)


def test_a_wrong_password_keeps_the_name_and_tells_nothing_more(stranger: TestClient) -> None:
    answer = stranger.post("/login?lang=en", data={"username": "demo", "password": "wrong"})
    page = Document.of(answer.text)
    assert answer.status_code == 401
    (name,) = [one for one in page.all("input") if one.attributes["name"] == "username"]
    assert name.attributes["value"] == "demo"
    assert "The user name or the password is wrong." in page.text
    assert "storevitals" not in answer.headers.get("set-cookie", "")


def test_signing_out_ends_the_session_in_the_hub(store: StoreUnderTest) -> None:
    client = signed_in(store, "analyst")
    kept = dict(client.cookies)
    assert client.post("/logout", follow_redirects=False).status_code == 303
    client.cookies.update(kept)
    assert client.get("/", follow_redirects=False).headers["location"] == "/login"


def test_a_first_password_must_be_changed_before_anything_else(
    store: StoreUnderTest,
) -> None:
    account = NewAccount("newcomer", "新人", LOGIN.password, (Grant("hq_analyst"),))
    services = store.services
    add_account(services.db, Passwords(), store.chain_id, account, Asker.hub("test"))
    client = signed_in(store, "newcomer")
    assert client.get("/", follow_redirects=False).headers["location"] == "/password"
    form = {"old": LOGIN.password, "new": "river-4-lantern", "again": "river-4-lanterm"}
    answer = client.post("/password", data=form)
    assert answer.status_code == 422
    assert "两次输入的新密码不一样" in answer.text
    form["again"] = form["new"]
    assert client.post("/password", data=form, follow_redirects=False).status_code == 303
    assert client.get("/").status_code == 200


def test_a_language_goes_with_the_person_to_the_next_browser(store: StoreUnderTest) -> None:
    """UX-18: kept per user; the next one at a browser is not bound to it."""
    first = signed_in(store, "analyst")
    assert Document.of(first.get("/?lang=zh-Hant").text).all("h1")[0].text == "總覽"
    assert Document.of(first.get("/").text).all("h1")[0].text == "總覽"
    second = signed_in(store, "analyst")
    assert Document.of(second.get("/").text).all("h1")[0].text == "總覽"
    second.post("/logout")
    assert "lang" not in second.cookies
    first.get("/?lang=zh")
