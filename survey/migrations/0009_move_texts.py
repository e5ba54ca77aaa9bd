from django.db import migrations


def move_texts(apps, schema_editor):
    """What a study said so far was said in its default language, English."""
    Study = apps.get_model("survey", "Study")
    for study in Study.objects.all():
        study.texts.create(
            language=study.default_language,
            title=study.title,
            screening=study.screening_questions,
            question=study.question_text,
            consent=study.consent_text,
            instructions=study.instructions_text,
            thanks=study.thanks_text,
        )


class Migration(migrations.Migration):
    dependencies = [("survey", "0008_add_texts_by_language")]

    # back goes only a site without studies: the columns of one language can't be made again for others
    operations = [migrations.RunPython(move_texts, migrations.RunPython.noop)]
