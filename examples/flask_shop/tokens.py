"""JSON Web Tokens: the shop issues them at its login, and Spike asks it whose they are."""

from datetime import UTC, datetime, timedelta

import jwt

from spike import OwnerId
from spike_core.errors import Unauthenticated
from spike_core.ports import Identity, IncomingRequest

ALGORITHM, AUDIENCE, LIFETIME = "HS256", "spike", timedelta(hours=1)
REQUIRED = {"require": ["sub", "exp"]}


class JwtAuthenticator:
    def __init__(self, key: str) -> None:
        self.key = key

    def issue(self, owner_id: OwnerId) -> str:
        claims = {"sub": owner_id.text, "aud": AUDIENCE, "exp": datetime.now(UTC) + LIFETIME}
        return jwt.encode(claims, self.key, ALGORITHM)

    def authenticate(self, request: IncomingRequest) -> Identity | None:
        if "authorization" not in request.headers:
            return None
        try:
            claims = jwt.decode(request.bearer_token or "", self.key, [ALGORITHM], options=REQUIRED, audience=AUDIENCE)
        except (jwt.InvalidTokenError, UnicodeError) as error:
            raise Unauthenticated from error
        return Identity(owner_id=OwnerId.parse(claims["sub"]))
