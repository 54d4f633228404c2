"""An e-mail to everyone whose picture is ready."""

from contextlib import closing

from django.core.mail import EmailMessage
from django.db import connection

from shop.apps import spike
from shop.models import Mail
from spike import JobCompleted, UserId


class MailOnCompletion:
    """A subscriber to events. Spike calls it in a thread of its own, after the job's commit, and again if it fails."""

    name = "mail-on-completion"
    kinds = (JobCompleted,)

    def handle(self, event: JobCompleted) -> None:
        with closing(connection):  # of this thread, which Django doesn't know
            if Mail.objects.filter(event_id=event.id.text).exists():
                return
            user = spike().accounts.users.by_id(UserId.parse(event.owner_id.text))
            text = f"It has {event.dimensions} pixels."
            headers = {"Message-ID": f"<{event.id}@shop.example.org>"}  # the same if a crash has it sent again
            EmailMessage("Your postcard is ready", text, to=[user.email.text], headers=headers).send()
            Mail.objects.create(event_id=event.id.text)
