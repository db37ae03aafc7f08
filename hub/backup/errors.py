"""What goes wrong with backups."""

from hub.errors import CommandError


class BackupError(CommandError):
    """The sentence says what, where, and what to do."""
