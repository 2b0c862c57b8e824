import django.db.models.deletion
from django.db import migrations, models


def filed_by_the_subject(apps, schema_editor):
    """Until then people objected for themselves alone."""
    apps.get_model("office", "Case").objects.update(filed_by=models.F("subject"))


class Migration(migrations.Migration):

    dependencies = [
        ('office', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='CalendarDay',
            fields=[
                ('day', models.DateField(primary_key=True, serialize=False)),
                ('worked', models.BooleanField()),
                ('name', models.CharField(blank=True, max_length=100)),
                ('document', models.CharField(max_length=200)),
                ('entered_at', models.DateTimeField()),
                ('entered_by', models.CharField(max_length=64)),
            ],
            options={
                'db_table': 'calendar_day',
            },
        ),
        migrations.CreateModel(
            name='CaseStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('step', models.CharField(max_length=32)),
                ('actor', models.CharField(max_length=64)),
                ('actor_name', models.CharField(max_length=100)),
                ('department', models.CharField(blank=True, max_length=64)),
                ('words_sealed', models.TextField(blank=True)),
                ('due_on', models.DateField()),
            ],
            options={
                'db_table': 'case_step',
            },
        ),
        migrations.CreateModel(
            name='Contact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(max_length=8)),
                ('address_sealed', models.TextField()),
                ('language', models.CharField(default='zh-hans', max_length=8)),
                ('given_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'contact',
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(max_length=8)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('sending', 'Sending'), ('sent', 'Sent'), ('failed', 'Failed')], default='waiting', max_length=8)),
                ('gateway', models.CharField(blank=True, max_length=100)),
                ('reference', models.CharField(blank=True, max_length=200)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('error', models.CharField(blank=True, max_length=300)),
                ('next_at', models.DateTimeField()),
                ('claimed_at', models.DateTimeField(blank=True, null=True)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'db_table': 'delivery',
            },
        ),
        migrations.CreateModel(
            name='Evidence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=32, unique=True)),
                ('state', models.CharField(choices=[('kept', 'Kept'), ('refused', 'Refused')], max_length=8)),
                ('code', models.CharField(blank=True, max_length=64)),
                ('filename_sealed', models.TextField()),
                ('sha256', models.CharField(db_index=True, max_length=64)),
                ('sent_sha256', models.CharField(max_length=64)),
                ('size', models.PositiveBigIntegerField()),
                ('sort', models.CharField(blank=True, max_length=16)),
                ('media_type', models.CharField(blank=True, max_length=100)),
                ('extension', models.CharField(blank=True, max_length=8)),
                ('pages', models.PositiveIntegerField(blank=True, null=True)),
                ('width', models.PositiveIntegerField(blank=True, null=True)),
                ('height', models.PositiveIntegerField(blank=True, null=True)),
                ('active', models.BooleanField(default=False)),
                ('scan', models.CharField(choices=[('clean', 'Clean'), ('infected', 'Infected'), ('none', 'None')], default='none', max_length=8)),
                ('department', models.CharField(blank=True, max_length=64)),
                ('attached_by', models.CharField(max_length=64)),
                ('attached_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'evidence',
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=40, unique=True)),
                ('template', models.CharField(max_length=64)),
                ('content_sealed', models.TextField()),
                ('at', models.DateTimeField()),
                ('read_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'db_table': 'message',
            },
        ),
        migrations.CreateModel(
            name='RecordEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('entered_at', models.DateTimeField()),
                ('happened_on', models.DateField()),
                ('reason', models.CharField(max_length=64)),
                ('before', models.JSONField()),
                ('after', models.JSONField()),
                ('actor', models.CharField(max_length=64)),
            ],
            options={
                'db_table': 'record_event',
            },
        ),
        migrations.CreateModel(
            name='Telling',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=32, unique=True)),
                ('department', models.CharField(max_length=64)),
                ('outcome', models.CharField(max_length=32)),
                ('told_at', models.DateTimeField()),
                ('acknowledged_at', models.DateTimeField(blank=True, null=True)),
                ('acknowledged_by', models.CharField(blank=True, max_length=100)),
            ],
            options={
                'db_table': 'telling',
            },
        ),
        migrations.RemoveConstraint(
            model_name='case',
            name='case_one_open_per_record',
        ),
        migrations.RemoveConstraint(
            model_name='record',
            name='record_without_subject_has_no_effect',
        ),
        migrations.AddField(
            model_name='batch',
            name='reading',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='case',
            name='answer',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='office.checkanswer'),
        ),
        migrations.AddField(
            model_name='case',
            name='changes',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='case',
            name='closed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='case',
            name='decided_by',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='case',
            name='due_provisional',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='case',
            name='extended_on',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='case',
            name='filed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='filed_cases', to='office.subject'),
        ),
        migrations.RunPython(filed_by_the_subject, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='case',
            name='filed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='filed_cases', to='office.subject'),
        ),
        migrations.AddField(
            model_name='case',
            name='forwarded_on',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='case',
            name='look',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='office.look'),
        ),
        migrations.AddField(
            model_name='case',
            name='outcome',
            field=models.CharField(blank=True, max_length=32),
        ),
        migrations.AddField(
            model_name='case',
            name='papers_asked_on',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='case',
            name='pauses',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='case',
            name='procedure',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='case',
            name='provider',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='case',
            name='provider_due_on',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='case',
            name='reasons_sealed',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='case',
            name='review_of',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reviews', to='office.case'),
        ),
        migrations.AddField(
            model_name='case',
            name='signed_by',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='record',
            name='disclosed_until',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='record',
            name='superseded_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='supersedes', to='office.record'),
        ),
        migrations.AlterField(
            model_name='case',
            name='kind',
            field=models.CharField(choices=[('objection', 'Objection'), ('review', 'Review'), ('repair', 'Repair'), ('look', 'Look')], max_length=16),
        ),
        migrations.AlterField(
            model_name='case',
            name='record',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='office.record'),
        ),
        migrations.AlterField(
            model_name='case',
            name='state',
            field=models.CharField(choices=[('submitted', 'Submitted'), ('papers', 'Papers'), ('accepted', 'Accepted'), ('forwarded', 'Forwarded'), ('answered', 'Answered'), ('proposed', 'Proposed'), ('closed', 'Closed')], default='submitted', max_length=16),
        ),
        migrations.AlterField(
            model_name='listentry',
            name='article',
            field=models.CharField(max_length=2048),
        ),
        migrations.AlterField(
            model_name='record',
            name='article',
            field=models.CharField(blank=True, max_length=2048),
        ),
        migrations.AlterField(
            model_name='record',
            name='status',
            field=models.CharField(choices=[('active', 'Active'), ('disputed', 'Disputed'), ('repaired', 'Repaired'), ('withdrawn', 'Withdrawn'), ('ended', 'Ended'), ('unlinked', 'Unlinked'), ('superseded', 'Superseded')], default='active', max_length=12),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['department', 'state', 'due_on'], name='case_file_departm_b356e2_idx'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['state', 'due_on'], name='case_file_state_8ceccf_idx'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.UniqueConstraint(condition=models.Q(models.Q(('state', 'closed'), _negated=True), ('record__isnull', False)), fields=('record', 'subject', 'kind'), name='case_one_open_per_record'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'closed'), _negated=True), models.Q(('closed_at__isnull', False), models.Q(('outcome', ''), _negated=True), models.Q(('decided_by', ''), _negated=True), models.Q(('reasons_sealed', ''), _negated=True)), _connector='OR'), name='case_closed_by_a_person_with_reasons'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('signed_by', ''), models.Q(('signed_by', models.F('decided_by')), _negated=True), _connector='OR'), name='case_signed_by_another'),
        ),
        migrations.AddConstraint(
            model_name='record',
            constraint=models.CheckConstraint(condition=models.Q(('subject__isnull', False), ('status__in', ['unlinked', 'ended', 'withdrawn', 'superseded']), _connector='OR'), name='record_without_subject_has_no_effect'),
        ),
        migrations.AddField(
            model_name='casestep',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='office.case'),
        ),
        migrations.AddField(
            model_name='contact',
            name='subject',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contacts', to='office.subject'),
        ),
        migrations.AddField(
            model_name='evidence',
            name='case',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='office.case'),
        ),
        migrations.AddField(
            model_name='evidence',
            name='record',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='office.record'),
        ),
        migrations.AddField(
            model_name='message',
            name='case',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='office.case'),
        ),
        migrations.AddField(
            model_name='message',
            name='subject',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='office.subject'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='message',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='office.message'),
        ),
        migrations.AddField(
            model_name='recordevent',
            name='case',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='office.case'),
        ),
        migrations.AddField(
            model_name='recordevent',
            name='record',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='office.record'),
        ),
        migrations.AddField(
            model_name='telling',
            name='answer',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tellings', to='office.checkanswer'),
        ),
        migrations.AddField(
            model_name='telling',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tellings', to='office.case'),
        ),
        migrations.AddField(
            model_name='telling',
            name='record',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tellings', to='office.record'),
        ),
        migrations.AddIndex(
            model_name='casestep',
            index=models.Index(fields=['case', 'at'], name='case_step_case_id_2b403a_idx'),
        ),
        migrations.AddConstraint(
            model_name='contact',
            constraint=models.UniqueConstraint(fields=('subject', 'channel'), name='contact_one_per_channel'),
        ),
        migrations.AddConstraint(
            model_name='contact',
            constraint=models.CheckConstraint(condition=models.Q(('channel__in', ['sms', 'email'])), name='contact_channel'),
        ),
        migrations.AddConstraint(
            model_name='evidence',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('case__isnull', False), ('record__isnull', True)), models.Q(('case__isnull', True), ('record__isnull', False)), _connector='OR'), name='evidence_of_record_or_case'),
        ),
        migrations.AddConstraint(
            model_name='evidence',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'kept'), models.Q(('code', ''), _negated=True), _connector='OR'), name='evidence_refused_says_why'),
        ),
        migrations.AddConstraint(
            model_name='evidence',
            constraint=models.UniqueConstraint(condition=models.Q(('record__isnull', False), ('state', 'kept')), fields=('record', 'sha256'), name='evidence_once_a_record'),
        ),
        migrations.AddConstraint(
            model_name='evidence',
            constraint=models.UniqueConstraint(condition=models.Q(('case__isnull', False), ('state', 'kept')), fields=('case', 'sha256'), name='evidence_once_a_case'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['subject', '-at'], name='message_subject_7eb09f_idx'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'sent'), _negated=True), fields=['state', 'next_at'], name='delivery_open'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('message', 'channel'), name='delivery_once_per_channel'),
        ),
        migrations.AddIndex(
            model_name='recordevent',
            index=models.Index(fields=['record', 'entered_at'], name='record_even_record__992fa6_idx'),
        ),
        migrations.AddIndex(
            model_name='recordevent',
            index=models.Index(fields=['entered_at'], name='record_even_entered_2eebbb_idx'),
        ),
        migrations.AddIndex(
            model_name='telling',
            index=models.Index(fields=['department', 'acknowledged_at'], name='telling_departm_b385bb_idx'),
        ),
        migrations.AddConstraint(
            model_name='telling',
            constraint=models.UniqueConstraint(condition=models.Q(('answer__isnull', True)), fields=('case', 'record', 'department'), name='telling_holder_once'),
        ),
        migrations.AddConstraint(
            model_name='telling',
            constraint=models.UniqueConstraint(condition=models.Q(('answer__isnull', False)), fields=('case', 'record', 'answer'), name='telling_answer_once'),
        ),
    ]
