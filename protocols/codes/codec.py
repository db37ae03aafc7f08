"""What scanners and RFID readers say: cleaned codes, each told once. Pure: no clock, no I/O."""

import re
from collections import OrderedDict

from protocols.errors import FrameError

MOST_REMEMBERED = 50_000  # tags in the field of a reader, with room to spare
LONGEST = 512
_AIM = re.compile(r"^\][A-Za-z][0-9A-Za-z]")  # ISO/IEC 15424: what kind of symbol it was
_SEPARATOR = "\x1d"  # FNC1 between the elements of a GS1 code: part of what it says


def clean(frame: bytes) -> str:
    """The code in a line of a reader. Raises FrameError."""
    try:
        text = frame.decode("utf-8").strip(" \r\n\t\x02\x03\x00")
    except UnicodeDecodeError as error:
        raise FrameError(f"{frame[:20]!r} is no code: check the reader's speed.") from error
    code = _AIM.sub("", text)
    if not code or len(code) > LONGEST or not code.replace(_SEPARATOR, "").isprintable():
        raise FrameError(f"{text[:20]!r} is no code: check the reader's speed.")
    return code


class OnceFilter:
    """A code is news when it was not seen for `again_s`: a tag that lies before a reader is read
    many times a second, and a cashier holds an article still over a scanner."""

    def __init__(self, again_s: float, most: int = MOST_REMEMBERED) -> None:
        self._again_s, self._most = again_s, most
        self._seen: OrderedDict[str, float] = OrderedDict()

    def is_new(self, code: str, at_s: float) -> bool:
        """Each sight begins the wait anew; `at_s` of a clock that does not stop."""
        last_s = self._seen.pop(code, None)
        self._seen[code] = at_s
        if len(self._seen) > self._most:
            self._seen.popitem(last=False)
        return last_s is None or at_s - last_s >= self._again_s
