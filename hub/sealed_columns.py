"""Every column of sealed text: what a rotation of keys seals anew."""

from hub.security.vault.rotation import SealedColumn

SEALED_COLUMNS: tuple[SealedColumn, ...] = ()
