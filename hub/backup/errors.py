"""What goes wrong with backups."""


class BackupError(Exception):
    """The sentence says what, where, and what to do."""
