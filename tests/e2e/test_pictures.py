"""The pictures of the README, taken from the pages themselves.

`PICTURES=1 pytest tests/e2e/test_pictures.py` renews what is committed; every run checks that the
README's pictures exist and that each can still be taken.
"""

import os
import re
import struct
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.visit import SIZES, Visitor
from tests.e2e.web_server import Served

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
PICTURES = {
    "store.png": ("/stores/{store}?range=3d", "poster", "zh", "light"),
    "store-phone.png": ("/stores/{store}?range=3d", "phone", "zh", "dark"),
    "alerts.png": ("/alerts", "desktop", "en", "light"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_can_be_taken(hub: Served, visitor: Visitor, tmp_path: Path, name: str) -> None:
    path, size, language, scheme = PICTURES[name]
    visit = visitor.arrive(language=language, size=size, scheme=scheme)
    page = visit.go(path.format(store=hub.store.store_id))
    if "/stores/" in path:
        expect(page.locator("[data-charts]")).to_have_attribute("data-ready", re.compile(r"\d+"))
    folder = IMAGES if os.environ.get("PICTURES") else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / name)
    assert size_of(folder / name) == SIZES[size]


def size_of(picture: Path) -> tuple[int, int]:
    """Width and height by the PNG's header."""
    width, height = struct.unpack(">II", picture.read_bytes()[16:24])
    return width, height


def test_the_readme_shows_pictures_that_exist() -> None:
    shown = re.findall(r"!\[[^]]+\]\(([^)]+)\)", (ROOT / "README.md").read_text("utf-8"))
    assert shown
    assert [path for path in shown if not (ROOT / path).is_file()] == []
