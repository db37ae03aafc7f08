"""What a list shows, as its address says it: filters, order, columns, the view it came from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from hub.kit.views.models import SavedView

OURS = ("lang", "look")  # parameters of every page, none of the list
COLUMNS = "columns"
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ListState:
    """`pairs` are all parameters in force; a view that is named without any gives its own."""

    path: str
    pairs: Pairs
    view: SavedView | None = None
    is_view_gone: bool = False
    cursor: str = ""

    @staticmethod
    def of(path: str, asked: Sequence[tuple[str, str]], views: Sequence[SavedView]) -> "ListState":
        named = dict(asked)
        wanted = named.get("view", "")
        view = next((one for one in views if one.name == wanted), None)
        others = [one for one in asked if one[0] not in (*OURS, "view", "cursor")]
        pairs = decoded(view.query) if view and not others else tuple(others)
        kept = tuple((name, value) for name, value in pairs if value.strip())
        return ListState(path, kept, view, bool(wanted) and view is None, named.get("cursor", ""))

    @property
    def query(self) -> str:
        """The parameters in one line: what a view keeps."""
        return urlencode(self.pairs, safe="[],")

    @property
    def is_changed(self) -> bool:
        """Whether it is no longer what its view keeps; without a view, no longer plain."""
        return self.pairs != (decoded(self.view.query) if self.view else ())

    @property
    def engine(self) -> list[tuple[str, str]]:
        """What the engine understands of it."""
        return [(name, value) for name, value in self.pairs if name != COLUMNS]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What a search as one types must not lose."""
        pairs = [(name, value) for name, value in self.pairs if name != "q"]
        return [*pairs, ("view", self.view.name)] if self.view else pairs

    def value(self, name: str) -> str:
        return dict(self.pairs).get(name, "")

    def href(self, cursor: str = "") -> str:
        """The address; the view's name alone where nothing differs from it."""
        pairs = list(self.pairs)
        if self.view and not self.is_changed:
            pairs = [("view", self.view.name)]
        elif self.view and pairs:
            pairs.insert(0, ("view", self.view.name))
        if cursor:
            pairs.append(("cursor", cursor))
        return f"{self.path}?{urlencode(pairs, safe='[],')}" if pairs else self.path

    def of_view(self, view: SavedView) -> "ListState":
        """The list of another view."""
        return ListState(self.path, decoded(view.query), view)

    def put(self, name: str, value: str) -> "ListState":
        """With this parameter instead of all of its name; an empty value removes it."""
        pairs = [one for one in self.pairs if one[0] != name]
        return replace(self, pairs=(*pairs, (name, value)) if value else tuple(pairs))

    def without_field(self, field: str) -> "ListState":
        """Without any filter of a field."""
        start = f"filter[{field}]"
        pairs = tuple(one for one in self.pairs if not one[0].startswith(start))
        return replace(self, pairs=pairs)


def decoded(query: str) -> Pairs:
    return tuple(parse_qsl(query))
