"""One change of many records: its progress, its refusals and its undo as one (UX-02, PRD-02)."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from hub.app import job_runner
from hub.archive.products.records import Product
from hub.archive.suppliers.records import Supplier
from hub.kit.bulk.changing import AT_ONCE
from hub.kit.db import Record
from hub.kit.records.apply import Change, apply
from tests.hub.web.document import Document
from tests.hub.web.pages.test_records import english, page
from tests.hub.web.world_under_test import CHIEF, World, open_world

COUNT = AT_ONCE * 2 + 5


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        with made.amber.write() as session:
            for number in range(COUNT):
                values = {"code": f"B-{number:03d}", "name": f"bulk {number:03d}", "unit": "pc"}
                apply(session, Product, Change(values=values))
        yield made


@pytest.fixture
def chief(world: World) -> TestClient:
    return english(world.signed_in(CHIEF))


def run(world: World, client: TestClient, path: str, **form: object) -> Document:
    """Send it, let the job work, and read its page."""
    answer = client.post(path, data=form, follow_redirects=False)
    assert answer.status_code == 303, answer.text[:400]
    job_runner(world.services).run_all()
    return page(client, answer.headers["location"])


def having(world: World, model: type[Record], **values: object) -> int:
    with world.amber.read() as session:
        found = session.query(model).filter_by(**values).all()
        return len(found)


def test_all_that_match_are_changed_and_taken_back_as_one(world: World, chief: TestClient) -> None:
    state = "q=bulk"
    form = {"action": "set", "field": "unit", "value": "box", "all": "1", "state": state}
    done = run(world, chief, "/archive/products/bulk", **form)
    assert f"{COUNT} of {COUNT}" in done.text
    assert having(world, Product, unit="box") == COUNT
    (undo,) = [one for one in done.values("action") if one.endswith("/undo")]
    back = run(world, chief, undo)
    assert f"{COUNT} changes taken back" in back.text
    assert having(world, Product, unit="box") == 0


def test_a_filter_that_the_change_empties_misses_nobody(world: World, chief: TestClient) -> None:
    """Each record leaves the list while the job walks along it."""
    form = {"field": "status", "value": "off_sale", "all": "1", "state": "filter[status]=on_sale"}
    before = having(world, Product, status="on_sale")
    done = run(world, chief, "/archive/products/bulk", action="set", **form)
    assert f"{before} of {before}" in done.text
    assert having(world, Product, status="on_sale") == 0


def test_only_the_chosen_ones_and_a_label_more(world: World, chief: TestClient) -> None:
    with world.amber.write() as session:
        values = {"code": "L-1", "name": "labelled", "product_kinds": ["tea"]}
        one = apply(session, Supplier, Change(values=values)).id
    form = {"action": "label", "field": "product_kinds", "value": "fruit，tea", "id": str(one)}
    assert "1 of 1" in run(world, chief, "/archive/suppliers/bulk", **form).text
    with world.amber.read() as session:
        assert session.get_one(Supplier, one).product_kinds == ["tea", "fruit"]


def test_archived_together_and_back(world: World, chief: TestClient) -> None:
    form = {"action": "archive", "all": "1", "state": "q=bulk 00"}
    done = run(world, chief, "/archive/products/bulk", **form)
    assert "10 of 10" in done.text
    form = {"action": "restore", "all": "1", "state": "archived=true"}
    assert "10 of 10" in run(world, chief, "/archive/products/bulk", **form).text


def test_what_is_refused_is_named_with_its_reason(world: World, chief: TestClient) -> None:
    """An area of one store cannot hold the equipment of another."""
    form = {"action": "set", "field": "area_id", "value": str(world.mine.area), "all": "1"}
    done = run(world, chief, "/archive/equipment/bulk", **form)
    assert "1 not changed" in done.text
    assert "amber-2-cabinet" in done.text
    assert "Belongs to another store." in done.text


@pytest.mark.parametrize(
    "form",
    [
        {"action": "set", "field": "unit", "value": "x"},
        {"action": "explode", "all": "1"},
        {"action": "set", "field": "price_minor", "value": "many", "all": "1"},
        {"action": "set", "field": "unit", "value": "x", "all": "1", "state": "filter[no]=1"},
    ],
)
def test_a_wish_that_makes_no_sense_starts_nothing(chief: TestClient, form: dict[str, str]) -> None:
    assert chief.post("/archive/products/bulk", data=form).status_code == 422


def test_who_may_not_change_starts_nothing_and_sees_no_job_of_others(
    world: World, chief: TestClient
) -> None:
    clerk = english(world.signed_in("clerk"))
    form = {"action": "archive", "all": "1"}
    assert clerk.post("/archive/equipment/bulk", data=form).status_code == 403
    job = chief.post(
        "/archive/products/bulk", data={**form, "state": "q=none"}, follow_redirects=False
    )
    auditor = english(world.signed_in("auditor"))
    page(auditor, job.headers["location"], 404)


def test_a_manager_changes_the_own_store_alone(world: World) -> None:
    manager = english(world.signed_in("store_manager"))
    form = {"action": "set", "field": "brand", "value": "Own", "all": "1"}
    assert "1 of 1" in run(world, manager, "/archive/equipment/bulk", **form).text
