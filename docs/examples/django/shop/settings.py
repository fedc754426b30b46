"""Settings of the example; tocsin's own are the last two."""

from __future__ import annotations

import os
from pathlib import Path

HERE = Path(__file__).parent

SECRET_KEY = os.environ.get("SHOP_SECRET_KEY", "only-for-the-example")
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
USE_TZ = True
TIME_ZONE = "UTC"

TOCSIN_CONFIGURATION = Path(os.environ.get("SHOP_CONFIGURATION", HERE.parents[1] / "fastapi" / "shop.yaml"))
TOCSIN_DATABASE = Path(os.environ.get("SHOP_DATABASE", "shop.db"))
