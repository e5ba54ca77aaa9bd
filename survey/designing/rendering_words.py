"""What the colours of a set's pictures mean, in words for participants, by the style of its rendering.

Each text continues a sentence of the instructions, "each picture tries to show which parts matter". Styles
that show an image occur in sets of images only.
"""

ON_CLASSES = {
    "heat": {
        "en": ": the darker a pixel, the more it matters.",
        "de": ": Je dunkler ein Bildpunkt ist, desto wichtiger ist er.",
        "es": ": cuanto más oscuro es un píxel, más importa.",
        "zh-hans": "：像素颜色越深，就越重要。",
    },
    "signed": {
        "en": ": blue pixels speak for the class, orange pixels against it. The darker a pixel, the more it matters.",
        "de": ": Blaue Bildpunkte sprechen für die Klasse, orange gegen sie. Je dunkler ein Bildpunkt ist, desto wichtiger ist er.",
        "es": ": los píxeles azules hablan a favor de la clase y los naranjas en contra. Cuanto más oscuro es un píxel, más importa.",
        "zh-hans": "：蓝色像素支持该类别，橙色像素反对该类别；颜色越深，就越重要。",
    },
}
ON_IMAGES = {
    "heat": {
        "en": ": the darker a place, the more it matters.",
        "de": ": Je dunkler eine Stelle ist, desto wichtiger ist sie.",
        "es": ": cuanto más oscuro es un lugar, más importa.",
        "zh-hans": "：颜色越深的地方越重要。",
    },
    "signed": {
        "en": ": blue places speak for it, orange places against it. The darker a place, the more it matters.",
        "de": ": Blaue Stellen sprechen dafür, orange dagegen. Je dunkler eine Stelle ist, desto wichtiger ist sie.",
        "es": ": los lugares azules hablan a favor y los naranjas en contra. Cuanto más oscuro es un lugar, más importa.",
        "zh-hans": "：蓝色的地方支持这一判断，橙色的地方反对这一判断；颜色越深的地方越重要。",
    },
    "overlay": {
        "en": ". They show the image in grey, with colours over it: the stronger the colour of a place, from yellow through red to dark red, the more it matters.",
        "de": ". Das Bild ist darin grau, darüber liegen Farben: Je kräftiger die Farbe einer Stelle ist, von Gelb über Rot bis Dunkelrot, desto wichtiger ist sie.",
        "es": ". La imagen aparece en gris, con colores encima: cuanto más intenso es el color de un lugar, del amarillo al rojo y al rojo oscuro, más importa.",
        "zh-hans": "。图像显示为灰色，上面叠加了颜色：一个地方的颜色越强（由黄到红，再到深红），就越重要。",
    },
    "borders": {
        "en": ". White lines divide the image into areas: the stronger the colour of an area, from yellow through red to dark red, the more it matters.",
        "de": ". Weiße Linien teilen das Bild in Flächen: Je kräftiger die Farbe einer Fläche ist, von Gelb über Rot bis Dunkelrot, desto wichtiger ist sie.",
        "es": ". Unas líneas blancas dividen la imagen en zonas: cuanto más intenso es el color de una zona, del amarillo al rojo y al rojo oscuro, más importa.",
        "zh-hans": "。白线把图像分成若干区域：区域的颜色越强（由黄到红，再到深红），就越重要。",
    },
    "top": {
        "en": ": only the parts that matter most are visible, and the rest of the image is hidden.",
        "de": ": Nur die wichtigsten Teile sind zu sehen, der Rest des Bildes ist verdeckt.",
        "es": ": solo se ven las partes que más importan; el resto de la imagen está oculto.",
        "zh-hans": "：只显示最重要的部分，图像的其余部分被遮住。",
    },
}
SENTENCE_ENDS = {"en": ".", "de": ".", "es": ".", "zh-hans": "。"}  # of pictures that were made elsewhere

# A picture of the style "top" highlights nothing: it shows some parts of the image and hides the others.
QUESTIONS_ON_PARTS = {
    "en": "A computer sees “{label}” in this image. Which of the pictures below best shows what tells it so?",
    "de": "Ein Computer sieht in diesem Bild „{label}“. Welches der Auswahlbilder darunter zeigt am besten, woran er das erkennt?",
    "es": "Un ordenador ve «{label}» en esta imagen. ¿Cuál de las opciones de abajo muestra mejor lo que se lo indica?",
    "zh-hans": "计算机在这幅图像中看到了“{label}”。下方哪张图最能显示它作出判断的依据？",
}
QUESTIONS_ON_PARTS_OF_OTHER_CLASSES = {
    "en": "A computer has looked for signs of “{label}” in this image. Which of the pictures below best shows them?",
    "de": "Ein Computer hat in diesem Bild nach Anzeichen für „{label}“ gesucht. Welches der Auswahlbilder darunter zeigt sie am besten?",
    "es": "Un ordenador ha buscado en esta imagen indicios de «{label}». ¿Cuál de las opciones de abajo los muestra mejor?",
    "zh-hans": "计算机在这幅图像中寻找了“{label}”的迹象。下方哪张图最能显示这些迹象？",
}


def explain_style(style, language, *, on_images):
    """The end of the sentence that says what the pictures of a style show."""
    return (ON_IMAGES if on_images else ON_CLASSES).get(style, SENTENCE_ENDS)[language]
