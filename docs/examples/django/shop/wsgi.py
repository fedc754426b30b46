"""For WSGI servers, with one process and many threads: `gunicorn --workers 1 --threads 8 shop.wsgi`."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()
