"""Templates to HTML: one environment a language, full page or one block of it by the same route."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import jinja2
from fastapi import Request
from starlette.responses import Response

from hub.kit.clock import utc_now
from hub.web.assets import DASHBOARDS, Assets
from hub.web.formats import Formats
from hub.web.language import Language, speaker
from hub.web.look import Look
from hub.web.packing import packed

DEFAULT_ZONE = ZoneInfo("Asia/Shanghai")
MAX_COMPILED = 500
YEAR_S = 365 * 86_400
CHOICES = ("lang", "look")  # cookies of what somebody chose in an address
NO_STORE = {"Cache-Control": "no-store", "Vary": "Cookie, HX-Target"}


class Templates:
    """Compiled once a language.

    Every template has `t`, `fmt` and `asset`, and the macros `ui` and `alerts`; these are globals
    of the environment, so that a block rendered alone has them too.
    """

    def __init__(self, assets: Assets) -> None:
        self.assets = assets
        self._compiled: dict[tuple[Language, str], jinja2.Template] = {}
        self._environments = {
            language: self._environment(language, assets) for language in Language
        }

    @staticmethod
    def _environment(language: Language, assets: Assets) -> jinja2.Environment:
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(DASHBOARDS / "templates"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
            auto_reload=False,
        )
        environment.globals.update(
            t=speaker(language),
            fmt=Formats(language),
            asset=assets.url,
            language=language,
            languages=tuple(Language),
        )
        environment.globals["ui"] = environment.get_template("macros.html").module
        environment.globals["alerts"] = environment.get_template("alert-parts.html").module
        return environment

    def compiled(self, language: Language, source: str) -> jinja2.Template:
        """A template that is written by a program; made once for each source."""
        key = (language, source)
        if key not in self._compiled:
            if len(self._compiled) >= MAX_COMPILED:
                self._compiled.clear()
            self._compiled[key] = self._environments[language].from_string(source)
        return self._compiled[key]

    def render(self, language: Language, name: str, values: dict[str, Any], part: str = "") -> str:
        """The whole template; or only its block `part`, where it has one of that name."""
        template = self._environments[language].get_template(name)
        if part not in template.blocks:
            return template.render(values)
        return "".join(template.blocks[part](template.new_context(values)))


@dataclass(frozen=True)
class Visitor:
    """What the frame of every page shows of the one who looks."""

    name: str
    role: str
    is_admin: bool
    open_alerts: int


@dataclass(frozen=True)
class View:
    """One request's way to answer with a page; built by the dependencies of `hub.web.views`."""

    request: Request
    templates: Templates
    language: Language
    look: Look
    visitor: Visitor | None = None
    zone: ZoneInfo = DEFAULT_ZONE
    store_id: UUID | None = None
    now: datetime = field(default_factory=utc_now)

    def page(self, name: str, /, *, status: int = 200, **values: object) -> Response:
        """Render `name`; where htmx wants the element whose id is a block's name, only that."""
        everything = {
            **values,
            "view": self,
            "me": self.visitor,
            "look": self.look,
            "as_of": self.now,
            "path": self.request.url.path,
        }
        part = self.request.headers.get("HX-Target", "")
        html = self.templates.render(self.language, name, everything, part)
        answer = packed(self.request, html.encode(), "text/html", status, NO_STORE)
        for key in CHOICES:
            if key in self.request.query_params:
                self._keep(answer, key)
        return answer

    def _keep(self, answer: Response, key: str) -> None:
        """Remember a choice made in the address in this browser, for a year."""
        value = self.language if key == "lang" else self.look
        secure = self.request.url.scheme == "https"
        answer.set_cookie(key, value, max_age=YEAR_S, samesite="lax", secure=secure)

    def here(self, **changes: object) -> str:
        """This page's address with some query parameters set, or removed by None."""
        url = self.request.url
        gone = [key for key, value in changes.items() if value is None]
        kept = {key: value for key, value in changes.items() if value is not None}
        url = url.remove_query_params(gone).include_query_params(**kept)
        return f"{url.path}?{url.query}" if url.query else url.path
