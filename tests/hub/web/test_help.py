"""The help: equal in both languages, found by words, the right topic beside a page (UX-05)."""

import re

import pytest
from starlette.testclient import TestClient

from hub.web.help import _SOURCE, TOPICS, find, topic_for, topics
from hub.web.language import Language
from tests.hub.web.document import Document
from tests.hub.web.pages.test_every_page import HAN


def shape(language: Language, slug: str) -> list[tuple[int, int, list[str]]]:
    """Of each section: items, keys and commands, links."""
    return [
        (
            one.html.count("<li>"),
            one.html.count("<code>"),
            re.findall(r'href="([^"]+)"', one.html),
        )
        for one in topics(language)[slug].sections
    ]


@pytest.mark.parametrize("slug", TOPICS)
def test_a_topic_says_the_same_in_both_languages(slug: str) -> None:
    """UX-18: the same sections, steps, keys and links."""
    assert shape(Language.ZH, slug) == shape(Language.EN, slug)
    assert shape(Language.ZH, slug), "a topic has sections"
    assert "[" not in topics(Language.EN)[slug].lead, "a lead is plain text"


def test_every_file_is_a_topic_and_english_is_english() -> None:
    for language in ("zh", "en"):
        assert {path.stem for path in (_SOURCE / language).iterdir()} == set(TOPICS)
    for topic in topics(Language.EN).values():
        bare = topic.html.replace("重庆", "")
        assert not HAN.search(bare + topic.title + topic.lead), topic.slug


@pytest.mark.parametrize(
    ("language", "typed", "first"),
    [
        (Language.EN, "acknowledge", "/help/first-steps#s1"),
        (Language.ZH, "注册码", "/help/agents#s1"),
        (Language.HANT, "註冊碼", "/help/agents#s1"),
        (Language.EN, "sealed field", "/help/records#s5"),
    ],
)
def test_words_find_their_section(language: Language, typed: str, first: str) -> None:
    assert first in [one.href for one in find(language, typed)]


def test_what_is_not_there_is_not_found() -> None:
    assert find(Language.EN, "zebra") == []
    assert find(Language.EN, "") == []


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        ("/", "overview"),
        ("/stores/0/health", "store"),
        ("/alerts/0", "alerts"),
        ("/archive/equipment", "archive"),
        ("/archive/equipment/0/edit", "records"),
        ("/archive/equipment/import", "import"),
        ("/admin/agents", "agents"),
        ("/admin/people/0", "people"),
        ("/no-such-page", "first-steps"),
    ],
)
def test_a_page_has_its_topic(path: str, slug: str) -> None:
    assert topic_for(path) == slug


def test_the_button_of_a_page_brings_its_topic_alone(pages: TestClient) -> None:
    """UX-05: the dialog gets the text, not a whole page."""
    page = Document.of(pages.get("/alerts?lang=en").text)
    (button,) = [one for one in page.elements if "data-help" in one.attributes]
    answer = pages.get(button.attributes["hx-get"], headers={"HX-Target": "help_topic"})
    assert "What to do" not in answer.text
    assert "<html" not in answer.text
    assert "When nobody acknowledges" in answer.text


def test_the_palette_knows_the_help(pages: TestClient) -> None:
    pages.get("/help?lang=en")
    assert "/help/agents#s1" in pages.get("/palette?q=one-time+code").text
