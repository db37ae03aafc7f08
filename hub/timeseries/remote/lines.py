"""Points as InfluxDB line protocol, pre-joined by Arrow: no Python work per point."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hub.timeseries.port import PointQuality, Points

LINES_AT_ONCE = 20_000  # about 1 MB a request


def batches(points: Points, name: str, *, is_good_told: bool) -> Iterator[bytes]:
    """Requests' bodies: `name,series=7 value=1.5,quality=0i 1773144000000` and so on.

    Without `is_good_told` the quality of a good point is left out.
    """
    for begin in range(0, len(points), LINES_AT_ONCE):
        yield _join(points[begin : begin + LINES_AT_ONCE], name, is_good_told)


def _join(points: Points, name: str, is_good_told: bool) -> bytes:
    quality = pc.binary_join_element_wise(",quality=", _text(points.quality), "i ", "")
    if not is_good_told:
        is_good = pa.array(points.quality == np.uint8(PointQuality.GOOD))
        quality = pc.if_else(is_good, " ", quality)
    lines = pc.binary_join_element_wise(
        f"{name},series=",
        _text(points.series),
        " value=",
        _text(points.value),
        quality,
        _text(points.t_ms),
        "\n",
        "",
    )
    offsets = np.frombuffer(lines.buffers()[1], np.int32)
    first, last = int(offsets[lines.offset]), int(offsets[lines.offset + len(lines)])
    return bytes(memoryview(lines.buffers()[2])[first:last])


def _text(numbers: np.ndarray) -> pa.StringArray:
    """The shortest digits that give the same number again."""
    return pa.array(numbers).cast(pa.string())
