"""Ideas: tags by index, search, history, checklists, attachments, posts, digests

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

import store.models.base
from kit.search_text import kept_words

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

STAGES = ('idea', 'outline', 'draft', 'published')
PRIORITIES = ('high', 'medium', 'low')


def upgrade() -> None:
    op.create_table('idea_digest',
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reminded_on', sa.Date(), nullable=True),
    sa.Column('digested_on', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_idea_digest_creator_id')),
    sa.PrimaryKeyConstraint('creator_id', name=op.f('pk_idea_digest'))
    )
    op.create_table('idea_attachment',
    sa.Column('idea_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.Enum('text', 'link', 'photo', 'video', 'voice', 'audio', 'document', name='attachmentkind', native_enum=False, length=24), nullable=False),
    sa.Column('chat_id', sa.BigInteger(), nullable=True),
    sa.Column('message_id', sa.BigInteger(), nullable=True),
    sa.Column('album', sa.String(), nullable=True),
    sa.Column('telegram_file_id', sa.String(), nullable=True),
    sa.Column('file_name', sa.String(), nullable=True),
    sa.Column('words', sa.Text(), nullable=True),
    sa.Column('forwarded_from', sa.Text(), nullable=True),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['idea_id'], ['idea.id'], name=op.f('fk_idea_attachment_idea_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_idea_attachment')),
    sa.UniqueConstraint('idea_id', 'chat_id', 'message_id', name=op.f('uq_idea_attachment_idea_id_chat_id_message_id'))
    )
    with op.batch_alter_table('idea_attachment', schema=None) as batch_op:
        batch_op.create_index('ix_idea_attachment_album', ['chat_id', 'album'], unique=False, sqlite_where=sa.text('album IS NOT NULL'), postgresql_where=sa.text('album IS NOT NULL'))
        batch_op.create_index('ix_idea_attachment_idea', ['idea_id', 'id'], unique=False)

    op.create_table('idea_check',
    sa.Column('idea_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('what', sa.String(), nullable=False),
    sa.Column('done_at', store.models.base.Instant(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['idea_id'], ['idea.id'], name=op.f('fk_idea_check_idea_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_idea_check'))
    )
    with op.batch_alter_table('idea_check', schema=None) as batch_op:
        batch_op.create_index('ix_idea_check_idea', ['idea_id', 'id'], unique=False)

    op.create_table('idea_count',
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('last', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_idea_count_creator_id')),
    sa.PrimaryKeyConstraint('creator_id', name=op.f('pk_idea_count'))
    )
    op.create_table('idea_move',
    sa.Column('idea_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('before', sa.Enum('idea', 'outline', 'draft', 'published', name='ideastage', native_enum=False, length=24), nullable=False),
    sa.Column('stage', sa.Enum('idea', 'outline', 'draft', 'published', name='ideastage', native_enum=False, length=24), nullable=False),
    sa.Column('moved_at', store.models.base.Instant(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_idea_move_creator_id')),
    sa.ForeignKeyConstraint(['idea_id'], ['idea.id'], name=op.f('fk_idea_move_idea_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_idea_move'))
    )
    with op.batch_alter_table('idea_move', schema=None) as batch_op:
        batch_op.create_index('ix_idea_move_idea', ['idea_id', 'id'], unique=False)
        batch_op.create_index('ix_idea_move_moved', ['creator_id', 'moved_at'], unique=False)

    op.create_table('idea_post',
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('idea_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('channel_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('message', sa.Text(), nullable=True),
    sa.Column('silent', sa.Boolean(), nullable=False),
    sa.Column('state', sa.Enum('draft', 'scheduled', 'posting', 'posted', 'failed', 'uncertain', 'cancelled', name='poststate', native_enum=False, length=24), nullable=False),
    sa.Column('revision', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('local_at', sa.String(), nullable=True),
    sa.Column('due_at', store.models.base.Instant(), nullable=True),
    sa.Column('edit_at', store.models.base.Instant(), nullable=True),
    sa.Column('telegram_message_id', sa.BigInteger(), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('posted_at', store.models.base.Instant(), nullable=True),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('updated_at', store.models.base.Instant(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['channel_id'], ['channel.id'], name=op.f('fk_idea_post_channel_id')),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_idea_post_creator_id')),
    sa.ForeignKeyConstraint(['idea_id'], ['idea.id'], name=op.f('fk_idea_post_idea_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_idea_post_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_idea_post'))
    )
    with op.batch_alter_table('idea_post', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_idea_post_channel_id'), ['channel_id'], unique=False)
        batch_op.create_index('ix_idea_post_due', ['due_at'], unique=False, sqlite_where=sa.text("state = 'scheduled'"), postgresql_where=sa.text("state = 'scheduled'"))
        batch_op.create_index('ix_idea_post_edit', ['edit_at'], unique=False, sqlite_where=sa.text('edit_at IS NOT NULL'), postgresql_where=sa.text('edit_at IS NOT NULL'))
        batch_op.create_index('ix_idea_post_idea', ['idea_id', 'id'], unique=False)
        batch_op.create_index('ix_idea_post_list', ['creator_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_idea_post_person_id'), ['person_id'], unique=False)

    with op.batch_alter_table('channel', schema=None) as batch_op:
        # asked for when Spark runs
        batch_op.add_column(sa.Column('may_post', sa.Boolean(), nullable=True))
        batch_op.create_index('ix_channel_asked', ['bot_id', 'id'], unique=False, sqlite_where=sa.text('may_post IS NULL'), postgresql_where=sa.text('may_post IS NULL'))
    with op.batch_alter_table('outbox_message', schema=None) as batch_op:
        batch_op.add_column(sa.Column('post_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.alter_column('person_id', existing_type=sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True)
        batch_op.create_foreign_key(batch_op.f('fk_outbox_message_post_id'), 'idea_post', ['post_id'], ['id'])
        batch_op.create_check_constraint('outbox_to_one', '(person_id IS NULL) <> (post_id IS NULL)')
        batch_op.create_index('ix_outbox_message_post', ['post_id', 'id'], unique=False, sqlite_where=sa.text('post_id IS NOT NULL'), postgresql_where=sa.text('post_id IS NOT NULL'))

    op.create_table('idea_product',
    sa.Column('idea_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('product_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['idea_id'], ['idea.id'], name=op.f('fk_idea_product_idea_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_idea_product_product_id')),
    sa.PrimaryKeyConstraint('idea_id', 'product_id', name=op.f('pk_idea_product'))
    )
    with op.batch_alter_table('idea_product', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_idea_product_product_id'), ['product_id'], unique=False)

    op.create_table('idea_tag',
    sa.Column('idea_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('tag', sa.String(), nullable=False),
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_idea_tag_creator_id')),
    sa.ForeignKeyConstraint(['idea_id'], ['idea.id'], name=op.f('fk_idea_tag_idea_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('idea_id', 'tag', name=op.f('pk_idea_tag'))
    )
    with op.batch_alter_table('idea_tag', schema=None) as batch_op:
        batch_op.create_index('ix_idea_tag_tag', ['creator_id', 'tag', 'idea_id'], unique=False)

    op.create_table('idea_view',
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('wanted', sa.Text(), nullable=False),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_idea_view_creator_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_idea_view_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_idea_view'))
    )
    with op.batch_alter_table('idea_view', schema=None) as batch_op:
        batch_op.create_index('ix_idea_view_age', ['created_at'], unique=False)

    with op.batch_alter_table('idea', schema=None) as batch_op:
        batch_op.add_column(sa.Column('title_key', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('stage_place', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('stage_at', store.models.base.Instant(), nullable=True))
        batch_op.add_column(sa.Column('priority_place', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='1'))
        batch_op.add_column(sa.Column('funnel_key', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('link_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('published_at', store.models.base.Instant(), nullable=True))

    _fill()
    with op.batch_alter_table('idea', schema=None) as batch_op:
        batch_op.alter_column('stage_at', existing_type=store.models.base.Instant(), nullable=False)
        for column in ('title_key', 'stage_place', 'priority_place'):
            batch_op.alter_column(column, server_default=None)
        batch_op.create_index('ix_idea_by_due', ['creator_id', 'due_date', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_idea_link_id'), ['link_id'], unique=False)
        batch_op.create_index('ix_idea_priority', ['creator_id', 'priority_place', 'id'], unique=False)
        batch_op.create_index('ix_idea_stage', ['creator_id', 'stage_place', 'id'], unique=False)
        batch_op.create_index('ix_idea_title', ['creator_id', 'title_key', 'id'], unique=False)
        batch_op.create_index('ix_idea_updated', ['creator_id', 'updated_at', 'id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_idea_link_id'), 'link', ['link_id'], ['id'])

    op.create_index('ix_link_target', 'link', ['creator_id', 'target', 'name'], unique=False)
    _make_search()


def _fill() -> None:
    idea = sa.table(
        'idea',
        *(sa.column(name) for name in ('id', 'creator_id', 'title', 'title_key', 'stage', 'stage_place', 'stage_at')),
        *(sa.column(name) for name in ('priority', 'priority_place', 'published_at', 'updated_at')),
        sa.column('tags', sa.JSON()),
    )
    tag = sa.table('idea_tag', *(sa.column(name) for name in ('idea_id', 'tag', 'creator_id')))
    connection, last = op.get_bind(), 0
    op.execute('INSERT INTO idea_count (creator_id, last) SELECT creator_id, max(number) FROM idea GROUP BY creator_id')
    # when it last moved nobody wrote down
    connection.execute(sa.update(idea).values(stage_at=idea.c.updated_at))
    connection.execute(sa.update(idea).where(idea.c.stage == 'published').values(published_at=idea.c.updated_at))
    for place, stage in enumerate(STAGES):
        connection.execute(sa.update(idea).where(idea.c.stage == stage).values(stage_place=place))
    for place, priority in enumerate(PRIORITIES):
        connection.execute(sa.update(idea).where(idea.c.priority == priority).values(priority_place=place))
    columns = (idea.c.id, idea.c.creator_id, idea.c.title, idea.c.tags)
    while rows := connection.execute(sa.select(*columns).where(idea.c.id > last).order_by(idea.c.id).limit(500)).all():
        last = rows[-1].id
        for row in rows:
            connection.execute(sa.update(idea).where(idea.c.id == row.id).values(title_key=row.title.casefold()))
        if tags := [{'idea_id': row.id, 'tag': each, 'creator_id': row.creator_id} for row in rows for each in row.tags]:
            connection.execute(sa.insert(tag), tags)


def _make_search() -> None:
    """Full-text search of each database; a word stands there with its creator before it, so that others cost nothing.

    Nor do those wait who are to be put in order later: there are none.
    """
    connection, last = op.get_bind(), 0
    if connection.dialect.name == 'sqlite':
        op.execute(
            "CREATE VIRTUAL TABLE idea_search USING fts5(words, detail = none, columnsize = 0, "
            "tokenize = \"unicode61 remove_diacritics 0 categories 'L* N* M* Co'\")"
        )
        op.execute(
            'CREATE TRIGGER idea_search_gone AFTER DELETE ON idea '
            'BEGIN DELETE FROM idea_search WHERE rowid = old.id; END'
        )
        keep = sa.text('INSERT INTO idea_search (rowid, words) VALUES (:id, :words)')
    else:
        op.execute(
            'CREATE TABLE idea_search (idea_id bigint PRIMARY KEY REFERENCES idea (id) ON DELETE CASCADE, '
            'words tsvector NOT NULL)'
        )
        op.execute('CREATE INDEX ix_idea_search_words ON idea_search USING gin (words) WITH (fastupdate = off)')
        keep = sa.text("INSERT INTO idea_search (idea_id, words) VALUES (:id, array_to_tsvector(string_to_array(:words, ' ')))")
    idea = sa.table('idea', *(sa.column(name) for name in ('id', 'creator_id', 'title', 'notes')))
    while rows := connection.execute(sa.select(idea).where(idea.c.id > last).order_by(idea.c.id).limit(500)).all():
        last = rows[-1].id
        for row in rows:
            words = sorted({f'{row.creator_id}x{word}' for word in kept_words(row.title, row.notes)})
            connection.execute(keep, {'id': row.id, 'words': ' '.join(words)})


def downgrade() -> None:
    if op.get_bind().dialect.name == 'sqlite':
        op.execute('DROP TRIGGER idea_search_gone')
    op.execute('DROP TABLE idea_search')
    op.drop_index('ix_link_target', 'link')
    with op.batch_alter_table('idea', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_idea_link_id'), type_='foreignkey')
        batch_op.drop_index('ix_idea_updated')
        batch_op.drop_index('ix_idea_title')
        batch_op.drop_index('ix_idea_stage')
        batch_op.drop_index('ix_idea_priority')
        batch_op.drop_index(batch_op.f('ix_idea_link_id'))
        batch_op.drop_index('ix_idea_by_due')
        batch_op.drop_column('published_at')
        batch_op.drop_column('link_id')
        batch_op.drop_column('funnel_key')
        batch_op.drop_column('priority_place')
        batch_op.drop_column('stage_at')
        batch_op.drop_column('stage_place')
        batch_op.drop_column('title_key')

    with op.batch_alter_table('idea_view', schema=None) as batch_op:
        batch_op.drop_index('ix_idea_view_age')

    op.drop_table('idea_view')
    with op.batch_alter_table('idea_tag', schema=None) as batch_op:
        batch_op.drop_index('ix_idea_tag_tag')

    op.drop_table('idea_tag')
    with op.batch_alter_table('idea_product', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_idea_product_product_id'))

    op.drop_table('idea_product')
    op.execute('DELETE FROM outbox_message WHERE person_id IS NULL')
    with op.batch_alter_table('outbox_message', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_message_post', sqlite_where=sa.text('post_id IS NOT NULL'), postgresql_where=sa.text('post_id IS NOT NULL'))
        batch_op.drop_constraint('outbox_to_one', type_='check')
        batch_op.drop_constraint(batch_op.f('fk_outbox_message_post_id'), type_='foreignkey')
        batch_op.alter_column('person_id', existing_type=sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False)
        batch_op.drop_column('post_id')
    with op.batch_alter_table('channel', schema=None) as batch_op:
        batch_op.drop_index('ix_channel_asked', sqlite_where=sa.text('may_post IS NULL'), postgresql_where=sa.text('may_post IS NULL'))
        batch_op.drop_column('may_post')
    with op.batch_alter_table('idea_post', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_idea_post_person_id'))
        batch_op.drop_index('ix_idea_post_list')
        batch_op.drop_index('ix_idea_post_idea')
        batch_op.drop_index('ix_idea_post_edit', sqlite_where=sa.text('edit_at IS NOT NULL'), postgresql_where=sa.text('edit_at IS NOT NULL'))
        batch_op.drop_index('ix_idea_post_due', sqlite_where=sa.text("state = 'scheduled'"), postgresql_where=sa.text("state = 'scheduled'"))
        batch_op.drop_index(batch_op.f('ix_idea_post_channel_id'))

    op.drop_table('idea_post')
    with op.batch_alter_table('idea_move', schema=None) as batch_op:
        batch_op.drop_index('ix_idea_move_moved')
        batch_op.drop_index('ix_idea_move_idea')

    op.drop_table('idea_move')
    with op.batch_alter_table('idea_check', schema=None) as batch_op:
        batch_op.drop_index('ix_idea_check_idea')

    op.drop_table('idea_check')
    op.drop_table('idea_count')
    with op.batch_alter_table('idea_attachment', schema=None) as batch_op:
        batch_op.drop_index('ix_idea_attachment_idea')
        batch_op.drop_index('ix_idea_attachment_album', sqlite_where=sa.text('album IS NOT NULL'), postgresql_where=sa.text('album IS NOT NULL'))

    op.drop_table('idea_attachment')
    op.drop_table('idea_digest')
