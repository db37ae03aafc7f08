"""A page as a test sees it: its elements, in order, with their attributes and texts."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset(
    {"meta", "link", "input", "br", "hr", "img", "path", "use", "rect", "circle", "line"}
)


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""
    inside: tuple[str, ...] = ()


@dataclass
class Document(HTMLParser):
    """`Document.of(html)`; `all("a")` are its links."""

    elements: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[Element] = []

    @staticmethod
    def of(html: str) -> "Document":
        document = Document()
        document.feed(html)
        return document

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        inside = tuple(one.tag for one in self._open)
        element = Element(tag, {name: value or "" for name, value in attrs}, inside=inside)
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if any(one.tag == tag for one in self._open):
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, *tags: str) -> list[Element]:
        return [one for one in self.elements if one.tag in tags]

    def values(self, attribute: str) -> list[str]:
        return [one.attributes[attribute] for one in self.elements if attribute in one.attributes]

    @property
    def text(self) -> str:
        return next(one.text for one in self.elements if one.tag == "body")
