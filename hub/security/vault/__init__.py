"""The vault: what may not be read by whoever steals the database is sealed here."""
