"""The forms of the site: one answer, and one study."""

from datetime import UTC, datetime

from django import forms
from django.core import signing
from django.forms.models import model_to_dict
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from .models import Study, StudyText
from .models.questions import new_token
from .models.studies import MAX_METHODS, MIN_METHODS
from .reference_study import default_texts

USUAL_METHODS = 4  # as many as the NormLIME paper compared


class AnswerForm(forms.Form):
    """The chosen picture's place, and when the page was shown: signed, since it decides the response time."""

    choice = forms.IntegerField(min_value=0, max_value=MAX_METHODS)
    reason = forms.CharField(required=False, max_length=500)
    shown = forms.CharField()

    def __init__(self, data=None, *, page):
        """`page` names the one page that the stamp is good for: whose it is, and which question."""
        super().__init__(data)
        self.signer = signing.Signer(salt=f"shown-{page}")

    def stamp(self):
        """The signed present moment, for the hidden field of a page that is about to be sent."""
        return self.signer.sign(str(timezone.now().timestamp()))

    def clean_shown(self):
        try:
            stamp = self.signer.unsign(self.cleaned_data["shown"])
        except signing.BadSignature:
            raise forms.ValidationError("This page has been changed on its way.") from None
        return datetime.fromtimestamp(float(stamp), UTC)


class ScreeningForm(forms.Form):
    """The study's screening questions, each answered with yes or no."""

    def __init__(self, data=None, *, text):
        super().__init__(data)
        for number, question in enumerate(text.screening_questions(), start=1):
            self.fields[f"question_{number}"] = forms.ChoiceField(
                label=question, choices=[("yes", _("Yes")), ("no", _("No"))], widget=forms.RadioSelect
            )

    def is_passed(self):
        return all(answer == "yes" for answer in self.cleaned_data.values())


class WithdrawalForm(forms.Form):
    receipt_code = forms.RegexField(
        r"^\s*[0-9A-Za-z]{4}-[0-9A-Za-z]{4}\s*$",
        label=_("Receipt code"),
        error_messages={"invalid": _("A receipt code looks like ABCD-2345.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )


WORD_FIELDS = {
    "question": forms.Textarea(attrs={"rows": 2}),
    "screening": forms.Textarea(attrs={"rows": 2}),
    "consent": forms.Textarea(attrs={"rows": 8}),
    "instructions": forms.Textarea(attrs={"rows": 8}),
    "thanks": forms.Textarea(attrs={"rows": 3}),
}


class StudyForm(forms.ModelForm):
    """Creates a study from an explanation set, or edits a draft. The defaults are the NormLIME paper's."""

    methods = forms.TypedMultipleChoiceField(
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text=f"{MIN_METHODS} to {MAX_METHODS} are compared; each question shows one picture by each.",
    )
    labels = forms.MultipleChoiceField(
        label="Classes",
        widget=forms.CheckboxSelectMultiple,
        help_text="One scored question for each class and replicate of the set.",
    )

    return_url = forms.URLField(
        label="Return address",
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=Study._meta.get_field("return_url").help_text,
    )

    class Meta:
        model = Study
        fields = [
            "methods",
            "labels",
            "n_checks",
            "min_passed",
            "quota",
            "idle_minutes",
            "platform",
            "return_url",
            "code_complete",
            "code_failed_checks",
            "code_screened_out",
            "code_no_consent",
            "on_withdrawal",
        ]

    def __init__(self, data=None, *, instance):
        explanation_set = instance.explanation_set
        is_new = instance.pk is None
        if is_new:
            initial = default_texts(explanation_set)
        else:
            initial = model_to_dict(instance.text_in(instance.default_language), StudyText.WORDS)
        super().__init__(data, instance=instance, initial=initial)
        self.fields |= forms.fields_for_model(StudyText, StudyText.WORDS, widgets=WORD_FIELDS)
        self.order_fields(["title"])
        compared = explanation_set.compared_methods()
        self.fields["methods"].choices = [(method.pk, method.title) for method in compared]
        self.fields["labels"].choices = [(label, label) for label in explanation_set.labels()]
        chosen = compared[:USUAL_METHODS] if is_new else instance.methods()
        self.fields["methods"].initial = [method.pk for method in chosen]
        self.fields["labels"].initial = explanation_set.labels() if is_new else instance.labels()

    def clean_methods(self):
        methods = self.cleaned_data["methods"]
        if not MIN_METHODS <= len(methods) <= MAX_METHODS:
            raise forms.ValidationError(
                f"Choose {MIN_METHODS} to {MAX_METHODS} methods; you chose {len(methods)}."
            )
        return self.instance.explanation_set.compared_methods().filter(pk__in=methods)

    def clean_labels(self):
        labels = self.cleaned_data["labels"]
        if len(labels) < 2:
            raise forms.ValidationError(
                "Choose at least two classes: an attention check needs another class."
            )
        return labels

    def clean(self):
        """Words are checked by their model, whose rules the fields of a form don't know."""
        super().clean()
        try:
            StudyText(**self._words()).clean_fields(exclude={"study", "language", *self.errors})
        except forms.ValidationError as faults:
            self.add_error(None, faults)

    def save(self):
        """Stores the study with its texts in the default language, and writes its questions anew."""
        words = self._words()
        if self.instance.pk is None:
            self.instance.slug = unused_slug(words["title"])
        study = super().save()
        study.texts.update_or_create(language=study.default_language, defaults=words)
        study.write_questions(self.cleaned_data["methods"], self.cleaned_data["labels"])
        return study

    def _words(self):
        return {name: self.cleaned_data.get(name, "") for name in StudyText.WORDS}


def unused_slug(title):
    slug = slugify(title)[:60] or "study"
    return (
        slug if not Study.objects.filter(slug=slug).exists() else f"{slug}-{slugify(new_token()).lower()[:8]}"
    )
