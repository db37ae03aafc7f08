"""User-agent headers as people read them."""

import pytest

from hub.web.browsers import browser_name


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge · Windows",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/1 MicroMessenger/8.0", "微信 WeChat · Android"),
        ("python-httpx/0.28", "python-httpx/0.28"),
        ("", "—"),
    ],
)
def test_a_browser_is_called_as_people_call_it(header: str, name: str) -> None:
    assert browser_name(header) == name
