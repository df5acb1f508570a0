"""Ideas: whose message it was that was passed on, and indexes for what is to come and for who sent it

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

_WAITS = sa.text("state IN ('scheduled', 'posting')")
_KNOWN = sa.text('origin_digest IS NOT NULL')
_OF_ALBUM = sa.text('album IS NOT NULL')
_COMES = sa.text('due_date IS NOT NULL AND due_noted_at IS NULL')
_KEPT = sa.text("giver IS NOT NULL")


def upgrade() -> None:
    # whose day has come is asked of all creators at once
    op.drop_index('ix_idea_due', 'idea', sqlite_where=_COMES, postgresql_where=_COMES)
    op.create_index('ix_idea_due', 'idea', ['due_date', 'creator_id'], unique=False, sqlite_where=_COMES, postgresql_where=_COMES)

    # whose message it was nobody wrote down before
    with op.batch_alter_table('idea_attachment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('origin_digest', sa.String(), nullable=True))
        batch_op.create_index('ix_idea_attachment_origin', ['origin_digest'], unique=False, sqlite_where=_KNOWN, postgresql_where=_KNOWN)
        batch_op.drop_index('ix_idea_attachment_album', sqlite_where=_OF_ALBUM, postgresql_where=_OF_ALBUM)
        batch_op.create_index('ix_idea_attachment_chat', ['chat_id', 'album'], unique=False)

    with op.batch_alter_table('idea_post', schema=None) as batch_op:
        batch_op.create_index('ix_idea_post_to_come', ['channel_id', 'due_at'], unique=False, sqlite_where=_WAITS, postgresql_where=_WAITS)
        batch_op.drop_index(batch_op.f('ix_idea_post_person_id'))
        batch_op.drop_constraint(batch_op.f('fk_idea_post_person_id'), type_='foreignkey')
        batch_op.drop_column('person_id')
        batch_op.add_column(sa.Column('file_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_idea_post_file_id'), 'stored_file', ['file_id'], ['id'], ondelete='SET NULL')
        batch_op.create_index(batch_op.f('ix_idea_post_file_id'), ['file_id'], unique=False)

    # whose stars they were that are here without anybody, nobody can tell any more
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.add_column(sa.Column("giver", sa.String(), nullable=True))
        batch_op.create_index(
            "ix_review_giver", ["giver", "product_id"], unique=False, sqlite_where=_KEPT, postgresql_where=_KEPT
        )


def downgrade() -> None:
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.drop_index("ix_review_giver", sqlite_where=_KEPT, postgresql_where=_KEPT)
        batch_op.drop_column("giver")

    with op.batch_alter_table('idea_post', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_idea_post_file_id'))
        batch_op.drop_constraint(batch_op.f('fk_idea_post_file_id'), type_='foreignkey')
        batch_op.drop_column('file_id')
        batch_op.add_column(sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_idea_post_person_id'), 'person', ['person_id'], ['id'])
        batch_op.create_index(batch_op.f('ix_idea_post_person_id'), ['person_id'], unique=False)
        batch_op.drop_index('ix_idea_post_to_come', sqlite_where=_WAITS, postgresql_where=_WAITS)

    with op.batch_alter_table('idea_attachment', schema=None) as batch_op:
        batch_op.drop_index('ix_idea_attachment_chat')
        batch_op.create_index('ix_idea_attachment_album', ['chat_id', 'album'], unique=False, sqlite_where=_OF_ALBUM, postgresql_where=_OF_ALBUM)
        batch_op.drop_index('ix_idea_attachment_origin', sqlite_where=_KNOWN, postgresql_where=_KNOWN)
        batch_op.drop_column('origin_digest')

    op.drop_index('ix_idea_due', 'idea', sqlite_where=_COMES, postgresql_where=_COMES)
    op.create_index('ix_idea_due', 'idea', ['creator_id', 'due_date'], unique=False, sqlite_where=_COMES, postgresql_where=_COMES)
