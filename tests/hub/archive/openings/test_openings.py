"""Opening balances: a file, a dry run, a cut-over day, one ledger, and back again (INT-14)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from hub.app import job_runner
from hub.archive.openings.records import OpeningBalance
from hub.archive.products.records import Product
from hub.archive.stock.ledger import disagreements, quantities_at
from hub.errors import ConflictError, HubError
from hub.kit.records.actions import perform
from hub.kit.records.apply import Change, apply
from tests.hub.web.api.test_exchange import errors, send
from tests.hub.web.world_under_test import CHIEF, WIDE, World, open_world

HEADS = "门店,商品编码或条码,切换日,数量,单位成本\n"
KIND = "opening-balances"
CUT_OVER = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        with made.amber.write() as session:
            for number in range(3):
                values = {"code": f"T-{number}", "name": f"tea {number}", "cost_minor": 200}
                apply(session, Product, Change(values=values))
        yield made


def stock(world: World, at: datetime) -> dict[str, int]:
    """What the first store has of the teas, by code."""
    with world.amber.read() as session:
        held = quantities_at(session.bare_connection(), world.mine.id, at)
        teas = session.query(Product).filter(Product.code.startswith("T-")).all()
        return {one.code: held[one.id] for one in teas if held.get(one.id)}


def lines(world: World) -> list[OpeningBalance]:
    with world.amber.read() as session:
        found = session.query(OpeningBalance).filter(OpeningBalance.code.startswith("T-"))
        return found.order_by(OpeningBalance.code).all()


def bulk(world: World, action: str) -> str:
    """Do it to all teas of the list; what the page says."""
    client = world.signed_in(WIDE)
    form = {"action": f"perform.{action}", "all": "1", "state": "q=T-"}
    answer = client.post(f"/archive/{KIND}/bulk?lang=en", data=form, follow_redirects=False)
    assert answer.status_code == 303, answer.text[:300]
    job_runner(world.services).run_all()
    return client.get(answer.headers["location"] + "?lang=en").text


def test_a_file_is_judged_posted_as_of_the_cut_over_and_taken_back(world: World) -> None:
    good = "001,T-0,2026-10-01,12.5,1.80\n001,T-1,2026-10-01,3,\n"
    wrong = send(world, f"{HEADS}{good}001,no-such-item,2026-10-01,1,1\n", KIND, dry_run=True)
    assert errors(world, wrong) == {4: {"code": "No item has this code or barcode."}}
    assert lines(world) == []

    job = send(world, HEADS + good, KIND)
    assert (job["state"], job["result"]["made"]) == ("done", 2), job
    assert stock(world, CUT_OVER) == {}, "a draft is not in the books"

    assert "2 of 2" in bulk(world, "post")
    assert stock(world, CUT_OVER) == {"T-0": 12_500, "T-1": 3000}
    assert stock(world, CUT_OVER - timedelta(days=1)) == {}, "not before the cut-over"
    with world.amber.read() as session:
        assert disagreements(session.bare_connection()) == []
    with world.amber.write() as session, pytest.raises(HubError, match="posted"):
        apply(session, OpeningBalance, Change(lines(world)[0].id, {"quantity_milli": 1}))

    assert "2 of 2" in bulk(world, "take_back")
    assert stock(world, CUT_OVER) == {}
    with world.amber.write() as session:
        apply(session, OpeningBalance, Change(lines(world)[0].id, {"quantity_milli": 7000}))
    bulk(world, "post")
    assert stock(world, CUT_OVER) == {"T-0": 7000, "T-1": 3000}, "corrected and posted again"
    with world.amber.read() as session:
        assert disagreements(session.bare_connection()) == []


def test_one_item_has_one_opening_balance_and_none_in_the_future(world: World) -> None:
    values = {"store_id": world.mine.id, "cut_over": "2026-10-01", "quantity_milli": 1000}
    with world.amber.write() as session:
        first = apply(session, OpeningBalance, Change(values=values | {"code": "T-2"})).id
        perform(session, OpeningBalance, first, "post")
        again = apply(session, OpeningBalance, Change(values=values | {"code": "tea 2"})).id
        with pytest.raises(ConflictError, match="already"):
            perform(session, OpeningBalance, again, "post")
        later = values | {"code": "T-9", "cut_over": "2099-01-01"}
        soon = apply(session, OpeningBalance, Change(values=later)).id
        with pytest.raises(ConflictError, match="not come"):
            perform(session, OpeningBalance, soon, "post")
        apply(session, OpeningBalance, Change(soon, {"cut_over": "2026-10-01"}))
        with pytest.raises(HubError, match="No item"):
            perform(session, OpeningBalance, soon, "post")


def test_a_declared_action_in_bulk_needs_its_right_and_its_name(world: World) -> None:
    form = {"action": "perform.post", "all": "1", "state": ""}
    keeper = world.signed_in("stock_keeper")
    assert keeper.post(f"/archive/{KIND}/bulk", data=form).status_code == 403
    chief = world.signed_in(CHIEF)
    for action in ("perform.nonsense", "perform", "nonsense"):
        answer = chief.post(f"/archive/{KIND}/bulk", data=form | {"action": action})
        assert answer.status_code in (403, 422), action
