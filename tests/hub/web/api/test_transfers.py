"""INV-14, INV-21, J6.4, ANA-14: a transfer by API and page, and stock on a day as page and file."""

import csv
import io
from uuid import uuid4

from sqlalchemy import select

from hub.archive.products.records import ProductVariant
from hub.archive.stock.models import BALANCES, MovementKind
from hub.archive.stock.posting import Movement, post
from hub.kit.clock import utc_now
from hub.kit.records.log import ChangeLog
from tests.hub.web.document import Document
from tests.hub.web.world_under_test import API, CHIEF, World

PATH = f"{API}/stock-transfers"


def stocked(world: World) -> str:
    """30 pieces of the chain's product in the first store."""
    wanted = select(ProductVariant.id).where(ProductVariant.product_id == world.amber.product)
    with world.services.db.system("test") as connection:
        item = connection.execute(wanted).scalar_one()
        chain, store = world.amber.id, world.mine.id
        opening = Movement(
            chain, store, item, MovementKind.OPENING, "test", uuid4(), 0, 30_000, utc_now(), 9000
        )
        post(connection, [opening], utc_now())
    return str(item)


def test_of_twenty_pieces_eighteen_arrive(world: World) -> None:
    item, other = stocked(world), world.amber.stores[1]
    chief, keeper = world.as_(CHIEF), world.as_("stock_keeper")
    wish: dict[str, object] = {"id": str(uuid4())}
    wish |= {"from_store_id": str(world.mine.id), "to_store_id": str(other.id)}
    wish["lines"] = [{"item_id": item, "quantity_milli": 20_000}]
    assert world.as_("clerk").post(PATH, json=wish).status_code == 404  # sees one store alone
    made = [chief.post(PATH, json=wish) for _ in range(2)]
    assert [one.status_code for one in made] == [201, 201]
    one = f"{PATH}/{wish['id']}"
    assert made[0].json()["status"] == "approved"  # who asks may also give
    assert [one["id"] for one in keeper.get(PATH).json()["items"]] == [wish["id"]]
    assert keeper.get(one).json()["can"] == ["cancel", "ship"]
    assert world.as_("clerk").post(f"{one}/ship").status_code == 403
    assert keeper.post(f"{one}/ship").json()["status"] == "shipped"
    assert keeper.post(f"{one}/receive", json={}).status_code == 403
    page = world.signed_in(CHIEF)
    form = {"received-0": "18", "damaged-0": "1", "lost-0": "1"}
    assert page.post(f"/stock/transfers/{wish['id']}/receive", data=form).status_code == 422
    done = page.post(
        f"/stock/transfers/{wish['id']}/receive?lang=en", data=form | {"reason": "wet"}
    )
    text = Document.of(done.text).text
    assert "Received" in text
    assert "wet" in text
    columns = BALANCES.c
    with world.services.db.system_read("test") as connection:
        held = select(columns.store_id, columns.on_hand_milli, columns.in_transit_milli)
        rows = {row[0]: tuple(row[1:]) for row in connection.execute(held)}
    assert rows[world.mine.id] == (10_000, 0)
    assert rows[other.id] == (18_000, 0)
    assert keeper.post(f"{one}/no-step").status_code == 404
    assert world.as_("hr").get(PATH).status_code == 403


def test_what_is_exported_is_what_is_shown(world: World) -> None:
    stocked(world)
    page = world.signed_in(CHIEF)
    day = utc_now().date().isoformat()
    address = {"store": str(world.mine.id), "on": f"{int(day[:4]) + 1}{day[4:]}"}
    shown = page.get("/stock/on", params=address | {"lang": "en"})
    file = page.get("/stock/on/file", params=address)
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert rows[0][2] == "Quantity"
    for row in rows[1:]:
        assert row[1] in shown.text
        assert f">{float(row[2]):g}<" in shown.text
    assert len(rows) == 2
    empty = page.get("/stock/on", params=address | {"on": "2020-01-01", "lang": "en"})
    assert "Nothing in stock" in empty.text
    with world.amber.read() as session:
        told = select(ChangeLog).where(ChangeLog.record_type == "stock")
        assert session.scalars(told).one().values == {"rows": [None, 1]}
