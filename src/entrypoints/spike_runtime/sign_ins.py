"""The authenticators of other programs' sign-ins, by settings."""

from collections.abc import Sequence
from importlib.util import find_spec

from spike_core.ports.authenticator import Authenticator
from spike_core.ports.clock import Clock
from spike_core.services.external_users import ExternalUsers
from spike_runtime.settings import Settings, WrongSettings


def chosen_sign_ins(settings: Settings, *, users: ExternalUsers, clock: Clock) -> Sequence[Authenticator]:
    """Return the authenticators that the settings name, without a network call.

    Raises:
        WrongSettings: what one needs isn't installed.
    """
    if not settings.nextauth_secrets:
        return []
    if find_spec("joserfc") is None:
        raise WrongSettings("SPIKE_NEXTAUTH_SECRET needs the extra nextauth: pip install 'spike-core[nextauth]'")
    from spike_nextauth import NextAuthAuthenticator, NextAuthTokens  # noqa: PLC0415  # it may not be installed

    tokens = NextAuthTokens(secrets=settings.nextauth_secrets, clock=clock)
    return [NextAuthAuthenticator(tokens=tokens, users=users)]
