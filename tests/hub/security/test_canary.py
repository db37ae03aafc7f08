"""No file that the hub writes holds a secret in plain (SEC-02): data, logs of writing, keys."""

from pathlib import Path
from uuid import UUID

from sqlalchemy import insert

from hub.kit.records.ports import Place, Ports
from hub.security.accounts import Grant
from hub.security.models import SecondFactor
from hub.security.sessions import Origin
from hub.security.vault.opening import open_vault
from tests.hub.chain_under_test import HUB, PASSWORD, ChainUnderTest, sign_in_for

HERE = Origin("192.0.2.1", "test")
CANARY = "canary-7Q-金丝雀"


def test_what_was_sealed_is_in_no_file(chain: ChainUnderTest, tmp_path: Path) -> None:
    room = open_vault(f"sqlite:///{tmp_path / 'keys.sqlite'}", "", tmp_path / "master.key")
    chain.db.ports = Ports(vault=room.vault)
    user = chain.add_user("li", Grant("clerk"))
    door = sign_in_for(chain.db)
    token = door.sign_in("li", PASSWORD, HERE, cookie=True).secret
    setup = door.factors.begin_app(door.sessions.actor(token))
    codes = door.factors.new_codes(door.sessions.actor(token), HUB)
    place = Place(chain.id, "second_factors", "secret", UUID(int=9))
    row = {"id": UUID(int=9), "chain_id": chain.id, "user_id": user, "kind": "app", "name": "x"}
    with chain.db.system("test") as connection:
        sealed = room.vault.seal(place, CANARY)
        connection.execute(insert(SecondFactor).values(**row, secret=sealed, counter=0))
    hidden = [CANARY, setup.secret, token, PASSWORD, codes[0], codes[0].replace("-", "")]
    room.keys.close()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) >= 4, "archive, its write-ahead log, keys, master key"
    for path in files:
        raw = path.read_bytes()
        for secret in hidden:
            assert secret.encode() not in raw, (path.name, secret[:6])
