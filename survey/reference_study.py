"""The words and numbers of the NormLIME paper's human study (arXiv:1909.04200, section 4), as defaults."""

from .models import Study

TITLE = "Which picture shows it best?"

CONSENT = """\
You are invited to take part in a study of how computers recognise images. You will see groups of four pictures and choose, in each group, the one that fits a question best. It takes about five minutes.

Taking part is voluntary. You may stop at any time by closing the page. We store your choices and the time that each took, without your name, your e-mail address or your network address. The anonymous answers may be published with the study's results.

By starting, you confirm that you have read this and agree to take part."""

INSTRUCTIONS = """\
A computer has learned to tell the classes of images apart. Each picture that you will see tries to show which pixels matter for one class: the darker a pixel, the more it matters.

Every page asks about one class and shows four pictures. Choose the picture that answers the question best, by clicking or tapping on it, or with the keys 1 to 4. There is often no right or wrong answer: we ask for your own judgement. A few questions do have a clear answer, so please look carefully at each.

You answer each question once and can’t go back to change it. If you leave, the same link brings you back to where you were."""

THANKS = "Thank you for taking part. Your answers are stored."

DIGITS = [str(digit) for digit in range(10)]

# The wording of the paper's figure 2.
QUESTION_ON_DIGITS = (
    "Which picture best highlights the pixels that distinguish the number {label} "
    "from the other nine possible digits?"
)
QUESTION = (
    "Which picture best highlights the pixels that distinguish the class {label} from the other classes?"
)

METHODS = ["normlime", "lime", "smoothgrad", "vargrad"]


def default_texts(explanation_set):
    """Title and texts of a new study on this set."""
    on_digits = explanation_set.labels() == DIGITS
    return {
        "title": TITLE,
        "consent_text": CONSENT,
        "instructions_text": INSTRUCTIONS,
        "question_text": QUESTION_ON_DIGITS if on_digits else QUESTION,
        "thanks_text": THANKS,
    }


def create_reference_study(explanation_set, *, slug, owner=None):
    """A draft of the paper's study: its four methods, all classes, five checks of which four must be passed."""
    study = Study(slug=slug, explanation_set=explanation_set, owner=owner, **default_texts(explanation_set))
    study.full_clean()
    study.save()
    methods = explanation_set.compared_methods().filter(slug__in=METHODS)
    study.write_questions(methods, explanation_set.labels())
    return study
