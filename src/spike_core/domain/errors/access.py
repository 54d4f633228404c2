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
class ApiKeyNotFound(NotFound):
    """No API key has this id, or it belongs to another user."""

    code: ClassVar[str] = "api_key_not_found"


@frozen
class TooManyApiKeys(Conflict):
    """The user has the maximum number of active API keys; one must be revoked first."""

    code: ClassVar[str] = "too_many_api_keys"
    keys_max: int
