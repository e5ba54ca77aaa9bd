from django.db import migrations


def give_places_and_positions(apps, schema_editor):
    """What the new columns would hold had they been there: positions from the plan, places in order."""
    Participation = apps.get_model("survey", "Participation")
    held = {}
    for participation in Participation.objects.order_by("pk"):
        positions = participation.plan.order_by("position").values_list("position", flat=True)
        open_positions = positions.filter(answer=None)
        participation.last_position = max(positions, default=0)
        participation.next_position = min(open_positions, default=participation.last_position + 1)
        participation.active_at = participation.last_answer_at or participation.consented_at
        if participation.status == "answering" and participation.next_position == 0:
            participation.status = "started"
        if participation.status != "complete" or participation.kept:
            series = (participation.study_id, participation.simulated)
            participation.place = held.get(series, 0)
            held[series] = participation.place + 1
        participation.save()


class Migration(migrations.Migration):
    dependencies = [("survey", "0002_add_places_and_quotas")]

    operations = [migrations.RunPython(give_places_and_positions, migrations.RunPython.noop)]
