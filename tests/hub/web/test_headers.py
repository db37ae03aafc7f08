"""Strict content policy on every answer; forms that another site sends are refused."""

from collections.abc import Mapping

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from hub.web.headers import POLICY, SafeHeaders


async def answer(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("done")


CLIENT = TestClient(
    SafeHeaders(Starlette(routes=[Route("/", answer, methods=["GET", "POST"])])),
    base_url="http://hub.example",
)


def test_every_answer_carries_the_policy() -> None:
    for path in ("/", "/missing"):
        headers = CLIENT.get(path).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"


def test_the_policy_allows_nothing_inline_and_nothing_foreign() -> None:
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
    assert "default-src 'none'" in POLICY


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://hub.example"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 200),
    ],
)
def test_a_form_of_another_site_is_refused(headers: Mapping[str, str], status: int) -> None:
    assert CLIENT.post("/", headers=dict(headers)).status_code == status


def test_links_from_other_sites_work() -> None:
    assert CLIENT.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200
