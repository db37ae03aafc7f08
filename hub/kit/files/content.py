"""What an uploaded file is, by its content; photos are drawn anew, smaller and without EXIF."""

import io
import warnings
import zipfile
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from hub.errors import InvalidError, T

MAX_BYTES = 20 << 20
MAX_PIXELS = 60_000_000
LONGEST_PX, THUMB_PX = 2048, 320
_JPEG_QUALITY, _THUMB_QUALITY = 85, 78
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
_OFFICE = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}

_EMPTY = T("文件是空的。", "The file is empty.")
_LARGE = T("文件不能超过 {n} MB。", "A file may have at most {n} MB.")
_KIND = T(
    "不支持这种文件。可以上传照片（JPEG、PNG、WebP）、PDF、Word、Excel、PowerPoint 和文本。",
    "This kind of file is not taken. Photos (JPEG, PNG, WebP), PDF, Word, Excel, PowerPoint and "
    "text are.",
)
_PIXELS = T("照片的像素太多，请缩小后再传。", "The photo has too many pixels; make it smaller.")
_BROKEN = T("照片已损坏，打不开。", "The photo is damaged and cannot be opened.")


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes as they are kept; of an image also its size and a small copy."""

    mime: str
    data: bytes
    width_px: int | None = None
    height_px: int | None = None
    thumbnail: bytes | None = None


def examine(data: bytes) -> Content:
    """Raises InvalidError for what is empty, too large, damaged or of no kind that is taken."""
    if not data:
        raise InvalidError(_EMPTY)
    if len(data) > MAX_BYTES:
        raise InvalidError(_LARGE.format(n=MAX_BYTES >> 20))
    if data.startswith(b"%PDF-"):
        return Content("application/pdf", data)
    if data.startswith(b"PK\x03\x04"):
        return Content(_office(data), data)
    image = _image(data)
    if image is not None:
        return image
    return Content("text/plain; charset=utf-8", _text(data))


def _office(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise InvalidError(_KIND) from error
    for folder, mime in _OFFICE.items():
        if "[Content_Types].xml" in names and any(name.startswith(folder) for name in names):
            return mime
    raise InvalidError(_KIND)


def _text(data: bytes) -> bytes:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidError(_KIND) from error
    if any(ord(one) < 32 and one not in "\n\r\t" for one in text) or text.lstrip()[:1] == "<":
        raise InvalidError(_KIND)
    return data


def _image(data: bytes) -> Content | None:
    Image.init()  # all plug-ins, once; `formats` names those that are used
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit is ours
        try:
            opened = Image.open(io.BytesIO(data), formats=_FORMATS)
        except UnidentifiedImageError:
            return None
        except Image.DecompressionBombError as error:
            raise InvalidError(_PIXELS) from error
        except OSError as error:
            raise InvalidError(_BROKEN) from error
        with opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise InvalidError(_PIXELS)
            try:
                opened.draft("RGB", (LONGEST_PX, LONGEST_PX))  # a JPEG need not be unpacked whole
                return _redrawn(ImageOps.exif_transpose(opened))
            except (OSError, ValueError, SyntaxError) as error:
                raise InvalidError(_BROKEN) from error


def _redrawn(image: Image.Image) -> Content:
    """Pixels alone: no place, camera or owner goes along."""
    has_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    plain = image.convert("RGBA" if has_alpha else "RGB")
    plain.info.clear()
    plain.thumbnail((LONGEST_PX, LONGEST_PX))
    mime, data = ("image/png", _png(plain)) if has_alpha else ("image/jpeg", _jpeg(plain))
    width, height = plain.size
    small = plain.convert("RGBA")
    small.thumbnail((THUMB_PX, THUMB_PX))
    on_white = Image.new("RGB", small.size, "white")
    on_white.paste(small, mask=small.getchannel("A"))
    return Content(mime, data, width, height, _jpeg(on_white, _THUMB_QUALITY))


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _jpeg(image: Image.Image, quality: int = _JPEG_QUALITY) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
    return buffer.getvalue()
