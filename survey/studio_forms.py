"""The forms of the studio's pages."""

from decimal import Decimal

from django import forms
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction

from .designing.reference_study import METHODS, TITLES, default_texts
from .files.study_file import unused_slug
from .models import Membership, Rehearsal, SetBuild, Study, StudyText
from .models.studies import MAX_METHODS, MIN_METHODS


class BuildForm(forms.ModelForm):
    """Starts a build. As filled in, it makes the explanation set of the NormLIME paper's study."""

    class Meta:
        model = SetBuild
        fields = ["name", "classifier", "methods", "classes", "replicates", "seed", "images", "samples"]

    def __init__(self, data=None, *, instance):
        super().__init__(data, instance=instance)
        self.fields["classifier"].empty_label = "The paper’s network on MNIST"
        self.fields["classifier"].help_text = "Others are registered by: python manage.py register_classifier"


class RehearsalForm(forms.ModelForm):
    class Meta:
        model = Rehearsal
        fields = ["participants"]


class QuotaForm(forms.Form):
    """More participants than were wanted before; never fewer, since places are promised."""

    quota = forms.IntegerField(label="Participants wanted", max_value=2**31 - 1)

    def __init__(self, data=None, *, study):
        super().__init__(data, initial={"quota": study.quota})
        self.study = study

    def clean_quota(self):
        quota = self.cleaned_data["quota"]
        if self.study.quota is None or quota <= self.study.quota:
            wanted = self.study.quota or "any number of participants"
            raise forms.ValidationError(f"Now it is {wanted}: it can only be extended.")
        return quota


class Frozen(Exception):
    """The study has opened since the page with the form was sent."""


def lock_draft(study):
    """Keeps a draft from being opened until the transaction ends. Raises Frozen."""
    if not Study.objects.locked().filter(pk=study.pk, status=Study.Status.DRAFT).exists():
        raise Frozen


SECTIONS = {
    "Pictures": ["methods", "labels", "replicates", "n_shown"],
    "Attention checks": [
        "n_checks",
        "min_passed",
        "checks_other_class",
        "checks_noise",
        "checks_instructed",
        "on_failed_checks",
    ],
    "Around the questions": ["n_practice", "allows_none", "asks_reason"],
    "Participants": ["quota", "minutes", "pay", "currency", "idle_minutes", "on_withdrawal"],
    "Recruitment": [
        "platform",
        "return_url",
        "code_complete",
        "code_failed_checks",
        "code_screened_out",
        "code_no_consent",
    ],
    "Analysis plan": [
        *("primary_test", "comparisons", "contrasts", "baseline", "smallest_difference"),
        *("alpha", "expected_lead"),
    ],
}


class ContrastsField(forms.CharField):
    """Planned contrasts, one per line; a list of texts."""

    def __init__(self, **options):
        super().__init__(widget=forms.Textarea(attrs={"rows": 3}), required=False, **options)

    def prepare_value(self, value):
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value):
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def has_changed(self, initial, data):
        return self.to_python(data) != (initial or [])


class DesignForm(forms.ModelForm):
    """A study's design, section by section. As filled in, it is the NormLIME paper's study."""

    title = forms.CharField(
        max_length=120,
        help_text="Participants see it at the top of the first page. You can translate it.",
    )
    methods = forms.TypedMultipleChoiceField(
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text=f"{MIN_METHODS} to {MAX_METHODS} are compared; each question shows one picture by each.",
    )
    labels = forms.MultipleChoiceField(
        label="Classes",
        widget=forms.CheckboxSelectMultiple,
        help_text="One scored question for each class and replicate.",
    )
    return_url = forms.URLField(
        label="Return address",
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=Study._meta.get_field("return_url").help_text,
    )

    contrasts = ContrastsField(
        label="Planned contrasts", help_text=Study._meta.get_field("contrasts").help_text
    )
    baseline = forms.ChoiceField(required=False, help_text=Study._meta.get_field("baseline").help_text)

    class Meta:
        model = Study
        fields = [name for names in SECTIONS.values() for name in names if name not in ("methods", "labels")]

    def __init__(self, data=None, *, instance):
        explanation_set, is_new = instance.explanation_set, instance.pk is None
        title = default_texts(explanation_set)["title"] if is_new else instance.title
        super().__init__(data, instance=instance, initial={"title": title})
        self.order_fields(["title", *(name for names in SECTIONS.values() for name in names)])
        compared = list(explanation_set.compared_methods())
        self.fields["methods"].choices = [(method.pk, method.title) for method in compared]
        titles = [(method.title, method.title) for method in compared]
        self.fields["baseline"].choices = [("", "none"), *titles]
        self.fields["labels"].choices = [(label, label) for label in explanation_set.labels()]
        of_paper = [method for method in compared if method.slug in METHODS]
        usual = of_paper if len(of_paper) >= MIN_METHODS else compared[: len(METHODS)]
        chosen = usual if is_new else instance.methods()
        self.fields["methods"].initial = [method.pk for method in chosen]
        self.fields["labels"].initial = explanation_set.labels() if is_new else instance.labels()

    def sections(self):
        """Pairs of heading and fields."""
        yield "Name", [self["title"]]
        for heading, names in SECTIONS.items():
            yield heading, [self[name] for name in names]

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
        """Says beside a field what the model only knows of the whole."""
        super().clean()
        chosen = self.cleaned_data
        if chosen.get("min_passed", 0) > chosen.get("n_checks", 50):
            self.add_error("min_passed", "There are fewer attention checks than must be passed.")
        kinds = [chosen.get(f"checks_{kind}") for kind in ("other_class", "noise", "instructed")]
        if chosen.get("n_checks") and not any(kinds):
            self.add_error("checks_other_class", "There are attention checks: choose one kind or more.")
        self._refuse_more_than_there_is(chosen)
        self._refuse_plan_of_other_methods(chosen)

    def _refuse_plan_of_other_methods(self, chosen):
        if "methods" not in chosen:
            return
        plan = Study(contrasts=chosen.get("contrasts", []), baseline=chosen.get("baseline", ""))
        for field, sentence in plan.plan_faults([method.title for method in chosen["methods"]]).items():
            self.add_error(field, sentence)

    def _refuse_more_than_there_is(self, chosen):
        there = self.instance.explanation_set.class_maps.values("replicate").distinct().count()
        replicates, labels = chosen.get("replicates") or there, chosen.get("labels")
        if replicates > there:
            self.add_error("replicates", f"The set has {there} of each class.")
        elif labels and (chosen.get("n_shown") or 0) > len(labels) * replicates:
            n_questions = len(labels) * replicates
            self.add_error("n_shown", f"There are {n_questions} questions of these classes and replicates.")

    @transaction.atomic
    def save(self):
        """Stores the study and writes its questions anew; a new one gets the usual texts in all languages.

        Raises Frozen.
        """
        title, is_new = self.cleaned_data["title"], self.instance.pk is None
        if not is_new:
            lock_draft(self.instance)
        if is_new:
            self.instance.slug = unused_slug(title)
        study = super().save()
        if is_new:
            words = {language: default_texts(study.explanation_set, language) for language in TITLES}
            words[study.default_language]["title"] = title
            for language, texts in words.items():
                study.texts.create(language=language, **texts)
        else:
            study.texts.filter(language=study.default_language).update(title=title)
        study.write_questions(self.cleaned_data["methods"], self.cleaned_data["labels"])
        return study


class TextForm(forms.ModelForm):
    """The words of a study in one language."""

    class Meta:
        model = StudyText
        fields = ["title", "question", "consent", "instructions", "thanks", "screening"]
        widgets = {
            "question": forms.Textarea(attrs={"rows": 2}),
            "screening": forms.Textarea(attrs={"rows": 3}),
            "consent": forms.Textarea(attrs={"rows": 8}),
            "instructions": forms.Textarea(attrs={"rows": 8}),
            "thanks": forms.Textarea(attrs={"rows": 3}),
        }

    @transaction.atomic
    def save(self):
        """Raises Frozen."""
        lock_draft(self.instance.study)
        return super().save()


class LanguageForm(forms.Form):
    """One more language for a study."""

    language = forms.ChoiceField(label="Add a language")

    def __init__(self, data=None, *, study):
        super().__init__(data)
        spoken = set(study.languages())
        missing = [(code, name) for code, name in settings.LANGUAGES if code not in spoken]
        self.fields["language"].choices = missing


class PowerForm(forms.Form):
    """The expected result, for the page that says how many participants a study needs."""

    lead = forms.DecimalField(
        label="Expected lead",
        min_value=Decimal("0.01"),
        max_value=Decimal("0.95"),
        help_text="How far ahead the best method is, as a share of the votes: 0.1 is 10 points.",
    )
    alike = forms.DecimalField(
        label="Similarity of one person’s votes",
        min_value=0,
        max_value=Decimal("0.9"),
        help_text="Intra-class correlation: 0 if people have no personal preferences. 0.04 fits the NormLIME "
        "study.",
    )
    power = forms.DecimalField(
        label="Target power",
        min_value=Decimal("0.5"),
        max_value=Decimal("0.99"),
        help_text="How likely the study should be to see the lead.",
    )


class ImportForm(forms.Form):
    file = forms.FileField(
        label="Study file or archive", help_text="YAML or zip, as this or another Beholder exported it."
    )


class SetForm(forms.Form):
    file = forms.FileField(
        label="Explanation set, zipped",
        help_text="The folder that python -m explanations build wrote, as one zip. Every promise of its "
        "manifest is checked; nothing in it is run.",
    )


class MemberForm(forms.Form):
    """Gives somebody with an account a role in a team, or another one."""

    username = forms.CharField(max_length=150)
    role = forms.ChoiceField(choices=Membership.Role.choices, initial=Membership.Role.RESEARCHER)

    def clean_username(self):
        name = self.cleaned_data["username"]
        self.user = get_user_model().objects.filter(username=name, is_active=True).first()
        if self.user is None:
            raise forms.ValidationError(f"Nobody here is called {name!r}. Accounts are made in a shell.")
        return name
