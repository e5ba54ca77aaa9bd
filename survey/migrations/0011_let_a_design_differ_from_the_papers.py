from decimal import Decimal

import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import survey.planning


class Migration(migrations.Migration):
    dependencies = [
        ("survey", "0011_add_throttles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="participation",
            name="participation_outcome_fits_its_status",
        ),
        migrations.RemoveConstraint(
            model_name="participation",
            name="participation_position_fits_its_status",
        ),
        migrations.RemoveConstraint(
            model_name="participation",
            name="screened_before_answering",
        ),
        migrations.RemoveConstraint(
            model_name="study",
            name="study_dates_fit_its_status",
        ),
        migrations.AddField(
            model_name="answer",
            name="reason",
            field=models.CharField(
                blank=True, max_length=500, verbose_name="why, in the participant's own words"
            ),
        ),
        migrations.AddField(
            model_name="participation",
            name="first_position",
            field=models.SmallIntegerField(default=0, verbose_name="position of the first question"),
        ),
        migrations.AddField(
            model_name="question",
            name="check_kind",
            field=models.CharField(
                blank=True,
                choices=[
                    ("other class", "one picture of the class, the others of another class"),
                    ("noise", "one picture of the class, the others without any pattern"),
                    ("instructed", "the question itself says which picture to choose"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="allows_none",
            field=models.BooleanField(
                default=False,
                help_text="Adds an answer to the scored questions that counts for no method.",
                verbose_name="“None of these”",
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="alpha",
            field=models.DecimalField(
                decimal_places=4,
                default=Decimal("0.05"),
                max_digits=5,
                validators=[
                    django.core.validators.MinValueValidator(Decimal("0.0001")),
                    django.core.validators.MaxValueValidator(Decimal("0.5")),
                ],
                verbose_name="significance level",
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="asks_reason",
            field=models.BooleanField(
                default=False,
                help_text="Adds an optional line of text. People may write who they are: it is stored with the answer, but is in no vote table and no archive.",
                verbose_name="asks why",
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="checks_instructed",
            field=models.BooleanField(
                default=False,
                help_text="The question itself says which picture to choose. Kinds that are ticked take turns.",
                verbose_name="instructed checks",
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="checks_noise",
            field=models.BooleanField(
                default=False,
                help_text="One picture is of the class that is asked for, the others have no pattern at all.",
                verbose_name="checks with noise",
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="checks_other_class",
            field=models.BooleanField(
                default=True,
                help_text="One picture is of the class that is asked for, the others of another; as in the paper.",
                verbose_name="checks with another class",
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="comparisons",
            field=models.CharField(
                choices=[
                    ("paired-t-holm", "every pair by paired t tests, adjusted by Holm"),
                    ("tukey-hsd", "every pair by Tukey’s HSD, as in the NormLIME paper"),
                ],
                default="paired-t-holm",
                help_text="Which method is ahead of which.",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="currency",
            field=models.CharField(
                default="USD",
                max_length=3,
                validators=[
                    django.core.validators.RegexValidator(
                        "^[A-Z]{3}$", "Three capital letters, such as USD, EUR or GBP."
                    )
                ],
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="expected_lead",
            field=models.DecimalField(
                decimal_places=3,
                default=Decimal("0.1"),
                help_text="By what share of the votes the best method should be ahead of the others: 0.1 is ten of a hundred. The review says whether enough participants are wanted to find it.",
                max_digits=4,
                validators=[
                    django.core.validators.MinValueValidator(Decimal("0.001")),
                    django.core.validators.MaxValueValidator(Decimal("0.999")),
                ],
                verbose_name="expected lead",
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="minutes",
            field=models.PositiveSmallIntegerField(
                default=5,
                help_text="That a participation takes.",
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(600),
                ],
                verbose_name="expected minutes",
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="n_practice",
            field=models.PositiveSmallIntegerField(
                default=1,
                help_text="Before the others, with feedback; they count for nothing.",
                validators=[django.core.validators.MaxValueValidator(5)],
                verbose_name="practice questions",
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="n_shown",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Fewer than there are: each person gets a part, each question equally many people. Empty: all.",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="scored questions for each participant",
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="on_failed_checks",
            field=models.CharField(
                choices=[
                    ("end", "goes on to the end, and is left out of the analysis"),
                    ("at once", "is told so as soon as too few can still be passed"),
                ],
                default="end",
                help_text="Some platforms forbid to send people away in the middle: the review says which.",
                max_length=8,
                verbose_name="who fails too many checks",
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="pay",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="Without the platform’s fees.",
                max_digits=7,
                null=True,
                validators=[django.core.validators.MinValueValidator(0)],
                verbose_name="pay for a participant",
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="previous",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="next",
                to="survey.study",
                verbose_name="the version before, which answers are attached to as they were given",
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="primary_test",
            field=models.CharField(
                choices=survey.planning.primary_tests,
                default="repeated-measures",
                help_text="The one test that decides whether the methods differ; named before anybody answers.",
                max_length=24,
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="replicates",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Pictures of each class by each method, from disjoint samples. Empty: all of the set.",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="version",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AlterField(
            model_name="answer",
            name="option",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="answers",
                to="survey.option",
                verbose_name="chosen; nothing is none of them",
            ),
        ),
        migrations.AlterField(
            model_name="method",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("comparison", "compared with the others"),
                    ("check", "pictures of attention checks"),
                    ("noise", "pictures without any pattern, drawn by the site for attention checks"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="participation",
            name="next_position",
            field=models.SmallIntegerField(
                default=0, verbose_name="position of the first question not answered"
            ),
        ),
        migrations.AlterField(
            model_name="participation",
            name="status",
            field=models.CharField(
                choices=[
                    ("started", "Started"),
                    ("answering", "Answering"),
                    ("complete", "Complete"),
                    ("screened out", "Screened Out"),
                    ("failed", "Failed"),
                    ("withdrawn", "Withdrawn"),
                    ("timed out", "Timed Out"),
                ],
                default="started",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="plannedquestion",
            name="position",
            field=models.SmallIntegerField(verbose_name="from 1; practice ends at 0"),
        ),
        migrations.AlterField(
            model_name="study",
            name="status",
            field=models.CharField(
                choices=[("draft", "Draft"), ("open", "Open"), ("paused", "Paused"), ("closed", "Closed")],
                default="draft",
                max_length=8,
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
                        ("status__in", ["complete", "failed"]),
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
                    models.Q(
                        ("next_position", models.F("first_position")),
                        ("status__in", ["started", "screened out"]),
                    ),
                    models.Q(
                        ("next_position__gt", models.F("first_position")),
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
                    models.Q(
                        ("next_position__lte", models.F("last_position")),
                        ("status__in", ["timed out", "failed"]),
                    ),
                    ("status", "withdrawn"),
                    _connector="OR",
                ),
                name="participation_position_fits_its_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="participation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("screened_at__isnull", False),
                    ("status__in", ["started", "screened out", "withdrawn"]),
                    models.Q(("next_position", models.F("first_position")), ("status", "timed out")),
                    _connector="OR",
                ),
                name="screened_before_answering",
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at", None), ("opened_at", None), ("status", "draft")),
                    models.Q(
                        ("closed_at", None), ("opened_at__isnull", False), ("status__in", ["open", "paused"])
                    ),
                    models.Q(
                        ("closed_at__isnull", False), ("opened_at__isnull", False), ("status", "closed")
                    ),
                    _connector="OR",
                ),
                name="study_dates_fit_its_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("previous", None), ("version", 1)),
                    models.Q(("previous__isnull", False), ("version__gte", 2)),
                    _connector="OR",
                ),
                name="every_version_but_the_first_follows_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("n_checks", 0),
                    ("checks_other_class", True),
                    ("checks_noise", True),
                    ("checks_instructed", True),
                    _connector="OR",
                ),
                name="checks_are_of_some_kind",
                violation_error_message="There are attention checks, but of no kind: choose one or more.",
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(("n_practice__lte", 5)), name="few_practice_questions"
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("replicates", None), ("replicates__gte", 1), _connector="OR"),
                    models.Q(("n_shown", None), ("n_shown__gte", 1), _connector="OR"),
                ),
                name="one_replicate_and_one_question_at_least",
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(("minutes__gte", 1)), name="a_minute_of_work_at_least"
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(("pay", None), ("pay__gte", 0), _connector="OR"),
                name="pay_is_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("alpha__gt", 0), ("alpha__lt", 1), ("expected_lead__gt", 0), ("expected_lead__lt", 1)
                ),
                name="alpha_and_expected_lead_are_shares",
            ),
        ),
    ]
