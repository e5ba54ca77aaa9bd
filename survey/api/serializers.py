"""What the API shows and takes. A study's design is its study file, as JSON."""

from django.contrib.auth import get_user_model
from rest_framework import serializers

from ..files.study_file import study_data
from ..models import (
    AuditEvent,
    Classifier,
    ExplanationSet,
    Membership,
    Method,
    Participation,
    Rehearsal,
    SetBuild,
    Study,
    StudyText,
    Team,
)


class MethodSerializer(serializers.ModelSerializer):
    class Meta:
        model = Method
        fields = ["slug", "title", "reference", "purpose"]


class SetSerializer(serializers.ModelSerializer):
    methods = MethodSerializer(many=True, read_only=True)
    is_evaluated = serializers.SerializerMethodField(
        help_text="whether metrics.csv, .json and .svg are there"
    )

    def get_is_evaluated(self, explanation_set) -> bool:
        return bool(explanation_set.metrics_csv)

    class Meta:
        model = ExplanationSet
        fields = [
            *("slug", "digest", "dataset", "dataset_split", "dataset_sha256", "classifier"),
            *("weights_sha256", "test_accuracy", "seed", "imported_at", "is_evaluated", "methods"),
        ]


class Upload(serializers.Serializer):
    file = serializers.FileField(help_text="a zip")


class Imported(serializers.Serializer):
    slug = serializers.CharField()
    status = serializers.CharField()


class StudySerializer(serializers.ModelSerializer):
    title = serializers.CharField(read_only=True)
    team = serializers.CharField(source="team.name", read_only=True)
    explanation_set = serializers.SlugRelatedField("slug", read_only=True)
    started = serializers.IntegerField(read_only=True)
    completed = serializers.IntegerField(read_only=True)
    kept = serializers.IntegerField(read_only=True)

    class Meta:
        model = Study
        fields = [
            *("slug", "title", "version", "status", "team", "explanation_set", "platform", "quota"),
            *("design_sha256", "created_at", "opened_at", "closed_at", "started", "completed", "kept"),
        ]
        read_only_fields = fields


class StudyWithDesign(StudySerializer):
    design = serializers.SerializerMethodField(help_text="the study file, see /study-file.schema.json")

    class Meta(StudySerializer.Meta):
        fields = [*StudySerializer.Meta.fields, "design"]
        read_only_fields = fields

    def get_design(self, study) -> dict:
        return study_data(study)


class NewStudy(serializers.Serializer):
    """A study from a set: the NormLIME paper's, changed as `design` says."""

    explanation_set = serializers.SlugRelatedField("slug", queryset=ExplanationSet.objects.all())
    slug = serializers.SlugField(max_length=80, required=False)
    team = serializers.CharField(required=False, help_text="by name; your first that may edit by default")
    design = serializers.DictField(required=False, help_text="a merge patch (RFC 7396) of the study file")


class DesignPatch(serializers.Serializer):
    design = serializers.DictField(help_text="a merge patch (RFC 7396) of the study file")


class Quota(serializers.Serializer):
    quota = serializers.IntegerField(min_value=1, max_value=2**31 - 1, allow_null=True)


class Reason(serializers.Serializer):
    reason = serializers.CharField(max_length=500)


class PreviewedPictureSerializer(serializers.Serializer):
    number = serializers.IntegerField(help_text="where it stands, from 1")
    url = serializers.CharField()


class PreviewedQuestionSerializer(serializers.Serializer):
    position = serializers.IntegerField(help_text="from 1; practice ends at 0")
    heading = serializers.CharField()
    original = serializers.CharField(
        source="original.url", default=None, allow_null=True, help_text="the image explained, if it is one"
    )
    pictures = PreviewedPictureSerializer(many=True)
    may_choose_none = serializers.BooleanField()
    asks_reason = serializers.BooleanField()


class RiskSerializer(serializers.Serializer):
    name = serializers.CharField()
    field = serializers.CharField()
    sentence = serializers.CharField()


class TextSerializer(serializers.ModelSerializer):
    """All words in one language; `question` holds {label} where the class stands."""

    class Meta:
        model = StudyText
        fields = ["language", *StudyText.WORDS]
        read_only_fields = ["language"]


class ClassifierSerializer(serializers.ModelSerializer):
    """What a build may be of, by its name; where its files lie is the server's own matter."""

    class Meta:
        model = Classifier
        fields = ["name", "factory", "preprocessing"]


JOB = ("status", "percent", "doing", "error", "queued_at", "started_at", "finished_at")


class BuildSerializer(serializers.ModelSerializer):
    """A build: what is asked for, and how far it is."""

    classifier = serializers.SlugRelatedField(
        "name",
        queryset=Classifier.objects.all(),
        required=False,
        allow_null=True,
        help_text="as registered; null: the network of the NormLIME paper on MNIST",
    )
    explanation_set = serializers.SlugRelatedField("slug", read_only=True)
    percent = serializers.IntegerField(read_only=True)

    class Meta:
        model = SetBuild
        fields = [
            *("id", "name", "classifier", "methods", "classes", "replicates", "seed", "images", "samples"),
            *(*JOB, "explanation_set"),
        ]
        read_only_fields = ["id", *JOB]


class NewRehearsal(serializers.ModelSerializer):
    participants = serializers.IntegerField(min_value=1, max_value=150, default=20)

    class Meta:
        model = Rehearsal
        fields = ["participants"]


class RehearsalSerializer(serializers.ModelSerializer):
    """How far the programs are; `copy` is the study that they answer."""

    copy = serializers.SlugRelatedField("slug", read_only=True)
    percent = serializers.IntegerField(read_only=True)
    complete = serializers.SerializerMethodField()

    class Meta:
        model = Rehearsal
        fields = ["copy", "participants", "complete", *JOB]
        read_only_fields = fields

    def get_complete(self, rehearsal) -> int:
        return self.context["complete"]


class PowerQuestion(serializers.Serializer):
    lead = serializers.FloatField(
        required=False, min_value=0.01, max_value=0.95, help_text="by default the study's"
    )
    alike = serializers.FloatField(
        required=False, min_value=0, max_value=0.9, help_text="the intra-class correlation; 0.04 by default"
    )
    power = serializers.FloatField(required=False, min_value=0.5, max_value=0.99, help_text="0.9 by default")


class CostSerializer(serializers.Serializer):
    participants = serializers.IntegerField()
    pay = serializers.DecimalField(max_digits=16, decimal_places=2, allow_null=True)
    currency = serializers.CharField()
    hours = serializers.FloatField(help_text="of all participants in total")


class PowerSerializer(serializers.Serializer):
    """Participants needed to see the lead with the target power; null is more than 1,280."""

    lead = serializers.FloatField()
    alike = serializers.FloatField()
    power = serializers.FloatField()
    alpha = serializers.FloatField()
    votes = serializers.IntegerField(help_text="per participant")
    runs = serializers.IntegerField(help_text="simulated studies of each size")
    best = serializers.IntegerField(
        allow_null=True, help_text="the report says that the best method is ahead of every other"
    )
    any_difference = serializers.IntegerField(
        allow_null=True, help_text="the primary test finds a difference"
    )
    detectable_lead = serializers.FloatField(
        allow_null=True, help_text="in points: the lead that the wanted participants see with 80% power"
    )
    costs = CostSerializer(many=True)


class ExclusionSerializer(serializers.Serializer):
    reason = serializers.CharField()
    people = serializers.IntegerField()


class DropoutSerializer(serializers.Serializer):
    position = serializers.IntegerField(help_text="of the question that they saw last; 0 is before the first")
    people = serializers.IntegerField()


class LiveSerializer(serializers.Serializer):
    """Of people: simulated participants are not among them."""

    enrolled = serializers.IntegerField()
    under_way = serializers.IntegerField()
    complete = serializers.IntegerField(help_text="kept, or left out for failed checks")
    kept = serializers.IntegerField()
    failed_checks = serializers.IntegerField()
    screened_out = serializers.IntegerField()
    timed_out = serializers.IntegerField()
    withdrawn = serializers.IntegerField()
    kept_lately = serializers.IntegerField(help_text="in the last 24 hours")
    quota = serializers.IntegerField(allow_null=True)
    median_minutes = serializers.FloatField(allow_null=True, help_text="null while nobody is complete")
    kept_per_hour = serializers.FloatField(help_text="over the last 24 hours")
    hours_left = serializers.FloatField(allow_null=True, help_text="at that pace until the quota is reached")
    exclusions = ExclusionSerializer(many=True)
    dropouts = DropoutSerializer(many=True)


class ParticipationSerializer(serializers.ModelSerializer):
    """How a participation went; nothing that tells who, or opens their pages."""

    code = serializers.CharField(read_only=True)

    class Meta:
        model = Participation
        fields = [
            *("code", "simulated", "status", "language", "consented_at", "last_answer_at", "finished_at"),
            *("checks_passed", "kept"),
        ]


class AuditSerializer(serializers.ModelSerializer):
    study = serializers.SlugRelatedField("slug", read_only=True)
    team = serializers.SlugRelatedField("name", read_only=True)

    class Meta:
        model = AuditEvent
        fields = ["at", "who", "action", "study", "team", "detail", "reason"]


class MemberSerializer(serializers.ModelSerializer):
    user = serializers.SlugRelatedField("username", queryset=get_user_model().objects.all())

    class Meta:
        model = Membership
        fields = ["user", "role"]


class TeamSerializer(serializers.ModelSerializer):
    members = MemberSerializer(source="memberships", many=True, read_only=True)

    class Meta:
        model = Team
        fields = ["id", "name", "members"]


class Credentials(serializers.Serializer):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=4096, trim_whitespace=False)


class TokenSerializer(serializers.Serializer):
    token = serializers.CharField()
