"""Sealed points: one Parquet file per store and UTC day, in (series, t) order, each key once.

No series is split over row groups without need, and the footer names the first and last series of
each group, so reading one series of a day touches one group.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hub.timeseries.arrays import cut
from hub.timeseries.embedded.catalogue import SealedFile
from hub.timeseries.port import Points

GROUP_ROWS = 32_768
MAX_GROUP_ROWS = 262_144
INDEX_KEY = b"storevitals.series"
SCHEMA = pa.schema(
    [("series", pa.int32()), ("t_ms", pa.int64()), ("value", pa.float64()), ("quality", pa.uint8())]
)

StoreOf = Callable[[NDArray[np.int32]], NDArray[np.int32]]  # series → store numbers


@dataclass(frozen=True, slots=True)
class Footer:
    metadata: Any
    first: NDArray[np.int32]  # series, by row group
    last: NDArray[np.int32]


class SealedFiles:
    """The folder of sealed files; which of them count, the catalogue says."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.footer = lru_cache(maxsize=128)(self._read_footer)

    def path(self, file: SealedFile) -> Path:
        return self._folder / str(file.day) / f"{file.store}-{file.generation}.parquet"

    def read(
        self, file: SealedFile, series: NDArray[np.int32], start_ms: int, end_ms: int
    ) -> Points:
        """Those of `series` (sorted) in [start, end), in (series, t) order."""
        footer = self.footer(file)
        begin = np.searchsorted(series, footer.first, "left")
        end = np.searchsorted(series, footer.last, "right")
        groups = np.flatnonzero(end > begin)
        if not len(groups):
            return Points.empty()
        with pq.ParquetFile(self.path(file), metadata=footer.metadata) as parquet:
            table = parquet.read_row_groups(groups.tolist(), use_threads=False)
        points = Points(*(table.column(name).to_numpy() for name in SCHEMA.names))
        return cut(points, series, start_ms, end_ms)

    def series(self, file: SealedFile) -> NDArray[np.int32]:
        """Every series that has points in the file, sorted."""
        table = pq.read_table(self.path(file), columns=["series"], use_threads=False)
        return np.unique(table.column("series").to_numpy())

    def write(self, file: SealedFile, parts: Iterable[Points]) -> None:
        """Parts in (series, t) order. Under its name the file is whole, or it is not there."""
        path = self.path(file)
        path.parent.mkdir(exist_ok=True)
        temporary = path.with_suffix(".part")
        try:
            with temporary.open("wb") as sink:
                _write_groups(sink, parts)
                sink.flush()
                os.fsync(sink.fileno())
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        temporary.rename(path)
        _sync_folder(path.parent)
        _sync_folder(self._folder)

    def remove(self, file: SealedFile) -> None:
        path = self.path(file)
        path.unlink(missing_ok=True)
        if path.parent.exists() and not any(path.parent.iterdir()):
            path.parent.rmdir()

    def found(self) -> Iterator[SealedFile]:
        """Every whole file in the folder, known to the catalogue or not."""
        for path in self._folder.glob("*/*-*.parquet"):
            store, _, generation = path.stem.partition("-")
            yield SealedFile(int(path.parent.name), int(store), int(generation))

    def remove_unfinished(self) -> None:
        for path in self._folder.glob("*/*.part"):
            path.unlink()

    def _read_footer(self, file: SealedFile) -> Footer:
        metadata = pq.read_metadata(self.path(file))
        index = np.frombuffer(metadata.metadata[INDEX_KEY], "<i4").reshape(-1, 2)
        return Footer(metadata, index[:, 0], index[:, 1])


def _write_groups(sink: Any, parts: Iterable[Points]) -> None:
    index: list[tuple[int, int]] = []
    with pq.ParquetWriter(
        sink,
        SCHEMA,
        compression="lz4",
        use_dictionary=["series", "value", "quality"],
        column_encoding={"t_ms": "DELTA_BINARY_PACKED"},
        write_statistics=["series"],
    ) as writer:
        for group in _groups(parts):
            columns = [group.series, group.t_ms, group.value, group.quality]
            writer.write_table(pa.table(columns, schema=SCHEMA), row_group_size=len(group))
            index.append((int(group.series[0]), int(group.series[-1])))
        writer.add_key_value_metadata({INDEX_KEY: np.array(index, "<i4").tobytes()})


def _groups(parts: Iterable[Points]) -> Iterator[Points]:
    """Cut parts into row groups of about GROUP_ROWS that end with a series."""
    for part in parts:
        begin = 0
        for end in (np.flatnonzero(np.diff(part.series, append=-1)) + 1).tolist():
            if end - begin >= GROUP_ROWS or end == len(part):
                for cut in range(begin, end, MAX_GROUP_ROWS):
                    yield part[cut : min(cut + MAX_GROUP_ROWS, end)]
                begin = end


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
