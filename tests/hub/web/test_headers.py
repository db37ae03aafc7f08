"""Strict content policy on every answer; forms that another site sends are refused."""

from collections.abc import Mapping

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from hub.web.headers import MOST_BODY_BYTES, POLICY, SafeHeaders


async def answer(request: Request) -> PlainTextResponse:
    await request.body()
    return PlainTextResponse("done")


PAGES = Starlette(
    routes=[Route(path, answer, methods=["GET", "POST"]) for path in ("/", "/api/v1/stores")]
)
CLIENT = TestClient(SafeHeaders(PAGES), base_url="http://hub.example")


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


def test_a_hub_behind_https_says_so_for_a_year() -> None:
    assert "strict-transport-security" not in CLIENT.get("/").headers
    secure = TestClient(SafeHeaders(PAGES, is_https=True), base_url="https://hub.example")
    assert "max-age=31536000" in secure.get("/").headers["strict-transport-security"]


def test_answers_of_the_api_are_not_kept_by_browsers() -> None:
    assert CLIENT.get("/api/v1/stores").headers["cache-control"] == "no-store"


def test_a_body_may_be_large_but_not_huge() -> None:
    assert CLIENT.post("/", content=b"x" * MOST_BODY_BYTES).status_code == 200
    assert CLIENT.post("/", content=b"x" * (MOST_BODY_BYTES + 1)).status_code == 413


def test_a_huge_body_of_unknown_length_is_refused_as_it_comes() -> None:
    pieces = (b"x" * 65_536 for _ in range(MOST_BODY_BYTES // 65_536 + 1))
    assert CLIENT.post("/", content=pieces).status_code == 413
