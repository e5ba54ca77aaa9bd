"""What a question's page shows, made from a planned question: the same for participants and for a preview."""

from dataclasses import dataclass
from functools import lru_cache

from django.template.loader import get_template
from django.utils.translation import gettext as _
from django.utils.translation import override

from .stencils import Stencil

SHOWN_WIDTH = 168  # CSS pixels at most of a small picture, enlarged: two fit side by side on a phone
SHOWN_LARGEST = 224  # of the longer side of a picture that is larger than that itself
SHOWN_ORIGINAL = 224  # of the longer side of the image that the pictures explain, where there is one


@dataclass(frozen=True)
class Picture:
    number: int  # where it stands, from 1
    url: str
    chosen: bool
    is_right: bool


@dataclass(frozen=True)
class ShownOriginal:
    """The single image that all pictures of a question explain, and how large it is where there is room."""

    url: str
    side: int  # the longer, in its own pixels
    width: int
    height: int

    @classmethod
    def of(cls, question, explanation_set):
        """None where the pictures explain a class."""
        original = explanation_set.originals_by_label.get(question.label)
        return original and cls.sized(original.get_absolute_url(), explanation_set)

    @classmethod
    def sized(cls, url, explanation_set):
        width, height = explanation_set.original_width, explanation_set.original_height
        scale = SHOWN_ORIGINAL / max(width, height)
        scale = max(1, int(scale)) if scale >= 1 else scale  # small ones by whole numbers
        return cls(url, max(width, height), round(width * scale), round(height * scale))

    @property
    def is_small(self):
        """Whether its own pixels are to be seen as squares."""
        return 2 * self.side <= SHOWN_ORIGINAL


@dataclass(frozen=True)
class QuestionPage:
    heading: str
    pictures: tuple[Picture, ...]
    side: int  # the pictures' width in their own pixels
    width: (
        int  # shown: a whole multiple of their own, so that every map pixel is as large as any other, or less
    )
    height: int
    style: str  # in which the set's maps are drawn
    is_smooth: bool  # whether pictures have so many pixels that they are not shown as squares
    position: int  # from 1; practice ends at 0
    total: int
    chosen: int | None = None  # 0 is none of them
    may_choose_none: bool = False
    asks_reason: bool = False
    upcoming: tuple[str, ...] = ()  # addresses of the next question's pictures, to fetch meanwhile
    original: ShownOriginal | None = None  # the image that the pictures explain, of a set of single images

    @classmethod
    def of(cls, planned, study, text, total, chosen=None):
        """The page of a planned question in the words of `text`; `chosen` is a place from 1."""
        options = planned.shown_options()
        return cls._showing(planned.question, options, planned.position, study, text, total, chosen)

    @classmethod
    def of_turn(cls, turn, questions, study, text):
        """The page of a Turn in an opened study with these `questions` by id."""
        question = questions[turn.question_id]
        options = question.in_order(turn.option_order)
        places = (n for n, option in enumerate(options, start=1) if option.pk == turn.chosen_option_id)
        chosen = next(places, 0) if turn.is_answered else None
        upcoming = ()
        if turn.following:
            following, order = turn.following
            upcoming = tuple(option.get_absolute_url() for option in questions[following].in_order(order))
            original = ShownOriginal.of(questions[following], study.explanation_set)
            upcoming += (original.url,) if original else ()
        position, total = turn.position, turn.last_position
        return cls._showing(question, options, position, study, text, total, chosen, upcoming)

    @classmethod
    def _showing(cls, question, options, position, study, text, total, chosen, upcoming=()):
        explanation_set = study.explanation_set
        width, height = _shown_size(explanation_set.picture_width, explanation_set.picture_height)
        return cls(
            heading=_heading(question, options, text, explanation_set),
            original=ShownOriginal.of(question, explanation_set),
            pictures=tuple(
                Picture(number, option.get_absolute_url(), number == chosen, option.is_right)
                for number, option in enumerate(options, start=1)
            ),
            side=explanation_set.picture_width,
            width=width,
            height=height,
            style=explanation_set.style,
            is_smooth=not explanation_set.has_small_pictures,
            position=position,
            total=total,
            chosen=chosen,
            upcoming=upcoming,
            may_choose_none=study.allows_none and position > 0,
            asks_reason=study.asks_reason and position > 0,
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

    def html_to_answer(self, study, text, *, simulated, shown, csrf_token):
        """The page for somebody who has this question of an opened study before them, from a stencil."""
        shape = (text.language, simulated, self.is_practice, len(self.pictures), len(self.upcoming))
        if self.original:
            shape += (study.explanation_set,)
        values = {
            "heading": self.heading,
            "position": self.position,
            "total": self.total,
            "n_answered": self.n_answered,
            "shown": shown,
            "csrf_token": csrf_token,
        }
        values |= {f"picture_{picture.number}": picture.url for picture in self.pictures}
        values |= {f"upcoming_{number}": address for number, address in enumerate(self.upcoming)}
        if self.original:
            values["original"] = self.original.url
        opened = (study.seed, study.opened_at)  # tells studies apart that had one id, as `frozen_study` does
        return _stencil(study, opened, self.side, self.width, self.height, *shape).fill(values)


def _shown_size(width, height):
    """CSS pixels in which a picture is shown: small ones by whole numbers, large ones at most 1:1."""
    longer = max(width, height)
    scale = SHOWN_LARGEST / longer if longer > SHOWN_LARGEST else max(1, SHOWN_WIDTH // width)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _heading(question, options, text, explanation_set):
    if question.is_instructed:
        place = next(n for n, option in enumerate(options, start=1) if option.is_right)
        with override(text.language):
            return _("To show that you read the questions, please choose picture %(place)s here.") % {
                "place": place
            }
    return text.wording(explanation_set.asked_for(question.label))


@lru_cache(maxsize=256)
def _stencil(
    study,
    opened,
    side,
    width,
    height,
    language,
    simulated,
    is_practice,
    n_pictures,
    n_upcoming,
    of_images=None,
):
    """The question's page of this shape; `study` is frozen, one object for as long as this process lives.

    `of_images` is its set, where an original stands beside the pictures.
    """

    def render(marks):
        pictures = [{"number": n, "url": marks[f"picture_{n}"]} for n in range(1, n_pictures + 1)]
        page = {name: marks[name] for name in ("heading", "position", "total", "n_answered")}
        page |= {
            "is_practice": is_practice,
            "may_choose_none": study.allows_none and not is_practice,
            "asks_reason": study.asks_reason and not is_practice,
            "pictures": pictures,
            "upcoming": [marks[f"upcoming_{n}"] for n in range(n_upcoming)],
            "style": study.explanation_set.style,
            "is_smooth": not study.explanation_set.has_small_pictures,
            "side": side,
            "width": width,
            "height": height,
            "original": of_images and ShownOriginal.sized(marks["original"], of_images),
        }
        context = {
            "study": study,
            "text": study.text_in(language),
            "participation": {"simulated": simulated},
            "page": page,
            "shown": marks["shown"],
            "csrf_token": marks["csrf_token"],
        }
        with override(language):
            return get_template("participant/question.html").render(context)

    numbered = [f"picture_{n}" for n in range(1, n_pictures + 1)]
    numbered += [f"upcoming_{n}" for n in range(n_upcoming)]
    names = ["heading", "position", "total", "n_answered", "shown", "csrf_token", *numbered]
    names += ["original"] if of_images else []
    return Stencil(render, names)
