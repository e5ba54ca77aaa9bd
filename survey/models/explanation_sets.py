"""What the explanations' pillar made: sets of class maps, as `survey.importing` read them from a folder."""

import json

from django.db import models
from django.urls import reverse

from ..set_metrics import METRIC_FORMATS, metrics_in


class ExplanationSet(models.Model):
    """One imported folder. Never edited: another build is another set."""

    slug = models.SlugField(max_length=80, unique=True)
    digest = models.CharField("SHA-256 of manifest.json without its metrics", max_length=64, unique=True)
    manifest = models.TextField("manifest.json, verbatim")
    seed = models.BigIntegerField()
    dataset = models.CharField(max_length=80)
    dataset_split = models.CharField(max_length=40)
    dataset_sha256 = models.CharField(max_length=64)
    classifier = models.CharField("factory of the classifier", max_length=200)
    weights_sha256 = models.CharField(max_length=64)
    test_accuracy = models.FloatField("share of the test images classified correctly")
    # Empty in a set imported before the values were kept; importing its folder again brings them.
    maps = models.FileField("maps.safetensors, the raw values", upload_to="sets/", blank=True)
    # All three or none: an evaluation may come with the set, later, or again.
    metrics_csv = models.FileField("metrics.csv, one row a map and score", upload_to="sets/", blank=True)
    metrics_json = models.FileField("metrics.json, with their means", upload_to="sets/", blank=True)
    metrics_svg = models.FileField("metrics.svg, their figure", upload_to="sets/", blank=True)
    picture_width = models.PositiveSmallIntegerField("pixels")
    picture_height = models.PositiveSmallIntegerField("pixels")
    imported_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-imported_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(test_accuracy__gte=0, test_accuracy__lte=1),
                name="test_accuracy_is_a_share",
            ),
            models.CheckConstraint(
                condition=models.Q(metrics_csv="", metrics_json="", metrics_svg="")
                | ~(models.Q(metrics_csv="") | models.Q(metrics_json="") | models.Q(metrics_svg="")),
                name="metrics_are_there_whole_or_not_at_all",
            ),
        ]

    def __str__(self):
        return self.slug

    def get_absolute_url(self):
        return reverse("studio:explanation_set", args=[self.slug])

    @property
    def accuracy_percent(self):
        return f"{self.test_accuracy:.2%}"

    def record(self):
        """The manifest as written: dataset, classifier, drawing, versions; methods, parameters, cost."""
        return json.loads(self.manifest)

    @property
    def class_maps(self):
        return ClassMap.objects.filter(method__explanation_set=self)

    def metrics_as(self, extension):
        """The bytes of its metrics as csv, json or svg; None where there are none."""
        file = getattr(self, f"metrics_{extension}") if extension in METRIC_FORMATS else None
        if not file:
            return None
        with file.open() as opened:
            return opened.read()

    @property
    def metrics(self):
        """The SetMetrics that came with the set, None if it was not evaluated."""
        return metrics_in(self.metrics_json.path) if self.metrics_json else None

    def compared_methods(self):
        return self.methods.filter(purpose=Method.Purpose.COMPARISON)

    def labels(self):
        """The classes, in the data set's own order (the order in which the maps were imported)."""
        labels = self.class_maps.order_by("pk").values_list("label", flat=True)
        return list(dict.fromkeys(labels))

    def sheet(self):
        """Rows of the contact sheet: a label, and for each method its maps, one a replicate."""
        cells = {}
        for class_map in self.class_maps.select_related("method"):
            cells.setdefault((class_map.label, class_map.method_id), []).append(class_map)
        methods = list(self.methods.all())
        return [(label, [cells.get((label, method.pk), []) for method in methods]) for label in self.labels()]


class Method(models.Model):
    """A saliency method of one set, or the class means that attention checks are made of."""

    class Purpose(models.TextChoices):
        COMPARISON = "comparison", "compared with the others"
        CHECK = "check", "pictures of attention checks"
        NOISE = "noise", "pictures without any pattern, drawn by the site for attention checks"

    explanation_set = models.ForeignKey(ExplanationSet, models.CASCADE, related_name="methods")
    slug = models.SlugField(max_length=80)
    title = models.CharField(max_length=80)
    reference = models.CharField(max_length=400)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["explanation_set", "slug"], name="method_once_in_a_set"),
            # the vote table names methods by title, so two methods of a set may not share one
            models.UniqueConstraint(fields=["explanation_set", "title"], name="method_title_once_in_a_set"),
        ]

    def __str__(self):
        return self.title


class ClassMap(models.Model):
    """One method's picture of one class, from one of the disjoint samples of images (the replicate)."""

    method = models.ForeignKey(Method, models.CASCADE, related_name="class_maps")
    label = models.CharField(max_length=80)
    replicate = models.PositiveSmallIntegerField()
    image = models.FileField(upload_to="maps/")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["method", "label", "replicate"], name="class_map_once_for_method_label_and_replicate"
            )
        ]

    def __str__(self):
        return f"{self.method} of {self.label}, replicate {self.replicate}"

    def get_absolute_url(self):
        return reverse("studio:class_map_page", args=[self.pk])

    def key(self):
        """The name of its raw values in the set's file of maps."""
        return (self.method.slug, self.label, self.replicate)
