from django.db import migrations

from survey.models.participations import new_completion_code


def give_receipts(apps, schema_editor):
    """A receipt for everybody; and nobody was screened before there was a screening."""
    Participation = apps.get_model("survey", "Participation")
    for participation in Participation.objects.all():
        participation.receipt_code = new_completion_code()
        participation.screened_at = participation.consented_at
        participation.save(update_fields=["receipt_code", "screened_at"])


class Migration(migrations.Migration):
    dependencies = [("survey", "0005_add_recruitment_screening_and_withdrawal")]

    operations = [migrations.RunPython(give_receipts, migrations.RunPython.noop)]
