"""A question knows how many it asked about, so that counts of the day read no answers."""

from django.db import migrations, models

COUNTED = """UPDATE check_question SET applicants =
(SELECT count(*) FROM check_answer WHERE check_answer.question_id = check_question.id)"""


class Migration(migrations.Migration):
    dependencies = [
        ("office", "0029_upper_levels"),
    ]

    operations = [
        migrations.AddField(
            model_name="check",
            name="applicants",
            field=models.PositiveIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.RunSQL(COUNTED, migrations.RunSQL.noop),
    ]
