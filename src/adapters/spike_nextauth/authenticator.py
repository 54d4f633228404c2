"""The authenticator of NextAuth's cookies."""

from attrs import frozen

from spike_core.domain.errors import NoAccount, Unauthenticated
from spike_core.ports.authenticator import Identity, IncomingRequest
from spike_core.services.external_users import ExternalUsers
from spike_nextauth.cookies import sent_tokens
from spike_nextauth.tokens import NextAuthTokens


@frozen(kw_only=True)
class NextAuthAuthenticator:
    """Authenticates by the session cookies of NextAuth v4 and Auth.js v5; see the port `Authenticator`."""

    tokens: NextAuthTokens
    users: ExternalUsers

    def authenticate(self, request: IncomingRequest) -> Identity | None:
        """Return the user of the first cookie that has one. Beside a header `Authorization`, cookies don't count.

        Raises:
            Unauthenticated: there are tokens, and none is valid.
            SignUpClosed, IdentityNotLinked, VerifiedEmailRequired: one is valid, but nobody's here.
        """
        if "authorization" in request.headers:
            return None
        sent = sent_tokens(request)
        if not sent:
            return None
        refusal: Unauthenticated | NoAccount = Unauthenticated()
        for token in sent:
            try:
                claims = self.tokens.claims(token)
            except Unauthenticated:
                continue
            try:
                user_id = self.users.user_of(claims.identity, email=claims.email)
            except NoAccount as error:
                refusal = error
                continue
            return Identity(owner_id=user_id, credential=claims.identity)
        raise refusal
