"""The address of a list says all of it, and a view's name stands for what the view keeps."""

from hub.kit.views.models import SavedView
from hub.web.records.state import ListState

COLD = SavedView(name="cold", query="filter[type]=freezer&sort=-name")


def state(*asked: tuple[str, str]) -> ListState:
    return ListState.of("/archive/equipment", asked, [COLD])


def test_a_plain_list_has_a_plain_address() -> None:
    assert state().href() == "/archive/equipment"
    assert state(("q", " "), ("lang", "en")).href() == "/archive/equipment"


def test_a_view_by_its_name_alone() -> None:
    found = state(("view", "cold"))
    assert found.pairs == (("filter[type]", "freezer"), ("sort", "-name"))
    assert not found.is_changed
    assert found.href() == "/archive/equipment?view=cold"
    assert found.href("next") == "/archive/equipment?view=cold&cursor=next"


def test_what_is_changed_in_a_view_stands_in_the_address_with_its_name() -> None:
    changed = state(("view", "cold")).put("q", "north")
    assert changed.is_changed
    address = "/archive/equipment?view=cold&filter[type]=freezer&sort=-name&q=north"
    assert changed.href() == address
    assert changed.put("q", "").href() == "/archive/equipment?view=cold"


def test_without_its_last_filter_it_is_the_plain_list() -> None:
    found = state(("view", "cold"), ("sort", "code"))
    assert found.put("sort", "").href() == "/archive/equipment"
    assert state(("view", "cold"), ("q", "")).pairs == ()


def test_a_view_that_is_gone_leaves_the_list() -> None:
    found = state(("view", "gone"))
    assert (found.is_view_gone, found.pairs) == (True, ())


def test_a_filter_goes_with_all_its_operators() -> None:
    found = state(("filter[cost][gte]", "1"), ("filter[cost][lte]", "9"), ("filter[co]", "x"))
    assert found.without_field("cost").pairs == (("filter[co]", "x"),)


def test_columns_are_no_matter_of_the_engine() -> None:
    assert state(("columns", "code,name"), ("q", "x")).engine == [("q", "x")]
