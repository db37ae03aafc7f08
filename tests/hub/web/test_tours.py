"""The first look around: by role, step by step, ended once and for all (UX-03)."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from hub.security.roles import SEEDS
from hub.web.tours import FIND, HELP, TOURS
from tests.hub.web.document import Document
from tests.hub.web.pages.test_records import english
from tests.hub.web.world_under_test import World, open_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        yield made


def steps(client: TestClient, path: str = "/help") -> dict[str, str]:
    """What the buttons of the card say and where they lead; {} when there is no card."""
    document = Document.of(client.get(path).text)
    buttons = [one for one in document.all("button") if one.attributes.get("name") == "step"]
    return {one.text: one.attributes["value"] for one in buttons}


def marked(client: TestClient, path: str) -> list[str]:
    found = Document.of(client.get(path).text).elements
    return [one.tag for one in found if "marked" in one.attributes.get("class", "").split()]


def test_roles_of_a_tour_exist_and_each_is_short() -> None:
    roles = {seed.code for seed in SEEDS}
    for held, tour in TOURS:
        assert held <= roles
        assert len(tour) <= 5
        assert {FIND, HELP} <= set(tour)


def test_a_clerk_goes_through_and_never_sees_it_again(world: World) -> None:
    clerk = english(world.signed_in("clerk"))
    assert steps(clerk) == {"Start": "1", "No, thanks": "-1"}
    pages = []
    for number in range(1, 6):
        form = {"step": str(number), "here": "/help"}
        answer = clerk.post("/tour", data=form, follow_redirects=False)
        pages.append(answer.headers["location"])
        assert marked(clerk, pages[-1]), "the page shows what the step speaks of"
    assert pages == ["/archive", "/stock", "/work-orders", "/help", "/help"]
    assert steps(clerk) == {"Done": "6", "Back": "4"}
    clerk.post("/tour", data={"step": "6"})
    assert steps(clerk) == {}
    assert steps(english(world.signed_in("clerk"))) == {}, "another browser knows it too"


def test_a_step_that_one_may_not_see_is_left_out(world: World) -> None:
    cashier = english(world.signed_in("cashier"))
    cashier.post("/tour", data={"step": "2"})
    assert "One box finds everything" in cashier.get("/help").text


def test_whoever_says_no_is_left_alone_and_may_begin_again(world: World) -> None:
    auditor = english(world.signed_in("auditor"))
    away = auditor.post("/tour", data={"step": "-1", "here": "//evil"}, follow_redirects=False)
    assert away.headers["location"] == "/"
    assert steps(auditor) == {}
    auditor.post("/tour", data={"step": "1"})
    assert steps(auditor) == {"Next": "2", "End": "-1"}
