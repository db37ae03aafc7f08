"""Cuts a serial byte stream into lines or receipts. Pure: bytes in, frames out."""

from dataclasses import dataclass
from typing import Protocol

ESC, GS, FS, DLE = 0x1B, 0x1D, 0x1C, 0x10


@dataclass(frozen=True, slots=True)
class Frame:
    """`is_whole` is False where the end never came or the frame was too long."""

    data: bytes
    is_whole: bool = True


class Framing(Protocol):
    """Eats bytes as they come and gives frames as they end."""

    def feed(self, data: bytes) -> list[Frame]: ...

    def flush(self) -> list[Frame]:
        """What has begun and did not end: the line fell silent."""
        ...

    @property
    def is_midway(self) -> bool:
        """A frame has begun and not ended."""
        ...


class LineFraming:
    """Frames end with LF; CR before it and empty lines are dropped."""

    def __init__(self, most_bytes: int = 65_536) -> None:
        self._most = most_bytes
        self._rest = b""

    @property
    def is_midway(self) -> bool:
        return bool(self._rest)

    def feed(self, data: bytes) -> list[Frame]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        frames = [Frame(line.rstrip(b"\r"), len(line) <= self._most) for line in lines]
        if len(self._rest) > self._most:
            frames.append(Frame(self._rest, is_whole=False))
            self._rest = b""
        return [frame for frame in frames if frame.data.strip()]

    def flush(self) -> list[Frame]:
        rest, self._rest = self._rest, b""
        return [Frame(rest, is_whole=False)] if rest.strip() else []


# Parameter bytes after the two of the command (ESC/POS reference); those with a length of their
# own are in `_parameters`. Unknown commands take one, as most do.
_PARAMETERS = {
    ESC: {
        **dict.fromkeys(b"@2<LimS\x0c", 0),
        **dict.fromkeys(b"$\\c", 2),
        ord("p"): 3,
        ord("W"): 8,
    },
    GS: {**dict.fromkeys(b"$\\LPWy", 2), ord("*"): 2, ord(":"): 0, ord("f"): 1},
    FS: {**dict.fromkeys(b"&.", 0), ord("S"): 2, ord("p"): 2},
    DLE: {0x04: 1, 0x05: 1, 0x14: 3},
}
_CUT_WITH_FEED = b"ABabgh"


@dataclass(frozen=True, slots=True)
class Token:
    """One ESC/POS command (`text` empty) or one run of plain bytes."""

    end: int
    text: bytes = b""
    is_cut: bool = False


def next_token(data: bytes, start: int) -> Token | None:
    """The command or text at `start`; None where more bytes are needed to tell."""
    if data[start] not in _PARAMETERS:
        end = start
        while end < len(data) and data[end] not in _PARAMETERS:
            end += 1
        return Token(end, data[start:end])
    if len(data) < start + 2:
        return None
    length = _parameters(data, start)
    if length is None or len(data) < start + 2 + length:
        return None
    is_cut = (data[start] == GS and data[start + 1] == ord("V")) or (
        data[start] == ESC and data[start + 1] in b"im"
    )
    return Token(start + 2 + length, is_cut=is_cut)


def _parameters(data: bytes, start: int) -> int | None:
    """Length of what follows the two bytes of the command; None where it is not there yet."""
    lead, name = data[start], data[start + 1]
    after = data[start + 2 : start + 8]
    if (lead, name) == (GS, ord("V")):
        return None if not after else 2 if after[0] in _CUT_WITH_FEED else 1
    if (lead, name) == (GS, ord("v")):  # raster image: 0 m xL xH yL yH, then the dots
        if len(after) < 6:
            return None
        return 6 + (after[2] + 256 * after[3]) * (after[4] + 256 * after[5])
    if (lead, name) == (ESC, ord("*")):  # bit image: m nL nH, then the dots
        if len(after) < 3:
            return None
        return 3 + (after[1] + 256 * after[2]) * (3 if after[0] in (32, 33) else 1)
    if name == ord("(") and lead in (GS, FS, ESC):  # X pL pH, then that many
        return None if len(after) < 3 else 3 + after[1] + 256 * after[2]
    if (lead, name) == (GS, ord("k")):
        return _bar_code(after, data, start + 2)
    return _PARAMETERS[lead].get(name, 1)


def _bar_code(after: bytes, data: bytes, start: int) -> int | None:
    if len(after) < 2:
        return None
    if after[0] >= 65:  # m n, then n bytes
        return 2 + after[1]
    end = data.find(b"\0", start + 1)
    return None if end < 0 else end + 1 - start


class ReceiptFraming:
    """Frames end with the paper cut of an ESC/POS stream; the cut is part of the frame."""

    def __init__(self, most_bytes: int = 65_536) -> None:
        self._most = most_bytes
        self._rest = b""
        self._seen = 0

    @property
    def is_midway(self) -> bool:
        return any(token.text.strip() for token in tokens(self._rest))

    def feed(self, data: bytes) -> list[Frame]:
        self._rest += data
        frames: list[Frame] = []
        while self._seen < len(self._rest) and (token := next_token(self._rest, self._seen)):
            self._seen = token.end
            if token.is_cut:
                frames.append(Frame(self._rest[: token.end]))
                self._rest, self._seen = self._rest[token.end :], 0
        if len(self._rest) > self._most:
            frames += self.flush()
        return [frame for frame in frames if plain_text(frame.data).strip()]

    def flush(self) -> list[Frame]:
        rest, self._rest, self._seen = self._rest, b"", 0
        return [Frame(rest, is_whole=False)] if plain_text(rest).strip() else []


def tokens(data: bytes) -> list[Token]:
    """All whole commands and texts of `data`; a command without its end is left out."""
    found: list[Token] = []
    start = 0
    while start < len(data) and (token := next_token(data, start)):
        found.append(token)
        start = token.end
    return found


def plain_text(data: bytes) -> bytes:
    """The printed bytes of an ESC/POS stream, without its commands."""
    return b"".join(token.text for token in tokens(data))
