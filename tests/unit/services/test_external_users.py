"""Users whom another program signs in: one user for one identity, whatever happens at the same time."""

import pytest
from attrs import evolve

from services import Services
from spike_core.domain.accounts import Email, ExternalIdentity, SignUpPolicy
from spike_core.domain.errors import IdentityNotLinked, InvalidValue, SignUpClosed
from spike_core.services.external_users import ExternalUsers

ADA = Email.parse("ada@example.org")
IDENTITY = ExternalIdentity(issuer="app", subject="1")


def users_of(services: Services, policy: SignUpPolicy) -> ExternalUsers:
    return evolve(services.accounts.external_users, policy=policy)


@pytest.mark.parametrize("overtaken_by", ["the same identity", "another identity", "a registration"])
@pytest.mark.parametrize("links_emails", [True, False])
def test_two_first_requests_make_one_user(
    services: Services, monkeypatch: pytest.MonkeyPatch, overtaken_by: str, *, links_emails: bool
) -> None:
    """The second request decides before the first has committed, and writes afterwards."""
    users = users_of(services, SignUpPolicy(is_open=True, links_emails=links_emails))
    link = ExternalUsers._link

    def overtaken(self: ExternalUsers, identity: ExternalIdentity, *, email: Email | None) -> object:
        monkeypatch.setattr(ExternalUsers, "_link", link)
        match overtaken_by:
            case "the same identity":
                self.user_of(identity, email=email)
            case "another identity":
                self.user_of(evolve(identity, subject="2"), email=email)
            case _:
                services.accounts.registration.register(ADA)
        return link(self, identity, email=email)

    monkeypatch.setattr(ExternalUsers, "_link", overtaken)
    if links_emails or overtaken_by == "the same identity":
        found = users.user_of(IDENTITY, email=ADA)
        assert found == services.accounts.users.by_email(ADA).id
        assert found == users.user_of(IDENTITY, email=None)
    else:
        with pytest.raises(IdentityNotLinked):
            users.user_of(IDENTITY, email=ADA)
    assert len(services.accounts.users.page().users) == 1
    assert services.findings() == []


def test_a_new_user_has_the_opening_grant_and_no_credentials(services: Services) -> None:
    user_id = users_of(services, SignUpPolicy(is_open=True)).user_of(IDENTITY, email=ADA)
    assert services.balance(user_id) == 100
    assert services.accounts.sessions.of(user_id) == []
    assert services.accounts.api_keys.of(user_id) == []


def test_by_default_nobody_gets_an_account(services: Services) -> None:
    with pytest.raises(SignUpClosed):
        services.accounts.external_users.user_of(IDENTITY, email=ADA)


@pytest.mark.parametrize("text", ["", "x" * 256, "a\x00", "\ud800"])
def test_an_identity_that_no_database_stores_is_invalid(text: str) -> None:
    for part in ("issuer", "subject"):
        with pytest.raises(InvalidValue):
            evolve(IDENTITY, **{part: text})
