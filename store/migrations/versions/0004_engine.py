"""The engine: funnels, broadcasts, one sender, decisions

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

from sqlalchemy.dialects import postgresql

import store.models.base

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('cron_firing',
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('schedule', sa.String(), nullable=False),
    sa.Column('since', store.models.base.Instant(), nullable=True),
    sa.Column('fire_at', store.models.base.Instant(), nullable=False),
    sa.Column('reached', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('fired_at', store.models.base.Instant(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_cron_firing_creator_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cron_firing')),
    sa.UniqueConstraint('creator_id', 'schedule', 'fire_at', name=op.f('uq_cron_firing_creator_id_schedule_fire_at'))
    )
    with op.batch_alter_table('cron_firing', schema=None) as batch_op:
        batch_op.create_index('ix_cron_firing_due', ['fire_at'], unique=False, sqlite_where=sa.text('fired_at IS NULL'), postgresql_where=sa.text('fired_at IS NULL'))
        batch_op.create_index('uq_cron_firing_open', ['creator_id', 'schedule'], unique=True, sqlite_where=sa.text('fired_at IS NULL'), postgresql_where=sa.text('fired_at IS NULL'))

    op.create_table('segment_watch',
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('question', sa.Text(), nullable=True),
    sa.Column('checked_at', store.models.base.Instant(), nullable=True),
    sa.Column('listed_to', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_segment_watch_creator_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_segment_watch')),
    sa.UniqueConstraint('creator_id', 'question', name=op.f('uq_segment_watch_creator_id_question'))
    )
    op.create_table('step_count',
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('about', sa.String(), nullable=False),
    sa.Column('step', sa.String(), nullable=False),
    sa.Column('arm', sa.String(), nullable=False),
    sa.Column('measure', sa.String(), nullable=False),
    sa.Column('count', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('money', sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql'), nullable=False),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_step_count_creator_id')),
    sa.PrimaryKeyConstraint('creator_id', 'about', 'step', 'arm', 'measure', name=op.f('pk_step_count'))
    )
    op.create_table('broadcast',
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('segment', sa.Text(), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('state', sa.Enum('draft', 'scheduled', 'starting', 'running', 'paused', 'done', 'cancelled', name='broadcaststate', native_enum=False, length=24), nullable=False),
    sa.Column('revision', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lapses_at', store.models.base.Instant(), nullable=True),
    sa.Column('starts_at', store.models.base.Instant(), nullable=True),
    sa.Column('local_at', sa.String(), nullable=True),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('audience', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('listed_to', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('progress_message_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('progress_at', store.models.base.Instant(), nullable=True),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('started_at', store.models.base.Instant(), nullable=True),
    sa.Column('resumed_at', store.models.base.Instant(), nullable=True),
    sa.Column('sent_before', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('paused_at', store.models.base.Instant(), nullable=True),
    sa.Column('ended_at', store.models.base.Instant(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_broadcast_creator_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_broadcast_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_broadcast'))
    )
    with op.batch_alter_table('broadcast', schema=None) as batch_op:
        batch_op.create_index('ix_broadcast_at_work', ['starts_at'], unique=False, sqlite_where=sa.text("state IN ('scheduled', 'starting', 'running')"), postgresql_where=sa.text("state IN ('scheduled', 'starting', 'running')"))
        batch_op.create_index('ix_broadcast_creator', ['creator_id', 'id'], unique=False)

    op.create_table('funnel',
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('kept', sa.Enum('file', 'chat', 'api', name='kept', native_enum=False, length=24), nullable=False),
    sa.Column('state', sa.Enum('active', 'paused', 'resuming', 'disabled', 'archived', name='funnelstate', native_enum=False, length=24), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('late', sa.Enum('skip', 'once', 'shift', name='late', native_enum=False, length=24), nullable=True),
    sa.Column('stopped_steps', sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql'), nullable=False),
    sa.Column('paused_at', store.models.base.Instant(), nullable=True),
    sa.Column('stood_until', store.models.base.Instant(), nullable=True),
    sa.Column('moves_by', sa.String(), nullable=True),
    sa.Column('moved_to', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('moved', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('ended', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('changed_at', store.models.base.Instant(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_funnel_creator_id')),
    sa.ForeignKeyConstraint(['version_id'], ['funnel_version.id'], name=op.f('fk_funnel_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_funnel')),
    sa.UniqueConstraint('creator_id', 'key', name=op.f('uq_funnel_creator_id_key'))
    )
    op.create_table('broadcast_recipient',
    sa.Column('broadcast_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lead_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('variant', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('due_at', store.models.base.Instant(), nullable=False),
    sa.Column('state', sa.Enum('waiting', 'queued', 'dropped', name='recipientstate', native_enum=False, length=24), nullable=False),
    sa.ForeignKeyConstraint(['broadcast_id'], ['broadcast.id'], name=op.f('fk_broadcast_recipient_broadcast_id')),
    sa.ForeignKeyConstraint(['lead_id'], ['lead.id'], name=op.f('fk_broadcast_recipient_lead_id')),
    sa.PrimaryKeyConstraint('broadcast_id', 'lead_id', name=op.f('pk_broadcast_recipient'))
    )
    with op.batch_alter_table('broadcast_recipient', schema=None) as batch_op:
        batch_op.create_index('ix_broadcast_recipient_due', ['broadcast_id', 'due_at', 'lead_id'], unique=False, sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'"))
        batch_op.create_index(batch_op.f('ix_broadcast_recipient_lead_id'), ['lead_id'], unique=False)

    op.create_table('decision',
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lead_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', store.models.base.Instant(), nullable=False),
    sa.Column('about', sa.String(), nullable=False),
    sa.Column('version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('enrollment_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('trace', sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql'), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_decision_creator_id')),
    sa.ForeignKeyConstraint(['lead_id'], ['lead.id'], name=op.f('fk_decision_lead_id')),
    sa.ForeignKeyConstraint(['version_id'], ['funnel_version.id'], name=op.f('fk_decision_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_decision'))
    )
    with op.batch_alter_table('decision', schema=None) as batch_op:
        batch_op.create_index('ix_decision_at', ['at'], unique=False)
        batch_op.create_index('ix_decision_lead', ['lead_id', 'id'], unique=False)

    op.create_table('outgoing_call',
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lead_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('target', sa.String(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('state', sa.Enum('queued', 'sending', 'done', 'failed', name='callstate', native_enum=False, length=24), nullable=False),
    sa.Column('due_at', store.models.base.Instant(), nullable=False),
    sa.Column('attempts', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lease_until', store.models.base.Instant(), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('closed_at', store.models.base.Instant(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_outgoing_call_creator_id')),
    sa.ForeignKeyConstraint(['lead_id'], ['lead.id'], name=op.f('fk_outgoing_call_lead_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outgoing_call')),
    sa.UniqueConstraint('key', name=op.f('uq_outgoing_call_key'))
    )
    with op.batch_alter_table('outgoing_call', schema=None) as batch_op:
        batch_op.create_index('ix_outgoing_call_closed', ['closed_at'], unique=False, sqlite_where=sa.text('closed_at IS NOT NULL'), postgresql_where=sa.text('closed_at IS NOT NULL'))
        batch_op.create_index('ix_outgoing_call_due', ['due_at'], unique=False, sqlite_where=sa.text("state IN ('queued', 'sending')"), postgresql_where=sa.text("state IN ('queued', 'sending')"))
        batch_op.create_index(batch_op.f('ix_outgoing_call_lead_id'), ['lead_id'], unique=False)

    op.create_table('segment_member',
    sa.Column('watch_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lead_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['lead_id'], ['lead.id'], name=op.f('fk_segment_member_lead_id')),
    sa.ForeignKeyConstraint(['watch_id'], ['segment_watch.id'], name=op.f('fk_segment_member_watch_id')),
    sa.PrimaryKeyConstraint('watch_id', 'lead_id', name=op.f('pk_segment_member')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('segment_member', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_segment_member_lead_id'), ['lead_id'], unique=False)

    op.create_table('funnel_draft',
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('definitions', sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql'), nullable=False),
    sa.Column('bases', sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql'), nullable=False),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_funnel_draft_creator_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_funnel_draft')),
    sa.UniqueConstraint('creator_id', name=op.f('uq_funnel_draft_creator_id'))
    )
    op.create_table('ticket',
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lead_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('public_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('state', sa.Enum('open', 'solved', name='ticketstate', native_enum=False, length=24), nullable=False),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('updated_at', store.models.base.Instant(), nullable=False),
    sa.Column('solved_at', store.models.base.Instant(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_ticket_creator_id')),
    sa.ForeignKeyConstraint(['lead_id'], ['lead.id'], name=op.f('fk_ticket_lead_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ticket')),
    sa.UniqueConstraint('creator_id', 'number', name=op.f('uq_ticket_creator_id_number')),
    sa.UniqueConstraint('public_id', name=op.f('uq_ticket_public_id'))
    )
    with op.batch_alter_table('ticket', schema=None) as batch_op:
        batch_op.create_index('ix_ticket_list', ['creator_id', 'state', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_ticket_lead_id'), ['lead_id'], unique=False)

    op.create_table('start_by_hand',
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('funnel_key', sa.String(), nullable=False),
    sa.Column('version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('question', sa.Text(), nullable=False),
    sa.Column('begun_by', sa.String(), nullable=False),
    sa.Column('last_lead', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reached', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('met', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('begun', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('ended_at', store.models.base.Instant(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_start_by_hand_creator_id')),
    sa.ForeignKeyConstraint(['version_id'], ['funnel_version.id'], name=op.f('fk_start_by_hand_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_start_by_hand'))
    )
    with op.batch_alter_table('start_by_hand', schema=None) as batch_op:
        batch_op.create_index('ix_start_by_hand_open', ['id'], unique=False, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.add_column(sa.Column('told_as', sa.String(), nullable=True))
        batch_op.create_index('uq_event_told', ['creator_id', 'told_as'], unique=True, sqlite_where=sa.text('told_as IS NOT NULL'), postgresql_where=sa.text('told_as IS NOT NULL'))

    with op.batch_alter_table('enrollment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('round', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('waits_for', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('happened', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('attempts', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('undone', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('arms', sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql'), nullable=False, server_default='{}'))
        batch_op.add_column(sa.Column('begun_by', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('held_at', store.models.base.Instant(), nullable=True))
        batch_op.drop_constraint(batch_op.f('uq_enrollment_lead_id_funnel_key_subject'), type_='unique')
        batch_op.create_index('ix_enrollment_version', ['version_id', 'state'], unique=False)
        batch_op.create_index('ix_enrollment_held', ['creator_id', 'funnel_key', 'step', 'held_at', 'id'], unique=False, sqlite_where=sa.text("state = 'held'"), postgresql_where=sa.text("state = 'held'"))
        batch_op.create_index('ix_enrollment_waits', ['lead_id', 'waits_for'], unique=False, sqlite_where=sa.text('waits_for IS NOT NULL'), postgresql_where=sa.text('waits_for IS NOT NULL'))
        batch_op.create_unique_constraint(batch_op.f('uq_enrollment_lead_id_funnel_key_subject_round'), ['lead_id', 'funnel_key', 'subject', 'round'])

    op.create_table('planning_span',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('since', store.models.base.Instant(), nullable=False),
    sa.Column('until', store.models.base.Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_planning_span'))
    )
    op.create_table('clock_jump',
    sa.Column('noticed_at', store.models.base.Instant(), nullable=False),
    sa.Column('seconds', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_clock_jump'))
    )
    with op.batch_alter_table('idea', schema=None) as batch_op:
        batch_op.add_column(sa.Column('due_noted_at', store.models.base.Instant(), nullable=True))
        batch_op.create_index('ix_idea_due', ['creator_id', 'due_date'], unique=False, sqlite_where=sa.text('due_date IS NOT NULL AND due_noted_at IS NULL'), postgresql_where=sa.text('due_date IS NOT NULL AND due_noted_at IS NULL'))
    # whose day is over is no news any more
    op.execute('UPDATE idea SET due_noted_at = created_at WHERE due_date < CURRENT_DATE')

    with op.batch_alter_table('funnel_version', schema=None) as batch_op:
        batch_op.add_column(sa.Column('number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='0'))
    op.execute(
        'UPDATE funnel_version SET number = (SELECT count(*) FROM funnel_version AS earlier'
        ' WHERE earlier.creator_id = funnel_version.creator_id AND earlier.key = funnel_version.key'
        ' AND earlier.id <= funnel_version.id)'
    )
    with op.batch_alter_table('funnel_version', schema=None) as batch_op:
        batch_op.create_unique_constraint(batch_op.f('uq_funnel_version_creator_id_key_number'), ['creator_id', 'key', 'number'])

    with op.batch_alter_table('lease', schema=None) as batch_op:
        batch_op.add_column(sa.Column('epoch', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='1'))

    with op.batch_alter_table('outbox_message', schema=None) as batch_op:
        batch_op.add_column(sa.Column('urgency', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='1'))
        batch_op.add_column(sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('step', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('broadcast_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('claim', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.alter_column('message',
               existing_type=sa.TEXT(),
               nullable=True)
        batch_op.drop_index(batch_op.f('ix_outbox_message_enrollment'))
        batch_op.drop_index('ix_outbox_message_due', sqlite_where=sa.text("state IN ('queued', 'sending')"), postgresql_where=sa.text("state IN ('queued', 'sending')"))
        batch_op.create_index('ix_outbox_message_broadcast', ['broadcast_id', 'state'], unique=False)
        batch_op.create_index('ix_outbox_message_sending', ['person_id'], unique=False, sqlite_where=sa.text("state = 'sending'"), postgresql_where=sa.text("state = 'sending'"))
        batch_op.create_index('ix_outbox_message_told', ['lead_id', 'closed_at'], unique=False, sqlite_where=sa.text("state = 'sent' AND urgency > 1"), postgresql_where=sa.text("state = 'sent' AND urgency > 1"))
        batch_op.create_index('ix_outbox_message_turn', ['urgency', 'creator_id', 'due_at', 'id'], unique=False, sqlite_where=sa.text("state = 'queued'"), postgresql_where=sa.text("state = 'queued'"))
        batch_op.create_index('ix_outbox_message_unclear', ['creator_id', 'id'], unique=False, sqlite_where=sa.text("state IN ('uncertain', 'failed')"), postgresql_where=sa.text("state IN ('uncertain', 'failed')"))
        batch_op.create_unique_constraint(batch_op.f('uq_outbox_message_enrollment_id_seq'), ['enrollment_id', 'seq'])
        batch_op.create_foreign_key(batch_op.f('fk_outbox_message_broadcast_id'), 'broadcast', ['broadcast_id'], ['id'])
    # funnels and flows give way to what was promised; which step a message said stands in its key
    op.execute("UPDATE outbox_message SET urgency = 2 WHERE kind IN ('funnel', 'flow')")
    op.execute(
        "UPDATE outbox_message SET step = substr(key, length('funnel:' || enrollment_id || ':') + 1),"
        ' seq = (SELECT count(*) FROM outbox_message AS earlier'
        ' WHERE earlier.enrollment_id = outbox_message.enrollment_id AND earlier.id < outbox_message.id)'
        " WHERE kind = 'funnel' AND enrollment_id IS NOT NULL"
    )
    # one that an enrollment said more than once has a number behind it, where this was undone before
    rest = "split_part(step, ':', 1)" if op.get_bind().dialect.name == 'postgresql' else "substr(step, 1, instr(step, ':') - 1)"
    op.execute(f"UPDATE outbox_message SET step = {rest} WHERE step LIKE '%:%'")  # noqa: S608 - all of it stands here
    op.execute(
        'UPDATE enrollment SET seq = (SELECT count(*) FROM outbox_message'
        " WHERE outbox_message.enrollment_id = enrollment.id AND outbox_message.kind = 'funnel')"
    )

    if op.get_bind().dialect.name == 'sqlite':
        # forgetting wrote when an update was given up as a text, which is no instant and cannot be read
        op.execute("UPDATE telegram_update SET answered_at = received_at WHERE typeof(answered_at) = 'text'")
    if op.get_bind().dialect.name == 'postgresql':
        # what was due and is done lies at the very head of the timers, where the next look begins: it goes soon
        op.execute('ALTER TABLE timer SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,'
                   ' autovacuum_vacuum_cost_delay = 0)')


def downgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('ALTER TABLE timer RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold,'
                   ' autovacuum_vacuum_cost_delay)')
    # what has no words yet, and rounds after the first, have no place in the older tables
    op.execute("DELETE FROM outbox_message WHERE message IS NULL OR kind IN ('broadcast', 'trial')")
    # which step a message said is read off its key there, and the numbers that keys have here begin anew
    op.execute("UPDATE outbox_message SET key = 'funnel:' || enrollment_id || ':' || step"
               " || CASE WHEN EXISTS (SELECT 1 FROM outbox_message AS earlier"
               " WHERE earlier.enrollment_id = outbox_message.enrollment_id AND earlier.step = outbox_message.step"
               " AND earlier.seq < outbox_message.seq) THEN ':' || seq ELSE '' END"
               " WHERE kind = 'funnel' AND enrollment_id IS NOT NULL AND step IS NOT NULL")
    # the number of an enrollment that goes may be another's some day
    op.execute("UPDATE outbox_message SET key = 'funnel:former:' || id, enrollment_id = NULL WHERE enrollment_id IN"
               ' (SELECT id FROM enrollment WHERE round > 0)')
    op.execute('DELETE FROM timer WHERE enrollment_id IN (SELECT id FROM enrollment WHERE round > 0)')
    op.execute('DELETE FROM enrollment WHERE round > 0')
    # those who were held go on from where they stand
    op.execute("INSERT INTO timer (due_at, enrollment_id) SELECT held_at, id FROM enrollment"
               " WHERE state = 'held' AND held_at IS NOT NULL")
    op.execute("UPDATE enrollment SET state = 'active' WHERE state = 'held'")
    # who waits for an event and for nothing else goes on at once: nobody would wake them
    op.execute("INSERT INTO timer (due_at, enrollment_id) SELECT started_at, id FROM enrollment"
               " WHERE state = 'active' AND NOT EXISTS (SELECT 1 FROM timer WHERE timer.enrollment_id = enrollment.id)")
    op.execute("UPDATE stored_file SET shape = 'document' WHERE shape = 'animation'")
    with op.batch_alter_table('outbox_message', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_outbox_message_broadcast_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('uq_outbox_message_enrollment_id_seq'), type_='unique')
        batch_op.drop_index('ix_outbox_message_unclear', sqlite_where=sa.text("state IN ('uncertain', 'failed')"), postgresql_where=sa.text("state IN ('uncertain', 'failed')"))
        batch_op.drop_index('ix_outbox_message_turn', sqlite_where=sa.text("state = 'queued'"), postgresql_where=sa.text("state = 'queued'"))
        batch_op.drop_index('ix_outbox_message_sending', sqlite_where=sa.text("state = 'sending'"), postgresql_where=sa.text("state = 'sending'"))
        batch_op.drop_index('ix_outbox_message_told', sqlite_where=sa.text("state = 'sent' AND urgency > 1"), postgresql_where=sa.text("state = 'sent' AND urgency > 1"))
        batch_op.drop_index('ix_outbox_message_broadcast')
        batch_op.create_index(batch_op.f('ix_outbox_message_enrollment'), ['enrollment_id'], unique=False)
        batch_op.create_index('ix_outbox_message_due', ['due_at', 'id'], unique=False, sqlite_where=sa.text("state IN ('queued', 'sending')"), postgresql_where=sa.text("state IN ('queued', 'sending')"))
        batch_op.alter_column('message',
               existing_type=sa.TEXT(),
               nullable=False)
        batch_op.drop_column('claim')
        batch_op.drop_column('broadcast_id')
        batch_op.drop_column('step')
        batch_op.drop_column('seq')
        batch_op.drop_column('urgency')

    with op.batch_alter_table('lease', schema=None) as batch_op:
        batch_op.drop_column('epoch')

    with op.batch_alter_table('idea', schema=None) as batch_op:
        batch_op.drop_index('ix_idea_due', sqlite_where=sa.text('due_date IS NOT NULL AND due_noted_at IS NULL'), postgresql_where=sa.text('due_date IS NOT NULL AND due_noted_at IS NULL'))
        batch_op.drop_column('due_noted_at')

    op.drop_table('clock_jump')
    op.drop_table('planning_span')
    with op.batch_alter_table('funnel_version', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_funnel_version_creator_id_key_number'), type_='unique')
        batch_op.drop_column('number')

    with op.batch_alter_table('enrollment', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_enrollment_lead_id_funnel_key_subject_round'), type_='unique')
        batch_op.drop_index('ix_enrollment_waits', sqlite_where=sa.text('waits_for IS NOT NULL'), postgresql_where=sa.text('waits_for IS NOT NULL'))
        batch_op.drop_index('ix_enrollment_held', sqlite_where=sa.text("state = 'held'"), postgresql_where=sa.text("state = 'held'"))
        batch_op.drop_index('ix_enrollment_version')
        batch_op.create_unique_constraint(batch_op.f('uq_enrollment_lead_id_funnel_key_subject'), ['lead_id', 'funnel_key', 'subject'])
        batch_op.drop_column('held_at')
        batch_op.drop_column('begun_by')
        batch_op.drop_column('arms')
        batch_op.drop_column('undone')
        batch_op.drop_column('attempts')
        batch_op.drop_column('seq')
        batch_op.drop_column('happened')
        batch_op.drop_column('waits_for')
        batch_op.drop_column('round')

    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.drop_index('uq_event_told', sqlite_where=sa.text('told_as IS NOT NULL'), postgresql_where=sa.text('told_as IS NOT NULL'))
        batch_op.drop_column('told_as')

    with op.batch_alter_table('start_by_hand', schema=None) as batch_op:
        batch_op.drop_index('ix_start_by_hand_open', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.drop_table('start_by_hand')
    with op.batch_alter_table('ticket', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ticket_lead_id'))
        batch_op.drop_index('ix_ticket_list')

    op.drop_table('ticket')
    op.drop_table('funnel_draft')
    with op.batch_alter_table('segment_member', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_segment_member_lead_id'))

    op.drop_table('segment_member')
    with op.batch_alter_table('outgoing_call', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_outgoing_call_lead_id'))
        batch_op.drop_index('ix_outgoing_call_closed', sqlite_where=sa.text('closed_at IS NOT NULL'), postgresql_where=sa.text('closed_at IS NOT NULL'))
        batch_op.drop_index('ix_outgoing_call_due', sqlite_where=sa.text("state IN ('queued', 'sending')"), postgresql_where=sa.text("state IN ('queued', 'sending')"))

    op.drop_table('outgoing_call')
    with op.batch_alter_table('decision', schema=None) as batch_op:
        batch_op.drop_index('ix_decision_lead')
        batch_op.drop_index('ix_decision_at')

    op.drop_table('decision')
    with op.batch_alter_table('broadcast_recipient', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_broadcast_recipient_lead_id'))
        batch_op.drop_index('ix_broadcast_recipient_due', sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'"))

    op.drop_table('broadcast_recipient')
    op.drop_table('funnel')
    with op.batch_alter_table('broadcast', schema=None) as batch_op:
        batch_op.drop_index('ix_broadcast_creator')
        batch_op.drop_index('ix_broadcast_at_work', sqlite_where=sa.text("state IN ('scheduled', 'starting', 'running')"), postgresql_where=sa.text("state IN ('scheduled', 'starting', 'running')"))

    op.drop_table('broadcast')
    op.drop_table('step_count')
    op.drop_table('segment_watch')
    with op.batch_alter_table('cron_firing', schema=None) as batch_op:
        batch_op.drop_index('uq_cron_firing_open', sqlite_where=sa.text('fired_at IS NULL'), postgresql_where=sa.text('fired_at IS NULL'))
        batch_op.drop_index('ix_cron_firing_due', sqlite_where=sa.text('fired_at IS NULL'), postgresql_where=sa.text('fired_at IS NULL'))

    op.drop_table('cron_firing')
