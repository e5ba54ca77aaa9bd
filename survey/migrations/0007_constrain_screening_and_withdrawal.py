from django.db import migrations, models

import survey.models.participations


class Migration(migrations.Migration):
    dependencies = [("survey", "0006_give_receipts")]

    operations = [
        migrations.AlterField(
            model_name="participation",
            name="receipt_code",
            field=models.CharField(
                default=survey.models.participations.new_completion_code,
                max_length=9,
                unique=True,
                verbose_name="with which the participant may withdraw",
            ),
        ),
        migrations.AddConstraint(
            model_name="participation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("screened_at__isnull", False),
                    ("status__in", ["started", "screened out", "withdrawn"]),
                    models.Q(("next_position", 0), ("status", "timed out")),
                    _connector="OR",
                ),
                name="screened_before_answering",
            ),
        ),
        migrations.AddConstraint(
            model_name="participation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "withdrawn"), ("withdrawn_at__isnull", False)),
                    models.Q(
                        models.Q(("status", "withdrawn"), _negated=True),
                        ("withdrawn_at", None),
                    ),
                    _connector="OR",
                ),
                name="withdrawn_at_a_moment",
            ),
        ),
    ]
