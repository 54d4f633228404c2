"""Signing browsers in and out."""

from collections.abc import Mapping
from typing import Final

from spike_http.openapi.texts.examples import USER
from spike_http.openapi.texts.operation_text import OperationText

SESSIONS: Final[Mapping[str, OperationText]] = {
    "signIn": OperationText(
        summary="Sign in",
        description="""
Open a session and set its token as the cookie `next-auth.session-token`; over https `__Host-next-auth.session-token`,
or `__Secure-next-auth.session-token` if `SPIKE_PUBLIC_URL` has a path. Send a session token, or the token of a sign-in
link, as a bearer token. The token of a sign-in link is valid once, and for nothing else. Scripts can't read the cookie,
and pages of other sites can't use it. Its path is that of `SPIKE_PUBLIC_URL`, else `/`. Signing out of the new session
ends no other one.
""",
        errors={
            403: "The credential is an API key; another site's page sent the cookie; or an app's authenticator takes no sessions of ours.",
        },
        response={"success": True, "user": USER},
    ),
    "whoIsSignedIn": OperationText(
        summary="Get the signed-in user",
        description="Return the user of the request's credentials. `user` is null if there are no credentials.",
        errors={401: "The credentials are wrong or expired."},
        response={"success": True, "user": USER},
    ),
    "signOut": OperationText(
        summary="Sign out",
        description="""
End the session of the request's cookie, and remove the cookie. This succeeds too if there is no session or it has
expired. With `?all=true`, which requires valid credentials, all of your sessions end, those of bearer tokens and unused
sign-in links too. API keys stay valid; revoke them one by one. `stillSignedIn` is true if another program on the same
domain still signs the browser in by its own cookie (`SPIKE_NEXTAUTH_SECRET`): Spike neither removes nor ends that.
""",
        errors={
            400: "`all` is neither `true` nor `false`.",
            401: "The bearer token is wrong or expired; or `all` is given without valid credentials.",
            403: "A page of another site sent the request, or the API key lacks the scope.",
        },
        response={"success": True, "stillSignedIn": False},
    ),
    "listSessions": OperationText(
        summary="List sessions",
        description="""
List where you are signed in: the 100 sessions opened last, newest first, without their tokens. `lastUsedAt` is
accurate to ten minutes. `isCurrent` marks the session that sends the request. `DELETE /api/session?all=true` ends all
of them.
""",
        response={
            "success": True,
            "sessions": [
                {
                    "createdAt": "2025-12-12T10:30:00Z",
                    "lastUsedAt": "2025-12-14T08:10:00Z",
                    "expiresAt": "2026-01-11T10:30:00Z",
                    "isCurrent": True,
                }
            ],
        },
    ),
}
