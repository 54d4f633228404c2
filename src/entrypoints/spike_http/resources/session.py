"""`/api/session`: sign a browser in and out."""

from http import HTTPStatus
from typing import Final

import falcon
from attrs import frozen

from spike_core.domain.errors import Unauthenticated
from spike_core.services.accounts import SESSION_LIFETIME
from spike_core.services.sessions import Sessions
from spike_http.authentication import COOKIES, Authenticator, session_cookies, session_tokens
from spike_http.context import Request
from spike_http.openapi.operations import Access, Operation
from spike_http.responses.serialization import as_json
from spike_http.responses.session import ClosedSessionView, SessionView

_SECURE_COOKIE, _PLAIN_COOKIE = COOKIES
_LIFETIME_S: Final = int(SESSION_LIFETIME.total_seconds())


@frozen(kw_only=True)
class SessionResource:
    """`/api/session`."""

    authenticator: Authenticator
    sessions: Sessions

    @Operation("whoIsSignedIn", answer=SessionView, access=Access.OPTIONAL_USER)
    def on_get(self, req: Request, resp: falcon.Response) -> None:
        """Show the user who is signed in, if any."""
        user_id = self.authenticator.optional_user(req)
        user = None if user_id is None else self.sessions.user(user_id)
        resp.cache_control = ["no-store"]
        resp.media = as_json(SessionView.of(user))

    @Operation("signIn", answer=SessionView, status=HTTPStatus.CREATED)
    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Open a session for a browser, and set its token as a cookie that scripts can't read."""
        opened = self.sessions.open(self.authenticator.user(req))
        is_secure = self.authenticator.base_urls.is_secure(req)
        resp.set_cookie(
            _SECURE_COOKIE if is_secure else _PLAIN_COOKIE,
            opened.token.text,
            max_age=_LIFETIME_S,
            path=self._cookie_path(req),
            secure=is_secure,
            http_only=True,
            same_site="Lax",
        )
        resp.status = falcon.HTTP_CREATED
        resp.cache_control = ["no-store"]
        resp.media = as_json(SessionView.of(opened.user))

    @Operation("signOut", answer=ClosedSessionView, access=Access.OPTIONAL_USER)
    def on_delete(self, req: Request, resp: falcon.Response) -> None:
        """End the session of the cookie, and delete the cookie even if the session has expired."""
        try:
            self.authenticator.optional_user(req)
        except Unauthenticated:
            if req.get_header("Authorization") is not None:
                raise
        else:
            for token in session_tokens(req):
                self.sessions.close(token)
        sent = session_cookies(req)
        for name in COOKIES:
            if sent[name]:
                resp.unset_cookie(name, path=self._cookie_path(req), same_site="Lax")
        resp.media = as_json(ClosedSessionView())

    def _cookie_path(self, req: Request) -> str:
        return self.authenticator.base_urls.base_path(req) or "/"
