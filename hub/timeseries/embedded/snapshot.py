"""A copy of the embedded engine as of one instant, while it goes on writing."""

import os
import shutil
from pathlib import Path

from duckdb import DuckDBPyConnection

from hub.timeseries.embedded.catalogue import SealedFile
from hub.timeseries.embedded.sealed import SealedFiles

HOT = "hot.duckdb"


def take(connection: DuckDBPyConnection, files: SealedFiles, folder: Path) -> None:
    """`folder` becomes one that the engine opens: hot points copied, sealed files linked.

    One statement sees one state of the database. House-keeping must rest meanwhile.
    """
    folder.mkdir(parents=True)
    target = str(folder / HOT).replace("'", "''")
    connection.execute(f"ATTACH '{target}' AS snapshot")
    try:
        connection.execute("COPY FROM DATABASE hot TO snapshot")
        rows = connection.execute("SELECT day, store, generation FROM snapshot.sealed").fetchall()
    finally:
        connection.execute("DETACH snapshot")
    sealed = SealedFiles(folder / "sealed")
    for day, store, generation in rows:
        file = SealedFile(day, store, generation)
        sealed_target = sealed.path(file)
        sealed_target.parent.mkdir(exist_ok=True)
        link(files.path(file), sealed_target)


def link(source: Path, target: Path) -> None:
    """The same bytes under another name: right for files that never change."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)
