"""Which scored questions each participant gets, where a study asks everybody only some of them.

An incomplete block design over places: a round is the fewest places whose blocks together hold every
question equally often. In each round the questions stand in a fresh random order, class by class, and every
block takes the next `n_shown` of them, from the end on to the beginning: so the questions of a block are of
as many classes as can be, and after a whole round each question has been asked of equally many people. Places
that come free are given again with their block, so the balance holds over those who are kept.
"""

import random
from math import gcd


def round_length(n_questions, n_shown):
    """How many places a round has: after so many people each question was asked equally often."""
    return n_questions // gcd(n_questions, n_shown)


def block(questions, n_shown, seed, place):
    """The questions of the participant in `place`, each with its turn: how many have it before, by place.

    `questions` are all scored ones, in any fixed order; `n_shown` None is all of them. Returns pairs.
    """
    if n_shown is None or n_shown >= len(questions):
        return [(question, place) for question in questions]
    length = round_length(len(questions), n_shown)
    number, row = divmod(place, length)
    order = _order(questions, random.Random(f"{seed}/sample/{number}"))
    times = n_shown * length // len(questions)  # that a question is asked in a round
    taken = [index % len(order) for index in range(row * n_shown, (row + 1) * n_shown)]
    first = row * n_shown
    # block `row` begins after `first` picks, in which question `index` came up once each time round
    earlier = {index: (first + len(order) - 1 - index) // len(order) for index in taken}
    return [(order[index], number * times + earlier[index]) for index in taken]


def _order(questions, rng):
    """A random order that goes through all classes before any comes again."""
    by_label = {}
    for question in questions:
        by_label.setdefault(question.label, []).append(question)
    for same in by_label.values():
        rng.shuffle(same)
    labels = list(by_label)
    order = []
    while len(order) < len(questions):
        rng.shuffle(labels)
        order += [by_label[label].pop() for label in labels if by_label[label]]
    return order
