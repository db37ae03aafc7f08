"""/auth: tokens, sessions, first passwords, and requests that another site sends (SEC-08)."""

import pytest

from tests.hub.chain_under_test import PASSWORD
from tests.hub.web.world_under_test import API, CHIEF, ORIGIN, World


def test_a_token_opens_the_api_until_signed_out(world: World) -> None:
    client = world.browser()
    form = {"username": "clerk", "password": PASSWORD, "grant_type": "password"}
    answer = client.post(f"{API}/auth/token", data=form)
    told = answer.json()
    assert told["token_type"] == "bearer"
    assert 7100 < told["expires_in"] <= 7200
    client.headers["Authorization"] = f"Bearer {told['access_token']}"
    me = client.get(f"{API}/auth/me").json()
    assert (me["username"], me["roles"], me["stores"]) == ("clerk", ["clerk"], [str(world.mine.id)])
    assert "equipment.read" in me["rights"]
    assert client.post(f"{API}/auth/sign-out").status_code == 204
    assert client.get(f"{API}/auth/me").status_code == 401


def test_nobody_is_told_401_with_a_challenge(still_world: World) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}):
        answer = still_world.browser().get(f"{API}/stores", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["status"] == 401


def test_a_wrong_password_answers_401_and_many_429(world: World) -> None:
    client = world.browser()
    form = {"username": "auditor", "password": "wrong"}
    statuses = [client.post(f"{API}/auth/token", data=form).status_code for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2


def test_a_form_without_a_password_answers_422(still_world: World) -> None:
    answer = still_world.browser().post(f"{API}/auth/token", data={"username": "x"})
    assert answer.status_code == 422
    assert answer.json()["errors"].keys() == {"password"}


def test_a_first_password_opens_nothing_but_its_change(world: World) -> None:
    client = world.as_("new")
    assert client.get(f"{API}/auth/me").json()["must_change_password"]
    assert client.get(f"{API}/stores").status_code == 403
    weak = {"old_password": PASSWORD, "password": "short"}
    assert client.post(f"{API}/auth/password", json=weak).status_code == 422
    good = {"old_password": PASSWORD, "password": "a much better one"}
    assert client.post(f"{API}/auth/password", json=good).status_code == 204
    assert client.get(f"{API}/stores").status_code == 200


def test_sessions_are_listed_and_ended(world: World) -> None:
    here, there = world.signed_in(CHIEF), world.signed_in(CHIEF)
    sessions = here.get(f"{API}/auth/sessions").json()
    assert sum(one["is_this"] for one in sessions) == 1
    (other,) = (s for s in there.get(f"{API}/auth/sessions").json() if s["is_this"])
    headers = {"Sec-Fetch-Site": "same-origin"}
    path = f"{API}/auth/sessions/{other['id']}"
    assert world.as_("clerk").delete(path).status_code == 404
    assert here.delete(path, headers=headers).status_code == 204
    assert there.get(f"{API}/auth/me").status_code == 401
    assert here.delete(path, headers=headers).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://other.127.0.0.1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_another_site_cannot_write_with_ones_cookie(world: World, headers: dict[str, str]) -> None:
    """ASVS 3.5.1"""
    client = world.signed_in(CHIEF)
    body = {"code": "CSRF", "name": "x"}
    answer = client.post(f"{API}/regions", json=body, headers=headers)
    assert answer.status_code == 403
    assert client.get(f"{API}/regions?q=CSRF").json()["total"] == 0


def test_the_cookie_is_for_this_host_alone_and_out_of_scripts_reach(still_world: World) -> None:
    """ASVS 3.3; over HTTPS it is `__Host-` and Secure."""
    client = still_world.browser()
    form = {"username": CHIEF, "password": PASSWORD}
    answer = client.post("/login", data=form, follow_redirects=False)
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("storevitals=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "domain" not in cookie


def test_health_is_open_and_metrics_are_not(still_world: World) -> None:
    browser = still_world.browser()
    assert browser.get(f"{API}/health").json()["status"] == "ok"
    assert browser.get(f"{API}/health/ready").json()["parts"] == {"database": "ok"}
    assert browser.get(f"{API}/metrics").status_code == 401
    assert still_world.as_("clerk").get(f"{API}/metrics").status_code == 403
    text = still_world.as_("auditor").get(f"{API}/metrics").text
    assert "hub_write_gate_held_seconds_bucket" in text


def test_an_unknown_address_answers_404_as_a_problem(still_world: World) -> None:
    answer = still_world.browser().get(f"{API}/no-such-thing", headers={"Origin": ORIGIN})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
