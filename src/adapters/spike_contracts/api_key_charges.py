"""The laws of `ApiKeyCharges`."""

from spike_contracts.api_keys import an_api_key
from spike_contracts.builders import a_body
from spike_contracts.users import a_user
from spike_core.domain.api_keys import ApiKey, ApiKeyCharge, Month
from spike_core.domain.identifiers import JobId
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.ports.transactions import Transactions

NOVEMBER, DECEMBER = Month("2026-11"), Month("2026-12")


class ApiKeyChargesContract:
    """Laws every ApiKeyCharges adapter keeps. Needs the fixture `transactions`, of an empty database."""

    def test_charges_are_summed_by_key_and_month(self, transactions: Transactions) -> None:
        key, other = _two_keys(transactions)
        with transactions.begin() as tx:
            tx.api_key_charges.add([a_charge(key, 2), a_charge(key, 5), a_charge(key, 10, month=DECEMBER)])
            tx.api_key_charges.add([a_charge(key, 2), a_charge(other, 10)])
            tx.api_key_charges.add([])
        with transactions.view() as tx:
            assert tx.api_key_charges.spent(key.id, month=NOVEMBER) == Tokens(9)
            assert tx.api_key_charges.spent(key.id, month=DECEMBER) == Tokens(10)
            assert tx.api_key_charges.spent(other.id, month=NOVEMBER) == Tokens(10)
            assert tx.api_key_charges.spent(other.id, month=DECEMBER) == NO_TOKENS

    def test_a_refund_is_subtracted_from_the_month_of_its_charge_once(self, transactions: Transactions) -> None:
        key, other = _two_keys(transactions)
        charge = a_charge(key, 5)
        with transactions.begin() as tx:
            tx.api_key_charges.add([charge, a_charge(key, 2), a_charge(key, 10, month=DECEMBER), a_charge(other, 5)])
        for _ in range(2):
            with transactions.begin() as tx:
                tx.api_key_charges.take_back(charge.job_id)
        with transactions.view() as tx:
            assert tx.api_key_charges.spent(key.id, month=NOVEMBER) == Tokens(2)
            assert tx.api_key_charges.spent(key.id, month=DECEMBER) == Tokens(10)
            assert tx.api_key_charges.spent(other.id, month=NOVEMBER) == Tokens(5)

    def test_a_job_that_no_key_has_ordered_has_nothing_to_take_back(self, transactions: Transactions) -> None:
        key, _other = _two_keys(transactions)
        with transactions.begin() as tx:
            tx.api_key_charges.add([a_charge(key, 5)])
            tx.api_key_charges.take_back(JobId.of(a_body()))
            assert tx.api_key_charges.spent(key.id, month=NOVEMBER) == Tokens(5)


def a_charge(key: ApiKey, tokens: int, *, month: Month = NOVEMBER) -> ApiKeyCharge:
    return ApiKeyCharge(job_id=JobId.of(a_body()), api_key_id=key.id, month=month, tokens=Tokens(tokens))


def _two_keys(transactions: Transactions) -> tuple[ApiKey, ApiKey]:
    user = a_user()
    keys = an_api_key(user), an_api_key(user)
    with transactions.begin() as tx:
        tx.users.add_user(user)
        for key in keys:
            tx.api_keys.put(key)
    return keys
