"""Django's own server for development, with Spike's workers in the same process, which can't reload itself then."""

from django.core.management.commands import runserver

from shop.apps import spike
from spike import working


class Command(runserver.Command):
    def handle(self, *args, **options) -> None:
        options["use_reloader"] = False
        with spike(), working(spike()):
            super().handle(*args, **options)
