"""The forms of the participants' side."""

from django import forms
from django.utils.translation import gettext_lazy as _


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
