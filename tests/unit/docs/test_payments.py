"""The webhook of `docs/howto/payments.md`: whatever is repeated and reordered, each payment counts once."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents import PROJECT, blocks
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.ledger import Reference
from spike_core.domain.tokens import Tokens

PAGE: Final = PROJECT / "docs/howto/payments.md"
OWNER: Final = OwnerId("42")
BOUGHT: Final = {
    "client_reference_id": OWNER.text,
    "metadata": {"pack": "small"},
    "payment_intent": "pi_1",
    "payment_status": "paid",
    "amount_total": 300,
}
DISPUTE: Final = {"id": "dp_1", "object": "dispute", "payment_intent": "pi_1", "amount": 200}
REFUND: Final = {"id": "re_1", "object": "refund", "payment_intent": "pi_1", "amount": 100}
EVENTS: Final[list[tuple[str, dict[str, Any]]]] = [
    ("checkout.session.completed", {"object": "checkout.session", **BOUGHT, "payment_status": "unpaid"}),
    ("checkout.session.completed", {"object": "checkout.session", **BOUGHT}),
    ("checkout.session.async_payment_succeeded", {"object": "checkout.session", **BOUGHT}),
    ("refund.created", {**REFUND, "status": "pending"}),
    ("refund.updated", {**REFUND, "status": "succeeded"}),
    ("charge.dispute.funds_withdrawn", DISPUTE),
    ("charge.dispute.funds_reinstated", DISPUTE),
    ("customer.created", {"object": "customer"}),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """The names of the page's example, which has run beside a data folder of its own."""
    [block] = [each for each in blocks(PAGE) if each.language == "python"]
    names: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("shop"))
        exec(compile(block.text.partition("# in your tests")[0], Path(PAGE).name, "exec"), names)  # noqa: S102  # ours
        exec(block.text[block.text.index("def an_event") : block.text.index("bought =")], names)  # noqa: S102
    return names


def deliver(shop: Mapping[str, Any], customer: int, numbers: list[int]) -> None:
    """Deliver events in this order, those that get no answer of the 200s again at the end, as Stripe does."""
    waiting = list(numbers)
    for _round in range(len(numbers) + 2):
        again = []
        for number in waiting:
            type_, content = EVENTS[number]
            renamed = {
                name: f"{value}-{customer}" if name in {"client_reference_id", "payment_intent", "id"} else value
                for name, value in content.items()
            }
            if shop["receive"](*shop["an_event"](type_, **renamed)) != 200:
                again.append(number)
        waiting = again
    assert waiting == []


customers: Final = iter(range(1_000_000))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(len(EVENTS))), repeated=st.lists(st.sampled_from(range(len(EVENTS))), max_size=5))
@pytest.mark.parametrize("is_spent", [False, True])
def test_whatever_is_repeated_and_reordered_the_balance_is_right(
    shop: Mapping[str, Any], order: list[int], repeated: list[int], is_spent: bool
) -> None:
    """50 tokens bought, a third of them refunded, a dispute won; spent or not before anything was taken back."""
    customer, wallets = next(customers), shop["spike"].wallets
    owner = OwnerId(f"{OWNER}-{customer}")
    if is_spent:
        deliver(shop, customer, [1])
        wallets.debit(owner, Tokens(50), reference=Reference("spent"))
    deliver(shop, customer, [*order, *repeated])
    ledger = wallets.history(owner).entries
    assert len({entry.reference for entry in ledger}) == len(ledger)
    if is_spent:
        wallets.credit(owner, Tokens(50), reference=Reference("given"))
        shop["collect_debts"](owner)
    assert wallets.account(owner).wallet.balance == Tokens(34)
    assert {reference for reference, (debtor, _) in shop["debts"].items() if debtor == owner} == set()


@pytest.mark.parametrize(
    "spoil",
    [lambda body, sign: (body, sign + "0"), lambda body, sign: (body + b" ", sign), lambda _b, sign: (b"\xff", sign)],
)
def test_what_stripe_hasnt_signed_changes_nothing(
    shop: Mapping[str, Any], spoil: Callable[[bytes, str], tuple[bytes, str]]
) -> None:
    body, signature = shop["an_event"]("checkout.session.completed", **{**BOUGHT, "client_reference_id": "forged"})
    assert shop["receive"](*spoil(body, signature)) == 400
    assert shop["spike"].wallets.history(OwnerId("forged")).entries == []
