"""docs/api: every example works as written, and both languages have the same ones (INT-15)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.kit.clock import utc_now
from hub.webhooks.signing import headers
from tests.hub.web.world_under_test import CHIEF, World

FOLDER = Path(__file__).parents[4] / "docs" / "api"
BLOCK = re.compile(r"```(http|python|json)\n(.*?)```", re.DOTALL)
SECRET = "whsec_dGhlIHNlY3JldCBvZiB0aGlzIGV4YW1wbGU="


def blocks(name: str) -> list[tuple[str, str]]:
    return BLOCK.findall((FOLDER / name).read_text("utf-8"))


def test_both_languages_have_the_same_examples() -> None:
    assert blocks("README.md") == blocks("README.zh.md")
    assert len(blocks("README.md")) > 10


def test_every_example_answers_as_it_says(world: World) -> None:
    client, known = world.as_(CHIEF), {"id": ""}
    for language, text in blocks("README.md"):
        if language != "http":
            continue
        first, *lines, last = text.strip().split("\n")
        method, path = first.split(" ", 1)
        given = dict(line.split(": ", 1) for line in lines if not line.startswith("{"))
        body = "".join(line for line in lines if line.startswith("{"))
        given["content-type"] = "application/json"
        answer = client.request(
            method, path.replace("{id}", known["id"]), headers=given, content=body or None
        )
        assert f"→ {answer.status_code}" == last, (first, answer.text)
        is_record = method == "POST" and answer.status_code == 201 and "/ping" not in path
        known["id"] = answer.json().get("id", known["id"]) if is_record else known["id"]


def _written() -> Callable[[str, dict[str, str], bytes], bool]:
    (code,) = [text for language, text in blocks("README.md") if language == "python"]
    names: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), names)  # noqa: S102 our own page
    found: Callable[[str, dict[str, str], bytes], bool] = names["is_genuine"]
    return found


@pytest.mark.parametrize(
    ("body", "at", "is_genuine"),
    [
        (b"{}", None, True),
        (b'{"forged": 1}', None, False),
        (b"{}", datetime(2026, 1, 1, tzinfo=UTC), False),  # heard and sent again
    ],
)
def test_a_receiver_tells_what_is_genuine(
    body: bytes, at: datetime | None, is_genuine: bool
) -> None:
    sent = headers(SECRET, "change-1", at or utc_now(), b"{}")
    assert _written()(SECRET, sent, body) is is_genuine
