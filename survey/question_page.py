"""What a question's page shows, made from a planned question: the same for participants and for a preview."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

SHOWN_WIDTH = 168  # CSS pixels at most, unless the picture itself is wider: two fit side by side on a phone


@dataclass(frozen=True)
class Picture:
    number: int  # where it stands, from 1
    url: str
    chosen: bool
    is_right: bool


@dataclass(frozen=True)
class QuestionPage:
    heading: str
    pictures: tuple[Picture, ...]
    side: int  # the pictures' width in their own pixels
    width: int  # shown, a whole multiple of their own, so that every map pixel is as large as any other
    height: int
    position: int  # from 1; practice ends at 0
    total: int
    chosen: int | None = None  # 0 is none of them
    may_choose_none: bool = False
    asks_reason: bool = False
    upcoming: tuple[str, ...] = ()  # addresses of the next question's pictures, to fetch meanwhile

    @classmethod
    def of(cls, planned, study, text, total, chosen=None, following=None):
        """The page of `planned` in the words of `text`.

        `chosen` is the position from 1 of the picture that was chosen, if one was; `following` the planned
        question after it.
        """
        pictures = tuple(
            Picture(number, option.get_absolute_url(), number == chosen, option.is_right)
            for number, option in enumerate(planned.shown_options(), start=1)
        )
        explanation_set = study.explanation_set
        scale = max(1, SHOWN_WIDTH // explanation_set.picture_width)
        return cls(
            heading=_heading(planned, text),
            pictures=pictures,
            side=explanation_set.picture_width,
            width=explanation_set.picture_width * scale,
            height=explanation_set.picture_height * scale,
            position=planned.position,
            total=total,
            chosen=chosen,
            upcoming=tuple(option.get_absolute_url() for option in following.shown_options())
            if following
            else (),
            may_choose_none=study.allows_none and planned.position > 0,
            asks_reason=study.asks_reason and planned.position > 0,
        )

    @property
    def is_practice(self):
        return self.position <= 0

    @property
    def is_last_practice(self):
        return self.position == 0

    @property
    def is_answered(self):
        return self.chosen is not None

    @property
    def right(self):
        """The position of the right answer in practice; None in every other question, check or not."""
        return next((p.number for p in self.pictures if p.is_right and self.is_practice), None)

    @property
    def chosen_is_right(self):
        return self.chosen == self.right

    @property
    def n_answered(self):
        return max(0, self.position - 1)


def _heading(planned, text):
    if planned.question.is_instructed:
        right = next(option for option in planned.question.options.all() if option.is_right)
        place = planned.place_of(right)
        return _("To show that you read the questions, please choose picture %(place)s here.") % {
            "place": place
        }
    return text.wording(planned.question.label)
