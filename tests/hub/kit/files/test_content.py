"""What is taken as a file, and what of a photo is left out."""

import io

import pytest
from PIL import Image

from hub.errors import InvalidError
from hub.kit.files.content import LONGEST_PX, THUMB_PX, examine


def photo(form: str = "JPEG", size: tuple[int, int] = (3000, 1000), mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "Camera of somebody"
    exif[0x0112] = 6  # turned by 90°
    Image.new(mode, size, "teal").save(buffer, form, exif=exif)
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_photo_loses_its_exif_and_stands_upright(form: str) -> None:
    found = examine(photo(form))
    assert found.mime == "image/jpeg"
    assert (found.width_px, found.height_px) == (683, LONGEST_PX)
    assert b"somebody" not in found.data
    with Image.open(io.BytesIO(found.data)) as image:
        assert len(image.getexif()) == 0
    assert found.thumbnail is not None
    with Image.open(io.BytesIO(found.thumbnail)) as small:
        assert max(small.size) == THUMB_PX


def test_what_is_see_through_stays_so() -> None:
    assert examine(photo("PNG", (40, 40), "RGBA")).mime == "image/png"


def test_a_pdf_is_kept_as_it_is() -> None:
    assert examine(b"%PDF-1.7 x").data == b"%PDF-1.7 x"
    assert examine("备注\n".encode()).mime.startswith("text/plain")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg onload='x()'>",
        b"<html>",
        b"MZ\x90\x00\x03",
        b"PK\x03\x04 no archive",
        photo()[:500],
        b"\0" * 100,
        b"x" * (21 << 20),
    ],
    ids=["empty", "svg", "html", "exe", "zip", "cut", "zeros", "large"],
)
def test_anything_else_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(InvalidError) as refused:
        examine(data)
    assert refused.value.text.zh.endswith("。")


def test_a_picture_of_too_many_pixels_is_never_unpacked() -> None:
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < 200_000
    with pytest.raises(InvalidError):
        examine(bomb.getvalue())
