"""`storevitals-hub verify-audit`: walks the chain over the audit and tells every broken place."""

import argparse
import sys

from hub.commands.configured import settings_of
from hub.security.audit.chain import AuditChain
from hub.security.vault.opening import open_vault
from hub.tables import database_at


def run(given: argparse.Namespace) -> int:
    """0 when the chain holds, 1 with a line for each broken place."""
    settings = settings_of(given)
    file = settings.master_key_file or settings.data_dir / "master.key"
    room = open_vault(settings.keys_url, settings.master_key.get_secret_value(), file)
    db = database_at(settings.database_url)
    try:
        verdict = AuditChain(db, room.keys).verify()
    finally:
        db.close()
        room.keys.close()
    for trouble in verdict.troubles:
        sys.stderr.write(f"{trouble}.\n")
    state = "holds" if not verdict.troubles else f"is broken at {len(verdict.troubles)} places"
    head = verdict.head.seal.hex()[:32]
    sys.stdout.write(f"The audit's chain of {verdict.links} links {state}; head {head}.\n")
    return 1 if verdict.troubles else 0
