"""Static files: immutable by their hash, compressed, and small enough."""

import gzip
import json
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from hub.web.assets import DASHBOARDS, Assets

ROOT = DASHBOARDS.parent
FIRST_VISIT = ("app.css", "dark.css", "live.js", "act.js", "vendor/htmx.js", "vendor/idiomorph.js")
CHART_PAGE = (*FIRST_VISIT, "chart.js", "vendor/uplot.js", "vendor/uplot.css")


@pytest.fixture(scope="module")
def assets() -> Assets:
    return Assets()


@pytest.fixture(scope="module")
def client(assets: Assets) -> TestClient:
    return TestClient(Starlette(routes=[Mount("/static", assets)]))


def test_a_file_is_served_compressed_and_for_ever(assets: Assets, client: TestClient) -> None:
    answer = client.get(assets.url("app.css"))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/css")
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    source = (DASHBOARDS / "static" / "app.css").read_bytes()
    assert answer.content.count(b"}") == re.sub(rb"/\*.*?\*/", b"", source, flags=re.S).count(b"}")
    assert b"/*" not in answer.content, "comments stay in the source"


def test_who_cannot_unpack_gets_it_plain(assets: Assets, client: TestClient) -> None:
    answer = client.get(assets.url("live.js"), headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert answer.headers["content-type"].startswith("text/javascript")


def test_an_old_address_gives_the_present_file_but_is_not_kept(client: TestClient) -> None:
    answer = client.get("/static/000000000000/app.css")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    "path", ["/static/", "/static/x/none.css", "/static/x/../app.py", "/static/x/vendor/.stamp"]
)
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_template_that_names_a_missing_file_fails_at_once(assets: Assets) -> None:
    with pytest.raises(KeyError, match=r"no static file x\.css"):
        assets.url("x.css")


def test_the_browser_code_of_others_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="pip install -e"):
        Assets(tmp_path)


def test_the_hash_follows_the_content(tmp_path: Path) -> None:
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "htmx.js").write_text("1")
    first = Assets(tmp_path).version
    (tmp_path / "vendor" / "htmx.js").write_text("2")
    assert Assets(tmp_path).version != first


@pytest.mark.parametrize(("names", "budget_kb"), [(FIRST_VISIT, 38), (CHART_PAGE, 68)])
def test_files_of_a_first_visit_stay_in_their_budget(
    names: tuple[str, ...], budget_kb: int
) -> None:
    """UX-01: 60 KB with the page, 110 KB with charts and their data."""
    folder = DASHBOARDS / "static"
    sizes = {name: len(gzip.compress((folder / name).read_bytes(), 9)) for name in names}
    assert sum(sizes.values()) <= budget_kb * 1024, sizes


def test_the_lock_file_names_no_registry_and_pins_every_package() -> None:
    lock = (ROOT / "package-lock.json").read_text("utf-8")
    assert "http" not in lock
    packages = {k: v for k, v in json.loads(lock)["packages"].items() if k}
    assert all(one["integrity"].startswith("sha512-") for one in packages.values())
    wanted = json.loads((ROOT / "package.json").read_text("utf-8"))["dependencies"]
    assert {f"node_modules/{name}" for name in wanted} == set(packages)
    assert wanted["htmx.org"].startswith("2.0.")


def test_no_style_needs_a_colour_that_the_dark_look_lacks() -> None:
    """Every token of the light look that is a colour has its dark twin."""
    tokens = {
        name: set(re.findall(r"(--[a-z0-9-]+):", (DASHBOARDS / "static" / name).read_text("utf-8")))
        for name in ("app.css", "dark.css")
    }
    sizes = {"--radius", "--gap", "--pad", "--side", "--font", "--mono", "--a"}
    assert tokens["app.css"] - sizes == tokens["dark.css"]
