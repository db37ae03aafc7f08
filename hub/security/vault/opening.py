"""Opening the vault at start, by what the settings say."""

from dataclasses import dataclass
from pathlib import Path

from hub.security.vault.keys import KeyStore, open_keys
from hub.security.vault.master import (
    MasterKey,
    MasterKeyError,
    MasterKeys,
    open_master,
    read_file,
    write_file,
)
from hub.security.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Strongroom:
    """The vault with the store of its keys."""

    vault: Vault
    keys: KeyStore


def open_vault(keys_url: str, master_key: str, master_file: Path) -> Strongroom:
    """MasterKeyError when the key is missing or does not fit these data; proves that it fits."""
    db, is_new = open_keys(keys_url)
    try:
        store = KeyStore(db, open_master(master_key, master_file, is_new=is_new))
        store.prove()
    except MasterKeyError:
        db.close()
        raise
    return Strongroom(Vault(store), store)


def change_master(keys_url: str, master_file: Path) -> int:
    """A new master key in the file, all keys wrapped by it, the old one gone; how many keys.

    Cut short anywhere, everything stays readable and the next call goes on.
    """
    db, _ = open_keys(keys_url)
    try:
        old = read_file(master_file).keys
        fresh = MasterKey.fresh()
        write_file(master_file, (fresh, *old))
        store = KeyStore(db, MasterKeys((fresh, *old)))
        count = 0
        while wrapped := store.wrap_anew():
            count += wrapped
        write_file(master_file, (fresh,))
        return count
    finally:
        db.close()
