"""Lists of the archive: views, filters, columns, totals (UX-01, UX-09, UX-14)."""

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.hub.web.document import Document
from tests.hub.web.pages.test_records import english, page, rows
from tests.hub.web.world_under_test import CHIEF, World, open_world

LIST = "/archive/equipment"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
def chief(world: World) -> TestClient:
    return english(world.signed_in(CHIEF))


@pytest.fixture
def manager(world: World) -> TestClient:
    return english(world.signed_in("store_manager"))


def heads(document: Document) -> list[str]:
    return [one.text.strip(" ↑↓") for one in document.all("th") if one.text.strip()]


def post(client: TestClient, path: str, **form: str) -> str:
    answer = client.post(path, data=form, follow_redirects=False)
    assert answer.status_code == 303, answer.text[:300]
    return answer.headers["location"]


def tabs(document: Document) -> dict[str, str]:
    """Name → address of every view."""
    found = [one for one in document.all("a") if "nav" in one.inside]
    return {one.text.strip("•"): one.attributes["href"] for one in found}


def test_a_view_is_kept_named_shared_and_deleted(world: World, chief: TestClient) -> None:
    state = "filter[type]=cabinet&sort=-code"
    there = post(chief, f"{LIST}/views", name="Cabinets", state=state, shared="1")
    assert there == f"{LIST}?view=Cabinets"
    document = page(chief, there)
    assert [one.text for one in document.all("summary") if "chip-on" in str(one.attributes)] == [
        "TypeCold cabinet"
    ]
    other = english(world.signed_in("clerk"))
    assert tabs(page(other, LIST))["Cabinets"] == there
    assert not re.search("/views/.*/delete", other.get(there).text)
    delete = next(a for a in document.values("action") if a.endswith("/delete"))
    assert other.post(delete, follow_redirects=False).status_code == 404
    post(chief, delete)
    assert "Cabinets" not in tabs(page(chief, LIST))
    assert "This view was deleted" in page(chief, there).text


def test_a_changed_view_says_so(chief: TestClient) -> None:
    post(chief, f"{LIST}/views", name="Mine", state="filter[type]=cabinet")
    changed = page(chief, f"{LIST}?view=Mine&filter[type]=cabinet&q=amber-1")
    assert "Save view" in changed.text
    assert "Save view" not in page(chief, f"{LIST}?view=Mine").text
    assert "Save view" not in page(chief, LIST).text


def test_a_filter_is_chosen_by_value_with_its_number(chief: TestClient) -> None:
    form = page(chief, f"{LIST}/filters/store_id?q=amber")
    assert {"amber-11", "amber-21"} <= {"".join(one.text.split()) for one in form.all("li")}
    chosen = [one for one in form.all("input") if one.attributes.get("name") == "value"]
    ids = [one.attributes["value"] for one in chosen]
    params = {"apply": "1", "state": "q=amber", "operator": "in", "value": ids[:1]}
    answer = chief.get(f"{LIST}/filters/store_id", params=params, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{LIST}?q=amber&filter[store_id]={ids[0]}"
    assert len(rows(page(chief, answer.headers["location"]))) == 1


@pytest.mark.parametrize(
    ("field", "typed", "query"),
    [
        ("cost_minor", {"low": "10", "high": "20.50"}, "[gte]=1000 [lte]=2050"),
        ("purchased_on", {"low": "2026-01-01"}, "[gte]=2026-01-01"),
        ("name", {"word": "cab"}, "[has]=cab"),
        ("area_id", {"operator": "empty"}, "[empty]=true"),
        ("type", {"operator": "not", "value": "oven"}, "[not]=oven"),
    ],
)
def test_each_kind_has_its_operators(
    chief: TestClient, field: str, typed: dict[str, str], query: str
) -> None:
    page(chief, f"{LIST}/filters/{field}")
    params = {"apply": "1", "state": "", **typed}
    there = chief.get(f"{LIST}/filters/{field}", params=params, follow_redirects=False)
    expected = "&".join(f"filter[{field}]{part}" for part in query.split())
    assert there.headers["location"] == f"{LIST}?{expected}"
    page(chief, there.headers["location"])


def test_a_filter_of_nothing_is_not_there(chief: TestClient) -> None:
    page(chief, f"{LIST}/filters/nothing", 404)


def test_columns_are_chosen_kept_and_reset(manager: TestClient) -> None:
    usual = heads(page(manager, LIST))
    dialog = page(manager, f"{LIST}/columns")
    names = [one.attributes["data-name"] for one in dialog.all("li")]
    order = ",".join(["serial_no", *[n for n in names if n != "serial_no"]])
    form = {"order": order, "show.serial_no": "1", "show.name": "1", "show.brand": "1"}
    assert post(manager, f"{LIST}/columns", **form) == LIST
    assert heads(page(manager, LIST)) == ["Serial no.", "Name", "Brand"]
    post(manager, f"{LIST}/columns", order=order)
    assert heads(page(manager, LIST)) == usual


def test_columns_in_the_address_are_for_everybody_who_gets_it(manager: TestClient) -> None:
    assert heads(page(manager, f"{LIST}?columns=brand,nothing")) == ["Name", "Brand"]


def test_rows_can_stand_closer(chief: TestClient) -> None:
    post(chief, f"{LIST}/density", compact="1")
    assert any("compact" in one.attributes["class"] for one in page(chief, LIST).all("table"))
    post(chief, f"{LIST}/density")
    assert not any("compact" in one.attributes["class"] for one in page(chief, LIST).all("table"))


def test_the_total_is_asked_for_once_the_rows_are_there(chief: TestClient) -> None:
    first = page(chief, f"{LIST}?size=1")
    (asked,) = [h for h in first.values("hx-get") if "/total" in h]
    assert chief.get(asked).text.strip() == "2 in all"
    assert "2 in all" in page(chief, f"{LIST}?size=1").text, "known now, and not asked again"


def test_every_record_type_is_found_from_the_front_page(chief: TestClient) -> None:
    front = page(chief, "/archive").values("href")
    assert {"/archive/stores", "/archive/products", "/archive/users"} <= set(front)
