"""Postcards and e-mails."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel(
            name="Postcard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=100, unique=True)),
                ("image_id", models.CharField(max_length=40)),
            ],
        ),
        migrations.CreateModel(
            name="Mail",
            fields=[("event_id", models.CharField(max_length=40, primary_key=True, serialize=False))],
        ),
    ]
