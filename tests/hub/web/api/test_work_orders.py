"""/work-orders: J3 from the alert to the verified repair, by role and scope (STO-05..STO-11)."""

from typing import Any
from uuid import uuid4

import pytest

from hub.detection.findings import Rule, Severity
from tests.hub.web.api.test_alerts import raise_alert
from tests.hub.web.world_under_test import API, World

ORDERS = f"{API}/work-orders"
MANAGER, TECHNICIAN = "store_manager", "technician"


def order_of(world: World, **given: Any) -> dict[str, Any]:
    """A new order of an alert of the cabinet."""
    source = f"cabinet-1/{uuid4().hex[:8]}"
    given = {"rule": Rule.SENSOR_STUCK, "severity": Severity.HIGH} | given
    alert = raise_alert(world, world.mine.id, source=source, **given)
    made = world.as_(MANAGER).post(ORDERS, json={"alert_id": alert})
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


def act(world: World, role: str, order: dict[str, Any], what: str, **body: Any) -> Any:
    return world.as_(role).post(f"{ORDERS}/{order['id']}/{what}", json=body)


def test_an_alert_has_one_order_however_often_it_is_asked_for(world: World) -> None:
    """ALR-02: linked, never copied."""
    order = order_of(world)
    again = world.as_(MANAGER).post(ORDERS, json={"alert_id": order["alert_id"]}).json()
    assert again["id"] == order["id"]
    alert = world.as_(MANAGER).get(f"{API}/alerts/{order['alert_id']}").json()
    line = alert["history"][-1]
    assert (line["kind"], line["detail"]["order_id"]) == ("ordered", order["id"])
    assert order["equipment_id"] == str(world.mine.cabinet)
    assert order["down_since"] == alert["began_at"]
    assert order["severity"] == "high"


def test_from_accepting_to_the_verified_repair(world: World) -> None:
    """STO-06, STO-10: required items and a signature hold it open; its alert closes with it."""
    order = order_of(world)
    assert act(world, TECHNICIAN, order, "accept").json()["status"] == "accepted"
    assert act(world, TECHNICIAN, order, "move", status="on_the_way").status_code == 200
    assert act(world, TECHNICIAN, order, "move", status="working").status_code == 200
    early = act(world, TECHNICIAN, order, "done", remedy="", signed_by="")
    assert early.status_code == 422
    for number, item in enumerate(order["checklist"]):
        if item["is_required"]:
            ticked = act(world, TECHNICIAN, order, "check", item=number, is_done=True)
            assert ticked.status_code == 200
    unsigned = act(world, TECHNICIAN, order, "done", remedy="new fan", signed_by=" ")
    assert unsigned.status_code == 422
    part = {"name": "evaporator fan", "quantity_milli": 1000, "cost_minor": 32_000}
    assert act(world, TECHNICIAN, order, "parts", **part).json()["cost_minor"] == 32_000
    report = {"remedy": "new fan", "signed_by": "on site", "labour_cost_minor": 10_000}
    done = act(world, TECHNICIAN, order, "done", **report, labour_min=45).json()
    assert (done["status"], done["cost_minor"], done["labour_min"]) == ("done", 42_000, 45)
    assert act(world, TECHNICIAN, order, "verify").status_code == 403
    verified = act(world, MANAGER, order, "verify").json()
    assert verified["status"] == "verified"
    assert verified["closed_at"]
    kinds = [line["kind"] for line in verified["history"]]
    assert kinds == ["created", "accepted", "on_the_way", "working", "part", "done", "verified"]
    alert = world.as_(MANAGER).get(f"{API}/alerts/{order['alert_id']}").json()
    assert (alert["status"], alert["history"][-1]["note"]) == ("resolved", "new fan")
    assert act(world, TECHNICIAN, order, "accept").status_code == 409


def test_who_declines_says_why_and_a_contractor_needs_no_account(world: World) -> None:
    order = order_of(world)
    assert act(world, TECHNICIAN, order, "decline", reason="").status_code == 422
    given = act(world, MANAGER, order, "assign", contractor="Cold & Co").json()
    assert (given["status"], given["contractor"]) == ("assigned", "Cold & Co")
    back = act(world, TECHNICIAN, order, "decline", reason="no part").json()
    assert (back["status"], back["contractor"]) == ("new", "")
    assert back["history"][-1]["note"] == "no part"


@pytest.mark.parametrize("status", ["verified", "done", "assigned", "nonsense"])
def test_no_step_is_skipped(world: World, status: str) -> None:
    order = order_of(world)
    assert act(world, MANAGER, order, "move", status=status).status_code == 422
    assert act(world, MANAGER, order, "verify").status_code == 409


def test_a_report_that_is_sent_twice_is_one_order(world: World) -> None:
    """STO-12: a phone without signal sends again."""
    fault = {"equipment_id": str(world.mine.cabinet), "title": "leaks", "sent_id": str(uuid4())}
    first = world.as_("clerk").post(ORDERS, json=fault)
    again = world.as_("clerk").post(ORDERS, json=fault)
    assert (first.status_code, first.json()["id"]) == (201, again.json()["id"])
    listed = world.as_("clerk").get(f"{ORDERS}?filter[equipment_id]={world.mine.cabinet}").json()
    assert [one["id"] for one in listed["items"]].count(first.json()["id"]) == 1


@pytest.mark.parametrize(
    "body", [{}, {"equipment_id": str(uuid4())}, {"alert_id": str(uuid4()), "equipment_id": None}]
)
def test_an_order_needs_a_cause_that_is_there(world: World, body: dict[str, Any]) -> None:
    assert world.as_(MANAGER).post(ORDERS, json=body).status_code in (404, 422)


def test_orders_of_other_stores_are_not_there(world: World) -> None:
    """SEC-08: neither to see nor to make, whoever asks."""
    order = order_of(world)
    stranger = world.amber.stores[1]
    fault = {"equipment_id": str(stranger.cabinet), "title": "x"}
    assert world.as_(MANAGER).post(ORDERS, json=fault).status_code == 404
    assert world.as_("hq_analyst").post(ORDERS, json=fault).status_code in (403, 404)
    assert world.as_("auditor").get(f"{ORDERS}/{order['id']}").status_code == 200
    assert world.as_("auditor").post(f"{ORDERS}/{order['id']}/accept").status_code == 403
    assert world.as_(MANAGER).get(f"{ORDERS}/{uuid4()}").status_code == 404
