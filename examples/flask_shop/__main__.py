"""Serve the shop, and enhance pictures beside it, in one process."""

import os
from pathlib import Path

from flask_shop.shop import CATALOG, create_shop
from flask_shop.users import Users
from spike import Settings, build, working

FOLDER = Path(os.environ.get("SHOP_FOLDER", "var"))
ADDRESS = os.environ.get("SHOP_ADDRESS", "http://localhost:5000")
KEY, WEBHOOK_SECRET = os.environ["SHOP_KEY"], os.environ["STRIPE_WEBHOOK_SECRET"]

with build(Settings(data_dir=FOLDER / "spike", public_url=f"{ADDRESS}/spike"), catalog=CATALOG) as spike:
    spike.database.migrate()
    shop = create_shop(spike, Users(f"sqlite:///{FOLDER / 'shop.db'}"), key=KEY, webhook_secret=WEBHOOK_SECRET)
    with working(spike):
        shop.run(port=5000)
