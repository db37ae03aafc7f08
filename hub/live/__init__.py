"""What happens now, told to everybody who watches: `Live`, `Event`, `EventKind`."""

from hub.live.live import Event, EventKind, Live, Subscription

__all__ = ["Event", "EventKind", "Live", "Subscription"]
