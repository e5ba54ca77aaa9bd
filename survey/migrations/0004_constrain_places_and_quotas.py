import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("survey", "0003_give_places_and_positions")]

    operations = [
        migrations.AddConstraint(
            model_name="participation",
            constraint=models.UniqueConstraint(
                fields=("study", "simulated", "place"), name="place_held_once_in_a_study"
            ),
        ),
        migrations.AddConstraint(
            model_name="participation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("checks_passed", None),
                        ("finished_at", None),
                        ("kept", False),
                        ("place__isnull", False),
                        ("status__in", ["started", "answering"]),
                    ),
                    models.Q(
                        ("checks_passed__isnull", False),
                        ("finished_at__isnull", False),
                        ("kept", True),
                        ("place__isnull", False),
                        ("status__in", ["complete", "withdrawn"]),
                    ),
                    models.Q(
                        ("checks_passed__isnull", False),
                        ("finished_at__isnull", False),
                        ("kept", False),
                        ("place", None),
                        ("status", "complete"),
                    ),
                    models.Q(
                        ("checks_passed", None),
                        ("finished_at", None),
                        ("kept", False),
                        ("place", None),
                        ("status__in", ["screened out", "timed out"]),
                    ),
                    models.Q(("kept", False), ("place", None), ("status", "withdrawn")),
                    _connector="OR",
                ),
                name="participation_outcome_fits_its_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="participation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("next_position", 0), ("status__in", ["started", "screened out"])),
                    models.Q(
                        ("next_position__gte", 1),
                        ("next_position__lte", models.F("last_position")),
                        ("status", "answering"),
                    ),
                    models.Q(
                        (
                            "next_position",
                            django.db.models.expressions.CombinedExpression(
                                models.F("last_position"), "+", models.Value(1)
                            ),
                        ),
                        ("status", "complete"),
                    ),
                    models.Q(("next_position__lte", models.F("last_position")), ("status", "timed out")),
                    ("status", "withdrawn"),
                    _connector="OR",
                ),
                name="participation_position_fits_its_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(("quota", None), ("quota__gte", 1), _connector="OR"),
                name="quota_of_one_at_least",
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(("idle_minutes__gte", 1)), name="a_minute_of_idleness_at_least"
            ),
        ),
    ]
