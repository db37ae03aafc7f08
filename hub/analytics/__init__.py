"""Roll-ups and figures of trade: tickets, sales, footfall."""
