"""What a study says to its participants, in each of its languages."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models

from .studies import Study


def validate_question_text(text):
    if "{label}" not in text:
        raise ValidationError(
            "The question must contain {label}, where the class that is asked for will stand."
        )


class StudyText(models.Model):
    """All words of one study in one language. Frozen with the study when it opens."""

    WORDS = ("title", "screening", "question", "consent", "instructions", "thanks")

    study = models.ForeignKey(Study, models.CASCADE, related_name="texts")
    language = models.CharField(max_length=10, choices=settings.LANGUAGES)
    title = models.CharField(max_length=120, help_text="Participants see it at the top of the first page.")
    screening = models.TextField(
        blank=True,
        validators=[MaxLengthValidator(2000)],
        help_text="One question a line, answered with yes or no before the start; only who answers yes to "
        "all takes part. For example: Have you completed a university degree?",
    )
    question = models.CharField(
        max_length=300,
        validators=[validate_question_text],
        help_text="Asked above the four pictures; {label} stands for the class, for example 9.",
    )
    consent = models.TextField(help_text="The first page, before anyone agrees to take part.")
    instructions = models.TextField(help_text="One screen, before the practice question.")
    thanks = models.TextField(help_text="The last page, above the completion code.")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["study", "language"], name="texts_once_in_a_language")]

    def __str__(self):
        return f"{self.title} ({self.language})"

    def save(self, *args, **options):
        self.study.refuse_change_after_opening()
        super().save(*args, **options)

    def clean(self):
        super().clean()
        if self.study.pk and self.language != self.study.default_language:
            default = self.study.text_in(self.study.default_language)
            asked, wanted = len(self.screening_questions()), len(default.screening_questions())
            if asked != wanted:
                raise ValidationError(
                    {
                        "screening": f"{asked} screening questions here, {wanted} in "
                        f"{default.get_language_display()}: everybody is asked the same."
                    }
                )

    def screening_questions(self):
        """The questions that must be answered with yes."""
        return [line.strip() for line in self.screening.splitlines() if line.strip()]

    def wording(self, label):
        return self.question.replace("{label}", label)
