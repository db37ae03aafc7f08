"""What `storevitals-hub doctor` says of the books: whether they add up, to piece and cent."""

from collections.abc import Iterator
from pathlib import Path

from hub.analytics.proof import differences
from hub.archive.stock.ledger import disagreements
from hub.archive.stock.lots import lots_that_differ
from hub.commands.doctor.findings import Finding, Patient, failed, ok, warning
from hub.kit.clock import utc_now
from hub.kit.migrate import revisions
from hub.tables import database_at


def books(patient: Patient) -> Iterator[Finding]:
    """Balances and lots against their movements, sales by hour and article against the tickets."""
    url = patient.settings.database_url
    if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).exists():
        return
    db = database_at(url)
    try:
        here, newest = revisions(db)
        if here != newest:  # the part of the database says what to do
            return
        with db.system_read("doctor") as connection:
            stock = len(disagreements(connection)) + len(lots_that_differ(connection))
            hours, items = differences(connection, utc_now())
    finally:
        db.close()
    if stock:
        yield failed(
            "books", f"{stock} 个库存余额不等于流水之和：请把备份和日志发给我们。",
            f"{stock} balances are not the sum of their movements: send us a backup and the log.",
        )  # fmt: skip
    if days := len(hours | items):
        yield warning(
            "books", f"{days} 个门店日的销售汇总与小票不符：中心会在六小时内重新计算。",
            f"sales of {days} days of stores differ from their tickets: the running hub makes them "
            "anew within six hours.",
        )  # fmt: skip
    if not stock and not days:
        yield ok("books", "库存和销售都对得上。", "stock and sales add up.")
