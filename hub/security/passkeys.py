"""Passkeys (WebAuthn): fingerprint, face or security key as the second factor."""

from uuid import UUID

from sqlalchemy import insert, select, update
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from hub.errors import InvalidError, T
from hub.kit.asker import Asker
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.ids import uuid7
from hub.security.actor import Actor
from hub.security.models import SecondFactor
from hub.security.second_factor import FactorKind, note_factor
from hub.security.site import Site
from hub.security.steps import Step, find_step, open_step, use_step

_REFUSED = T("通行密钥没有通过，请再试一次。", "The passkey was not accepted; try again.")
_VERIFIED = UserVerificationRequirement.PREFERRED


class Passkeys:
    """Adds passkeys and checks them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def begin(self, actor: Actor, site: Site) -> tuple[str, str]:
        """(secret of the step, options for the browser in JSON) to add a passkey."""
        with self._db.system("passkey") as connection:
            secret = open_step(connection, actor.chain_id, actor.user_id)
            step = find_step(connection, secret)
        options = generate_registration_options(
            rp_id=site.host,
            rp_name="StoreVitals",
            user_name=actor.username,
            user_display_name=actor.name,
            user_id=actor.user_id.bytes,
            challenge=step.challenge,
            exclude_credentials=self._credentials(actor.user_id),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED, user_verification=_VERIFIED
            ),
        )
        return secret, options_to_json(options)

    def confirm(
        self, actor: Actor, site: Site, secret: str, credential: str, *, name: str, asker: Asker
    ) -> UUID:
        """Keep the passkey that the browser made; InvalidError when it proves nothing."""
        with self._db.system("passkey") as connection:
            step = find_step(connection, secret)
            use_step(connection, secret)
        if step.user_id != actor.user_id:
            raise InvalidError(_REFUSED)
        try:
            made = verify_registration_response(
                credential=credential,
                expected_challenge=step.challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
            )
        except (WebAuthnException, ValueError) as error:
            raise InvalidError(_REFUSED) from error
        factor_id = uuid7()
        with self._db.system("passkey") as connection:
            connection.execute(
                insert(SecondFactor).values(
                    id=factor_id,
                    chain_id=actor.chain_id,
                    user_id=actor.user_id,
                    kind=FactorKind.PASSKEY,
                    name=name.strip()[:60],
                    credential_id=made.credential_id,
                    public_key=made.credential_public_key,
                    counter=made.sign_count,
                    confirmed_at=utc_now(),
                )
            )
            note_factor(connection, "passkey_added", actor, asker)
        return factor_id

    def options(self, step: Step, site: Site) -> str:
        """What the browser must sign to get in, in JSON."""
        return options_to_json(
            generate_authentication_options(
                rp_id=site.host,
                challenge=step.challenge,
                allow_credentials=self._credentials(step.user_id),
                user_verification=_VERIFIED,
            )
        )

    def is_right(self, step: Step, site: Site, credential: str) -> bool:
        """Whether one of the person's passkeys signed this step; a copied passkey does not."""
        try:
            given = parse_authentication_credential_json(credential)
        except (WebAuthnException, ValueError):
            return False
        table = SecondFactor
        query = select(table.id, table.public_key, table.counter).where(
            table.credential_id == given.raw_id, table.user_id == step.user_id
        )
        with self._db.system_read("passkey") as connection:
            kept = connection.execute(query).first()
        if kept is None:
            return False
        try:
            proof = verify_authentication_response(
                credential=given,
                expected_challenge=step.challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
                credential_public_key=kept.public_key or b"",
                credential_current_sign_count=kept.counter,
            )
        except (WebAuthnException, ValueError):
            return False
        values = {"counter": proof.new_sign_count, "used_at": utc_now()}
        with self._db.system("passkey") as connection:
            connection.execute(update(table).where(table.id == kept.id).values(values))
        return True

    def _credentials(self, user_id: UUID) -> list[PublicKeyCredentialDescriptor]:
        query = select(SecondFactor.credential_id).where(
            SecondFactor.user_id == user_id, SecondFactor.kind == FactorKind.PASSKEY
        )
        with self._db.system_read("passkey") as connection:
            ids = list(connection.scalars(query))
        return [PublicKeyCredentialDescriptor(id=one) for one in ids if one]
