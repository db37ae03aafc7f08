"""Signing in by a company account against a provider that checks PKCE and is made to lie (SEC-09).

ASVS 9.1 and 10: state, nonce, issuer, audience, signature; nobody comes in who is not here already.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import parse_qs, urlsplit

import httpx
import httpx2
import pyotp
import pytest
from fastapi import FastAPI
from joserfc.jwk import RSAKey
from sqlalchemy import select
from starlette.testclient import TestClient

from hub.kit.records.apply import Action, Change, apply
from hub.security.accounts import Grant
from hub.security.oidc.door import Settings
from hub.security.oidc.models import OidcProvider, OidcSubject
from hub.security.records import User
from hub.web.application import create_app
from hub.web.services import Services
from tests.hub.chain_under_test import HUB, ChainUnderTest
from tests.hub.web.world_under_test import open_world
from tests.integration.company import CLIENT, SECRET, Company, company

pytestmark = pytest.mark.integration
SITE = "http://testserver"


@dataclass
class Headquarters:
    """A hub whose chain believes the provider; each visitor is a browser of its own."""

    services: Services
    chain: ChainUnderTest
    there: Company

    @cached_property
    def app(self) -> FastAPI:
        return create_app(self.services)

    def browser(self) -> TestClient:
        return TestClient(self.app, base_url=SITE, follow_redirects=False)

    def person(self, name: str, email: str) -> None:
        user_id = self.chain.add_user(name, Grant("hq_analyst"))
        with self.chain.write() as session:
            apply(session, User, Change(user_id, {"email": email}))

    def way(self, browser: TestClient, next: str = "/alerts") -> str:
        """The address that the provider sends the browser back to."""
        (choice,) = self.services.company.choices()
        there = browser.get(f"/login/company/{choice.id}", params={"next": next})
        assert there.status_code == 303, there.text
        back = httpx.get(there.headers["location"]).headers["location"]
        return back.removeprefix(SITE)

    def enter(self, **claims: object) -> httpx2.Response:
        self.there.claims = claims
        browser = self.browser()
        return browser.get(self.way(browser))

    def is_in(self, answer: httpx2.Response) -> bool:
        return answer.status_code == 303 and answer.headers["location"] == "/alerts"


@pytest.fixture(scope="module")
def hq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Headquarters]:
    with company() as there, open_world(tmp_path_factory.mktemp("hub")) as world:
        settings = world.services.settings.model_copy(update={"notice_hosts": "127.0.0.1"})
        services = replace(world.services, settings=settings)
        made = Headquarters(services, world.amber, there)
        wish = Settings("Amber ID", there.url, CLIENT, SECRET, "amber.example", is_on=True)
        services.company.keep(world.amber.id, wish, HUB)
        made.person("li", "li@amber.example")
        yield made


@pytest.fixture(autouse=True)
def _honest(hq: Headquarters) -> Iterator[None]:
    yield
    hq.there.claims, hq.there.forge = {}, ""


LI = {"sub": "u-1", "email": "Li@Amber.Example", "email_verified": True}


def test_a_person_comes_in_by_a_verified_address_and_from_then_on_by_the_accounts_id(
    hq: Headquarters,
) -> None:
    browser = hq.browser()
    hq.there.claims = dict(LI)
    assert "Amber ID" in browser.get("/login?lang=en").text
    answer = browser.get(hq.way(browser))
    assert hq.is_in(answer)
    assert "li" in browser.get("/account").text
    assert hq.is_in(hq.enter(sub="u-1"))  # the address may be gone, or be another's
    assert hq.is_in(hq.enter(sub="u-1", email="boss@amber.example", email_verified=True))


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "u-2", "email": "li@amber.example", "email_verified": True},  # li has one already
        {"sub": "u-3", "email": "mei@amber.example", "email_verified": False},
        {"sub": "u-3", "email": "mei@amber.example", "email_verified": "true"},
        {"sub": "u-3", "email": "mei@elsewhere.example", "email_verified": True},
        {"sub": "u-3", "email": "twin@amber.example", "email_verified": True},
        {"sub": "u-3", "email": "nobody@amber.example", "email_verified": True},
        {"sub": "u-3", "email": "@amber.example", "email_verified": True},
        {"sub": "u-3"},
    ],
)
def test_nobody_else_comes_in_and_nobody_is_added(
    hq: Headquarters, people: None, claims: dict[str, object]
) -> None:
    before = len(everybody(hq))
    answer = hq.enter(**claims)
    assert answer.status_code == 401
    assert "administrator" in answer.text or "管理员" in answer.text
    assert len(everybody(hq)) == before


@pytest.fixture(scope="module")
def people(hq: Headquarters) -> None:
    hq.enter(**LI)
    hq.person("mei", "mei@amber.example")
    hq.person("twin", "twin@amber.example")
    hq.person("twin2", "Twin@amber.example")
    hq.person("far", "mei@elsewhere.example")


def everybody(hq: Headquarters) -> list[object]:
    with hq.services.db.system_read("test") as connection:
        return list(connection.scalars(select(User.id)))


def _old() -> dict[str, object]:
    return {**LI, "exp": int(time.time()) - 3600, "iat": int(time.time()) - 7200}


@pytest.mark.parametrize(
    ("claims", "forge"),
    [
        (lambda: LI, "none"),
        (lambda: LI, "HS256"),
        (lambda: LI, "another key"),
        (lambda: {**LI, "aud": "another client"}, ""),
        (lambda: {**LI, "iss": "https://elsewhere.example"}, ""),
        (lambda: {**LI, "nonce": "of another sign-in"}, ""),
        (lambda: {**LI, "aud": [CLIENT, "x"], "azp": "x"}, ""),
        (lambda: {**LI, "sub": ""}, ""),
        (lambda: {**LI, "sub": 7}, ""),
        (_old, ""),
    ],
)
def test_a_token_that_is_not_sound_opens_nothing(
    hq: Headquarters, claims: Callable[[], dict[str, object]], forge: str
) -> None:
    """alg=none, mixed keys, another audience, issuer, nonce, party; too old (ASVS 9.1.1–9.1.3)."""
    hq.there.forge = forge
    answer = hq.enter(**claims())
    assert answer.status_code == 502
    assert "storevitals" not in answer.cookies


def test_the_way_back_belongs_to_the_browser_that_went(hq: Headquarters) -> None:
    """Neither a link sent by somebody else, nor another state, nor the same code twice."""
    hq.there.claims = dict(LI)
    mine, other = hq.browser(), hq.browser()
    back = hq.way(mine)
    assert other.get(back).status_code == 401
    hq.way(other)
    assert other.get(back).status_code == 401
    code = parse_qs(urlsplit(back).query)["code"][0]
    assert mine.get("/login/company", params={"code": code, "state": "made up"}).status_code == 401
    hq.way(mine)
    again = hq.way(mine)
    assert hq.is_in(mine.get(again))
    assert mine.get(again).status_code == 401  # the cookie is gone with its use


def test_the_way_leads_to_no_other_site(hq: Headquarters) -> None:
    hq.there.claims = dict(LI)
    browser = hq.browser()
    answer = browser.get(hq.way(browser, next="https://elsewhere.example/"))
    assert answer.headers["location"] == "/start"


def test_new_keys_of_the_provider_are_asked_for(
    hq: Headquarters, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hq.is_in(hq.enter(**LI))
    hq.there.key = RSAKey.generate_key(2048, {"kid": "2"})
    monkeypatch.setattr("hub.security.oidc.provider.AGAIN_S", 0.0)
    assert hq.is_in(hq.enter(**LI))


def test_a_factor_of_our_own_is_asked_for_as_well(hq: Headquarters) -> None:
    hq.person("chen", "chen@amber.example")
    first = hq.browser()
    hq.there.claims = {"sub": "u-9", "email": "chen@amber.example", "email_verified": True}
    assert hq.is_in(first.get(hq.way(first)))
    page = first.post("/account/second-factor/app").text
    factor = page.partition('name="factor" value="')[2].partition('"')[0]
    secret = page.partition('class="mono">')[2].partition("<")[0].replace(" ", "")
    code = totp(secret)
    done = first.post("/account/second-factor/app/confirm", data={"factor": factor, "code": code})
    assert done.status_code == 200
    second = hq.browser()
    answer = second.get(hq.way(second))
    assert answer.headers["location"].startswith("/login/second")
    assert second.get("/account").status_code != 200


def totp(secret: str) -> str:
    return pyotp.TOTP(secret).now()


def test_who_is_shut_out_stays_out_and_takes_no_other_place(hq: Headquarters) -> None:
    hq.person("gone", "gone@amber.example")
    claims = {"sub": "u-8", "email": "gone@amber.example", "email_verified": True}
    assert hq.is_in(hq.enter(**claims))
    with hq.services.db.system_read("test") as connection:
        who = select(OidcSubject.user_id).where(OidcSubject.subject == "u-8")
        user_id = connection.execute(who).scalar_one()
    with hq.chain.write() as session:
        apply(session, User, Change(user_id, action=Action.ARCHIVE))
    hq.person("heir", "gone@amber.example")
    assert hq.enter(**claims).status_code == 401
    assert hq.services.company.unlink(hq.chain.id, user_id, HUB)
    assert hq.is_in(hq.enter(**claims))


def test_the_secret_is_sealed_and_the_issuer_is_looked_at(hq: Headquarters) -> None:
    with hq.services.db.system_read("test") as connection:
        kept = connection.scalar(select(OidcProvider.client_secret))
    assert kept is not None
    assert kept.startswith("v1|")
    assert hq.services.company.settings(hq.chain.id) == Settings(
        "Amber ID", hq.there.url, CLIENT, "", "amber.example", is_on=True
    )


@pytest.mark.parametrize(
    "issuer", ["http://169.254.169.254", "https://127.0.0.2", "http://example.com", "file:///etc"]
)
def test_the_hub_asks_no_address_inside(hq: Headquarters, issuer: str) -> None:
    """ASVS 13.2: only HTTPS to public hosts, or what the operator named."""
    wish = Settings("Evil", issuer, CLIENT, SECRET, "", is_on=True)
    with pytest.raises(Exception, match=r"not allowed|不允许"):
        hq.services.company.keep(hq.chain.id, wish, HUB)
    assert hq.services.company.settings(hq.chain.id) is not None
    assert hq.services.company.choices()[0].name == "Amber ID"
