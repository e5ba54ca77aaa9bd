from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("survey", "0010_remove_texts_of_one_language")]

    operations = [
        migrations.AddField(
            model_name="explanationset",
            name="maps",
            field=models.FileField(
                blank=True, upload_to="sets/", verbose_name="maps.safetensors, the raw values"
            ),
        ),
    ]
