"""The session cookie over HTTPS (ASVS 3.3.1)."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest
from starlette.responses import Response

from hub.kit.ids import uuid7
from hub.security.sessions import Token
from hub.settings import HubSettings
from hub.web.deps import clear_session_cookie, cookie_name, set_session_cookie
from hub.web.services import Services

TOKEN = Token("secret", datetime(2026, 3, 1, tzinfo=UTC), uuid7())


def services(public_url: str) -> Services:
    return cast(Services, SimpleNamespace(settings=HubSettings(public_url=public_url)))


@pytest.mark.parametrize(
    ("public_url", "name", "is_secure"),
    [("https://hub.example", "__Host-storevitals", True), ("", "storevitals", False)],
)
def test_the_cookie_is_bound_to_the_host_wherever_https_allows_it(
    public_url: str, name: str, is_secure: bool
) -> None:
    answer = Response()
    set_session_cookie(answer, services(public_url), TOKEN)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{name}=secret;")
    assert ("Secure" in cookie) is is_secure
    assert "HttpOnly" in cookie
    assert "Domain" not in cookie
    assert cookie_name(services(public_url)) == name


def test_signing_out_takes_the_same_cookie_away() -> None:
    answer = Response()
    clear_session_cookie(answer, services("https://hub.example"))
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith('__Host-storevitals="";')
    assert "Max-Age=0" in cookie
    assert "Secure" in cookie
