import django.db.models.deletion
from django.db import migrations, models

import survey.models.throttles


class Migration(migrations.Migration):
    dependencies = [
        ("survey", "0010_remove_texts_of_one_language"),
    ]

    operations = [
        migrations.CreateModel(
            name="ThrottleWindow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("limit", models.CharField(max_length=20)),
                ("ends_at", models.DateTimeField()),
                ("salt", models.CharField(default=survey.models.throttles.new_salt, max_length=32)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("limit", "ends_at"), name="throttle_window_once_for_a_limit"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ThrottleCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, verbose_name="keyed hash of who knocked")),
                ("count", models.PositiveIntegerField(default=0)),
                (
                    "window",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="counts",
                        to="survey.throttlewindow",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("window", "digest"), name="throttle_count_once_in_a_window"
                    )
                ],
            },
        ),
    ]
