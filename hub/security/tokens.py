"""Tokens for programs: named, limited to some rights, ended like any session."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import update

from hub.errors import ForbiddenError, InvalidError, T
from hub.kit.asker import Asker
from hub.kit.db import Database
from hub.kit.records.log import note
from hub.security.actor import Actor
from hub.security.models import SignInSession
from hub.security.sessions import Account, Origin, Token, open_session

MOST_DAYS = 366
_NO_MORE = T("令牌和 PIN 不能再发令牌。", "Neither a token nor a PIN makes tokens.")


class Tokens:
    """A program acts as the person who made its token, with no right that this person lacks."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def make(
        self,
        actor: Actor,
        name: str,
        scopes: Iterable[str],
        *,
        days: int,
        origin: Origin,
        asker: Asker,
    ) -> Token:
        """InvalidError without a name or a right of the actor's own."""
        rights = sorted(set(scopes))
        if actor.is_program or actor.is_by_pin:
            raise ForbiddenError(_NO_MORE)
        _demand_sound(actor, name, rights, days)
        account = Account(actor.user_id, actor.chain_id, actor.name, "")
        with self._db.system("token") as connection:
            token = open_session(connection, account, origin, timedelta(days=days), cookie=False)
            whose = SignInSession.id == token.session_id
            values = {"name": name.strip()[:60], "scopes": rights}
            connection.execute(update(SignInSession).where(whose).values(values))
            about = {"chain_id": actor.chain_id, "record_id": token.session_id}
            kept = {"name": [None, values["name"]], "scopes": [None, rights]}
            note(connection, "token_made", asker, **about, values=kept)
        return token


def _demand_sound(actor: Actor, name: str, rights: list[str], days: int) -> None:
    if not name.strip():
        empty = T("请写明谁在用。", "Say who uses it.")
        raise InvalidError(empty, {"name": empty})
    if not 1 <= days <= MOST_DAYS:
        wrong = T("1 到 366 天。", "From 1 to 366 days.")
        raise InvalidError(wrong, {"days": wrong})
    foreign = [right for right in rights if not actor.may(right)]
    if foreign or not rights:
        more = T("只能给出自己有的权限：{what}。", "Only rights of your own: {what}.")
        more = more.format(what=", ".join(foreign) or "-")
        raise InvalidError(more, {"scopes": more})
