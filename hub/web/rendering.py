"""Templates to HTML: one environment a language, full page or one block of it by the same route."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse

from hub.kit.clock import utc_now
from hub.web.assets import DASHBOARDS, Assets
from hub.web.formats import Formats
from hub.web.language import Language, speaker
from hub.web.look import Look

NO_STORE = {"Cache-Control": "no-store", "Vary": "Cookie, HX-Request"}


class Templates:
    """Compiled once; `t`, `fmt` and `asset` are the same for all pages of a language."""

    def __init__(self, assets: Assets) -> None:
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
        return environment

    def render(self, language: Language, name: str, block: str | None, values: dict[str, Any]) -> str:
        """The whole template, or one block of it."""
        template = self._environments[language].get_template(name)
        if block is None:
            return template.render(values)
        context = template.new_context(values)
        return "".join(template.blocks[block](context))


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
    now: datetime = field(default_factory=utc_now)

    def page(
        self, name: str, /, *, block: str | None = None, status: int = 200, **values: object
    ) -> HTMLResponse:
        """Render `name`; where htmx asks to swap the element with the id `block`, only that block."""
        is_part = block is not None and self.request.headers.get("HX-Target") == block
        everything = {
            **values,
            "view": self,
            "me": self.visitor,
            "look": self.look,
            "as_of": self.now,
            "path": self.request.url.path,
        }
        html = self.templates.render(self.language, name, block if is_part else None, everything)
        return HTMLResponse(html, status, headers=NO_STORE)

    def here(self, **changes: object) -> str:
        """This page's address with some query parameters set, or removed by None."""
        url = self.request.url
        gone = [key for key, value in changes.items() if value is None]
        kept = {key: value for key, value in changes.items() if value is not None}
        url = url.remove_query_params(gone).include_query_params(**kept)
        return f"{url.path}?{url.query}" if url.query else url.path

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo("Asia/Shanghai")
