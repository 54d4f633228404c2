"""The shop's own addresses, and Spike with the shop's prices below `/spike`."""

import stripe
from flask import Flask, abort, request
from sqlalchemy.exc import IntegrityError
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from flask_shop.tokens import JwtAuthenticator
from flask_shop.users import Users
from spike import Catalog, Offer, OwnerId, Reference, Spike, Tier, Tokens, create_app

TIERS = [("TIER_1K", 1024, 3), ("TIER_2K", 2048, 7), ("TIER_4K", 4096, 20), ("TIER_8K", 8192, 40)]
CATALOG = Catalog(Offer(tier=Tier(name), longest_side_px=px, price=Tokens(price)) for name, px, price in TIERS)
PACKS = {"small": Tokens(50), "large": Tokens(500)}
PAYMENTS = {"checkout.session.completed", "checkout.session.async_payment_succeeded"}


def create_shop(spike: Spike, users: Users, *, key: str, webhook_secret: str) -> Flask:
    shop = Flask(__name__)
    authenticator = JwtAuthenticator(key)
    shop.wsgi_app = DispatcherMiddleware(shop.wsgi_app, {"/spike": create_app(spike, authenticator=authenticator)})

    @shop.post("/users")
    def register():
        try:
            owner_id = users.add(request.form["email"], request.form["password"])
        except IntegrityError:
            abort(409, "There is an account with this address")
        return {"id": owner_id.text}, 201

    @shop.post("/login")
    def login():
        owner_id = users.sign_in(request.form["email"], request.form["password"])
        if owner_id is None:
            abort(401)
        spike.wallets.open(owner_id)  # at the first login, with Spike's opening grant
        return authenticator.issue(owner_id), {"Content-Type": "text/plain"}

    @shop.post("/stripe")
    def receive_payment():
        """Credit what was paid, once however often Stripe sends it. What fails is answered with 500, and sent again."""
        signature = request.headers.get("Stripe-Signature", "")
        try:
            event = stripe.Webhook.construct_event(request.get_data(), signature, webhook_secret)
        except (ValueError, stripe.SignatureVerificationError):
            abort(400)
        session = event.data.object
        if event.type in PAYMENTS and session.payment_status == "paid":
            buyer, tokens = OwnerId.parse(session.client_reference_id), PACKS[session.metadata["pack"]]
            spike.wallets.credit(buyer, tokens, reference=Reference(session.payment_intent))
        return "", 204

    return shop
