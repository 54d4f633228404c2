"""The Flask shop of `examples/flask_shop`, as its customers and Stripe see it: one shop for all tests."""

import io
import json
import sys
import time
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import jwt
import pytest
import stripe
from attrs import field, frozen
from werkzeug.test import Client

from documents import PROJECT
from eventually import eventually
from pictures import decoded, encoded, photograph
from spike_contracts.authenticator import AuthenticatorContract
from spike_core.domain.identifiers import OwnerId
from spike_core.ports.authenticator import IncomingRequest
from spike_runtime import Settings, Spike, build
from spike_worker import working

ADDRESS: Final = "https://shop.example.org"
KEY: Final = "a key of the shop's that has 32 bytes"
WEBHOOK_SECRET: Final = "whsec_of_the_shop"
OPENING_GRANT: Final = 100
SMALL_PACK: Final = 50
TIER_8K_PRICE: Final = 40
PHOTO: Final = encoded(photograph(size=(300, 20)))


@frozen
class Customer:
    """A user of the shop, who sends the token of the shop's login to Spike."""

    client: Any  # of Werkzeug
    user_id: str
    token: str = field(repr=False)

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(path, headers=self.headers, **options)

    def post(self, path: str, **options: Any) -> Any:
        return self.client.post(path, headers=self.headers, **options)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def balance(self) -> int:
        balance: int = self.get("/spike/api/tokens/balance").json["balance"]
        return balance


@frozen
class Shop:
    """The shop in operation."""

    spike: Spike
    client: Any  # of Werkzeug

    def customer(self, name: str) -> Customer:
        form = {"email": f"{name}@example.org", "password": f"secret of {name}"}
        registered = self.client.post("/users", data=form)
        assert registered.status_code == 201
        token = self.client.post("/login", data=form)
        assert token.status_code == 200
        return Customer(self.client, registered.json["id"], token.text)

    def deliver(self, payload: bytes, signature: str) -> int:
        status: int = self.client.post("/stripe", data=payload, headers={"Stripe-Signature": signature}).status_code
        return status


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PROJECT / "examples"))
        patch.setattr(sys, "dont_write_bytecode", True)
        from flask_shop.shop import CATALOG, create_shop  # type: ignore[import-not-found]  # noqa: PLC0415
        from flask_shop.users import Users  # type: ignore[import-not-found]  # noqa: PLC0415
    settings = Settings(
        data_dir=folder / "spike",
        public_url=f"{ADDRESS}/spike",
        upscaler="classical",
        sandbox="off",
        worker_threads=1,
    )
    users = Users(f"sqlite:///{folder / 'shop.db'}")
    with build(settings, catalog=CATALOG) as spike:
        spike.database.migrate()
        app = create_shop(spike, users, key=KEY, webhook_secret=WEBHOOK_SECRET)
        with working(spike):
            yield Shop(spike, Client(app))
    users.engine.dispose()


def payment(
    customer: Customer, type_: str = "checkout.session.completed", *, secret: str = WEBHOOK_SECRET, **content: object
) -> tuple[bytes, str]:
    """Return an event about the purchase of a small pack, and its signature."""
    session = {
        "object": "checkout.session",
        "client_reference_id": customer.user_id,
        "metadata": {"pack": "small"},
        "payment_intent": f"pi_{customer.user_id}",
        "payment_status": "paid",
        **content,
    }
    payload = json.dumps({"id": "evt_1", "object": "event", "type": type_, "data": {"object": session}})
    return payload.encode(), stripe.WebhookSignature.generate_signature_header(payload, secret)


def path_of(link: str) -> str:
    """Return the path of a link that leads to Spike below the shop's address."""
    assert link.startswith(f"{ADDRESS}/spike/"), link
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


def upload(customer: Customer, *, tier: str) -> Any:
    """Upload a wide picture, of which even a result of 8192 pixels is soon made."""
    photo = io.BytesIO(PHOTO)
    return customer.post("/spike/api/images/upload", data={"file": (photo, "photo.jpg"), "tier": tier})


def test_a_customer_buys_tokens_and_gets_a_picture_of_8192_pixels(shop: Shop) -> None:
    """Its links begin with the shop's address and Spike's place there; other people see nothing of it."""
    ada, eve = shop.customer("ada"), shop.customer("eve")
    assert shop.deliver(*payment(ada)) == 204
    uploaded = upload(ada, tier="TIER_8K")
    assert uploaded.status_code == 200, uploaded.text
    assert ada.balance == OPENING_GRANT + SMALL_PACK - TIER_8K_PRICE
    path = f"/spike/api/images/{uploaded.json['image']['id']}"

    def job() -> Any:
        [job] = ada.get(path).json["image"]["jobs"]
        return job

    eventually("the job is completed", lambda: job()["status"] == "COMPLETED")
    enhanced = shop.client.get(path_of(job()["enhancedUrl"]), buffered=True)
    assert max(decoded(enhanced.data).size) == 8192
    assert shop.client.get(path_of(uploaded.json["image"]["url"]), buffered=True).data == PHOTO
    assert eve.get(path).status_code == 403
    assert eve.get("/spike/api/images").json["images"] == []
    assert shop.client.get(path).status_code == 401
    assert list(shop.spike.maintenance.audit.findings(deep=True)) == []


@pytest.mark.parametrize(("tier", "price"), [("TIER_1K", 3), ("TIER_2K", 7), ("TIER_4K", 20), ("TIER_8K", 40)])
def test_the_prices_are_the_shops(shop: Shop, tier: str, price: int) -> None:
    offered = shop.client.get("/spike/api/tiers").json["tiers"]
    assert [each["prices"]["enhancement"] for each in offered if each["tier"] == tier] == [price]


def test_a_payment_is_credited_once_whatever_stripe_repeats_and_in_any_order(shop: Shop) -> None:
    """Both events of a payment that took its time, the later one first; and each purchase counts."""
    bob = shop.customer("bob")
    unpaid = payment(bob, payment_status="unpaid")
    succeeded = payment(bob, "checkout.session.async_payment_succeeded")
    completed = payment(bob)
    deliveries = [unpaid, succeeded, completed, succeeded, unpaid, completed, succeeded, completed]
    assert [shop.deliver(*event) for event in deliveries] == [204] * len(deliveries)
    assert bob.balance == OPENING_GRANT + SMALL_PACK
    assert shop.deliver(*payment(bob, payment_intent="pi_another")) == 204
    assert bob.balance == OPENING_GRANT + 2 * SMALL_PACK
    assert shop.deliver(*payment(bob, "customer.created")) == 204
    assert bob.balance == OPENING_GRANT + 2 * SMALL_PACK


def test_a_payment_of_an_unknown_user_is_an_error_that_stripe_repeats(shop: Shop) -> None:
    unknown = Customer(shop.client, user_id="999999", token="")
    assert shop.deliver(*payment(unknown)) == 500


def test_a_forged_payment_is_refused(shop: Shop) -> None:
    cay = shop.customer("cay")
    payload, signature = payment(cay)
    assert shop.deliver(*payment(cay, secret="whsec_forged")) == 400
    assert shop.deliver(payload.replace(b"small", b"large"), signature) == 400
    assert shop.deliver(payload, "") == 400
    assert cay.balance == OPENING_GRANT


def test_a_forged_token_is_refused(shop: Shop) -> None:
    """As are one for another service, an expired one, one that never expires, and one without a signature."""
    dee = shop.customer("dee")
    claims = {"sub": dee.user_id, "aud": "spike", "exp": time.time() + 60}
    forever = {name: value for name, value in claims.items() if name != "exp"}
    forged = [
        jwt.encode(claims, "another key that has 32 bytes, too", "HS256"),
        jwt.encode({**claims, "aud": "elsewhere"}, KEY, "HS256"),
        jwt.encode({**claims, "exp": time.time() - 60}, KEY, "HS256"),
        jwt.encode(forever, KEY, "HS256"),
        jwt.encode(claims, "", "none"),
        dee.token[:-2],
        "",
    ]
    assert Customer(shop.client, dee.user_id, jwt.encode(claims, KEY, "HS256")).balance == OPENING_GRANT
    for token in forged:
        assert Customer(shop.client, dee.user_id, token).get("/spike/api/tokens/balance").status_code == 401, token


def test_a_password_signs_in_its_user_alone(shop: Shop) -> None:
    shop.customer("eli")
    right = {"email": "Eli@example.org", "password": "secret of eli"}
    assert shop.client.post("/login", data=right).status_code == 200
    assert shop.client.post("/login", data={**right, "password": "secret of ada"}).status_code == 401
    assert shop.client.post("/login", data={**right, "email": "fay@example.org"}).status_code == 401
    assert shop.client.post("/users", data=right).status_code == 409


class TestJwtAuthenticator(AuthenticatorContract):
    @pytest.fixture
    def authenticator(self, shop: Shop) -> Any:
        from flask_shop.tokens import JwtAuthenticator  # type: ignore[import-not-found]  # noqa: PLC0415

        return JwtAuthenticator(KEY)

    @pytest.fixture
    def lost_authenticator(self) -> Any:
        pytest.skip("a token says whose it is; nothing is asked")

    @pytest.fixture
    def request_of_ada(self, authenticator: Any) -> IncomingRequest:
        token = authenticator.issue(OwnerId("42"))
        return IncomingRequest(method="GET", headers={"authorization": f"Bearer {token}"})
