"""One window of the browser: who looks, in which language, at which size, and what it costs."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from tests.hub.web.store_under_test import LOGIN

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {
    "desktop": (1440, 900),
    "phone": (390, 844),
    "small phone": (360, 740),
    "poster": (1440, 1420),
}
WORDS = {
    "zh": {
        "overview": "总览",
        "alerts": "预警",
        "acknowledge": "确认",
        "acknowledged": "已确认",
        "not acknowledged": "未确认",
        "undo": "撤销",
        "sign in": "登录",
        "user name": "用户名",
        "password": "密码",
        "trends": "趋势",
        "my tasks": "我的任务",
    },
    "en": {
        "overview": "Overview",
        "alerts": "Alerts",
        "acknowledge": "Acknowledge",
        "acknowledged": "Acknowledged",
        "not acknowledged": "Not acknowledged",
        "undo": "Undo",
        "sign in": "Sign in",
        "user name": "User name",
        "password": "Password",
        "trends": "Trends",
        "my tasks": "My tasks",
    },
}


@dataclass
class Visit:
    """A window with its page."""

    url: str
    language: str
    context: BrowserContext
    page: Page
    username: str = LOGIN.username
    password: str = LOGIN.password
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    bytes: int = 0
    requests: int = 0

    def word(self, key: str) -> str:
        return WORDS[self.language][key]

    def go(self, path: str) -> Page:
        """Open a page of the hub in this visit's language."""
        sep = "&" if "?" in path else "?"
        self.page.goto(f"{self.url}{path}{sep}lang={self.language}")
        return self.page

    def sign_in(self) -> None:
        self.page.get_by_label(self.word("user name")).fill(self.username)
        self.page.get_by_label(self.word("password")).fill(self.password)
        self.page.get_by_role("button", name=self.word("sign in")).click()
        home = re.compile(f"{self.word('overview')}|{self.word('my tasks')}")
        expect(self.page.get_by_role("heading", level=1)).to_have_text(home)

    def count_bytes(self) -> None:
        """From now on, count what comes over the wire."""
        session = self.context.new_cdp_session(self.page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", self._finished)

    def _finished(self, event: dict[str, Any]) -> None:
        self.bytes += int(event["encodedDataLength"])
        self.requests += 1


@dataclass
class Visitor:
    """Opens windows; `leave` closes them and says what went wrong in any."""

    browser: Browser
    url: str
    username: str = LOGIN.username
    password: str = LOGIN.password
    visits: list[Visit] = field(default_factory=list)

    def arrive(
        self,
        *,
        language: str = "zh",
        size: str = "desktop",
        scheme: str = "light",
        signed_in: bool = True,
    ) -> Visit:
        width, height = SIZES[size]
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            has_touch=size != "desktop",
            reduced_motion="reduce",
        )
        page = context.new_page()
        visit = Visit(self.url, language, context, page, self.username, self.password)
        context.on("request", lambda request: self._watch(visit, request))
        visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
        visit.page.on(
            "console", lambda said: visit.errors.append(said.text) if said.type == "error" else None
        )
        self.visits.append(visit)
        if signed_in:
            visit.go("/login")
            visit.sign_in()
        return visit

    def _watch(self, visit: Visit, request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.url).netloc:
            visit.foreign.append(request.url)

    def leave(self) -> None:
        for visit in self.visits:
            visit.context.close()
        assert [url for visit in self.visits for url in visit.foreign] == []
        assert [error for visit in self.visits for error in visit.errors] == []
