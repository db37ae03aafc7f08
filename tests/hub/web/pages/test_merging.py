"""Pages of duplicates: pairs, side by side, merged, undone, for whoever may alone (CUS-25)."""

from collections.abc import Iterator

import pytest

from hub.archive.products.records import Product
from hub.archive.stock.models import MovementKind
from hub.archive.stock.posting import Movement, post
from hub.archive.suppliers.records import Supplier
from hub.kit.clock import utc_now
from hub.kit.ids import uuid7
from hub.kit.records.apply import Change, apply
from tests.hub.web.pages.test_records import english
from tests.hub.web.world_under_test import CHIEF, World, open_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        yield made


def test_a_pair_is_compared_merged_and_parted_again(world: World) -> None:
    with world.amber.write() as session:
        one = apply(session, Supplier, Change(values={"code": "G-1", "name": "Sunrise Ltd."}))
        values = {"code": "G-2", "name": "SUNRISE", "address": "1 Dawn Street"}
        other = apply(session, Supplier, Change(values=values))
    chief = english(world.signed_in(CHIEF))
    assert "Find duplicates" in chief.get("/archive/suppliers").text
    page = chief.get("/archive/suppliers/duplicates").text
    href = f"/archive/suppliers/{one.id}/merge/{other.id}"
    assert href in page
    both = chief.get(href).text
    assert "1 Dawn Street" in both
    assert 'name="take.address" value="gone" checked' in both, "the only one that is known"
    answer = chief.post(href, data={"take.address": "gone", "take.name": "keep"})
    assert "Undo the merge" in answer.text
    assert "1 Dawn Street" in chief.get(f"/archive/suppliers/{one.id}").text
    batch = answer.text.split('name="batch" value="')[1][:36]
    chief.post("/archive/suppliers/duplicates/undo", data={"batch": batch})
    with world.amber.read() as session:
        kept = session.get(Supplier, one.id)
        assert kept
        assert kept.address is None
    assert href in chief.get("/archive/suppliers/duplicates").text


def test_a_product_that_has_moved_stays(world: World) -> None:
    """The ledger names its variant for ever."""
    chief, amber = english(world.signed_in(CHIEF)), world.amber
    with amber.write() as session:
        moved = session.get(Product, amber.product)
        assert moved
        item = moved.variants[0].id
        other = apply(session, Product, Change(values={"code": "P-9", "name": "amber product"})).id
    with amber.db.system("test") as connection:
        about = (amber.id, world.mine.id, item, MovementKind.OPENING, "test", uuid7(), 1, 5000)
        post(connection, [Movement(*about, utc_now())], utc_now())
    answer = chief.post(f"/archive/products/{other}/merge/{amber.product}")
    assert answer.status_code == 409
    assert "has moved in the stock" in answer.text
    answer = chief.post(f"/archive/products/{amber.product}/merge/{other}")
    assert "Undo the merge" in answer.text


def test_a_clerk_is_not_offered_it(world: World) -> None:
    clerk = english(world.signed_in("clerk"))
    assert "Find duplicates" not in clerk.get("/archive/products").text
    assert clerk.get("/archive/products/duplicates").status_code == 403
    assert english(world.signed_in(CHIEF)).get("/archive/equipment/duplicates").status_code == 403
