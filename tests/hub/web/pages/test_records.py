"""The archive's pages: lists, forms, history, undo; every state in the address (UX-01, UX-18)."""

from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest
from starlette.testclient import TestClient

from tests.hub.web.document import Document
from tests.hub.web.world_under_test import CHIEF, World, open_world

MANAGER = "store_manager"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
def chief(world: World) -> TestClient:
    return english(world.signed_in(CHIEF))


@pytest.fixture
def manager(world: World) -> TestClient:
    return english(world.signed_in(MANAGER))


def english(client: TestClient) -> TestClient:
    client.headers["Sec-Fetch-Site"] = "same-origin"
    client.cookies.set("lang", "en")
    return client


def page(client: TestClient, path: str, status: int = 200) -> Document:
    answer = client.get(path)
    assert answer.status_code == status, answer.text[:400]
    return Document.of(answer.text)


def filled(document: Document) -> dict[str, str]:
    """What a browser would send of the page's form as it stands."""
    values: dict[str, str] = {}
    select = ""
    for one in document.elements:
        name = one.attributes.get("name", "")
        if one.tag == "select":
            select = name
        elif one.tag == "option" and "selected" in one.attributes:
            values[select] = one.attributes["value"]
        elif one.tag == "textarea":
            values[name] = one.text
        elif one.tag == "input" and one.attributes.get("type") != "checkbox":
            values[name] = one.attributes.get("value", "")
    return values


def rows(document: Document) -> list[str]:
    return [row.text for row in document.all("tr")][1:]


def edit(world: World) -> str:
    return f"/archive/equipment/{world.mine.cabinet}/edit"


def test_a_list_shows_the_records_and_leads_to_each(world: World, chief: TestClient) -> None:
    document = page(chief, "/archive/equipment")
    assert len(rows(document)) == 2
    assert f"/archive/equipment/{world.mine.cabinet}" in document.values("href")
    assert "/archive/equipment/new" in document.values("href")
    assert "Store" in document.all("thead")[0].text


def test_a_single_store_needs_no_column_for_it(manager: TestClient) -> None:
    document = page(manager, "/archive/equipment")
    assert "Store" not in document.all("thead")[0].text


def test_search_answers_the_list_alone_with_a_clean_address(chief: TestClient) -> None:
    path = "/archive/equipment?q=amber-2&filter[type]=&filter[status]=in_use&sort=-code"
    answer = chief.get(path, headers={"HX-Request": "true", "HX-Target": "records"})
    document = Document.of(answer.text)
    assert document.all("html") == []
    assert len(rows(document)) == 1
    address, _, query = answer.headers["hx-push-url"].partition("?")
    assert address == "/archive/equipment"
    asked = {"q": "amber-2", "filter[status]": "in_use", "sort": "-code"}
    assert dict(parse_qsl(query)) == asked
    kept = {
        one.attributes["name"]
        for one in document.all("input")
        if one.attributes.get("class") == "kept" and "name" in one.attributes
    }
    assert kept == {"sort", "filter[status]"}, "the next search would lose them"


def test_a_filter_shows_as_a_chip_that_can_be_taken_off(
    chief: TestClient,
) -> None:
    document = page(chief, "/archive/equipment?filter[name][has]=amber-1&q=cab")
    assert len(rows(document)) == 1
    (chip,) = [
        one for one in document.all("summary") if "chip-on" in one.attributes.get("class", "")
    ]
    assert chip.text == "Namehas \u201camber-1\u201d"
    (off,) = [a for a in document.all("a") if a.attributes.get("aria-label", "").startswith("Rem")]
    assert off.attributes["href"].endswith("/archive/equipment?q=cab")


def test_a_head_sorts_by_its_column_and_then_the_other_way(chief: TestClient) -> None:
    document = page(chief, "/archive/equipment?q=amber")
    up = next(h for h in document.values("href") if "sort=name" in h)
    down = page(chief, up)
    assert [th.attributes["aria-sort"] for th in document.all("th") if "aria-sort" in th.attributes]
    assert any("sort=-name" in href for href in down.values("href"))
    assert "q=amber" in up


def test_an_empty_list_says_the_next_step_only_to_whom_it_is_open(world: World) -> None:
    client = english(world.signed_in("clerk"))
    found_nothing = page(client, "/archive/areas?q=zzzz")
    assert "Nothing matches" in found_nothing.text
    assert "/archive/areas/new" not in page(client, "/archive/areas").values("href")


def test_a_query_that_makes_no_sense_is_a_page_that_says_so(chief: TestClient) -> None:
    assert "not right" in page(chief, "/archive/equipment?filter[colour]=red", 422).text


def test_an_unknown_type_is_not_found(chief: TestClient) -> None:
    page(chief, "/archive/spaceships", 404)


def test_required_fields_come_first_and_rare_ones_are_folded(chief: TestClient) -> None:
    document = page(chief, "/archive/equipment/new")
    names = [
        one.attributes["name"]
        for one in document.all("input", "select", "textarea")
        if one.attributes.get("id", "").startswith("f-")
    ]
    assert names[:4] == ["store_id", "code", "name", "type"]
    assert names.index("currency") > names.index("warranty_until")
    assert document.all("details")


def test_all_fields_are_shown_to_who_asks_for_them_in_that_part_of_the_archive(
    world: World, chief: TestClient
) -> None:
    """UX-10: one choice a part, kept with the person."""

    def is_open(client: TestClient, path: str) -> bool:
        folds = page(client, path).all("details")
        return any("open" in one.attributes for one in folds)

    forms = "/archive/equipment/new", "/archive/spare-parts/new", "/archive/suppliers/new"
    assert [is_open(chief, path) for path in forms] == [False] * 3
    chief.post("/archive/equipment/fields", data={"full": "1", "back": forms[0]})
    again = english(world.signed_in(CHIEF))
    assert [is_open(again, path) for path in forms] == [True, True, False]
    assert is_open(again, f"/archive/equipment/{world.mine.cabinet}")
    chief.post("/archive/spare-parts/fields", data={"full": "", "back": forms[1]})
    assert [is_open(again, path) for path in forms] == [False] * 3


def test_a_record_is_made_by_its_form(world: World, manager: TestClient) -> None:
    form = filled(page(manager, "/archive/equipment/new"))
    form |= {"store_id": str(world.mine.id), "code": "F-1", "name": "Oven", "type": "oven"}
    form |= {"cost_minor": "12,800.50", "service_life_months": "96", "notes": "a\r\nb"}
    answer = manager.post("/archive/equipment/new", data=form, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    shown = page(manager, answer.headers["location"])
    assert "¥12,800.50" in shown.text
    assert "96" in shown.text
    again = manager.post(
        "/archive/equipment/new",
        data=form | {"code": "F-2", "again": "true"},
        follow_redirects=False,
    )
    assert again.headers["location"] == f"/archive/equipment/new?store_id={world.mine.id}"


def test_a_wrong_form_comes_back_with_its_text_and_a_sentence_at_each_field(
    world: World, manager: TestClient
) -> None:
    form = {"store_id": str(world.mine.id), "code": "", "name": "Typed long", "type": ""}
    form |= {"cost_minor": "many", "zzz": "x"}
    answer = manager.post("/archive/equipment/new", data=form)
    assert answer.status_code == 422
    document = Document.of(answer.text)
    wrong = {one.attributes["name"] for one in document.all("input", "select") if is_wrong(one)}
    assert wrong == {"code", "type", "cost_minor"}
    assert "Typed long" in document.values("value")
    assert "many" in document.values("value")
    described = {i for v in document.values("aria-describedby") for i in v.split()}
    assert {"e-code", "e-type", "e-cost_minor"} <= described
    assert "open" in document.all("details")[-1].attributes, "the wrong field is folded away"


def is_wrong(one: object) -> bool:
    return getattr(one, "attributes", {}).get("aria-invalid") == "true"


def test_a_taken_code_is_told_at_its_field(world: World, manager: TestClient) -> None:
    form = {"store_id": str(world.mine.id), "code": "CAB-1", "name": "Twin", "type": "cabinet"}
    answer = manager.post("/archive/equipment/new", data=form)
    assert answer.status_code == 422
    assert "This code is taken." in Document.of(answer.text).text


def test_only_what_was_changed_is_written(world: World, manager: TestClient) -> None:
    """Somebody else's change of another field survives an older form."""
    first = filled(page(manager, edit(world)))
    second = dict(first)
    manager.post(edit(world), data=first | {"brand": "Haier"})
    answer = manager.post(edit(world), data=second | {"team": "cold"}, follow_redirects=False)
    assert answer.status_code == 303
    now = filled(page(manager, edit(world)))
    assert (now["brand"], now["team"]) == ("Haier", "cold")


def test_a_clash_shows_both_values_and_saving_again_takes_ones_own(
    world: World, manager: TestClient
) -> None:
    mine = filled(page(manager, edit(world)))
    manager.post(edit(world), data=mine | {"vendor": "Theirs Ltd"})
    answer = manager.post(edit(world), data=mine | {"vendor": "Mine Ltd", "model": "M-9"})
    assert answer.status_code == 409
    document = Document.of(answer.text)
    assert "Theirs Ltd" in document.text
    back = filled(document)
    assert (back["vendor"], back["model"]) == ("Mine Ltd", "M-9")
    done = manager.post(edit(world), data=back, follow_redirects=False)
    assert done.status_code == 303
    now = filled(page(manager, edit(world)))
    assert (now["vendor"], now["model"]) == ("Mine Ltd", "M-9")


def test_history_tells_before_and_after_and_undoes(world: World, manager: TestClient) -> None:
    form = filled(page(manager, edit(world)))
    manager.post(edit(world), data=form | {"device_id": "cabinet-9", "reason": "rewired"})
    record = page(manager, f"/archive/equipment/{world.mine.cabinet}")
    assert "rewired" in record.text
    assert "cabinet-1" in record.text
    undo = next(one.attributes["action"] for one in record.all("form") if is_undo(one.attributes))
    assert manager.post(undo, follow_redirects=False).status_code == 303
    assert filled(page(manager, edit(world)))["device_id"] == "cabinet-1"


def is_undo(attributes: dict[str, str]) -> bool:
    return "/undo/" in attributes.get("action", "")


def test_archive_and_restore(world: World, manager: TestClient) -> None:
    path = f"/archive/areas/{world.mine.area}"
    assert manager.post(f"{path}/archive", follow_redirects=False).status_code == 303
    assert "amber-1-area" not in page(manager, "/archive/areas").text
    assert "amber-1-area" in page(manager, "/archive/areas?archived=true").text
    archived = page(manager, path)
    assert f"{path}/edit" not in archived.values("href")
    assert manager.post(f"{path}/restore", follow_redirects=False).status_code == 303
    assert "amber-1-area" in page(manager, "/archive/areas").text


def test_a_store_leads_to_all_that_belongs_to_it(world: World, manager: TestClient) -> None:
    """STO-02: any fact about a store in two clicks."""
    store = page(manager, f"/archive/stores/{world.mine.id}")
    links = store.values("href")
    assert f"/archive/equipment?filter[store_id]={world.mine.id}" in links
    assert f"/archive/areas/new?store_id={world.mine.id}" in links
    assert f"/stores/{world.mine.id}" in links


def test_who_may_not_change_is_offered_no_change(world: World) -> None:
    client = english(world.signed_in("clerk"))
    record = page(client, f"/archive/equipment/{world.mine.cabinet}")
    assert not [one for one in record.all("form") if is_undo(one.attributes)]
    assert not [href for href in record.values("href") if href.endswith("/edit")]
    page(client, edit(world), 403)
    assert client.post(edit(world), data={"name": "x"}).status_code == 403
    page(client, "/archive/users", 403)


def test_a_store_that_is_named_narrows_the_areas_to_choose(world: World, chief: TestClient) -> None:
    new = page(chief, f"/archive/equipment/new?store_id={world.mine.id}")
    options = {one.text.strip() for one in new.all("option")}
    assert "amber-1-area" in options
    assert "amber-2-area" not in options
    unnamed = {one.text.strip() for one in page(chief, "/archive/equipment/new").all("option")}
    assert {"amber-1 · amber-1-area", "amber-2 · amber-2-area"} <= unnamed


@pytest.mark.parametrize(("language", "word"), [("zh", "新建设备"), ("zh-Hant", "新建設備")])
def test_pages_speak_chinese_too(chief: TestClient, language: str, word: str) -> None:
    assert word in page(chief, f"/archive/equipment/new?lang={language}").text
