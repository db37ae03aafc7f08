"""Work orders on pages: list, board, one order, the machine that a scan opens, labels."""

import io
from uuid import UUID, uuid4

import pytest
from PIL import Image
from sqlalchemy import select
from starlette.testclient import TestClient

from hub.archive.stock.models import BALANCES, MOVEMENTS
from tests.hub.web.conftest import signed_in
from tests.hub.web.document import Document
from tests.hub.web.store_under_test import LOGIN, StoreUnderTest


@pytest.fixture
def client(store: StoreUnderTest) -> TestClient:
    return signed_in(store, "manager")


def machine(client: TestClient) -> UUID:
    items = client.get("/api/v1/equipment?filter[type]=freezer").json()["items"]
    return UUID(items[0]["id"])


def reported(client: TestClient, title: str) -> str:
    """The page of an order that was reported by one tap."""
    form = {"sent_id": str(uuid4()), "title": title}
    answer = client.post(f"/machines/{machine(client)}/report?lang=en", data=form)
    assert answer.status_code == 200
    return str(answer.url.path)


def test_a_fault_in_one_tap_and_its_way_by_forms(client: TestClient) -> None:
    """STO-06, STO-12, J3 step 4 and 5: without any script too."""
    path = reported(client, "Freezer: leaks")
    client.post(f"{path}/accept")
    client.post(f"{path}/move", data={"status": "working"})
    page = Document.of(client.get(f"{path}?lang=en").text)
    boxes = [one for one in page.all("input") if one.attributes.get("name") == "item"]
    assert len(boxes) > 3
    for box in boxes:
        item = box.attributes["value"]
        client.post(f"{path}/check", data={"item": item, "done": "true"})
    client.post(f"{path}/parts", data={"name": "seal", "quantity": 2, "cost": "35.5"})
    done = client.post(f"{path}/done", data={"remedy": "new seal", "signed_by": "on site"})
    assert "¥35.50" in done.text
    text = Document.of(client.post(f"{path}/verify?lang=en").text).text
    for part in ("Verified", "new seal", "Part used: seal × 2", "on site"):
        assert part in text


def test_list_board_and_machine_show_it(client: TestClient) -> None:
    path = reported(client, "Freezer: strange noise")
    for query in ("", "&layout=board", "&show=all"):
        assert path in Document.of(client.get(f"/work-orders?lang=en{query}").text).values("href")
    shown = Document.of(client.get(f"/machines/{machine(client)}?lang=en").text)
    assert path in shown.values("href")
    assert "Mean time to repair" in shown.text


@pytest.mark.parametrize("layout", ["sheet", "tape"])
def test_labels_have_a_code_and_words_for_each_machine(client: TestClient, layout: str) -> None:
    """STO-12."""
    page = Document.of(client.get(f"/machines/labels/{layout}").text)
    number = client.get("/api/v1/equipment?size=200").json()["total"]
    paper = {"sheet": "size: A4", "tape": "size: 62mm 29mm"}[layout]
    styles = [client.get(one).text for one in page.values("href") if one.endswith(".css")]
    assert any(paper in one for one in styles)
    assert len([one for one in page.all("svg") if one.attributes.get("role") == "img"]) == number


def test_who_only_looks_has_no_buttons(client: TestClient, store: StoreUnderTest) -> None:
    path = reported(client, "Freezer: no power")
    analyst = signed_in(store, "analyst")
    actions = Document.of(analyst.get(path).text).values("action")
    assert not [one for one in actions if one.startswith("/work-orders")]
    assert signed_in(store, LOGIN.username).get(path).status_code == 200


@pytest.mark.parametrize(("status", "code"), [("cancelled", 403), ("verified", 422), ("done", 422)])
def test_an_address_does_no_more_than_its_page(
    client: TestClient, store: StoreUnderTest, status: str, code: int
) -> None:
    """STO-10, SEC-04: whoever works on an order neither cancels nor verifies it by another road."""
    path = in_work(client, "Freezer: smells")
    worker = signed_in(store, "technician")
    assert worker.post(f"{path}/move", data={"status": status}).status_code == code
    assert worker.post(f"/api/v1{path}/move", json={"status": status}).status_code == code
    assert worker.post(f"{path}/assign", data={"contractor": "somebody"}).status_code == 403
    assert "In work" in Document.of(client.get(f"{path}?lang=en").text).text


def in_work(client: TestClient, title: str) -> str:
    path = reported(client, title)
    client.post(f"{path}/accept")
    client.post(f"{path}/move", data={"status": "working"})
    return path


def test_a_spare_part_leaves_the_stock_of_the_store(store: StoreUnderTest) -> None:
    """STO-10, INV-01: one ledger; the part costs what the stock of it is worth."""
    client = signed_in(store, LOGIN.username)
    made = client.post(
        "/api/v1/spare-parts",
        json={"code": "FAN-12", "name": "fan motor", "cost_minor": 12_000, "currency": "CNY"},
    )
    assert made.status_code == 201, made.text
    part = made.json()["id"]
    path = in_work(client, "Freezer: fan")
    order = UUID(path.rsplit("/", 1)[-1])
    shown = Document.of(client.get(f"{path}?lang=en").text)
    assert part in shown.values("value")
    taken = client.post(f"{path}/spares?lang=en", data={"part_id": part, "pieces": 2})
    assert "Part used: fan motor × 2" in Document.of(taken.text).text
    assert "¥240.00" in taken.text
    with store.services.db.system_read("test") as connection:
        (row,) = connection.execute(
            select(MOVEMENTS).where(MOVEMENTS.c.document_id == order)
        ).mappings()
        balance = connection.execute(
            select(BALANCES.c.on_hand_milli).where(BALANCES.c.item_id == UUID(part))
        ).scalar_one()
    assert (row["kind"], row["quantity_milli"], row["value_minor"]) == ("use", -2000, -24_000)
    assert balance == -2000
    refused = client.post(f"{path}/spares", data={"part_id": part, "pieces": 0})
    assert refused.status_code == 422


def test_photos_belong_to_the_order(store: StoreUnderTest) -> None:
    """STO-06: drawn anew, and seen by whoever may read the order."""
    client = signed_in(store, LOGIN.username)
    path = in_work(client, "Freezer: photo")
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(picture, "PNG")
    sent = {"file": ("before.png", picture.getvalue(), "image/png")}
    page = Document.of(client.post(f"{path}/photos?lang=en", files=sent).text)
    (source,) = [one for one in page.values("src") if f"{path}/photos/" in one]
    assert client.get(source).headers["content-type"] == "image/jpeg"
    assert "Photo: before.png" in page.text
    other = in_work(client, "Freezer: other")
    photo = source.rsplit("/", 1)[-1]
    assert client.get(f"{other}/photos/{photo}").status_code == 404
    bad = {"file": ("note.png", b"no picture", "image/png")}
    assert client.post(f"{path}/photos", files=bad).status_code == 422


def shot(name: str) -> dict[str, tuple[str, bytes, str]]:
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(picture, "PNG")
    return {"file": (name, picture.getvalue(), "image/png")}


def test_what_a_phone_sends_twice_is_done_once(client: TestClient) -> None:
    """STO-06, STO-12: the answer was lost on the way, so it comes again."""
    path = in_work(client, "Freezer: fan")
    part = {"sent_id": str(uuid4()), "name": "fan", "cost": "10"}
    photo = {"sent_id": str(uuid4())}
    for _ in range(2):
        assert client.post(f"{path}/parts", data=part).status_code == 200
        assert client.post(f"{path}/photos", data=photo, files=shot("a.png")).status_code == 200
    order = client.get(f"/api/v1{path}").json()
    assert [one["name"] for one in order["parts"]] == ["fan"]
    assert [one["kind"] for one in order["history"]].count("photo") == 1


def test_what_somebody_else_changed_meanwhile_is_said(client: TestClient) -> None:
    """STO-06: nothing is overwritten that was not seen; a tick fits beside anything."""
    path = in_work(client, "Freezer: leak")
    seen = client.get(f"/api/v1{path}").json()["version"]
    client.post(f"{path}/move", data={"status": "waiting"})
    late = {"status": "working", "version": seen}
    asked = {"Accept": "application/json", "Accept-Language": "en"}
    refused = client.post(f"{path}/move", data=late, headers=asked)
    assert refused.status_code == 409
    assert "it is “Waiting for parts” now, last changed by" in refused.json()["detail"]
    ticked = client.post(f"{path}/check", data={"item": 0, "done": "true", "version": seen})
    assert ticked.status_code == 200
    assert client.post(f"{path}/move", data={"status": "working"}).status_code == 200


def test_a_fault_is_reported_with_its_photo(client: TestClient) -> None:
    """STO-12: two taps; sent twice it is one order with one photo."""
    form = {"sent_id": str(uuid4()), "title": "Freezer: noise"}
    url = f"/machines/{machine(client)}/report?lang=en"
    first, again = (client.post(url, data=form, files=shot("noise.png")) for _ in range(2))
    assert first.url == again.url
    assert len([one for one in Document.of(again.text).values("alt") if one == "noise.png"]) == 1


def test_the_list_renews_itself_on_an_open_page(client: TestClient) -> None:
    """ALR-07: what htmx asks for when an order changes is the list alone."""
    reported(client, "Freezer: rattles")
    for layout in ("list", "board"):
        part = client.get(f"/work-orders?layout={layout}", headers={"HX-Target": "order_list"})
        assert part.status_code == 200
        assert part.text.lstrip().startswith('<div id="order_list"')
        assert "Freezer: rattles" in part.text or "冷冻柜" in part.text
