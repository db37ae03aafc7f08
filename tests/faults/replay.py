"""What was derived, made anew: a replay of the journal must come to the same."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, text

from hub.alerts.families import OF_ARCHIVE
from hub.alerts.models import Alert
from hub.analytics.tables import FootfallSlot, SalesHour, TicketRow
from hub.detection.findings import Rule
from hub.ingest.events import FLUSH_S, Events
from hub.ingest.feed import Feed
from hub.kit.clock import utc_now
from hub.kit.db import Database
from tests.faults.verdict import Verdict

# So far behind its clock a hub waits for the journal before it says who is missing.
_LATER = timedelta(hours=1)
# Not of the journal: whether an agent was missed depends on when the hub itself was there.
_OF_OTHERS = [rule.value for rule in (Rule.AGENT_OFFLINE, *OF_ARCHIVE)]
DERIVED = (
    "notice_messages", "notice_steps", "notices", "alert_votes", "work_orders",
    "alert_events", "alerts", "ticket_lines", "ticket_tenders", "tickets", "quarantined_tickets",
    "footfall_slots", "sales_hour", "sales_day_item", "unknown_codes", "consumers",
)  # fmt: skip


@contextmanager
def derived_again(verdict: Verdict, db: Database) -> Iterator[None]:
    """Alerts, tickets and roll-ups are put away; what fresh hubs make meanwhile must equal them."""
    with db.system_read("invariants") as connection:
        was = derived(connection)
    with db.system("invariants") as connection:
        if db.is_sqlite:
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
            for table in DERIVED:
                connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 our own tables
        else:
            connection.execute(text(f"TRUNCATE {', '.join(DERIVED)} CASCADE"))
    yield
    with db.system_read("invariants") as connection:
        again = derived(connection)
    verdict.alerts = was["alerts"].total()
    for what, rows in was.items():
        verdict.compare(f"{what} against a replay", rows, again[what])


def later() -> datetime:
    return utc_now() + _LATER


def replay(feed: Feed, events: Events) -> None:
    """Row by row."""
    after = 0
    while (found := feed.single(after)) is not None:
        events.apply(found[0])
        after = found[1].seq
    time.sleep(FLUSH_S)
    events.tick()


def derived(connection: Connection) -> dict[str, Counter[tuple[object, ...]]]:
    alert, ticket, sales, doors = Alert, TicketRow, SalesHour, FootfallSlot
    queries = {
        "alerts": select(
            alert.store_id, alert.source, alert.rule, alert.began_at, alert.closed_at,
            alert.severity,
        ).where(alert.rule.not_in(_OF_OTHERS)),
        "tickets": select(
            ticket.agent_id, ticket.epoch, ticket.batch_id, ticket.item, ticket.number,
            ticket.total_cents, ticket.is_repeat, ticket.is_conflict,
        ),
        "sales": select(
            sales.store_id, sales.start_at, sales.currency, sales.revenue_cents, sales.tickets,
        ),
        "footfall": select(doors.store_id, doors.device, doors.start_at, doors.in_count),
    }  # fmt: skip
    return {
        name: Counter(tuple(map(str, row)) for row in connection.execute(query))
        for name, query in queries.items()
    }
