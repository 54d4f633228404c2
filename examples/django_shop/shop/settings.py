"""Settings of the project. Spike's tables are in the same database, under `spike_…`."""

import os
from pathlib import Path

FOLDER = Path(os.environ.get("SHOP_FOLDER", "var"))
SECRET_KEY = os.environ.get("SHOP_SECRET", "for development")
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
INSTALLED_APPS = ["shop.apps.ShopConfig"]
MIDDLEWARE = ["shop.views.SpikeErrors"]
ROOT_URLCONF = "shop.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
EMAIL_BACKEND = os.environ.get("SHOP_EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": FOLDER / "shop.db",
        # a transaction that reads before it writes would fail where another one has written meanwhile
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode = WAL"},
    }
}
