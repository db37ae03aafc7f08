"""No way round an approval by API, page, import or export (SEC-12, SEC-25, FIN-06)."""

import pytest

from hub.security.approvals.models import ApprovalRule
from hub.security.approvals.rules import Rules
from tests.hub.chain_under_test import HUB
from tests.hub.web.world_under_test import API, CHIEF, WIDE, World


@pytest.fixture(scope="module")
def ruled(world: World) -> World:
    """Suppliers' payment days above 60 and exports of one row and more need an admin's yes."""
    for action, field, above in (("update", "payment_days", 60), ("export", "rows", 1)):
        rule = ApprovalRule(
            record_type="suppliers",
            action=action,
            field=field,
            above=above,
            steps=["admin"],
            deadline_h=24,
        )
        Rules(world.services.db).add(world.amber.id, rule, HUB)
    return world


def test_by_api_a_change_answers_202_with_the_address_of_its_approval(ruled: World) -> None:
    supplier = f"{API}/suppliers/{ruled.amber.supplier}"
    answer = ruled.as_(WIDE).patch(supplier, json={"payment_days": 90})
    assert answer.status_code == 202, answer.text
    approval = f"{API}{answer.json()['approval']}"
    assert ruled.as_(WIDE).get(supplier).json()["payment_days"] != 90
    own = ruled.as_(WIDE).post(f"{approval}/decide", json={"is_yes": True})
    assert own.status_code == 403
    done = ruled.as_(CHIEF).post(f"{approval}/decide", json={"is_yes": True})
    assert (done.status_code, done.json()["state"]) == (200, "done")
    assert ruled.as_(WIDE).get(supplier).json()["payment_days"] == 90


def test_a_change_that_waits_is_asked_for_once_however_often_it_is_sent(ruled: World) -> None:
    """INT-15: the key is kept with the request, though the change itself was undone."""
    supplier = f"{API}/suppliers/{ruled.amber.supplier}"
    key = {"Idempotency-Key": "payment-days-of-the-amber-supplier"}
    first = ruled.as_(WIDE).patch(supplier, json={"payment_days": 75}, headers=key)
    again = ruled.as_(WIDE).patch(supplier, json={"payment_days": 75}, headers=key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"


def test_by_an_import_the_row_is_refused(ruled: World) -> None:
    supplier = f"{API}/suppliers/{ruled.amber.supplier}"
    before = ruled.as_(WIDE).get(supplier).json()
    sheet = f"code,name,payment_days\n{before['code']},{before['name']},200\n"
    path = f"{API}/suppliers/import?on_duplicate=update&skip_wrong=true&wait_s=10"
    ruled.as_(WIDE).post(path, content=sheet.encode(), headers={"Content-Type": "text/csv"})
    assert ruled.as_(WIDE).get(supplier).json()["payment_days"] == before["payment_days"]


def test_by_a_page_the_way_leads_to_the_approval(ruled: World) -> None:
    browser = ruled.signed_in(WIDE)
    form = {"payment_days": "365"}
    path = f"/archive/suppliers/{ruled.amber.supplier}/edit"
    answer = browser.post(path, data=form, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/approvals/")
    page = browser.get(answer.headers["location"])
    assert page.status_code == 200
    assert "365" in page.text
    chief = ruled.signed_in(CHIEF)
    decided = {"verdict": "no", "why": "too long"}
    where = f"{answer.headers['location']}/decide"
    assert chief.post(where, data=decided, follow_redirects=False).status_code == 303
    assert "too long" in browser.get(answer.headers["location"]).text


def test_an_export_waits_and_goes_once_when_it_is_approved(ruled: World) -> None:
    path = f"{API}/suppliers/export?format=csv"
    answer = ruled.as_(WIDE).get(path)
    assert answer.status_code == 202, answer.text
    approval = answer.json()["approval"]
    assert ruled.as_(WIDE).get(path).json()["approval"] == approval, "asked for once"
    verdict = {"is_yes": True}
    given = ruled.as_(CHIEF).post(f"{API}{approval}/decide", json=verdict)
    assert given.json()["state"] == "approved"
    assert "S-1" in ruled.as_(WIDE).get(path).text
    assert ruled.as_(WIDE).get(path).status_code == 202, "used up"


def test_whoever_has_no_part_in_it_does_not_see_it(ruled: World) -> None:
    answer = ruled.as_(WIDE).get(f"{API}/suppliers/export?format=csv&q=amber")
    approval = answer.json()["approval"]
    assert ruled.as_("clerk").get(f"{API}{approval}").status_code == 404
    assert ruled.as_("clerk").get(f"{API}/approvals").json() == []
