"""A study's questions, written anew from its design: practice, scored ones, attention checks.

Everything random is drawn from the study's seed, so that one design gives one set of questions anywhere.
"""

import random
from collections import Counter

from django.db import transaction

from ..models.explanation_sets import ClassMap, Method
from ..models.questions import Option, Question
from .likeness import least_alike
from .noise import noise_maps


@transaction.atomic
def write_questions(study, methods, labels):
    """Writes the questions of a draft anew; the old ones go.

    `methods` are the compared methods, `labels` at least two of the set's classes. A scored question for each
    class and replicate, as many replicates as the study asks for.
    """
    writer = _Writer(study, list(methods), list(labels))
    study.questions.all().delete()
    writer.write_practice()
    writer.write_scored()
    writer.write_checks()


class _Writer:
    def __init__(self, study, methods, labels):
        self.study, self.methods, self.labels = study, methods, labels
        self.n_options = len(methods)
        self.rng = random.Random(study.seed)
        self.means = {}  # label -> its class means, by replicate
        means = study.explanation_set.class_maps.filter(method__purpose=Method.Purpose.CHECK)
        for class_map in means.order_by("replicate", "pk"):
            self.means.setdefault(class_map.label, []).append(class_map)

    def write_practice(self):
        practised = Counter()
        for _ in range(self.study.n_practice):
            label, *others = self.rng.sample(self.labels, min(len(self.labels), self.n_options))
            wrong = self._different(label, others) or self._different(label, self.labels)[:1]
            wrong = wrong or [self._mean(other) for other in others]
            wrong += [wrong[-1]] * (self.n_options - 1 - len(wrong))
            practised[label] += 1
            self._write(Question.Kind.PRACTICE, label, practised[label], wrong, right=self._mean(label))

    def write_scored(self):
        maps = ClassMap.objects.filter(method__in=self.methods)
        if self.study.replicates:
            maps = maps.filter(replicate__lte=self.study.replicates)
        by_question = {}
        for class_map in maps.order_by("pk"):
            by_question.setdefault((class_map.label, class_map.replicate), []).append(class_map)
        for (label, replicate), class_maps in by_question.items():
            if label in self.labels:
                self._write(Question.Kind.SCORED, label, replicate, class_maps)

    def write_checks(self):
        """About different classes as long as there are any, the kinds of check in turn."""
        study, labels = self.study, self.labels
        asked = (self.rng.sample(labels, len(labels)) * (study.n_checks // len(labels) + 1))[: study.n_checks]
        kinds = study.check_kinds()
        for number, label in enumerate(asked):
            kind = kinds[number % len(kinds)]
            replicate = number // len(labels) + 1
            if kind == Question.CheckKind.INSTRUCTED:
                right, wrong = self._any_pictures(label)
            else:
                right = self._mean(label)
                wrong = self._noise(label) if kind == Question.CheckKind.NOISE else self._of_another(label)
            self._write(Question.Kind.CHECK, label, replicate, wrong, right=right, check_kind=kind)

    def _of_another(self, label):
        """Three of one other class, two of them the same, as in the paper's figure 3; or as many as fit."""
        first = {name: maps[0] for name, maps in self.means.items()}
        other = self.rng.choice(least_alike(label, first))
        same = max(1, self.n_options - 2)
        return ([first[other]] * same + [self.means[other][-1]])[: self.n_options - 1]

    def _noise(self, label):
        return noise_maps(self._mean(label), self.n_options - 1)

    def _any_pictures(self, label):
        """A right picture that fits no better than the others: only who reads the question finds it."""
        others = self.rng.sample(self.labels, len(self.labels))
        pictures = [self._mean(name) for name in (others * self.n_options)[: self.n_options]]
        return pictures[0], pictures[1:]

    def _different(self, label, others):
        """The means of those of `others` that do not look like that of `label`, as of labels of one image."""
        right = self._mean(label).image.name
        return [mean for mean in map(self._mean, others) if mean.image.name != right]

    def _mean(self, label):
        return self.means[label][0]

    def _write(self, kind, label, replicate, class_maps, *, right=None, check_kind=""):
        question = self.study.questions.create(
            kind=kind, label=label, replicate=replicate, check_kind=check_kind
        )
        pictures = ([right] if right else []) + class_maps
        Option.objects.bulk_create(
            Option(
                question=question,
                number=number,
                class_map=class_map,
                is_right=right is not None and number == 1,
            )
            for number, class_map in enumerate(pictures, start=1)
        )
