"""The command palette: by letters, pinyin and full-width digits, and only what one may (UX-14)."""

import time
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from hub.archive.regions.records import Region
from hub.archive.stores.records import Store
from hub.errors import T
from hub.kit.records.apply import Change, apply
from hub.web.palette import has_letters, is_called, plain
from tests.hub.web.document import Document
from tests.hub.web.pages.test_records import english
from tests.hub.web.world_under_test import CHIEF, World, open_world

LIMIT_S = 0.3


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        with made.amber.write() as session:
            apply(session, Store, Change(values={"code": "009", "name": "重庆解放碑店"}))
            apply(session, Region, Change(values={"code": "CQ", "name": "重庆"}))
        yield made


def found(client: TestClient, q: str) -> dict[str, str]:
    """Text → address of every line."""
    answer = client.get("/palette", params={"q": q})
    assert answer.status_code == 200
    return {one.text: one.attributes["href"] for one in Document.of(answer.text).all("a")}


@pytest.mark.parametrize("typed", ["cq9", "重庆", "CQ００９", "chongqing", " jfb "])
def test_a_store_is_found_by_letters_in_their_order(world: World, typed: str) -> None:
    chief = english(world.signed_in(CHIEF))
    lines = found(chief, typed)
    assert [text for text in lines if "重庆解放碑店" in text], lines


def test_records_of_every_type_pages_and_actions_are_found(world: World) -> None:
    chief = english(world.signed_in(CHIEF))
    assert "/archive/equipment/" in str(found(chief, "amber-1-cabinet").values())
    assert found(chief, "help")["Help"] == "/help"
    assert found(chief, "bz")["Help"] == "/help", "initials of its Chinese name"
    assert found(chief, "new equipment")["New equipment"] == "/archive/equipment/new"
    assert found(chief, "suppliers")["Suppliers"] == "/archive/suppliers"


def test_nothing_typed_gives_the_pages(world: World) -> None:
    lines = found(english(world.signed_in("clerk")), "")
    assert lines["Overview"] == "/"
    assert "Admin" not in lines


def test_only_what_one_may_is_named(world: World) -> None:
    clerk = english(world.signed_in("clerk"))
    assert "amber-2" not in str(found(clerk, "amber"))
    assert "cobalt" not in str(found(clerk, "cobalt"))
    assert "New equipment" not in found(clerk, "new")
    manager = english(world.signed_in("store_manager"))
    assert "New equipment" in found(manager, "new")
    assert "New store" not in found(manager, "new")


def test_it_is_quick(world: World) -> None:
    chief = english(world.signed_in(CHIEF))
    found(chief, "amber")
    began = time.process_time()
    found(chief, "amber-product")
    assert time.process_time() - began < LIMIT_S


def test_what_is_found_is_escaped(world: World) -> None:
    answer = world.signed_in(CHIEF).get("/palette", params={"q": "<b>x"})
    assert "<b>x" not in answer.text


def test_full_width_letters_are_plain_ones() -> None:
    assert plain("  ＡＢ　０９ ") == "ab 09"
    assert len(plain("x" * 500)) == 60


def test_letters_must_stand_in_their_order_within_one_way_of_writing() -> None:
    assert has_letters("cq9", "重庆店009\nchongqingdian009\ncqd009")
    assert not has_letters("9cq", "cqd009")
    assert not has_letters("dc", "abcd\ncd")


def test_a_page_is_called_by_either_language() -> None:
    text = T("全部档案", "All of the archive")
    assert all(is_called(q, text) for q in ("qbda", "档案", "檔案", "archive all"))
    assert not is_called("alerts", text)


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("6901234567892", "/archive/products/{product}"),
        ("６９０１２３４５６７８９２", "/archive/products/{product}"),
        ("https://hub.example/machines/{cabinet}", "/machines/{cabinet}"),
        ("cab-1", "/archive/equipment/{cabinet}"),
    ],
)
def test_a_scanned_code_leads_to_what_has_it(world: World, code: str, place: str) -> None:
    """PRD-09, STO-12: barcode, label and code, in full-width digits too."""
    ids = {"product": world.amber.product, "cabinet": world.mine.cabinet}
    manager = world.signed_in("store_manager")
    answer = manager.get("/scan", params={"code": code.format(**ids)}, follow_redirects=False)
    assert answer.headers["location"] == place.format(**ids)


def test_a_code_that_nothing_has_says_so(world: World) -> None:
    answer = english(world.signed_in("store_manager")).get("/scan?code=0000000000")
    assert answer.status_code == 404
    assert "0000000000" in answer.text
