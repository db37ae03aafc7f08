"""The help of the product: Markdown of `docs/help`, by topic, section and words, in each language.

It is a part of the release: what it tells is what this version does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import markdown

from hub.web.assets import DASHBOARDS
from hub.web.language import Language, traditional

RELEASE = version("storevitals")
FOUND_MAX = 20
_PACKAGED, _SOURCE = DASHBOARDS / "help", DASHBOARDS.parent / "docs" / "help"
TOPICS = (
    "first-steps",
    "overview",
    "store",
    "alerts",
    "work-orders",
    "stock",
    "archive",
    "records",
    "import",
    "account",
    "people",
    "agents",
    "privacy",
    "till",
    "practice",
    "feedback",
)
PLACES: tuple[tuple[str, str], ...] = (  # the longest beginning of an address counts
    ("/", "first-steps"),
    ("/stores", "store"),
    ("/alerts", "alerts"),
    ("/n", "alerts"),
    ("/work-orders", "work-orders"),
    ("/machines", "work-orders"),
    ("/stock", "stock"),
    ("/archive", "archive"),
    ("/imports", "import"),
    ("/jobs", "import"),
    ("/mentions", "records"),
    ("/account", "account"),
    ("/feedback", "feedback"),
    ("/till", "till"),
    ("/approvals", "people"),
    ("/admin", "people"),
    ("/admin/agents", "agents"),
    ("/admin/privacy", "privacy"),
    ("/admin/findings", "privacy"),
    ("/admin/incident", "privacy"),
)
HOME = "overview"


@dataclass(frozen=True, slots=True)
class Section:
    """One heading of a topic with what stands below it; `text` is what is searched."""

    anchor: str
    title: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Topic:
    """One page of help; `lead` is the sentence below its title."""

    slug: str
    title: str
    lead: str
    html: str
    sections: Sequence[Section]

    @property
    def href(self) -> str:
        return f"/help/{self.slug}"


@dataclass(frozen=True, slots=True)
class Found:
    """A section that has all the words looked for."""

    topic: Topic
    section: Section

    @property
    def href(self) -> str:
        return f"{self.topic.href}#{self.section.anchor}"


def topic_for(path: str) -> str:
    """The slug of the topic that tells about the page at this address."""
    if path in ("/", "/home"):
        return HOME
    parts = path.rstrip("/").split("/")
    if parts[1] == "archive" and len(parts) > 3:
        return "import" if parts[3] == "import" else "records"
    fitting = [
        (start, slug) for start, slug in PLACES if f"{path}/".startswith(start.rstrip("/") + "/")
    ]
    return max(fitting, key=lambda one: len(one[0]))[1]


@lru_cache(maxsize=len(Language))
def topics(language: Language) -> dict[str, Topic]:
    """All topics by slug in their order; read once."""
    return {slug: _topic(slug, _read(slug, language)) for slug in TOPICS}


def find(language: Language, typed: str) -> list[Found]:
    """Sections with all words of `typed`; those with the words in a title first."""
    words = typed.lower().split()
    scored = [
        (_weight(words, topic, section), Found(topic, section))
        for topic in topics(language).values()
        for section in topic.sections
    ]
    found = sorted((one for one in scored if one[0]), key=lambda one: -one[0])
    return [one for _, one in found][:FOUND_MAX]


def _weight(words: Sequence[str], topic: Topic, section: Section) -> int:
    title, text = f"{topic.title} {section.title}".lower(), section.text.lower()
    if not words or not all(word in title or word in text for word in words):
        return 0
    return 1 + sum(word in title for word in words)


def _read(slug: str, language: Language) -> str:
    """Traditional Chinese is made of the simplified text, as everywhere."""
    folder = _PACKAGED if _PACKAGED.is_dir() else _SOURCE
    source = "en" if language is Language.EN else "zh"
    text = Path(folder, source, f"{slug}.md").read_text("utf-8")
    return traditional(text) if language is Language.HANT else text


def _topic(slug: str, text: str) -> Topic:
    head, *parts = text.split("\n## ")
    title, _, lead = head.removeprefix("# ").partition("\n")
    sections = tuple(_sections(parts))
    html = "".join(one.html for one in sections)
    return Topic(slug, title.strip(), lead.strip(), html, sections)


def _sections(parts: Sequence[str]) -> Iterator[Section]:
    for number, part in enumerate(parts, 1):
        title, _, body = part.partition("\n")
        anchor = f"s{number}"
        made = markdown.markdown(body.strip(), output_format="html")
        html = f'<section id="{anchor}"><h2>{title}</h2>{made}</section>'
        yield Section(anchor, title, body, html)
