from django.db import migrations


def of_the_papers_kind(apps, schema_editor):
    """Until now every attention check showed one picture of the class and three of another."""
    questions = apps.get_model("survey", "Question").objects
    questions.filter(kind="check", check_kind="").update(check_kind="other class")


class Migration(migrations.Migration):
    dependencies = [("survey", "0011_let_a_design_differ_from_the_papers")]

    operations = [migrations.RunPython(of_the_papers_kind, migrations.RunPython.noop)]
