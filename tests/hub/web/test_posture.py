"""ASVS rows that hold for every route: headers, caches, methods, unknown fields, failing closed."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError
from starlette.routing import Route
from starlette.testclient import TestClient

from hub.web.application import API, PAGES, create_app
from hub.web.headers import POLICY
from tests.hub.chain_under_test import PASSWORD
from tests.hub.web.api.test_matrix import operations
from tests.hub.web.world_under_test import API as PREFIX
from tests.hub.web.world_under_test import CHIEF, World, open_world

ID = "00000000-0000-7000-8000-000000000001"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("posture")) as made:
        yield made


def addresses() -> list[str]:
    """Every address that a browser can open."""
    found = [
        route.path
        for router in PAGES
        for route in router.routes
        if isinstance(route, Route) and "GET" in (route.methods or ())
    ]
    return [re.sub(r"\{kind\}", "equipment", re.sub(r"\{(?!kind)\w+\}", ID, one)) for one in found]


def test_every_page_has_every_header(hub: World) -> None:
    """ASVS 3.4: content policy, nosniff, frames, referrer, opener; also on errors."""
    client = hub.signed_in(CHIEF)
    tried = [*addresses(), "/nowhere", f"{PREFIX}/nowhere", f"{PREFIX}/stores", f"{PREFIX}/health"]
    assert len(tried) > 25
    for path in tried:
        headers = client.get(path).headers
        assert headers["content-security-policy"] == POLICY, path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "same-origin", path
        assert headers["cross-origin-opener-policy"] == "same-origin", path
        assert "server" not in headers, path
        script = path == "/worker.js"  # the same for everybody, and asked for anew each time
        assert ("no-cache" if script else "no-store") in headers["cache-control"], path


def test_no_page_of_a_person_is_kept_by_a_cache_and_no_secret_stands_in_an_address(
    hub: World,
) -> None:
    """ASVS 14.2: passwords, codes and tokens come in bodies only; but for signed links, each of
    which opens one alert or one order for a while and nothing else."""
    for route in (r for router in (*PAGES, *API) for r in router.routes if isinstance(r, Route)):
        names = set(re.findall(r"\w+", route.path))
        is_fit = route.path in ("/password", "/auth/password", "/auth/token")
        is_link = route.path.startswith(("/n/{token}", "/o/{token}"))
        assert is_fit or is_link or not names & {"password", "otp", "token", "code_hash"}, (
            route.path
        )


@pytest.mark.parametrize("field", ["is_admin", "chain_id", "version_id", "created_at", "id"])
def test_fields_that_nobody_may_set_are_refused(hub: World, field: str) -> None:
    """ASVS 15.3.3, mass assignment."""
    body = {"code": "X-1", "name": "x", "type": "oven", "store_id": str(hub.mine.id), field: ID}
    answer = hub.as_(CHIEF).post(f"{PREFIX}/equipment", json=body)
    assert answer.status_code == 422, field
    role = {"name_zh": "x", "name_en": "x", "rights": [], field: ID}
    assert hub.as_(CHIEF).put(f"{PREFIX}/roles/clerk", json=role).status_code == 422


def test_cookies_are_for_this_host_https_and_no_script(hub: World) -> None:
    """ASVS 3.3"""
    settings = hub.services.settings.model_copy(update={"public_url": "https://hub.example.cn"})
    app = create_app(replace(hub.services, settings=settings))
    client = TestClient(app, base_url="https://hub.example.cn")
    form = {"username": CHIEF, "password": PASSWORD}
    answer = client.post("/login", data=form, follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-storevitals=")
    for word in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"):
        assert word.lower() in cookie.lower()
    assert "max-age=31536000" in answer.headers["strict-transport-security"]
    assert "domain=" not in cookie.lower()


def test_a_request_of_another_site_changes_nothing(hub: World) -> None:
    """ASVS 3.5: CSRF, by every method on every address."""
    client = hub.signed_in(CHIEF)
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    for operation in operations(hub):
        if operation.method != "GET":
            path = re.sub(r"\{\w+\}", ID, operation.path)
            answer = client.request(operation.method, path, headers=foreign, json={})
            assert answer.status_code == 403, operation
    for path in ("/login", "/logout", "/password", "/account/tokens", "/admin/people/new"):
        assert client.post(path, headers=foreign, data={}).status_code == 403, path


def test_when_the_database_is_away_nothing_opens_and_nothing_is_told(
    hub: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ASVS 16.5: fail closed, with a generic sentence."""

    def away(*_: object, **__: object) -> object:
        raise OperationalError("SELECT secret_column", {}, Exception("disk I/O error"))

    client, program = hub.signed_in(CHIEF), hub.as_(CHIEF)
    monkeypatch.setattr(hub.services.db, "system_read", away)
    monkeypatch.setattr(hub.services.db, "read", away)
    for answer in (client.get("/"), client.get("/admin/people"), program.get(f"{PREFIX}/stores")):
        assert answer.status_code == 503
        assert "secret_column" not in answer.text
        assert "amber" not in answer.text
    door = hub.browser().post("/login", data={"username": CHIEF, "password": PASSWORD})
    assert door.status_code == 503
    assert "set-cookie" not in door.headers


def test_a_bug_tells_nothing_of_itself(hub: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object, **__: object) -> object:
        raise RuntimeError("password is hunter2")

    client = hub.signed_in(CHIEF)
    monkeypatch.setattr("hub.web.api.people.RoleBook", bug)
    answer = client.get(f"{PREFIX}/roles")
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert answer.headers["content-security-policy"] == POLICY


def test_a_button_that_is_hidden_is_refused_by_the_api_as_well(hub: World) -> None:
    """ASVS 8.3.1: the server decides."""
    clerk = hub.as_("clerk")
    tried = (
        ("GET", "/people"),
        ("POST", "/people"),
        ("PUT", f"/people/{ID}/grants"),
        ("POST", f"/people/{ID}/invite"),
        ("DELETE", f"/people/{ID}/sessions"),
        ("GET", "/roles"),
        ("PUT", "/roles/clerk"),
        ("GET", "/audit"),
    )
    for method, path in tried:
        assert clerk.request(method, f"{PREFIX}{path}", json={}).status_code == 403, path
    for path in ("/admin", "/admin/people", "/admin/roles", "/admin/audit", "/admin/findings"):
        assert hub.signed_in("clerk").get(path).status_code == 403, path


def test_one_store_admins_keep_nobodys_rights(hub: World) -> None:
    """Rights are the whole chain's; an admin of one store gives none."""
    admin = hub.as_("admin")
    body = {"username": "mole", "name": "mole", "grants": [{"role": "admin"}]}
    assert admin.post(f"{PREFIX}/people", json=body).status_code == 403
    rights = {"name_zh": "x", "name_en": "x", "rights": ["equipment.read"]}
    assert admin.put(f"{PREFIX}/roles/clerk", json=rights).status_code == 409


def test_numbers_that_are_too_large_are_refused_not_counted(hub: World) -> None:
    for path in ("/audit?size=100000", f"/audit?cursor={10**30}", "/equipment?size=99999"):
        assert hub.as_(CHIEF).get(f"{PREFIX}{path}").status_code == 422, path
