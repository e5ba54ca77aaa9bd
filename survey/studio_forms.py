"""The forms of the studio's pages."""

from django import forms

from .models import SetBuild


class BuildForm(forms.ModelForm):
    """Starts a build. As filled in, it makes the explanation set of the NormLIME paper's study."""

    class Meta:
        model = SetBuild
        fields = ["name", "classifier", "methods", "classes", "replicates", "seed", "images", "samples"]

    def __init__(self, data=None, *, instance):
        super().__init__(data, instance=instance)
        self.fields["classifier"].empty_label = "The paper’s network on MNIST"
        self.fields["classifier"].help_text = "Others are registered by: python manage.py register_classifier"
