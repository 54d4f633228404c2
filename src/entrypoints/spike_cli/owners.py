"""Owners on the command line: a user's e-mail address, or the id of any owner."""

from spike_core.domain.accounts import Email
from spike_core.domain.errors import InvalidValue, UserNotFound
from spike_core.domain.identifiers import OwnerId
from spike_runtime import Spike


def found_owner(spike: Spike, text: str) -> OwnerId:
    """Return the user with this address, or else the owner with this id.

    Raises:
        InvalidIdentifier: it is neither.
    """
    try:
        return spike.accounts.users.by_email(Email.parse(text)).id
    except (InvalidValue, UserNotFound):
        return OwnerId.parse(text)
