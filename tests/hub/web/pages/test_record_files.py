"""Photos on the page of a record."""

import io
import re
from pathlib import Path

from PIL import Image

from tests.hub.web.world_under_test import CHIEF, open_world


def test_a_photo_is_added_seen_and_removed(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(buffer, "JPEG")
    with open_world(tmp_path) as world:
        client = world.signed_in(CHIEF)
        here = f"/archive/equipment/{world.mine.cabinet}"
        page = client.post(f"{here}/files", files={"file": ("door.jpg", buffer.getvalue())}).text
        [photo] = re.findall(r'src="(/api/v1/files/[^"]+)"', page)
        assert client.get(photo.replace("&amp;", "&")).headers["content-type"] == "image/jpeg"
        assert "door.jpg" in world.signed_in("clerk").get(here).text
        file_id = photo.split("/")[-1].partition("?")[0]
        assert "door.jpg" not in client.post(f"{here}/files/{file_id}/remove").text
