"""The project's own tables."""

from django.db import models


class Postcard(models.Model):
    title = models.CharField(max_length=100, unique=True)
    image_id = models.CharField(max_length=40)

    def __str__(self) -> str:
        return self.title


class Mail(models.Model):
    """An e-mail that was sent, by the event of which it tells."""

    event_id = models.CharField(max_length=40, primary_key=True)

    def __str__(self) -> str:
        return self.event_id
