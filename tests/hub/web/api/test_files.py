"""Photos and documents of records: seen by who sees the record, and by nobody else."""

import io
from uuid import uuid4

from PIL import Image

from tests.hub.web.world_under_test import API, CHIEF, World

MANAGER = "store_manager"


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(buffer, "JPEG")
    return buffer.getvalue()


def test_a_photo_is_added_shown_and_removed(world: World) -> None:
    client, cabinet = world.as_(MANAGER), world.mine.cabinet
    answer = client.post(
        f"{API}/equipment/{cabinet}/files", files={"file": ("../柜门.jpg", picture())}
    )
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["name"], made["mime"], made["width_px"]) == ("柜门.jpg", "image/jpeg", 60)
    assert client.get(f"{API}/equipment/{cabinet}/files").json() == [made]
    for where in (made["url"], f"{made['url']}?thumbnail=true"):
        shown = client.get(where)
        assert shown.headers["content-type"] == "image/jpeg"
        assert shown.headers["content-disposition"].startswith("attachment")
        assert shown.headers["content-security-policy"].startswith("sandbox")
    assert client.delete(made["url"]).status_code == 204
    assert client.get(made["url"]).status_code == 404
    assert client.get(f"{API}/equipment/{cabinet}/files").json() == []
    folder = world.services.settings.data_dir / "files"
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_rights_are_those_of_the_record(world: World) -> None:
    theirs = world.amber.stores[1].cabinet
    answer = world.as_(CHIEF).post(
        f"{API}/equipment/{theirs}/files", files={"file": ("x.jpg", picture())}
    )
    where = answer.json()["url"]
    for role in (MANAGER, "clerk"):
        client = world.as_(role)
        assert client.get(where).status_code == 404
        assert client.delete(where).status_code in (403, 404)
        assert client.get(f"{API}/equipment/{theirs}/files").status_code == 404
    mine = f"{API}/equipment/{world.mine.cabinet}/files"
    assert world.as_("clerk").get(mine).status_code == 200
    refused = world.as_("clerk").post(mine, files={"file": ("x.jpg", picture())})
    assert refused.status_code == 403
    assert world.as_(CHIEF).get(f"{API}/files/{uuid4()}").status_code == 404


def test_what_is_no_photo_or_document_is_refused(world: World) -> None:
    mine = f"{API}/equipment/{world.mine.cabinet}/files"
    for data in (b"", b"<svg/>", b"MZ\x90\0"):
        answer = world.as_(MANAGER).post(mine, files={"file": ("x.jpg", data)})
        assert answer.status_code == 422
        assert answer.json()["detail"]
