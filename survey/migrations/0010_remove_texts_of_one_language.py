from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("survey", "0009_move_texts")]

    operations = [
        migrations.RemoveField(
            model_name="study",
            name="consent_text",
        ),
        migrations.RemoveField(
            model_name="study",
            name="instructions_text",
        ),
        migrations.RemoveField(
            model_name="study",
            name="question_text",
        ),
        migrations.RemoveField(
            model_name="study",
            name="screening_questions",
        ),
        migrations.RemoveField(
            model_name="study",
            name="thanks_text",
        ),
        migrations.RemoveField(
            model_name="study",
            name="title",
        ),
    ]
