"""What waits for whom: counted in the stores of a person, led to where it is done (UX-12)."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from hub.archive.contracts.records import Contract
from hub.archive.purchase_orders.records import PurchaseOrder
from hub.kit.clock import utc_now
from hub.kit.records.actions import perform
from hub.kit.records.apply import Change, apply
from hub.security.roles import SEEDS
from hub.web.tasks.kinds import KINDS
from tests.hub.web.api.test_alerts import raise_alert
from tests.hub.web.pages.test_records import english
from tests.hub.web.world_under_test import CHIEF, WIDE, World, open_world

LINE = re.compile(
    r'<a href="([^"]+)"><svg.*?</svg><span>([^<]+)</span><span class="tally push">(\d+)'
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        yield made


def tasks(client: TestClient, page: str = "/tasks") -> dict[str, tuple[str, int]]:
    """What waits by its words: (page, how many)."""
    found = LINE.findall(client.get(page).text)
    return {text: (href.replace("&amp;", "&"), int(n)) for href, text, n in found}


def test_every_kind_names_a_right_of_some_role() -> None:
    rights = set().union(*(seed.rights for seed in SEEDS))
    assert {kind.right for kind in KINDS.values()} - {""} <= rights


def test_what_waits_is_counted_in_one_s_own_stores_and_leads_to_its_page(world: World) -> None:
    manager = english(world.signed_in("store_manager"))
    before = tasks(manager).get("Alerts nobody has acknowledged", ("", 0))[1]
    raise_alert(world, world.mine.id)
    raise_alert(world, world.foreign[0].id)
    with world.amber.write() as session:
        for store in world.amber.stores:
            order = store.ids["purchase_orders"]
            items = [{"product_id": world.amber.product, "quantity_milli": 1000, "price_minor": 5}]
            apply(session, PurchaseOrder, Change(order, {"items": items}))
            perform(session, PurchaseOrder, order, "send")
    world.services.recent.__init__()  # type: ignore[misc]  # nothing is kept from before
    found = tasks(manager)
    assert found["Alerts nobody has acknowledged"] == ("/alerts?status=raised", before + 1)
    assert found["Purchase orders to receive"][1] == 1
    assert manager.get(found["Purchase orders to receive"][0]).status_code == 200
    assert tasks(manager, "/") == found, "the overview shows the same"
    clerk = english(world.signed_in("clerk"))
    assert "Purchase orders to receive" not in tasks(clerk), "not a clerk's work"


def test_every_page_that_a_task_leads_to_opens(world: World) -> None:
    everybody = world.signed_in(WIDE)
    pages = {kind.page for kind in KINDS.values()}
    assert {page: everybody.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)


def test_contracts_wait_for_who_decides_in_the_whole_chain(world: World) -> None:
    values = {
        "number": "HT-1",
        "title": "rent",
        "valid_until": utc_now().date() + timedelta(days=9),
    }
    with world.amber.write() as session:
        apply(session, Contract, Change(values=values))
    world.services.recent.__init__()  # type: ignore[misc]
    found = tasks(english(world.signed_in(CHIEF)))
    assert found["Contracts that end soon, to decide"][1] >= 1
    manager = tasks(english(world.signed_in("hq_manager")))  # of one store in this world
    assert "Contracts that end soon, to decide" not in manager


def test_feedback_waits_for_those_who_answer_it(world: World) -> None:
    world.signed_in("clerk").post("/feedback", data={"kind": "idea", "text": "darker"})
    world.services.recent.__init__()  # type: ignore[misc]
    assert tasks(english(world.signed_in(CHIEF)))["Feedback to answer"][1] >= 1


def test_steps_are_ticked_and_unticked_by_those_whose_work_it_is(world: World) -> None:
    technician = english(world.signed_in("technician"))
    assert technician.post("/tasks/repair", data={"step": 1}).status_code == 200
    assert "1 / 4" in technician.get("/tasks").text
    technician.post("/tasks/repair", data={"step": 1})
    assert "1 / 4" not in technician.get("/tasks").text
    assert technician.post("/tasks/close", data={"step": 1}).status_code == 404
    assert technician.post("/tasks/repair", data={"step": 9}).status_code == 404
