"""The project's own tables."""

from django.db import models


class Postcard(models.Model):
    title = models.CharField(max_length=100, unique=True)
    image_id = models.CharField(max_length=40)

    def __str__(self) -> str:
        return self.title
