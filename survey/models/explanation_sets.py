"""What the explanations' pillar made: sets of class maps, as `survey.importing` read them from a folder."""

import json
import secrets

from django.db import models
from django.urls import reverse
from django.utils.functional import cached_property

from ..set_metrics import METRIC_FORMATS, metrics_in

LARGEST_OF_SQUARES = 112  # pixels of a picture whose own pixels are shown as squares


def new_token():
    return secrets.token_urlsafe(12)


class ExplanationSet(models.Model):
    """One imported folder. Never edited: another build is another set.

    Empty texts, and numbers that are null, are facts that the set does not state.
    """

    slug = models.SlugField(max_length=80, unique=True)
    digest = models.CharField("SHA-256 of manifest.json without its metrics", max_length=64, unique=True)
    manifest = models.TextField("manifest.json, verbatim")
    seed = models.BigIntegerField(null=True, blank=True)
    dataset = models.CharField(max_length=200)
    dataset_split = models.CharField(max_length=40, blank=True)
    dataset_sha256 = models.CharField(max_length=64, blank=True)
    classifier = models.CharField("title or factory of the classifier", max_length=200, blank=True)
    weights_sha256 = models.CharField(max_length=64, blank=True)
    test_accuracy = models.FloatField("share of the test images classified correctly", null=True, blank=True)
    # Empty in a set imported before the values were kept; importing its folder again brings them.
    maps = models.FileField("maps.safetensors, the raw values", upload_to="sets/", blank=True)
    # All three or none: an evaluation may come with the set, later, or again.
    metrics_csv = models.FileField("metrics.csv, one row a map and score", upload_to="sets/", blank=True)
    metrics_json = models.FileField("metrics.json, with their means", upload_to="sets/", blank=True)
    metrics_svg = models.FileField("metrics.svg, their figure", upload_to="sets/", blank=True)
    picture_width = models.PositiveSmallIntegerField("pixels")
    picture_height = models.PositiveSmallIntegerField("pixels")
    # Of the originals, where single images are explained; of a set of classes both are empty.
    original_width = models.PositiveSmallIntegerField("pixels", null=True, blank=True)
    original_height = models.PositiveSmallIntegerField("pixels", null=True, blank=True)
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
            models.CheckConstraint(
                condition=models.Q(original_width=None, original_height=None)
                | models.Q(original_width__gte=1, original_height__gte=1),
                name="originals_have_both_sizes_or_none",
            ),
        ]

    def __str__(self):
        return self.slug

    def get_absolute_url(self):
        return reverse("studio:explanation_set", args=[self.slug])

    @property
    def accuracy_percent(self):
        """As in "99.43%"; empty where it is not stated."""
        return "" if self.test_accuracy is None else f"{self.test_accuracy:.2%}"

    def record(self):
        """The manifest as written: dataset, classifier, drawing, versions; methods, parameters, cost."""
        return json.loads(self.manifest)

    @cached_property
    def style(self):
        """How its maps are drawn, as in "heat" or "overlay"; sets of before there were styles are heat."""
        return self.record()["rendering"].get("style", "heat")

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

    @property
    def has_small_pictures(self):
        """Whether a pixel of a picture is shown as a square of several."""
        return self.picture_width <= LARGEST_OF_SQUARES

    @property
    def is_of_images(self):
        """Whether its labels are single images, which participants see beside their explanations."""
        return self.original_width is not None

    @property
    def subject(self):
        """What its maps explain, as in "10 classes"."""
        items = len(self.record()["dataset"]["classes"])
        images = {original.image.name for original in self.originals_by_label.values()}
        if not images:
            return f"{items} classes"
        several = f", for several classes each ({items} items)" if len(images) < items else ""
        return f"{len(images)} single images{several}"

    def confusion_rows(self):
        """Rows of the confusion matrix: a true class and its counts, if the set states them."""
        confusion = self.record().get("confusion")
        return list(zip(confusion["classes"], confusion["counts"], strict=True)) if confusion else []

    @property
    def is_of_other_classes(self):
        """Whether some image is explained for a class other than the one that the network sees in it."""
        return any(original.target != original.seen for original in self.originals_by_label.values())

    @cached_property
    def originals_by_label(self):
        """The Original of every label; {} for a set of classes, without a query."""
        return {original.label: original for original in self.originals.all()} if self.is_of_images else {}

    def asked_for(self, label):
        """What a question asks about: the class that the maps of the label explain, if it is stated."""
        original = self.originals_by_label.get(label)
        return (original and original.target) or label

    def compared_methods(self):
        return self.methods.filter(purpose=Method.Purpose.COMPARISON)

    def labels(self):
        """The classes, in the data set's own order (the order in which the maps were imported)."""
        labels = self.class_maps.order_by("pk").values_list("label", flat=True)
        return list(dict.fromkeys(labels))

    def sheet(self):
        """Rows of the contact sheet: a label, its Original if it has one, and for each method its maps, one a
        replicate.
        """
        cells = {}
        for class_map in self.class_maps.select_related("method"):
            cells.setdefault((class_map.label, class_map.method_id), []).append(class_map)
        methods = list(self.methods.all())
        return [
            (
                label,
                self.originals_by_label.get(label),
                [cells.get((label, method.pk), []) for method in methods],
            )
            for label in self.labels()
        ]


class Method(models.Model):
    """A saliency method of one set, or the class means that attention checks are made of."""

    class Purpose(models.TextChoices):
        COMPARISON = "comparison", "compared with the others"
        CHECK = "check", "pictures of attention checks"
        NOISE = "noise", "pictures without any pattern, drawn by the site for attention checks"

    explanation_set = models.ForeignKey(ExplanationSet, models.CASCADE, related_name="methods")
    slug = models.SlugField(max_length=80)
    title = models.CharField(max_length=80)
    reference = models.CharField(max_length=400, blank=True)
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


class Original(models.Model):
    """The single image that the maps of a label explain. Its token names it to participants.

    Labels of one image that is explained for several classes share the file, not the token.
    """

    explanation_set = models.ForeignKey(ExplanationSet, models.CASCADE, related_name="originals")
    label = models.CharField(max_length=200)
    seen = models.CharField("the class that the network assigns it to", max_length=200, blank=True)
    target = models.CharField("the class that the maps explain", max_length=200, blank=True)
    top = models.JSONField("the likeliest classes with their probabilities", default=list, blank=True)
    image = models.FileField(upload_to="originals/")
    token = models.CharField(max_length=16, unique=True, default=new_token)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["explanation_set", "label"], name="one_original_of_a_label")
        ]

    def __str__(self):
        return f"{self.label}, explained for {self.target or 'a class that is not stated'}"

    def get_absolute_url(self):
        """Under the same addresses as the pictures of options."""
        return reverse("participant:picture", args=[self.token])

    @property
    def top_percent(self):
        """The likeliest classes, as in "lynx 81.0%, tabby 12.0%", without those that would show as 0.0%."""
        likely = [(name, probability) for name, probability in self.top if probability >= 0.0005]
        return ", ".join(f"{name} {probability:.1%}" for name, probability in likely)


class ClassMap(models.Model):
    """One method's picture of one class, from one of the disjoint samples of images (the replicate)."""

    method = models.ForeignKey(Method, models.CASCADE, related_name="class_maps")
    label = models.CharField(max_length=200)
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
