"""The forms of the participants' side, and the short names of studies."""

from datetime import UTC, datetime

from django import forms
from django.core import signing
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from .models import Study
from .models.questions import new_token
from .models.studies import MAX_METHODS


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


def unused_slug(title):
    slug = slugify(title)[:60] or "study"
    return (
        slug if not Study.objects.filter(slug=slug).exists() else f"{slug}-{slugify(new_token()).lower()[:8]}"
    )
