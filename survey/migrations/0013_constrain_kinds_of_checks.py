from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("survey", "0012_say_of_which_kind_checks_are")]

    operations = [
        migrations.AddConstraint(
            model_name="question",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("check_kind__in", ["other class", "noise", "instructed"]), ("kind", "check")),
                    models.Q(models.Q(("kind", "check"), _negated=True), ("check_kind", "")),
                    _connector="OR",
                ),
                name="a_check_is_of_a_kind_and_nothing_else_is",
            ),
        ),
    ]
