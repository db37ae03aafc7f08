"""Reading and accepting before work, as pages (SEC-23); roles that wait for a yes (SEC-12)."""

import re
from collections.abc import Iterator

import pytest

from hub.archive.policies.records import Policy
from hub.kit.records.apply import Change, apply
from hub.security.approvals.giving import GIVE
from hub.security.people import People
from hub.security.policies import Policies
from tests.hub.chain_under_test import HUB, QUICK
from tests.hub.web.world_under_test import API, CHIEF, World, open_world

WORDING = "Never tell anybody what a customer bought."


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture(scope="module")
def written(world: World) -> str:
    values = {"code": "P-7", "title": "Discretion", "wording": WORDING, "review_months": 12}
    with world.amber.write() as session:
        return f"/admin/policies/{apply(session, Policy, Change(values=values)).id}"


@pytest.fixture
def policy(world: World, written: str) -> Iterator[str]:
    """Withdrawn at the end, whatever the test published."""
    yield written
    for one in Policies(world.services.db).standing(world.amber.id):
        Policies(world.services.db).withdraw(world.amber.id, one.edition.policy_id, HUB)


def test_everybody_reads_and_accepts_before_any_page_or_api(world: World, policy: str) -> None:
    clerk, chief = world.signed_in("clerk"), world.signed_in(CHIEF)
    assert clerk.get("/", follow_redirects=False).status_code == 200
    assert chief.post(f"{policy}/publish", follow_redirects=False).status_code == 303
    answer = clerk.get("/archive/stores", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/policies")
    refused = clerk.get(f"{API}/stores")
    assert refused.status_code == 403
    page = clerk.get("/policies?lang=en").text
    assert WORDING in page
    path = re.search(r"/policies/[0-9a-f-]{36}/accept", page)
    assert path is not None
    assert clerk.post(path[0]).status_code == 422, "without the tick"
    assert clerk.get(f"{API}/stores").status_code == 403
    done = clerk.post(path[0], data={"has_read": "true"})
    assert done.status_code == 200
    assert clerk.get(f"{API}/stores").status_code == 200
    assert clerk.get("/policies", follow_redirects=False).headers["location"] == "/"


@pytest.mark.parametrize("role", ["clerk", "store_manager", "auditor", "privacy_officer"])
def test_only_who_keeps_the_policies_of_the_whole_chain_publishes(
    world: World, policy: str, role: str
) -> None:
    """The privacy officer of one store binds not the others."""
    browser = world.signed_in(role)
    for action in ("publish", "withdraw"):
        assert browser.post(f"{policy}/{action}").status_code in (403, 404)
    assert Policies(world.services.db).standing(world.amber.id) == []


def test_the_page_tells_who_has_not_accepted(world: World, policy: str) -> None:
    chief = world.signed_in(CHIEF)
    chief.post(f"{policy}/publish")
    path = re.search(r"/policies/[0-9a-f-]{36}/accept", chief.get("/policies").text)
    assert path is not None
    chief.post(path[0], data={"has_read": "true"})
    page = chief.get("/admin/policies?lang=en").text
    assert "Discretion" in page
    assert re.search(r"1 / \d+", page)
    assert "clerk" in page


def test_another_chains_policy_is_not_there(world: World) -> None:
    chief = world.signed_in(CHIEF)
    theirs = f"/admin/policies/{world.cobalt.ids['policies']}"
    assert chief.post(f"{theirs}/publish").status_code == 404
    assert chief.post(f"{theirs}/withdraw").status_code == 404


def test_by_page_and_by_api_more_rights_wait(world: World) -> None:
    """No way round by API (SEC-12): 202, and nobody's roles have changed."""
    chief = world.signed_in(CHIEF)
    rule = {"record_type": "*", "action": GIVE, "first": "auditor"}
    assert chief.post("/admin/approval-rules", data=rule, follow_redirects=False).status_code == 303
    people = People(world.services.db, QUICK)
    clerk = next(p for p in people.listed(world.amber.id) if p.username == "clerk")
    more = [{"role": "clerk", "store_id": None}, {"role": "hq_manager", "store_id": None}]
    answer = world.as_(CHIEF).put(f"{API}/people/{clerk.id}/grants", json=more)
    assert answer.status_code == 202, answer.text
    assert people.get(world.amber.id, clerk.id).grants == clerk.grants
    form = {"role": "hq_manager", "store": ""}
    page = chief.post(f"/admin/people/{clerk.id}/roles", data=form, follow_redirects=False)
    assert page.headers["location"].startswith("/approvals/")
    shown = chief.get(f"{page.headers['location']}?lang=en").text
    assert "HQ manager · whole chain" in shown
    rights = {"name_zh": "店员", "name_en": "Clerk", "rights": ["stores.read", "users.read"]}
    answer = world.as_(CHIEF).put(f"{API}/roles/clerk", json=rights)
    assert answer.status_code == 202
    shown = chief.get(f"{answer.json()['approval']}?lang=en").text
    assert "+ users.read" in shown
    new = {"username": "late", "name": "Late", "grants": more}
    assert world.as_(CHIEF).post(f"{API}/people", json=new).status_code == 202
    assert "late" not in {one.username for one in people.listed(world.amber.id)}
