"""Errors of users, their credentials and their permissions."""

from typing import ClassVar

from attrs import frozen

from spike_core.domain.errors.families import Conflict, NotFound, SpikeError


@frozen
class Unauthenticated(SpikeError):
    """There are no credentials, or they are unknown, expired or revoked."""

    code: ClassVar[str] = "unauthenticated"


@frozen
class Forbidden(SpikeError):
    """The resource exists and belongs to another user."""

    code: ClassVar[str] = "forbidden"


@frozen
class SessionRequired(Forbidden):
    """An API key can't do this; a session can."""

    code: ClassVar[str] = "session_required"


@frozen
class InsufficientScope(Forbidden):
    """The API key lacks the scope that the request requires."""

    code: ClassVar[str] = "insufficient_scope"
    scope: str


@frozen
class UntrustedHost(Forbidden):
    """The request names a host that isn't known to be the service's own."""

    code: ClassVar[str] = "untrusted_host"


@frozen
class NoAccount(Forbidden):
    """The sign-in at another program is valid, but its person has no account here."""

    code: ClassVar[str] = "no_account"


@frozen
class SignUpClosed(NoAccount):
    """The sign-in is valid, but its person has no account, and no one may open one without being invited."""

    code: ClassVar[str] = "sign_up_closed"


@frozen
class IdentityNotLinked(NoAccount):
    """The sign-in is valid, but the account with its e-mail address isn't linked to it."""

    code: ClassVar[str] = "identity_not_linked"


@frozen
class VerifiedEmailRequired(NoAccount):
    """The sign-in is valid, but has no e-mail address, or one that isn't verified."""

    code: ClassVar[str] = "verified_email_required"


@frozen
class InvalidLink(SpikeError):
    """The signed URL has expired or its signature is wrong."""

    code: ClassVar[str] = "invalid_link"


@frozen
class UserNotFound(NotFound):
    """No user has this id or address."""

    code: ClassVar[str] = "user_not_found"


@frozen
class EmailTaken(Conflict):
    """A user with this e-mail address already exists."""

    code: ClassVar[str] = "email_taken"


@frozen
class IdentityTaken(Conflict):
    """The identity of another program is already linked to a user."""

    code: ClassVar[str] = "identity_taken"


@frozen
class ApiKeyNotFound(NotFound):
    """No API key has this id, or it belongs to another user."""

    code: ClassVar[str] = "api_key_not_found"


@frozen
class TooManyApiKeys(Conflict):
    """The user has the maximum number of active API keys; one must be revoked first."""

    code: ClassVar[str] = "too_many_api_keys"
    keys_max: int
