"""The words and numbers of the NormLIME paper's human study (arXiv:1909.04200, section 4), as defaults.

The paper's study was in English; its question is that of figure 2. The other languages say the same.
"""

from ..files.study_file import FORMAT
from ..models import Study, StudyText
from ..models.studies import new_seed
from .rendering_words import QUESTIONS_ON_PARTS, QUESTIONS_ON_PARTS_OF_OTHER_CLASSES, explain_style

DIGITS = [str(digit) for digit in range(10)]
METHODS = ["normlime", "lime", "smoothgrad", "vargrad"]

TITLES = {
    "en": "Which picture shows it best?",
    "de": "Welches Bild zeigt es am besten?",
    "es": "¿Qué imagen lo muestra mejor?",
    "zh-hans": "哪张图最能说明？",
}
QUESTIONS_ON_DIGITS = {
    "en": "Which picture best highlights the pixels that distinguish the number {label} from the other nine possible digits?",
    "de": "Welches Bild hebt am besten die Bildpunkte hervor, die die Ziffer {label} von den anderen neun möglichen Ziffern unterscheiden?",
    "es": "¿Qué imagen resalta mejor los píxeles que distinguen el número {label} de las otras nueve cifras posibles?",
    "zh-hans": "哪张图最能突出将数字 {label} 与其他九个数字区分开来的像素？",
}
QUESTIONS = {
    "en": "Which picture best highlights the pixels that distinguish the class {label} from the other classes?",
    "de": "Welches Bild hebt am besten die Bildpunkte hervor, die die Klasse {label} von den anderen Klassen unterscheiden?",
    "es": "¿Qué imagen resalta mejor los píxeles que distinguen la clase {label} de las demás clases?",
    "zh-hans": "哪张图最能突出将类别 {label} 与其他类别区分开来的像素？",
}
QUESTIONS_ON_IMAGES = {
    "en": "A computer sees “{label}” in this image. Which of the pictures below best highlights what tells it so?",
    "de": "Ein Computer sieht in diesem Bild „{label}“. Welches der Auswahlbilder darunter hebt am besten hervor, woran er das erkennt?",
    "es": "Un ordenador ve «{label}» en esta imagen. ¿Cuál de las opciones de abajo resalta mejor lo que se lo indica?",
    "zh-hans": "计算机在这幅图像中看到了“{label}”。下方哪张图最能突出它作出判断的依据？",
}
QUESTIONS_ON_OTHER_CLASSES = {
    "en": "A computer has looked for signs of “{label}” in this image. Which of the pictures below best highlights them?",
    "de": "Ein Computer hat in diesem Bild nach Anzeichen für „{label}“ gesucht. Welches der Auswahlbilder darunter hebt sie am besten hervor?",
    "es": "Un ordenador ha buscado en esta imagen indicios de «{label}». ¿Cuál de las opciones de abajo los resalta mejor?",
    "zh-hans": "计算机在这幅图像中寻找了“{label}”的迹象。下方哪张图最能突出这些迹象？",
}
CONSENTS = {
    "en": """\
You are invited to take part in a study of how computers recognise images. You will see groups of four pictures and choose, in each group, the one that fits a question best. It takes about five minutes.

Taking part is voluntary. You may stop at any time by closing the page. We store your choices and the time that each took, without your name, your e-mail address or your network address. The anonymous answers may be published with the study's results.

By starting, you confirm that you have read this and agree to take part.""",
    "de": """\
Wir laden Sie zu einer Studie darüber ein, wie Computer Bilder erkennen. Sie sehen jeweils vier Bilder und wählen das aus, das am besten zu einer Frage passt. Das dauert etwa fünf Minuten.

Die Teilnahme ist freiwillig. Sie können jederzeit aufhören, indem Sie die Seite schließen. Wir speichern, was Sie wählen und wie lange Sie dafür brauchen, ohne Ihren Namen, Ihre E-Mail-Adresse oder Ihre Netzwerkadresse. Die anonymen Antworten können mit den Ergebnissen der Studie veröffentlicht werden.

Indem Sie beginnen, bestätigen Sie, dass Sie dies gelesen haben und teilnehmen möchten.""",
    "es": """\
Le invitamos a participar en un estudio sobre cómo los ordenadores reconocen imágenes. Verá grupos de cuatro imágenes y elegirá, en cada grupo, la que mejor responda a una pregunta. Tardará unos cinco minutos.

La participación es voluntaria. Puede dejarlo en cualquier momento cerrando la página. Guardamos sus elecciones y el tiempo que tarda en cada una, sin su nombre, su correo electrónico ni su dirección de red. Las respuestas anónimas pueden publicarse con los resultados del estudio.

Al empezar, confirma que ha leído este texto y que acepta participar.""",
    "zh-hans": """\
诚邀您参加一项关于计算机如何识别图像的研究。您每次会看到四张图，请从中选出最符合问题的一张。全程约需五分钟。

参与完全自愿。您可以随时关闭页面退出。我们会记录您的选择和每次选择所用的时间，但不记录您的姓名、电子邮件地址或网络地址。匿名的回答可能会与研究结果一同发表。

点击开始即表示您已阅读以上内容并同意参加。""",
}
# {meaning} says what the colours of the set's pictures mean
INSTRUCTIONS = {
    "en": """\
A computer has learned to tell the classes of images apart. Each picture you will see tries to show which pixels matter for one class{meaning}

Every page asks about one class and shows four pictures. Choose the picture that answers the question best, by clicking or tapping on it, or with the keys 1 to 4. There is often no right or wrong answer; we are interested in your judgement. A few questions do have a clear answer, so please look carefully at each one.

You answer each question once and can’t change it later. If you leave, the same link brings you back to where you were.""",
    "de": """\
Ein Computer hat gelernt, Klassen von Bildern zu unterscheiden. Jedes Bild, das Sie sehen werden, soll zeigen, welche Bildpunkte für eine Klasse wichtig sind{meaning}

Jede Seite fragt nach einer Klasse und zeigt vier Bilder. Wählen Sie das Bild, das am besten auf die Frage antwortet, indem Sie darauf klicken oder tippen oder eine der Tasten 1 bis 4 drücken. Oft gibt es kein Richtig oder Falsch: Wir fragen nach Ihrem eigenen Urteil. Einige Fragen haben aber eine eindeutige Antwort; bitte sehen Sie sich deshalb jede genau an.

Sie beantworten jede Frage einmal und können die Antwort danach nicht mehr ändern. Wenn Sie die Seite verlassen, führt derselbe Link Sie an die Stelle zurück, an der Sie waren.""",
    "es": """\
Un ordenador ha aprendido a distinguir clases de imágenes. Cada imagen que verá intenta mostrar qué píxeles importan para una clase{meaning}

Cada página pregunta por una clase y muestra cuatro imágenes. Elija la que mejor responda a la pregunta haciendo clic en ella, tocándola o con las teclas del 1 al 4. A menudo no hay respuestas correctas ni incorrectas: le pedimos su propio criterio. Algunas preguntas sí tienen una respuesta clara, así que mire con atención cada una.

Cada pregunta se responde una sola vez y después no se puede cambiar. Si se marcha, el mismo enlace le devuelve al punto donde estaba.""",
    "zh-hans": """\
计算机已经学会区分不同类别的图像。您将看到的每张图都试图显示哪些像素对某个类别重要{meaning}

每一页询问一个类别，并显示四张图。请点击或轻触最符合问题的那张图，也可以按键盘上的 1 至 4 键。多数问题没有对错之分，我们想了解的是您自己的判断。少数问题有明确的答案，所以请仔细看每一题。

每个问题只能回答一次，之后不能更改。如果您中途离开，用同一个链接可以回到原来的位置。""",
}
INSTRUCTIONS_ON_IMAGES = {
    "en": """\
A computer has learned to recognise what is in an image. Each page shows an image, says what the computer sees in it, and shows four pictures below. Each of these tries to show which parts of the image tell the computer so{meaning}

Choose the picture that answers the question best, by clicking or tapping on it, or with the keys 1 to 4. There is often no right or wrong answer; we are interested in your judgement. A few questions do have a clear answer, so please look carefully at each one.

You answer each question once and can’t change it later. If you leave, the same link brings you back to where you were.""",
    "de": """\
Ein Computer hat gelernt zu erkennen, was auf einem Bild ist. Jede Seite zeigt ein Bild, sagt, was der Computer darin sieht, und zeigt darunter vier Auswahlbilder. Jedes davon soll zeigen, an welchen Teilen des Bildes der Computer das erkennt{meaning}

Wählen Sie das Auswahlbild, das am besten auf die Frage antwortet, indem Sie darauf klicken oder tippen oder eine der Tasten 1 bis 4 drücken. Oft gibt es kein Richtig oder Falsch: Wir fragen nach Ihrem eigenen Urteil. Einige Fragen haben aber eine eindeutige Antwort; bitte sehen Sie sich deshalb jede genau an.

Sie beantworten jede Frage einmal und können die Antwort danach nicht mehr ändern. Wenn Sie die Seite verlassen, führt derselbe Link Sie an die Stelle zurück, an der Sie waren.""",
    "es": """\
Un ordenador ha aprendido a reconocer lo que hay en una imagen. Cada página muestra una imagen, dice qué ve en ella el ordenador y presenta debajo cuatro opciones. Cada una intenta mostrar qué partes de la imagen se lo indican{meaning}

Elija la opción que mejor responda a la pregunta haciendo clic en ella, tocándola o con las teclas del 1 al 4. A menudo no hay respuestas correctas ni incorrectas: le pedimos su propio criterio. Algunas preguntas sí tienen una respuesta clara, así que mire con atención cada una.

Cada pregunta se responde una sola vez y después no se puede cambiar. Si se marcha, el mismo enlace le devuelve al punto donde estaba.""",
    "zh-hans": """\
计算机已经学会识别图像中的内容。每一页显示一幅图像，说明计算机在其中看到了什么，并在下方给出四张图。每张图都试图显示图像的哪些部分让计算机这样判断{meaning}

请点击或轻触最符合问题的那张图，也可以按键盘上的 1 至 4 键。多数问题没有对错之分，我们想了解的是您自己的判断。少数问题有明确的答案，所以请仔细看每一题。

每个问题只能回答一次，之后不能更改。如果您中途离开，用同一个链接可以回到原来的位置。""",
}
# What instructions say differently about images that are explained for classes that the network does not see.
INSTRUCTIONS_ON_OTHER_CLASSES = {
    "en": (
        ("says what the computer sees in it", "names something that the computer has looked for in it"),
        ("which parts of the image tell the computer so", "which parts of the image speak for that"),
    ),
    "de": (
        ("sagt, was der Computer darin sieht", "nennt etwas, wonach der Computer darin gesucht hat"),
        ("an welchen Teilen des Bildes der Computer das erkennt", "welche Teile des Bildes dafür sprechen"),
    ),
    "es": (
        ("dice qué ve en ella el ordenador", "nombra algo que el ordenador ha buscado en ella"),
        ("qué partes de la imagen se lo indican", "qué partes de la imagen lo sugieren"),
    ),
    "zh-hans": (
        ("说明计算机在其中看到了什么", "说明计算机在其中寻找了什么"),
        ("图像的哪些部分让计算机这样判断", "图像的哪些部分支持这一点"),
    ),
}
THANKS = {
    "en": "Thank you for taking part. Your answers are stored.",
    "de": "Vielen Dank für Ihre Teilnahme. Ihre Antworten sind gespeichert.",
    "es": "Gracias por participar. Sus respuestas se han guardado.",
    "zh-hans": "感谢您的参与。您的回答已保存。",
}


def default_texts(explanation_set, language="en"):
    """The words of a new study on this set, by their column of StudyText."""
    of_images = explanation_set.is_of_images
    instructions = (INSTRUCTIONS_ON_IMAGES if of_images else INSTRUCTIONS)[language]
    if explanation_set.is_of_other_classes:
        for before, after in INSTRUCTIONS_ON_OTHER_CLASSES[language]:
            instructions = instructions.replace(before, after)
    meaning = explain_style(explanation_set.style, language, on_images=of_images)
    return {
        "title": TITLES[language],
        "question": _questions(explanation_set)[language],
        "consent": CONSENTS[language],
        "instructions": instructions.replace("{meaning}", meaning),
        "thanks": THANKS[language],
    }


def _questions(explanation_set):
    """What is asked about the maps of this set, by language."""
    shows_parts = explanation_set.style == "top"
    if explanation_set.is_of_other_classes:
        return QUESTIONS_ON_PARTS_OF_OTHER_CLASSES if shows_parts else QUESTIONS_ON_OTHER_CLASSES
    if explanation_set.is_of_images:
        return QUESTIONS_ON_PARTS if shows_parts else QUESTIONS_ON_IMAGES
    return QUESTIONS_ON_DIGITS if explanation_set.labels() == DIGITS else QUESTIONS


def create_reference_study(explanation_set, *, slug, owner=None):
    """A draft of the paper's study: its four methods, all classes, five checks of which four must be passed."""
    study = Study(slug=slug, explanation_set=explanation_set, owner=owner)
    study.full_clean()
    study.save()
    for language in TITLES:
        text = StudyText(study=study, language=language, **default_texts(explanation_set, language))
        text.full_clean()
        text.save()
    methods = explanation_set.compared_methods().filter(slug__in=METHODS)
    study.write_questions(methods, explanation_set.labels())
    return study


def default_design(explanation_set):
    """What the study file of a new study on this set holds: the paper's study, with as many of its methods."""
    there = [method.slug for method in explanation_set.compared_methods()]
    papers = [slug for slug in METHODS if slug in there]
    return {
        "format": FORMAT,
        "explanation_set": {"name": explanation_set.slug, "sha256": explanation_set.digest},
        "seed": new_seed(),
        "language": "en",
        "texts": {language: default_texts(explanation_set, language) for language in TITLES},
        "methods": papers if len(papers) >= 2 else there[: len(METHODS)],
        "classes": explanation_set.labels(),
    }
