"""`/api/session` and `/api/sessions`: sign a browser in and out, and list where the user is signed in."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

import falcon
from attrs import frozen

from spike_core.domain.errors import Forbidden, InvalidIdentifier, SessionRequired, Unauthenticated, UserNotFound
from spike_core.domain.identifiers import OwnerId, UserId
from spike_core.services.accounts import SESSION_LIFETIME
from spike_core.services.sessions import OpenedSession, Sessions
from spike_http.authentication import RequestAuthentication
from spike_http.context import Request
from spike_http.credentials import (
    COOKIES,
    bearer_token,
    incoming,
    is_of_another_program,
    session_cookies,
    session_tokens,
)
from spike_http.errors import SIGN_IN_MESSAGES
from spike_http.openapi.operations import Access, Operation
from spike_http.requests.query import ALL, flag
from spike_http.responses.serialization import as_json
from spike_http.responses.session import ClosedSessionView, SessionsView, SessionView

_HOST_COOKIE, _SECURE_COOKIE, _PLAIN_COOKIE = COOKIES
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LIFETIME_S: Final = int(SESSION_LIFETIME.total_seconds())


@frozen(kw_only=True)
class SessionResource:
    """`/api/session`."""

    authenticator: RequestAuthentication
    sessions: Sessions

    @Operation("whoIsSignedIn", answer=SessionView, access=Access.OPTIONAL_USER)
    def on_get(self, req: Request, resp: falcon.Response) -> None:
        """Show the user who is signed in, if any."""
        owner_id = self.authenticator.user_if_any(req)
        resp.cache_control = ["no-store"]
        resp.media = as_json(SessionView.of(None) if owner_id is None else self._view(owner_id))

    @Operation("signIn", answer=SessionView, status=HTTPStatus.CREATED)
    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Open a session for a browser, and set its token as a cookie that scripts can't read."""
        opened = self._opened(req)
        name = self._cookie_name(req)
        resp.set_cookie(
            name,
            opened.token.text,
            max_age=_LIFETIME_S,
            path=self._cookie_path(req),
            secure=name != _PLAIN_COOKIE,
            http_only=True,
            same_site="Lax",
        )
        resp.status = falcon.HTTP_CREATED
        resp.cache_control = ["no-store"]
        resp.media = as_json(SessionView.of(opened.user))

    @Operation("signOut", answer=ClosedSessionView, access=Access.OPTIONAL_USER, query=(ALL,))
    def on_delete(self, req: Request, resp: falcon.Response) -> None:
        """End the session of the cookie, or all of the user's; delete the cookie even if the session has expired.

        The cookie of another program's sign-in is deleted only if it signs no one in.
        """
        if flag(req, ALL):
            self.sessions.close_all(self.authenticator.user(req))
        else:
            self._close(req)
        remains = self.authenticator.is_signed_in_without_bearer(req)
        sent = session_cookies(incoming(req))
        for name in COOKIES:
            if sent[name] and not (remains and all(map(is_of_another_program, sent[name]))):
                self._unset_cookie(req, resp, name)
        resp.cache_control = ["no-store"]
        resp.media = as_json(ClosedSessionView(still_signed_in=remains))

    def _view(self, owner_id: OwnerId) -> SessionView:
        try:
            return SessionView.of(self.sessions.user(UserId.parse(owner_id.text)))
        except (InvalidIdentifier, UserNotFound):  # the authenticator isn't Spike's
            return SessionView.of_owner(owner_id)

    def _opened(self, req: Request) -> OpenedSession:
        """Open a session for the credential, or exchange the token of a sign-in link for one.

        Raises:
            Forbidden: the app's own authenticator takes no session of Spike's; or as `RequestAuthentication.user`.
            Unauthenticated, SessionRequired, TooManyRequests: as `RequestAuthentication.user`.
        """
        try:
            self.authenticator.user(req)
            session = req.context.session
            if session is None:
                raise SessionRequired
            return self.sessions.open(session.user_id, opener=session)
        except Unauthenticated:
            token = bearer_token(req)
            if token is None:
                raise
            opened = self.sessions.redeem(token)
        if not self.authenticator.accepts_session(opened.token):
            self.sessions.close(opened.token)
            req.context.messages = SIGN_IN_MESSAGES
            raise Forbidden
        return opened

    def _close(self, req: Request) -> None:
        try:
            self.authenticator.optional_user(req)
        except Unauthenticated:
            if req.get_header("Authorization") is not None:
                raise
        else:
            for token in session_tokens(req):
                self.sessions.close(token)

    def _cookie_name(self, req: Request) -> str:
        """Return the name with the strictest prefix that browsers accept here; `__Host-` requires the path `/`."""
        if not self.authenticator.base_urls.is_secure(req):
            return _PLAIN_COOKIE
        return _HOST_COOKIE if self._cookie_path(req) == "/" else _SECURE_COOKIE

    def _unset_cookie(self, req: Request, resp: falcon.Response, name: str) -> None:
        """Delete a cookie. Browsers ignore a response that changes a prefixed one without `Secure`."""
        path = "/" if name == _HOST_COOKIE else self._cookie_path(req)
        secure = name != _PLAIN_COOKIE
        resp.set_cookie(name, "", expires=_LONG_AGO, path=path, secure=secure, http_only=True, same_site="Lax")

    def _cookie_path(self, req: Request) -> str:
        return self.authenticator.base_urls.base_path(req) or "/"


@frozen(kw_only=True)
class SessionsResource:
    """`/api/sessions`."""

    authenticator: RequestAuthentication
    sessions: Sessions

    @Operation("listSessions", answer=SessionsView)
    def on_get(self, req: Request, resp: falcon.Response) -> None:
        """List the user's sessions, newest first."""
        user_id = self.authenticator.user(req)
        resp.cache_control = ["no-store"]
        resp.media = as_json(SessionsView.of(self.sessions.of(user_id), current=req.context.session))
