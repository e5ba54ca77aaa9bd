import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import survey.models.texts


class Migration(migrations.Migration):
    dependencies = [("survey", "0007_constrain_screening_and_withdrawal")]

    operations = [
        migrations.AddField(
            model_name="participation",
            name="language",
            field=models.CharField(
                default="en", max_length=10, verbose_name="language that the study is shown in"
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="default_language",
            field=models.CharField(
                choices=[("en", "English"), ("de", "Deutsch"), ("es", "Español"), ("zh-hans", "简体中文")],
                default="en",
                help_text="Of who asks for none that the study has texts in.",
                max_length=10,
                verbose_name="language",
            ),
        ),
        migrations.CreateModel(
            name="StudyText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[
                            ("en", "English"),
                            ("de", "Deutsch"),
                            ("es", "Español"),
                            ("zh-hans", "简体中文"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "title",
                    models.CharField(
                        help_text="Participants see it at the top of the first page.", max_length=120
                    ),
                ),
                (
                    "screening",
                    models.TextField(
                        blank=True,
                        help_text="One question a line, answered with yes or no before the start; only who answers yes to all takes part. For example: Have you completed a university degree?",
                        validators=[django.core.validators.MaxLengthValidator(2000)],
                    ),
                ),
                (
                    "question",
                    models.CharField(
                        help_text="Asked above the four pictures; {label} stands for the class, for example 9.",
                        max_length=300,
                        validators=[survey.models.texts.validate_question_text],
                    ),
                ),
                ("consent", models.TextField(help_text="The first page, before anyone agrees to take part.")),
                ("instructions", models.TextField(help_text="One screen, before the practice question.")),
                ("thanks", models.TextField(help_text="The last page, above the completion code.")),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="texts", to="survey.study"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("study", "language"), name="texts_once_in_a_language")
                ],
            },
        ),
    ]
