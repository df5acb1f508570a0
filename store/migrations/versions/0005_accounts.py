"""Accounts: signing in, rights, profiles, outgoing webhooks; what lists of products are found and sorted by

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from sqlalchemy.dialects import postgresql

import store.models.base
from kit.text import name_words

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('rate_count',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('began_at', store.models.base.Instant(), nullable=False),
    sa.Column('count', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_rate_count'))
    )
    with op.batch_alter_table('rate_count', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_rate_count_began_at'), ['began_at'], unique=False)

    op.create_table('creator_platform',
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('platform', sa.String(), nullable=False),
    sa.Column('handle', sa.String(), nullable=False),
    sa.Column('followers', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_creator_platform_creator_id')),
    sa.PrimaryKeyConstraint('creator_id', 'platform', name=op.f('pk_creator_platform'))
    )
    with op.batch_alter_table('creator_platform', schema=None) as batch_op:
        batch_op.create_index('ix_creator_platform_platform', ['platform', 'followers', 'creator_id'], unique=False)

    op.create_table('creator_profile',
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public', sa.Boolean(), nullable=False),
    sa.Column('bio', sa.Text(), nullable=False),
    sa.Column('category', sa.String(), nullable=False),
    sa.Column('location', sa.String(), nullable=False),
    sa.Column('rate_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('available', sa.Boolean(), nullable=False),
    sa.Column('updated_at', store.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_creator_profile_creator_id')),
    sa.PrimaryKeyConstraint('creator_id', name=op.f('pk_creator_profile'))
    )
    with op.batch_alter_table('creator_profile', schema=None) as batch_op:
        batch_op.create_index('ix_creator_profile_category', ['public', 'category', 'creator_id'], unique=False)
        batch_op.create_index('ix_creator_profile_rate', ['public', 'rate_minor', 'creator_id'], unique=False)
        batch_op.create_index('ix_creator_profile_public', ['public', 'creator_id'], unique=False)

    op.create_table('flow_head',
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('paused_at', store.models.base.Instant(), nullable=True),
    sa.Column('changed_at', store.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_flow_head_creator_id')),
    sa.ForeignKeyConstraint(['version_id'], ['flow_version.id'], name=op.f('fk_flow_head_version_id')),
    sa.PrimaryKeyConstraint('creator_id', 'key', name=op.f('pk_flow_head'))
    )
    with op.batch_alter_table('flow_head', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_flow_head_version_id'), ['version_id'], unique=False)

    op.create_table('hook',
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('secret', sa.Text(), nullable=False),
    sa.Column('older_secret', sa.Text(), nullable=True),
    sa.Column('older_until', store.models.base.Instant(), nullable=True),
    sa.Column('events', sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql'), nullable=False),
    sa.Column('disabled_at', store.models.base.Instant(), nullable=True),
    sa.Column('disabled_why', sa.String(), nullable=True),
    sa.Column('failing_since', store.models.base.Instant(), nullable=True),
    sa.Column('leased_until', store.models.base.Instant(), nullable=True),
    sa.Column('removed_at', store.models.base.Instant(), nullable=True),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_hook_creator_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hook'))
    )
    with op.batch_alter_table('hook', schema=None) as batch_op:
        batch_op.create_index('ix_hook_creator', ['creator_id', 'id'], unique=False)

    op.create_table('product_word',
    sa.Column('product_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('word', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_product_word_product_id')),
    sa.PrimaryKeyConstraint('product_id', 'word', name=op.f('pk_product_word'))
    )
    with op.batch_alter_table('product_word', schema=None) as batch_op:
        batch_op.create_index('ix_product_word_word', ['word', 'product_id'], unique=False)

    op.create_table('api_key',
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('beginning', sa.String(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('scopes', sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql'), nullable=False),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('used_at', store.models.base.Instant(), nullable=True),
    sa.Column('expires_at', store.models.base.Instant(), nullable=True),
    sa.Column('revoked_at', store.models.base.Instant(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_api_key_account_id')),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_api_key_creator_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_key')),
    sa.UniqueConstraint('digest', name=op.f('uq_api_key_digest'))
    )
    with op.batch_alter_table('api_key', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_api_key_account_id'), ['account_id'], unique=False)
        batch_op.create_index('ix_api_key_creator', ['creator_id', 'id'], unique=False)

    op.create_table('external_identity',
    sa.Column('issuer', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_external_identity_account_id')),
    sa.PrimaryKeyConstraint('issuer', 'subject', name=op.f('pk_external_identity'))
    )
    with op.batch_alter_table('external_identity', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_external_identity_account_id'), ['account_id'], unique=False)

    op.create_table('invitation',
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('role', sa.Enum('creator', 'buyer', 'brand', 'agent', 'admin', name='role', native_enum=False, length=24), nullable=False),
    sa.Column('rights', sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql'), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('made_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('expires_at', store.models.base.Instant(), nullable=False),
    sa.Column('taken_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('taken_at', store.models.base.Instant(), nullable=True),
    sa.Column('revoked_at', store.models.base.Instant(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_invitation_creator_id')),
    sa.ForeignKeyConstraint(['made_by_id'], ['account.id'], name=op.f('fk_invitation_made_by_id')),
    sa.ForeignKeyConstraint(['taken_by_id'], ['account.id'], name=op.f('fk_invitation_taken_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitation')),
    sa.UniqueConstraint('digest', name=op.f('uq_invitation_digest'))
    )
    with op.batch_alter_table('invitation', schema=None) as batch_op:
        batch_op.create_index('ix_invitation_creator', ['creator_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_invitation_made_by_id'), ['made_by_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_invitation_taken_by_id'), ['taken_by_id'], unique=False)

    op.create_table('one_time_code',
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('purpose', sa.Enum('sign_in', 'recovery', 'set_password', name='codepurpose', native_enum=False, length=24), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('tries', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at_home', sa.Boolean(), nullable=False),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('expires_at', store.models.base.Instant(), nullable=False),
    sa.Column('used_at', store.models.base.Instant(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_one_time_code_account_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_one_time_code'))
    )
    with op.batch_alter_table('one_time_code', schema=None) as batch_op:
        batch_op.create_index('ix_one_time_code_account', ['account_id', 'purpose', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_one_time_code_expires_at'), ['expires_at'], unique=False)

    op.create_table('profile',
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public', sa.Boolean(), nullable=False),
    sa.Column('bio', sa.Text(), nullable=False),
    sa.Column('location', sa.String(), nullable=False),
    sa.Column('website', sa.Text(), nullable=False),
    sa.Column('company', sa.String(), nullable=False),
    sa.Column('preferences', sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql'), nullable=False),
    sa.Column('updated_at', store.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_profile_account_id')),
    sa.PrimaryKeyConstraint('account_id', name=op.f('pk_profile'))
    )
    with op.batch_alter_table('profile', schema=None) as batch_op:
        batch_op.create_index('ix_profile_public', ['public', 'account_id'], unique=False)

    op.create_table('account_word',
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('word', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_account_word_account_id')),
    sa.PrimaryKeyConstraint('account_id', 'word', name=op.f('pk_account_word'))
    )
    with op.batch_alter_table('account_word', schema=None) as batch_op:
        batch_op.create_index('ix_account_word_word', ['word', 'account_id'], unique=False)

    op.create_table('repeatable',
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('status', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_repeatable_account_id')),
    sa.PrimaryKeyConstraint('account_id', 'key', name=op.f('pk_repeatable'))
    )
    with op.batch_alter_table('repeatable', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_repeatable_created_at'), ['created_at'], unique=False)

    op.create_table('sign_in',
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('way', sa.String(), nullable=False),
    sa.Column('agent', sa.Text(), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('used_at', store.models.base.Instant(), nullable=False),
    sa.Column('expires_at', store.models.base.Instant(), nullable=False),
    sa.Column('revoked_at', store.models.base.Instant(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_sign_in_account_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in'))
    )
    with op.batch_alter_table('sign_in', schema=None) as batch_op:
        batch_op.create_index('ix_sign_in_account', ['account_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_sign_in_expires_at'), ['expires_at'], unique=False)

    op.create_table('refresh_token',
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('sign_in_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('used_at', store.models.base.Instant(), nullable=True),
    sa.ForeignKeyConstraint(['sign_in_id'], ['sign_in.id'], name=op.f('fk_refresh_token_sign_in_id')),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_refresh_token'))
    )
    with op.batch_alter_table('refresh_token', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_refresh_token_sign_in_id'), ['sign_in_id'], unique=False)

    op.create_table('hook_message',
    sa.Column('hook_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('event_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.Enum('waiting', 'delivered', 'failed', name='hookstate', native_enum=False, length=24), nullable=False),
    sa.Column('tries', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('due_at', store.models.base.Instant(), nullable=False),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('ended_at', store.models.base.Instant(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_hook_message_event_id')),
    sa.ForeignKeyConstraint(['hook_id'], ['hook.id'], name=op.f('fk_hook_message_hook_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hook_message')),
    sa.UniqueConstraint('hook_id', 'event_id', name=op.f('uq_hook_message_hook_id_event_id'))
    )
    with op.batch_alter_table('hook_message', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_hook_message_event_id'), ['event_id'], unique=False)
        batch_op.create_index('ix_hook_message_ended', ['ended_at'], unique=False, sqlite_where=sa.text('ended_at IS NOT NULL'), postgresql_where=sa.text('ended_at IS NOT NULL'))
        batch_op.create_index('ix_hook_message_log', ['hook_id', 'id'], unique=False)
        batch_op.create_index('ix_hook_message_waiting', ['hook_id', 'event_id'], unique=False, sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'"))

    op.create_table('hook_try',
    sa.Column('message_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', store.models.base.Instant(), nullable=False),
    sa.Column('status', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('milliseconds', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['message_id'], ['hook_message.id'], name=op.f('fk_hook_try_message_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hook_try'))
    )
    with op.batch_alter_table('hook_try', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_hook_try_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_hook_try_message_id'), ['message_id'], unique=False)

    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.add_column(sa.Column('state', sa.Enum('pending', 'active', 'suspended', 'banned', 'deleted', name='accountstate', native_enum=False, length=24), nullable=False, server_default='active'))
        batch_op.add_column(sa.Column('email_verified_at', store.models.base.Instant(), nullable=True))
        batch_op.add_column(sa.Column('password_hash', sa.String(), nullable=True))

    with op.batch_alter_table('creator', schema=None) as batch_op:
        batch_op.add_column(sa.Column('closed_at', store.models.base.Instant(), nullable=True))
        batch_op.create_index('ix_creator_closed', ['id'], unique=False, sqlite_where=sa.text('closed_at IS NOT NULL'), postgresql_where=sa.text('closed_at IS NOT NULL'))

    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.add_column(sa.Column('username_key', sa.String(), nullable=True))
        batch_op.create_index(batch_op.f('ix_person_username_key'), ['username_key'], unique=False)

    op.execute('UPDATE person SET username_key = lower(username) WHERE username IS NOT NULL')

    with op.batch_alter_table('discount_code', schema=None) as batch_op:
        batch_op.create_index('ix_discount_code_creator', ['creator_id', 'id'], unique=False)

    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.create_index('ix_event_creator', ['creator_id', 'id'], unique=False)

    with op.batch_alter_table('lead', schema=None) as batch_op:
        batch_op.add_column(sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.create_index('uq_lead_account', ['account_id', 'creator_id'], unique=True, sqlite_where=sa.text('account_id IS NOT NULL'), postgresql_where=sa.text('account_id IS NOT NULL'))
        batch_op.create_foreign_key(batch_op.f('fk_lead_account_id'), 'account', ['account_id'], ['id'])
        batch_op.drop_index('ix_lead_source', sqlite_where=sa.text('merged_into_id IS NULL AND forgotten_at IS NULL'), postgresql_where=sa.text('merged_into_id IS NULL AND forgotten_at IS NULL'))
        batch_op.create_index('ix_lead_source', ['creator_id', 'source', 'id', 'created_at', 'merged_into_id', 'forgotten_at'], unique=False, sqlite_where=sa.text('merged_into_id IS NULL AND forgotten_at IS NULL'), postgresql_where=sa.text('merged_into_id IS NULL AND forgotten_at IS NULL'))

    with op.batch_alter_table('membership', schema=None) as batch_op:
        batch_op.add_column(sa.Column('owner', sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column('rights', sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql'), nullable=False, server_default='[]'))
        batch_op.add_column(sa.Column('joined_at', store.models.base.Instant(), nullable=True))

    with op.batch_alter_table('order', schema=None) as batch_op:
        batch_op.add_column(sa.Column('pages', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('by_seller', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.drop_index('ix_order_lead')
        batch_op.create_index('ix_order_lead', ['lead_id', 'creator_id', 'paid_at'], unique=False)
        batch_op.create_index('ix_order_created', ['creator_id', 'created_at'], unique=False)
        batch_op.create_index('ix_order_paid', ['creator_id', 'paid_at'], unique=False)

    with op.batch_alter_table('product', schema=None) as batch_op:
        batch_op.add_column(sa.Column('rating_milli', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='0'))
        batch_op.create_index('ix_product_archived', ['creator_id', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NOT NULL'), postgresql_where=sa.text('archived_at IS NOT NULL'))
        batch_op.create_index('ix_product_conditioned', ['id'], unique=False, sqlite_where=sa.text('active AND archived_at IS NULL AND (active_from IS NOT NULL OR active_until IS NOT NULL OR kind = \'bundle\')'), postgresql_where=sa.text('active AND archived_at IS NULL AND (active_from IS NOT NULL OR active_until IS NOT NULL OR kind = \'bundle\')'))
        batch_op.drop_index('ix_product_shop')
        batch_op.create_index('ix_product_listed_creator', ['creator_id', 'id'], unique=False, sqlite_where=sa.text('active AND archived_at IS NULL'), postgresql_where=sa.text('active AND archived_at IS NULL'))
        batch_op.create_index('ix_product_listed_category_price', ['category', 'price_minor', 'id'], unique=False, sqlite_where=sa.text('active AND archived_at IS NULL'), postgresql_where=sa.text('active AND archived_at IS NULL'))
        batch_op.create_index('ix_product_own', ['creator_id', 'id'], unique=False, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'))
        batch_op.create_index('ix_product_listed_category', ['category', 'created_at', 'id'], unique=False, sqlite_where=sa.text('active AND archived_at IS NULL'), postgresql_where=sa.text('active AND archived_at IS NULL'))
        batch_op.create_index('ix_product_listed_new', ['created_at', 'id'], unique=False, sqlite_where=sa.text('active AND archived_at IS NULL'), postgresql_where=sa.text('active AND archived_at IS NULL'))
        batch_op.create_index('ix_product_listed_price', ['price_minor', 'id'], unique=False, sqlite_where=sa.text('active AND archived_at IS NULL'), postgresql_where=sa.text('active AND archived_at IS NULL'))
        batch_op.create_index('ix_product_listed_rating', ['rating_milli', 'id'], unique=False, sqlite_where=sa.text('active AND archived_at IS NULL'), postgresql_where=sa.text('active AND archived_at IS NULL'))
        batch_op.create_index('ix_product_listed_sold', ['sold', 'id'], unique=False, sqlite_where=sa.text('active AND archived_at IS NULL'), postgresql_where=sa.text('active AND archived_at IS NULL'))
        batch_op.create_index('ix_product_listed_title', ['title', 'id'], unique=False, sqlite_where=sa.text('active AND archived_at IS NULL'), postgresql_where=sa.text('active AND archived_at IS NULL'))

    with op.batch_alter_table('transfer', schema=None) as batch_op:
        batch_op.add_column(sa.Column('outcome', sa.Enum('finished', 'left', 'failed', name='transferoutcome', native_enum=False, length=24), nullable=True))
        batch_op.add_column(sa.Column('why', sa.Text(), nullable=True))
        batch_op.alter_column('person_id', existing_type=sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True)

    with op.batch_alter_table('stored_file', schema=None) as batch_op:
        batch_op.add_column(sa.Column('width', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('height', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('loose_until', store.models.base.Instant(), nullable=True))
        batch_op.create_index('ix_stored_file_loose', ['loose_until'], unique=False, sqlite_where=sa.text('loose_until IS NOT NULL'), postgresql_where=sa.text('loose_until IS NOT NULL'))

    with op.batch_alter_table('review', schema=None) as batch_op:
        batch_op.create_index('ix_review_creator', ['creator_id', 'id'], unique=False)
        batch_op.drop_index('ix_review_product')
        batch_op.create_index('ix_review_product', ['product_id', 'id', 'state'], unique=False)
        batch_op.create_index('ix_review_reported', ['reported_at', 'id'], unique=False, sqlite_where=sa.text("state = 'reported'"), postgresql_where=sa.text("state = 'reported'"))

    with op.batch_alter_table('download_link', schema=None) as batch_op:
        batch_op.alter_column('entitlement_id', existing_type=sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True)
        batch_op.add_column(sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_download_link_account_id'), 'account', ['account_id'], ['id'])
        batch_op.create_index(batch_op.f('ix_download_link_account_id'), ['account_id'], unique=False)
        batch_op.create_check_constraint('download_link_of_one', '(entitlement_id IS NULL) <> (account_id IS NULL)')

    op.execute('UPDATE product SET rating_milli = rating_sum * 1000 / rating_count WHERE rating_count > 0')
    _fill_product_words()
    _fill_account_words()


def _fill_account_words() -> None:
    account = sa.table('account', sa.column('id'), sa.column('name'))
    account_word = sa.table('account_word', sa.column('account_id'), sa.column('word'))
    connection, last = op.get_bind(), 0
    while rows := connection.execute(sa.select(account).where(account.c.id > last).order_by(account.c.id).limit(500)).all():
        last = rows[-1].id
        words = [{'account_id': row.id, 'word': word} for row in rows for word in name_words(row.name)]
        if words:
            connection.execute(sa.insert(account_word), words)


def _fill_product_words() -> None:
    """A row for each word in `words`, and for each tag."""
    product = sa.table('product', sa.column('id'), sa.column('words'), sa.column('tags', sa.JSON()))
    product_word = sa.table('product_word', sa.column('product_id'), sa.column('word'))
    connection, last = op.get_bind(), 0
    while rows := connection.execute(sa.select(product).where(product.c.id > last).order_by(product.c.id).limit(500)).all():
        last = rows[-1].id
        words = [
            {'product_id': row.id, 'word': word}
            for row in rows
            for word in {*row.words.split(), *(f'#{tag}' for tag in row.tags)}
        ]
        if words:
            connection.execute(sa.insert(product_word), words)


def downgrade() -> None:
    # links of those who act for a creator
    op.execute('DELETE FROM download WHERE link_id IN (SELECT id FROM download_link WHERE entitlement_id IS NULL)')
    op.execute('DELETE FROM download_link WHERE entitlement_id IS NULL')
    with op.batch_alter_table('download_link', schema=None) as batch_op:
        batch_op.drop_constraint('download_link_of_one', type_='check')
        batch_op.drop_index(batch_op.f('ix_download_link_account_id'))
        batch_op.drop_constraint(batch_op.f('fk_download_link_account_id'), type_='foreignkey')
        batch_op.drop_column('account_id')
        batch_op.alter_column('entitlement_id', existing_type=sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False)

    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_person_username_key'))
        batch_op.drop_column('username_key')

    with op.batch_alter_table('review', schema=None) as batch_op:
        batch_op.drop_index('ix_review_reported', sqlite_where=sa.text("state = 'reported'"), postgresql_where=sa.text("state = 'reported'"))
        batch_op.drop_index('ix_review_product')
        batch_op.create_index('ix_review_product', ['product_id', 'state', 'id'], unique=False)
        batch_op.drop_index('ix_review_creator')

    with op.batch_alter_table('stored_file', schema=None) as batch_op:
        batch_op.drop_index('ix_stored_file_loose', sqlite_where=sa.text('loose_until IS NOT NULL'), postgresql_where=sa.text('loose_until IS NOT NULL'))
        batch_op.drop_column('loose_until')
        batch_op.drop_column('height')
        batch_op.drop_column('width')

    # nobody would be told of them
    op.execute('DELETE FROM transfer_problem WHERE transfer_id IN (SELECT id FROM transfer WHERE person_id IS NULL)')
    op.execute('DELETE FROM transfer WHERE person_id IS NULL')
    with op.batch_alter_table('transfer', schema=None) as batch_op:
        batch_op.alter_column('person_id', existing_type=sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False)
        batch_op.drop_column('why')
        batch_op.drop_column('outcome')

    with op.batch_alter_table('product', schema=None) as batch_op:
        batch_op.drop_index('ix_product_own', sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'))
        batch_op.drop_index('ix_product_listed_creator', sqlite_where=sa.text('active AND archived_at IS NULL'), postgresql_where=sa.text('active AND archived_at IS NULL'))
        batch_op.create_index('ix_product_shop', ['creator_id', 'active', 'id'], unique=False)
        batch_op.drop_index('ix_product_listed_category_price', sqlite_where=sa.text('active AND archived_at IS NULL'), postgresql_where=sa.text('active AND archived_at IS NULL'))
        batch_op.drop_index('ix_product_conditioned', sqlite_where=sa.text('active AND archived_at IS NULL AND (active_from IS NOT NULL OR active_until IS NOT NULL OR kind = \'bundle\')'), postgresql_where=sa.text('active AND archived_at IS NULL AND (active_from IS NOT NULL OR active_until IS NOT NULL OR kind = \'bundle\')'))
        batch_op.drop_index('ix_product_archived', sqlite_where=sa.text('archived_at IS NOT NULL'), postgresql_where=sa.text('archived_at IS NOT NULL'))
        batch_op.drop_index('ix_product_listed_title', sqlite_where=sa.text('active AND archived_at IS NULL'), postgresql_where=sa.text('active AND archived_at IS NULL'))
        batch_op.drop_index('ix_product_listed_sold', sqlite_where=sa.text('active AND archived_at IS NULL'), postgresql_where=sa.text('active AND archived_at IS NULL'))
        batch_op.drop_index('ix_product_listed_rating', sqlite_where=sa.text('active AND archived_at IS NULL'), postgresql_where=sa.text('active AND archived_at IS NULL'))
        batch_op.drop_index('ix_product_listed_price', sqlite_where=sa.text('active AND archived_at IS NULL'), postgresql_where=sa.text('active AND archived_at IS NULL'))
        batch_op.drop_index('ix_product_listed_new', sqlite_where=sa.text('active AND archived_at IS NULL'), postgresql_where=sa.text('active AND archived_at IS NULL'))
        batch_op.drop_index('ix_product_listed_category', sqlite_where=sa.text('active AND archived_at IS NULL'), postgresql_where=sa.text('active AND archived_at IS NULL'))
        batch_op.drop_column('rating_milli')

    with op.batch_alter_table('order', schema=None) as batch_op:
        batch_op.drop_index('ix_order_paid')
        batch_op.drop_index('ix_order_created')
        batch_op.drop_index('ix_order_lead')
        batch_op.create_index('ix_order_lead', ['lead_id', 'creator_id', 'id'], unique=False)
        batch_op.drop_column('by_seller')
        batch_op.drop_column('pages')

    with op.batch_alter_table('membership', schema=None) as batch_op:
        batch_op.drop_column('joined_at')
        batch_op.drop_column('rights')
        batch_op.drop_column('owner')

    with op.batch_alter_table('lead', schema=None) as batch_op:
        batch_op.drop_index('ix_lead_source', sqlite_where=sa.text('merged_into_id IS NULL AND forgotten_at IS NULL'), postgresql_where=sa.text('merged_into_id IS NULL AND forgotten_at IS NULL'))
        batch_op.create_index('ix_lead_source', ['creator_id', 'source', 'id'], unique=False, sqlite_where=sa.text('merged_into_id IS NULL AND forgotten_at IS NULL'), postgresql_where=sa.text('merged_into_id IS NULL AND forgotten_at IS NULL'))
        batch_op.drop_constraint(batch_op.f('fk_lead_account_id'), type_='foreignkey')
        batch_op.drop_index('uq_lead_account', sqlite_where=sa.text('account_id IS NOT NULL'), postgresql_where=sa.text('account_id IS NOT NULL'))
        batch_op.drop_column('account_id')

    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.drop_index('ix_event_creator')

    with op.batch_alter_table('creator', schema=None) as batch_op:
        batch_op.drop_index('ix_creator_closed', sqlite_where=sa.text('closed_at IS NOT NULL'), postgresql_where=sa.text('closed_at IS NOT NULL'))
        batch_op.drop_column('closed_at')

    with op.batch_alter_table('discount_code', schema=None) as batch_op:
        batch_op.drop_index('ix_discount_code_creator')

    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.drop_column('password_hash')
        batch_op.drop_column('email_verified_at')
        batch_op.drop_column('state')

    with op.batch_alter_table('hook_try', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_hook_try_message_id'))
        batch_op.drop_index(batch_op.f('ix_hook_try_at'))

    op.drop_table('hook_try')
    with op.batch_alter_table('hook_message', schema=None) as batch_op:
        batch_op.drop_index('ix_hook_message_waiting', sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'"))
        batch_op.drop_index('ix_hook_message_log')
        batch_op.drop_index('ix_hook_message_ended', sqlite_where=sa.text('ended_at IS NOT NULL'), postgresql_where=sa.text('ended_at IS NOT NULL'))
        batch_op.drop_index(batch_op.f('ix_hook_message_event_id'))

    op.drop_table('hook_message')
    with op.batch_alter_table('refresh_token', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_refresh_token_sign_in_id'))

    op.drop_table('refresh_token')
    with op.batch_alter_table('sign_in', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sign_in_expires_at'))
        batch_op.drop_index('ix_sign_in_account')

    op.drop_table('sign_in')
    with op.batch_alter_table('repeatable', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_repeatable_created_at'))

    op.drop_table('repeatable')
    with op.batch_alter_table('account_word', schema=None) as batch_op:
        batch_op.drop_index('ix_account_word_word')

    op.drop_table('account_word')
    with op.batch_alter_table('profile', schema=None) as batch_op:
        batch_op.drop_index('ix_profile_public')

    op.drop_table('profile')
    with op.batch_alter_table('one_time_code', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_one_time_code_expires_at'))
        batch_op.drop_index('ix_one_time_code_account')

    op.drop_table('one_time_code')
    with op.batch_alter_table('invitation', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_invitation_taken_by_id'))
        batch_op.drop_index(batch_op.f('ix_invitation_made_by_id'))
        batch_op.drop_index('ix_invitation_creator')

    op.drop_table('invitation')
    with op.batch_alter_table('external_identity', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_external_identity_account_id'))

    op.drop_table('external_identity')
    with op.batch_alter_table('api_key', schema=None) as batch_op:
        batch_op.drop_index('ix_api_key_creator')
        batch_op.drop_index(batch_op.f('ix_api_key_account_id'))

    op.drop_table('api_key')
    with op.batch_alter_table('product_word', schema=None) as batch_op:
        batch_op.drop_index('ix_product_word_word')

    op.drop_table('product_word')
    with op.batch_alter_table('hook', schema=None) as batch_op:
        batch_op.drop_index('ix_hook_creator')

    op.drop_table('hook')
    with op.batch_alter_table('flow_head', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_flow_head_version_id'))

    op.drop_table('flow_head')
    with op.batch_alter_table('creator_profile', schema=None) as batch_op:
        batch_op.drop_index('ix_creator_profile_public')
        batch_op.drop_index('ix_creator_profile_rate')
        batch_op.drop_index('ix_creator_profile_category')

    op.drop_table('creator_profile')
    with op.batch_alter_table('creator_platform', schema=None) as batch_op:
        batch_op.drop_index('ix_creator_platform_platform')

    op.drop_table('creator_platform')
    with op.batch_alter_table('rate_count', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_rate_count_began_at'))

    op.drop_table('rate_count')
