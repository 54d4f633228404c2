"""Signing browsers in and out."""

from collections.abc import Mapping
from typing import Final

from spike_http.openapi.texts.examples import USER
from spike_http.openapi.texts.operation_text import OperationText

SESSIONS: Final[Mapping[str, OperationText]] = {
    "signIn": OperationText(
        summary="Sign in",
        description="""
Open a session and set its token as the cookie `next-auth.session-token`, or `__Secure-next-auth.session-token` over
https. Send a session token or an API key as a bearer token. Scripts can't read the cookie, and pages of other sites
can't use it. Its path is that of `SPIKE_PUBLIC_URL`, else `/`. Signing out of the new session ends no other one.
""",
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
expired.
""",
        errors={401: "The bearer token is wrong or expired.", 403: "A page of another site sent the request."},
        response={"success": True},
    ),
}
