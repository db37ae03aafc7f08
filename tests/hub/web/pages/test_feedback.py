"""Feedback from a page to its answer (UX-06, UX-17)."""

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.hub.web.document import Document
from tests.hub.web.pages.test_records import english
from tests.hub.web.world_under_test import API, CHIEF, World, open_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        yield made


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "PNG")
    return out.getvalue()


def votes(client: TestClient) -> dict[str, str]:
    """Where one may join → what the button says."""
    document = Document.of(client.get("/feedback").text)
    buttons = [one.text.strip() for one in document.all("button") if "Me too" in one.text]
    forms = [a for a in document.values("action") if a.endswith("/vote")]
    return dict(zip(forms, buttons, strict=True))


def test_a_cashier_tells_and_reads_the_answer(world: World) -> None:
    """Nobody needs a right to speak up; page, browser, release and the picture go with it."""
    cashier = english(world.signed_in("cashier"))
    page = Document.of(cashier.get("/archive/customers?q=Li").text)
    (asked,) = [h for h in page.values("hx-get") if h.startswith("/feedback/new")]
    form = cashier.get(asked, headers={"HX-Target": "feedback_form"}).text
    assert "/archive/customers?q=Li" in form
    sent = {"kind": "problem", "text": "The list is slow\nsince noon", "page": "/archive/customers"}
    files = {"picture": ("screen.png", picture(), "image/png")}
    answer = cashier.post("/feedback", data=sent, files=files, follow_redirects=False)
    assert answer.headers["location"] == "/feedback"
    assert "Answer by" in cashier.get("/feedback").text

    chief = world.as_(CHIEF)
    (made,) = [
        one
        for one in chief.get(f"{API}/user-feedback").json()["items"]
        if one["summary"] == "The list is slow"
    ]
    assert made["page"] == "/archive/customers"
    assert made["wording"] == "The list is slow\nsince noon"
    assert len(chief.get(f"{API}/user-feedback/{made['id']}/files").json()) == 1
    change = {"version": made["version"], "state": "done", "answer": "Mended.", "released_in": "2"}
    assert chief.patch(f"{API}/user-feedback/{made['id']}", json=change).status_code == 200
    told = cashier.get("/feedback").text
    assert "Mended." in told
    assert "released in 2" in told
    assert "The list is slow" not in english(world.signed_in("clerk")).get("/feedback").text


def test_an_idea_is_seen_by_all_and_joined_once(world: World) -> None:
    clerk, other = english(world.signed_in("clerk")), english(world.signed_in("technician"))
    clerk.post("/feedback", data={"kind": "idea", "text": "Scan on the phone"})
    assert "Scan on the phone" not in votes(clerk), "nobody joins their own"
    (address,) = votes(other)
    assert votes(other)[address] == "Me too · 0"
    other.post(address)
    assert votes(other)[address] == "Me too · 1"
    other.post(address)
    assert votes(other)[address] == "Me too · 0"
    assert clerk.post(address).status_code == 404


def test_an_empty_report_comes_back_with_its_reason(world: World) -> None:
    clerk = english(world.signed_in("clerk"))
    answer = clerk.post("/feedback", data={"kind": "idea", "text": "  "})
    assert answer.status_code == 422
    assert "Write a sentence" in answer.text
    bad = {"picture": ("x.exe", b"MZ\x00", "application/octet-stream")}
    answer = clerk.post("/feedback", data={"kind": "idea", "text": "Keep me"}, files=bad)
    assert answer.status_code == 422
    assert "Keep me" in answer.text, "what was typed is not lost"


def test_another_chain_sees_nothing_of_it(world: World) -> None:
    """The ideas of one chain are its own."""
    world.cobalt.add_user("blue")
    english(world.signed_in("clerk")).post("/feedback", data={"kind": "idea", "text": "Amber only"})
    assert "Amber only" not in english(world.signed_in("blue")).get("/feedback").text
