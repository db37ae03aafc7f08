"""J1, the agent's side: a store in software from unpacked to all green, as an installer sees it.

`PICTURES=1 pytest tests/e2e/test_installer.py` renews the pictures of docs/installer.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.e2e.test_accessibility import LOOKS, found_by_axe
from tests.e2e.visit import SIZES
from tests.integration.conftest import Mosquitto, free_port

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs/installer/images"
AGENT = str(Path(sys.executable).with_name("storevitals-agent"))
PIN = "204113"
GREEN_S = 60.0


@dataclass(frozen=True)
class Pi:
    """A store whose devices were found by `setup`, and the agent that reads them."""

    folder: Path
    port: int
    took_s: float

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def config(self) -> str:
        return str(self.folder / "agent.toml")


@pytest.fixture(scope="module")
def pi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pi]:
    folder = tmp_path_factory.mktemp("pi")
    broker = Mosquitto(folder)
    broker.start()
    simulate = [AGENT, "simulate", "--json", "--dir", str(folder / "lines")]
    simulate += ["--mqtt-url", broker.url, "--agent-id", "nanjing-17"]
    with subprocess.Popen(simulate, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as shop:
        assert shop.stdout is not None
        wires = json.loads(shop.stdout.readline())
        began, port = time.monotonic(), free_port()
        _setup(folder, wires, broker.url, port)
        run = [AGENT, "run", "--config", str(folder / "agent.toml")]
        log = (folder / "agent.log").open("w")
        with log, subprocess.Popen(run, stderr=log) as agent:
            _wait(port)
            yield Pi(folder, port, time.monotonic() - began)
            agent.terminate()
        shop.terminate()
    broker.kill()


def _setup(folder: Path, wires: dict[str, dict[str, str]], broker: str, port: int) -> None:
    words = ["--yes", "--name", "南京路店", "--id", "nanjing-17", "--hub", broker]
    words += ["--port", wires["serial"]["cold"], "--units", "1-4", "--setting", "9600-8N1"]
    words += ["--network", "127.0.0.0/31", "--tcp-port", wires["tcp"]["plant"].split(":")[1]]
    words += ["--mqtt", broker, "--data-dir", str(folder), "--config", str(folder / "agent.toml")]
    subprocess.run([AGENT, "setup", *words], check=True, timeout=100, stdout=subprocess.DEVNULL)
    with (folder / "agent.toml").open("a") as config:
        config.write(f'[status]\nport = {port}\npin = "{PIN}"\n')


def _wait(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < deadline, "the status page did not come"
        time.sleep(0.1)


def look(browser: Browser, pi: Pi, language: str, size: str, scheme: str) -> Page:
    """A window in which anything but our own page fails."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale={"zh": "zh-CN", "en": "en-GB"}[language],
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()

    def only_ours(request: Request) -> None:
        assert request.url.startswith(pi.url), request.url

    page.on("request", only_ours)
    page.goto(pi.url)
    page.wait_for_selector(".verdict")
    return page


def test_an_unknown_store_is_all_green_well_within_half_an_hour(browser: Browser, pi: Pi) -> None:
    page = look(browser, pi, "en", "phone", "light")
    expect(page.locator(".verdict")).to_have_text(
        re.compile(r"All \d devices are well"), timeout=GREEN_S * 1000
    )
    expect(page.locator("article .s-failed")).to_have_count(0)
    assert pi.took_s < 30 * 60
    page.context.close()


@pytest.mark.parametrize(("language", "size", "scheme"), LOOKS)
def test_the_page_is_accessible_in_every_look(
    browser: Browser, pi: Pi, language: str, size: str, scheme: str
) -> None:
    page = look(browser, pi, language, size, scheme)
    page.locator("details summary").first.click()
    assert found_by_axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.context.close()


def test_the_language_is_chosen_on_the_page_and_kept(browser: Browser, pi: Pi) -> None:
    page = look(browser, pi, "en", "phone", "light")
    page.get_by_role("button", name="中").click()
    expect(page.get_by_role("heading", name="终端设备")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="终端设备")).to_be_visible()
    page.context.close()


def test_an_agent_that_is_gone_is_said_on_the_page(browser: Browser, pi: Pi) -> None:
    """No stale number looks live."""
    page = look(browser, pi, "zh", "phone", "light")
    page.route("**/status.json", lambda route: route.abort())
    expect(page.locator("#asof")).to_have_text("采集端没有应答，以下是旧数据", timeout=20_000)
    page.context.close()


def test_the_report_takes_the_running_agents_word_and_prints_on_a4(
    browser: Browser, pi: Pi, tmp_path: Path
) -> None:
    for language in ("zh", "en"):
        words = ["report", "--config", pi.config, "--out", str(tmp_path / language)]
        subprocess.run([AGENT, *words, "--lang", language], stdout=subprocess.DEVNULL, timeout=60)
        (sheet,) = (tmp_path / language).glob("*.html")
        page = browser.new_page(viewport={"width": 800, "height": 1130})
        page.goto(sheet.as_uri())
        assert "Eastron SDM630" in page.content()
        name = "report.png" if language == "en" else "report-zh.png"
        page.screenshot(path=folder(tmp_path) / name)
        pdf = page.pdf(prefer_css_page_size=True)
        assert pdf.startswith(b"%PDF")
        assert re.search(rb"/MediaBox \[0 0 59[456]", pdf), "it is not A4"
        page.close()


PICTURES = {
    "status-phone.png": ("en", "phone", "light"),
    "status-phone-zh.png": ("zh", "phone", "light"),
    "status-desktop.png": ("en", "desktop", "dark"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_can_be_taken(browser: Browser, pi: Pi, tmp_path: Path, name: str) -> None:
    page = look(browser, pi, *PICTURES[name])
    expect(page.locator(".verdict.ok")).to_be_visible(timeout=GREEN_S * 1000)
    page.screenshot(path=folder(tmp_path) / name)
    page.context.close()


def folder(other: Path) -> Path:
    chosen = IMAGES if os.environ.get("PICTURES") else other
    chosen.mkdir(parents=True, exist_ok=True)
    return chosen


@pytest.mark.parametrize("text", ["README.md", "README.zh.md"])
def test_the_guide_shows_pictures_that_exist_and_names_commands_that_exist(text: str) -> None:
    guide = (ROOT / "docs/installer" / text).read_text("utf-8")
    for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", guide):
        assert (ROOT / "docs/installer" / picture).is_file(), picture
    known = subprocess.run([AGENT, "--help"], capture_output=True, text=True, check=True).stdout
    for command in set(re.findall(r"storevitals-agent (\w+)", guide)):
        assert command in known, command
