"""Courses by role, with a quiz that must be all right, and who is how far (UX-07, UX-08)."""

from collections.abc import Iterator

import pytest

from hub.security.roles import SEEDS
from hub.web.courses import COURSES, path_of_roles
from hub.web.help import TOPICS
from tests.hub.web.pages.test_records import english
from tests.hub.web.world_under_test import CHIEF, World, open_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        yield made


def test_every_role_has_a_path_made_of_topics_that_exist() -> None:
    roles = {seed.code for seed in SEEDS}
    for course in COURSES:
        assert course.roles <= roles, course.slug
        assert set(course.lessons) <= set(TOPICS), course.slug
        assert course.quiz
        for question in course.quiz:
            assert sorted(question.shown) == [0, 1, 2]
    assert "till" in [one.slug for one in path_of_roles(["cashier"])]
    assert "stock" in [one.slug for one in path_of_roles(["stock_keeper"])]
    assert "till" not in [one.slug for one in path_of_roles(["stock_keeper"])]
    assert all(path_of_roles([role]) for role in roles)


def test_all_right_is_passed_and_a_wrong_answer_is_shown(world: World) -> None:
    cashier = english(world.signed_in("cashier"))
    wrong = cashier.post("/courses/till", data={"q0": "1", "q1": "0"})
    assert wrong.status_code == 422
    assert "1 not right yet" in wrong.text
    assert 'class="is-wrong"' in wrong.text
    assert cashier.post("/courses/till", data={}).status_code == 422, "nothing is not right"
    path = path_of_roles(["cashier"])
    assert f"0 / {len(path)}" in cashier.get("/courses").text
    assert "Passed" in cashier.post("/courses/till", data={"q0": "0", "q1": "0"}).text
    assert f"1 / {len(path)}" in english(world.signed_in("cashier")).get("/courses").text
    assert cashier.get("/courses/none").status_code == 404


def test_who_leads_people_sees_how_far_they_are_and_prints_the_kit(world: World) -> None:
    chief = english(world.signed_in(CHIEF))
    world.signed_in("clerk").post("/courses/till", data={"q0": "0", "q1": "0"})
    page = chief.get("/courses/people").text
    assert "to do" in page
    assert page.count("20") > 1
    right = COURSES[2].quiz[0].right.en
    assert f"<strong>{right}</strong>" in chief.get("/courses/till/kit").text
    clerk = world.signed_in("clerk")
    assert clerk.get("/courses/people").status_code == 403
    assert clerk.get("/courses/till/kit").status_code == 403
