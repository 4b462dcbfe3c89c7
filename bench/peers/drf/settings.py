"""Settings of the textbook build; the database is the one that PEER_DSN names."""

import os
from urllib.parse import urlsplit

_dsn = urlsplit(os.environ["PEER_DSN"])
SECRET_KEY = "bench-only"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "bench.peers.drf.urls"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "rest_framework", "bench.peers.drf"]
MIDDLEWARE: list[str] = ["django.middleware.common.CommonMiddleware"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _dsn.path.strip("/"),
        "USER": _dsn.username,
        "PASSWORD": _dsn.password,
        "HOST": _dsn.hostname,
        "PORT": _dsn.port,
        "CONN_MAX_AGE": None,
    }
}
REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": [], "DEFAULT_PERMISSION_CLASSES": [], "UNAUTHENTICATED_USER": None}
