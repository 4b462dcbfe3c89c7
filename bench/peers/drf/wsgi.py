"""WSGI entry of the textbook build; makes its five tables when they are missing."""

import os

import django
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.peers.drf.settings")
django.setup()


def make_tables() -> None:
    from django.apps import apps
    from django.db import connection

    from bench.peers.drf.models import Quota

    models = list(apps.get_app_config("drf").get_models())
    with connection.schema_editor() as editor:
        for model in models:
            editor.create_model(model)
    Quota.objects.create(pk=1, cap=10**15)


if __name__ == "__main__":
    make_tables()
else:
    application = get_wsgi_application()
