"""Templates to HTML: one environment a language, full page or one block of it by the same route."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import jinja2
from fastapi import Request
from starlette.responses import Response

from hub.errors import T
from hub.kit.clock import utc_now
from hub.web.assets import DASHBOARDS, Assets
from hub.web.favourites import Favourite
from hub.web.formats import Formats
from hub.web.help import topic_for
from hub.web.language import Language, speaker
from hub.web.look import Look
from hub.web.packing import packed
from hub.web.recent import Recent

DEFAULT_ZONE = ZoneInfo("Asia/Shanghai")
MAX_COMPILED = 500
NOTHING = T("", "")
YEAR_S = 365 * 86_400
CHOICES = ("lang", "look")  # cookies of what somebody chose in an address
SHARED = ("title", "crumbs", "lead", "actions", "content")  # the frame is each person's own
NO_STORE = {"Cache-Control": "no-store", "Vary": "Cookie, HX-Target"}


class Templates:
    """Compiled once a language.

    Every template has `t`, `fmt` and `asset`, and the macros `ui`, `alerts` and `goods`; these are
    globals of the environment, so that a block rendered alone has them too.
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
        environment.globals["goods"] = environment.get_template("goods-parts.html").module
        return environment

    def compiled(self, language: Language, source: str) -> jinja2.Template:
        """A template that is written by a program; made once for each source."""
        key = (language, source)
        if key not in self._compiled:
            if len(self._compiled) >= MAX_COMPILED:
                self._compiled.clear()
            self._compiled[key] = self._environments[language].from_string(source)
        return self._compiled[key]

    def blocks(
        self, language: Language, name: str, values: dict[str, Any], part: str, *others: str
    ) -> Mapping[str, str]:
        """Only the block `part` where the template has one of that name; else the `others`."""
        template = self._environments[language].get_template(name)
        wanted = (part,) if part in template.blocks else others
        context = template.new_context(values)
        return {
            block: "".join(template.blocks[block](context))
            for block in wanted
            if block in template.blocks
        }

    def render(
        self, language: Language, name: str, values: dict[str, Any], made: Mapping[str, str]
    ) -> str:
        """The whole template; what is `made` of its blocks is not made again."""
        template = self._environments[language].get_template(name)
        context = template.new_context(values)
        for block, html in made.items():
            context.blocks[block] = [partial(_say, html)]
        return "".join(template.root_render_func(context))


def _say(html: str, _: jinja2.runtime.Context) -> Iterator[str]:
    """A block that is there already."""
    yield html


@dataclass(frozen=True, slots=True)
class TourCard:
    """Where somebody is in the first look around; step 0 is the offer."""

    at: int
    steps: int
    page: str = ""
    mark: str = ""
    title: T = NOTHING
    text: T = NOTHING


@dataclass(frozen=True)
class Visitor:
    """What the frame of every page shows of the one who looks."""

    name: str
    role: str
    is_admin: bool
    rights: frozenset[str]
    open_alerts: int
    id: str = ""
    mentions: int = 0  # unread
    tour: TourCard | None = None
    favourites: tuple[Favourite, ...] = ()
    is_by_pin: bool = False
    is_practice: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """Blocks of a template, and when they were made."""

    blocks: Mapping[str, str]
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where pages that many look at are kept for some seconds: by who may see the same, and by
    how often anything was changed, so that nobody sees less than happened."""

    recent: Recent
    rights: Hashable
    changes: int

    def get(self, place: Hashable, max_age_s: float, make: Callable[[], Made]) -> Made:
        return self.recent.get((place, self.rights, self.changes), max_age_s, make)


@dataclass(frozen=True)
class View:
    """One request's way to answer with a page; built by the dependencies of `hub.web.views`."""

    request: Request
    templates: Templates
    language: Language
    look: Look
    visitor: Callable[[], Visitor] | None = None
    zone: ZoneInfo = DEFAULT_ZONE
    store_id: UUID | None = None
    shelf: Shelf | None = None
    is_shared: bool = False  # this browser is that of a shared PC
    now: datetime = field(default_factory=utc_now)

    def page(self, name: str, /, *, status: int = 200, **values: object) -> Response:
        """Render `name`; where htmx wants the element whose id is a block's name, only that."""
        return self._answer(name, values, status=status)

    def kept_page(
        self, name: str, keep_s: float, /, *, variant: Hashable = None, **values: object
    ) -> Response:
        """A page of which all who have the same rights see what was made `keep_s` ago at most.

        It says when that was, and must show nothing of a single person but what `variant` names.
        """
        return self._answer(name, values, keep_s=keep_s, variant=variant)

    def _answer(
        self,
        name: str,
        values: dict[str, object],
        *,
        status: int = 200,
        keep_s: float = 0.0,
        variant: Hashable = None,
    ) -> Response:
        part = self.request.headers.get("HX-Target", "")
        values |= {"view": self, "me": self.visitor and self.visitor(), "look": self.look}
        values |= {"path": self.request.url.path, "as_of": self.now}
        values["help_topic"] = topic_for(self.request.url.path)

        others = SHARED if keep_s else ()

        def make() -> Made:
            blocks = self.templates.blocks(self.language, name, values, part, *others)
            return Made(blocks, self.now)

        place = (self.request.url.path, self.request.url.query, part, self.language, variant)
        made = self.shelf.get(place, keep_s, make) if keep_s and self.shelf else make()
        html = made.blocks.get(part)
        if html is None:
            values["as_of"] = made.as_of
            html = self.templates.render(self.language, name, values, made.blocks)
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
        query = url.query
        if changes:
            asked = self.request.query_params.multi_items()
            kept = [(key, value) for key, value in asked if key not in changes]
            new = [(key, str(value)) for key, value in changes.items() if value is not None]
            query = urlencode(kept + new)
        return f"{url.path}?{query}" if query else url.path
