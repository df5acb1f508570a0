"""Commerce: variants, stock, rails, refunds, deliveries, reviews

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from sqlalchemy.dialects import postgresql

import store.models.base
from kit.text import name_words

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('rail_cursor',
    sa.Column('rail', sa.String(), nullable=False),
    sa.Column('reference', sa.String(), nullable=True),
    sa.Column('read_to', store.models.base.Instant(), nullable=True),
    sa.Column('checked_at', store.models.base.Instant(), nullable=True),
    sa.PrimaryKeyConstraint('rail', name=op.f('pk_rail_cursor'))
    )
    op.create_table('channel',
    sa.Column('bot_id', sa.BigInteger(), nullable=False),
    sa.Column('chat_id', sa.BigInteger(), nullable=False),
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('may_invite', sa.Boolean(), nullable=False),
    sa.Column('may_remove', sa.Boolean(), nullable=False),
    sa.Column('seen_at', store.models.base.Instant(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_channel_creator_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_channel')),
    sa.UniqueConstraint('bot_id', 'chat_id', name=op.f('uq_channel_bot_id_chat_id'))
    )
    with op.batch_alter_table('channel', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_channel_creator_id'), ['creator_id'], unique=False)

    op.create_table('discount_code',
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('percent', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('amount_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('currency', sa.String(), nullable=True),
    sa.Column('products', sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql'), nullable=False),
    sa.Column('segment', sa.Text(), nullable=True),
    sa.Column('starts_at', store.models.base.Instant(), nullable=True),
    sa.Column('ends_at', store.models.base.Instant(), nullable=True),
    sa.Column('most_uses', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('most_per_person', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('uses', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('archived_at', store.models.base.Instant(), nullable=True),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.CheckConstraint('(percent IS NULL) <> (amount_minor IS NULL)', name='discount_percent_or_amount'),
    sa.CheckConstraint('uses >= 0', name='discount_uses_never_below_zero'),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_discount_code_creator_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_discount_code')),
    sa.UniqueConstraint('creator_id', 'code', name=op.f('uq_discount_code_creator_id_code'))
    )
    op.create_table('bundle_item',
    sa.Column('bundle_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('product_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['bundle_id'], ['product.id'], name=op.f('fk_bundle_item_bundle_id')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_bundle_item_product_id')),
    sa.PrimaryKeyConstraint('bundle_id', 'product_id', name=op.f('pk_bundle_item'))
    )
    with op.batch_alter_table('bundle_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_bundle_item_product_id'), ['product_id'], unique=False)

    op.create_table('product_variant',
    sa.Column('product_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('archived_at', store.models.base.Instant(), nullable=True),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('price_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('price_stars', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('stock', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('reserved', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('sold', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('initial', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.CheckConstraint('reserved >= 0 AND sold >= 0', name='variant_counts_never_below_zero'),
    sa.CheckConstraint('stock >= 0', name='variant_stock_never_below_zero'),
    sa.CheckConstraint('COALESCE(stock + reserved + sold, -1) = COALESCE(initial, -1)', name='variant_stock_adds_up'),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_product_variant_product_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_product_variant')),
    sa.UniqueConstraint('product_id', 'title', name=op.f('uq_product_variant_product_id_title'))
    )
    op.create_table('upsell',
    sa.Column('product_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('offered_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('discount_code_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.ForeignKeyConstraint(['discount_code_id'], ['discount_code.id'], name=op.f('fk_upsell_discount_code_id')),
    sa.ForeignKeyConstraint(['offered_id'], ['product.id'], name=op.f('fk_upsell_offered_id')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_upsell_product_id')),
    sa.PrimaryKeyConstraint('product_id', 'offered_id', name=op.f('pk_upsell'))
    )
    with op.batch_alter_table('upsell', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_upsell_offered_id'), ['offered_id'], unique=False)

    op.create_table('payment_link',
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('product_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('variant_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('rail', sa.String(), nullable=False),
    sa.Column('reference', sa.String(), nullable=True),
    sa.Column('url', sa.Text(), nullable=True),
    sa.Column('price_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('ended_at', store.models.base.Instant(), nullable=True),
    sa.Column('switched_off_at', store.models.base.Instant(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_payment_link_creator_id')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_payment_link_product_id')),
    sa.ForeignKeyConstraint(['variant_id'], ['product_variant.id'], name=op.f('fk_payment_link_variant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment_link')),
    sa.UniqueConstraint('rail', 'reference', name=op.f('uq_payment_link_rail_reference'))
    )
    with op.batch_alter_table('payment_link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_payment_link_product_id'), ['product_id'], unique=False)

    op.create_table('rail_customer',
    sa.Column('lead_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('rail', sa.String(), nullable=False),
    sa.Column('reference', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['lead_id'], ['lead.id'], name=op.f('fk_rail_customer_lead_id')),
    sa.PrimaryKeyConstraint('lead_id', 'rail', name=op.f('pk_rail_customer'))
    )
    op.create_table('review',
    sa.Column('creator_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lead_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('product_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('rating', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('answer', sa.Text(), nullable=True),
    sa.Column('state', sa.Enum('shown', 'reported', 'hidden', name='reviewstate', native_enum=False, length=24), nullable=False),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('edited_at', store.models.base.Instant(), nullable=True),
    sa.Column('reported_at', store.models.base.Instant(), nullable=True),
    sa.Column('answered_at', store.models.base.Instant(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.CheckConstraint('rating BETWEEN 1 AND 5', name='review_one_to_five'),
    sa.ForeignKeyConstraint(['creator_id'], ['creator.id'], name=op.f('fk_review_creator_id')),
    sa.ForeignKeyConstraint(['lead_id'], ['lead.id'], name=op.f('fk_review_lead_id')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_review_product_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_review')),
    sa.UniqueConstraint('lead_id', 'product_id', name=op.f('uq_review_lead_id_product_id'))
    )
    with op.batch_alter_table('review', schema=None) as batch_op:
        batch_op.create_index('ix_review_product', ['product_id', 'state', 'id'], unique=False)

    op.create_table('discount_use',
    sa.Column('discount_code_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lead_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('slot', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('order_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['discount_code_id'], ['discount_code.id'], name=op.f('fk_discount_use_discount_code_id')),
    sa.ForeignKeyConstraint(['lead_id'], ['lead.id'], name=op.f('fk_discount_use_lead_id')),
    sa.ForeignKeyConstraint(['order_id'], ['order.id'], name=op.f('fk_discount_use_order_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_discount_use')),
    sa.UniqueConstraint('discount_code_id', 'lead_id', 'slot', name=op.f('uq_discount_use_discount_code_id_lead_id_slot')),
    sa.UniqueConstraint('order_id', name=op.f('uq_discount_use_order_id'))
    )
    with op.batch_alter_table('discount_use', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_discount_use_lead_id'), ['lead_id'], unique=False)

    op.create_table('dispute',
    sa.Column('order_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('rail', sa.String(), nullable=False),
    sa.Column('reference', sa.String(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('state', sa.Enum('open', 'won', 'lost', name='disputestate', native_enum=False, length=24), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('opened_at', store.models.base.Instant(), nullable=False),
    sa.Column('closed_at', store.models.base.Instant(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['order.id'], name=op.f('fk_dispute_order_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_dispute')),
    sa.UniqueConstraint('rail', 'reference', name=op.f('uq_dispute_rail_reference'))
    )
    with op.batch_alter_table('dispute', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_dispute_order_id'), ['order_id'], unique=False)

    op.create_table('channel_pass',
    sa.Column('entitlement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('chat_id', sa.BigInteger(), nullable=False),
    sa.Column('telegram_id', sa.BigInteger(), nullable=True),
    sa.Column('invite_link', sa.Text(), nullable=True),
    sa.Column('state', sa.Enum('promised', 'invited', 'joined', 'removing', 'removed', 'failed', name='passstate', native_enum=False, length=24), nullable=False),
    sa.Column('attempts', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('retry_at', store.models.base.Instant(), nullable=False),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('changed_at', store.models.base.Instant(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['entitlement_id'], ['entitlement.id'], name=op.f('fk_channel_pass_entitlement_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_channel_pass')),
    sa.UniqueConstraint('entitlement_id', 'chat_id', name=op.f('uq_channel_pass_entitlement_id_chat_id'))
    )
    with op.batch_alter_table('channel_pass', schema=None) as batch_op:
        batch_op.create_index('ix_channel_pass_chat', ['chat_id', 'telegram_id'], unique=False)
        batch_op.create_index('ix_channel_pass_to_do', ['retry_at'], unique=False, sqlite_where=sa.text("state = 'removing'"), postgresql_where=sa.text("state = 'removing'"))

    op.create_table('download_link',
    sa.Column('entitlement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('file_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('most_uses', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uses', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('expires_at', store.models.base.Instant(), nullable=False),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.CheckConstraint('uses <= most_uses', name='download_uses_within_limit'),
    sa.ForeignKeyConstraint(['entitlement_id'], ['entitlement.id'], name=op.f('fk_download_link_entitlement_id')),
    sa.ForeignKeyConstraint(['file_id'], ['stored_file.id'], name=op.f('fk_download_link_file_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_download_link'))
    )
    with op.batch_alter_table('download_link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_download_link_entitlement_id'), ['entitlement_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_download_link_file_id'), ['file_id'], unique=False)

    op.create_table('upload_link',
    sa.Column('product_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('expires_at', store.models.base.Instant(), nullable=False),
    sa.Column('used_at', store.models.base.Instant(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_upload_link_account_id')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_upload_link_product_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_upload_link'))
    )
    with op.batch_alter_table('upload_link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_upload_link_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_upload_link_product_id'), ['product_id'], unique=False)

    op.create_table('licence_key',
    sa.Column('product_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('entitlement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('given_at', store.models.base.Instant(), nullable=True),
    sa.Column('voided_at', store.models.base.Instant(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['entitlement_id'], ['entitlement.id'], name=op.f('fk_licence_key_entitlement_id')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_licence_key_product_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_licence_key')),
    sa.UniqueConstraint('product_id', 'digest', name=op.f('uq_licence_key_product_id_digest'))
    )
    with op.batch_alter_table('licence_key', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_licence_key_entitlement_id'), ['entitlement_id'], unique=False)
        batch_op.create_index('ix_licence_key_free', ['product_id', 'id'], unique=False, sqlite_where=sa.text('entitlement_id IS NULL'), postgresql_where=sa.text('entitlement_id IS NULL'))

    op.create_table('refund',
    sa.Column('order_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('payment_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('rail', sa.String(), nullable=False),
    sa.Column('reference', sa.String(), nullable=True),
    sa.Column('amount_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('state', sa.Enum('asked', 'sent', 'done', 'failed', name='refundstate', native_enum=False, length=24), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('revokes', sa.Boolean(), nullable=False),
    sa.Column('attempts', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('retry_at', store.models.base.Instant(), nullable=False),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('created_at', store.models.base.Instant(), nullable=False),
    sa.Column('closed_at', store.models.base.Instant(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['order.id'], name=op.f('fk_refund_order_id')),
    sa.ForeignKeyConstraint(['payment_id'], ['payment.id'], name=op.f('fk_refund_payment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_refund')),
    sa.UniqueConstraint('rail', 'reference', name=op.f('uq_refund_rail_reference'))
    )
    with op.batch_alter_table('refund', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_refund_order_id'), ['order_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_refund_payment_id'), ['payment_id'], unique=False)
        batch_op.create_index('ix_refund_under_way', ['retry_at'], unique=False, sqlite_where=sa.text("state IN ('asked', 'sent')"), postgresql_where=sa.text("state IN ('asked', 'sent')"))

    op.create_table('reservation',
    sa.Column('order_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('line_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('product_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('variant_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('quantity', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.Enum('held', 'sold', 'released', name='reservationstate', native_enum=False, length=24), nullable=False),
    sa.Column('until', store.models.base.Instant(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['line_id'], ['order_line.id'], name=op.f('fk_reservation_line_id')),
    sa.ForeignKeyConstraint(['order_id'], ['order.id'], name=op.f('fk_reservation_order_id')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_reservation_product_id')),
    sa.ForeignKeyConstraint(['variant_id'], ['product_variant.id'], name=op.f('fk_reservation_variant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reservation')),
    sa.UniqueConstraint('line_id', 'product_id', name=op.f('uq_reservation_line_id_product_id'))
    )
    with op.batch_alter_table('reservation', schema=None) as batch_op:
        batch_op.create_index('ix_reservation_held', ['until'], unique=False, sqlite_where=sa.text("state = 'held'"), postgresql_where=sa.text("state = 'held'"))
        batch_op.create_index(batch_op.f('ix_reservation_order_id'), ['order_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_reservation_product_id'), ['product_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_reservation_variant_id'), ['variant_id'], unique=False)

    op.create_table('download',
    sa.Column('link_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('served', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('opened_at', store.models.base.Instant(), nullable=False),
    sa.Column('resumed_at', store.models.base.Instant(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['link_id'], ['download_link.id'], name=op.f('fk_download_link_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_download'))
    )
    with op.batch_alter_table('download', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_download_link_id'), ['link_id'], unique=False)

    with op.batch_alter_table('creator', schema=None) as batch_op:
        batch_op.add_column(sa.Column('receipts', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='0'))

    with op.batch_alter_table('entitlement', schema=None) as batch_op:
        batch_op.add_column(sa.Column('variant_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('quantity', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='1'))
        batch_op.add_column(sa.Column('reason', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('revoked_at', store.models.base.Instant(), nullable=True))
        batch_op.add_column(sa.Column('revoked_by', sa.String(), nullable=True))
        batch_op.create_index(batch_op.f('ix_entitlement_variant_id'), ['variant_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_entitlement_variant_id'), 'product_variant', ['variant_id'], ['id'])

    with op.batch_alter_table('order', schema=None) as batch_op:
        batch_op.add_column(sa.Column('rail', sa.String(), nullable=False, server_default='stripe'))
        batch_op.add_column(sa.Column('subtotal_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('discount_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('discount_code_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('tax_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('shipping_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('refunded_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('receipt_number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('details', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('look_at', store.models.base.Instant(), nullable=True))
        batch_op.add_column(sa.Column('abandons_at', store.models.base.Instant(), nullable=True))
        batch_op.add_column(sa.Column('shipped_at', store.models.base.Instant(), nullable=True))
        batch_op.create_check_constraint('order_refunded_never_below_zero', 'refunded_minor >= 0')
        batch_op.create_index(batch_op.f('ix_order_discount_code_id'), ['discount_code_id'], unique=False)
        batch_op.create_index('ix_order_abandons', ['abandons_at'], unique=False, sqlite_where=sa.text('abandons_at IS NOT NULL'), postgresql_where=sa.text('abandons_at IS NOT NULL'))
        batch_op.create_index('ix_order_look_at', ['look_at'], unique=False, sqlite_where=sa.text('look_at IS NOT NULL'), postgresql_where=sa.text('look_at IS NOT NULL'))
        batch_op.create_unique_constraint(batch_op.f('uq_order_creator_id_receipt_number'), ['creator_id', 'receipt_number'])
        batch_op.create_foreign_key(batch_op.f('fk_order_discount_code_id'), 'discount_code', ['discount_code_id'], ['id'])

    with op.batch_alter_table('order_line', schema=None) as batch_op:
        batch_op.add_column(sa.Column('variant_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('quantity', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='1'))
        batch_op.add_column(sa.Column('discount_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='0'))
        batch_op.create_index(batch_op.f('ix_order_line_variant_id'), ['variant_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_order_line_variant_id'), 'product_variant', ['variant_id'], ['id'])

    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('refunded_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='0'))

    with op.batch_alter_table('product', schema=None) as batch_op:
        batch_op.add_column(sa.Column('compare_at_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('pay_what_you_want', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('category', sa.String(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('tags', sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql'), nullable=False, server_default='[]'))
        batch_op.add_column(sa.Column('limit_per_person', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('active_from', store.models.base.Instant(), nullable=True))
        batch_op.add_column(sa.Column('active_until', store.models.base.Instant(), nullable=True))
        batch_op.add_column(sa.Column('archived_at', store.models.base.Instant(), nullable=True))
        batch_op.add_column(sa.Column('url', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('chat_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('instructions', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('protected', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('makes_keys', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('low_stock', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('words', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('rating_sum', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('rating_count', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('price_stars', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('reserved', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('sold', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('initial', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.create_check_constraint('product_counts_never_below_zero', 'reserved >= 0 AND sold >= 0')
        batch_op.alter_column('description',
               existing_type=sa.VARCHAR(),
               type_=sa.Text(),
               existing_nullable=False)

    with op.batch_alter_table('stored_file', schema=None) as batch_op:
        batch_op.add_column(sa.Column('role', sa.Enum('goods', 'cover', 'keys', name='filerole', native_enum=False, length=24), nullable=False, server_default='goods'))
        batch_op.add_column(sa.Column('version', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False, server_default='1'))
        batch_op.add_column(sa.Column('replaced_at', store.models.base.Instant(), nullable=True))
        batch_op.add_column(sa.Column('removed_at', store.models.base.Instant(), nullable=True))
        batch_op.add_column(sa.Column('fetch_at', store.models.base.Instant(), nullable=True))
        batch_op.create_index('ix_stored_file_fetching', ['fetch_at'], unique=False, sqlite_where=sa.text('fetch_at IS NOT NULL'), postgresql_where=sa.text('fetch_at IS NOT NULL'))

    # what was sold before is counted, so that the four add up from here on
    op.execute('UPDATE "order" SET subtotal_minor = total_minor')
    # those that nobody has told the end of are looked up
    op.execute("UPDATE \"order\" SET look_at = expires_at WHERE state IN ('open', 'awaiting_payment')")
    op.execute(
        "UPDATE product SET sold = (SELECT count(*) FROM order_line JOIN \"order\" ON \"order\".id = order_line.order_id "
        "WHERE order_line.product_id = product.id AND \"order\".state IN ('paid', 'fulfilled'))"
    )
    op.execute('UPDATE product SET initial = stock + sold WHERE stock IS NOT NULL')
    # line by line, so that a refund knows what goes back on the shelf
    op.execute(
        "INSERT INTO reservation (order_id, line_id, product_id, quantity, state) "
        "SELECT order_line.order_id, order_line.id, order_line.product_id, order_line.quantity, 'sold' "
        "FROM order_line JOIN \"order\" ON \"order\".id = order_line.order_id "
        "WHERE \"order\".state IN ('paid', 'fulfilled') ORDER BY order_line.id"
    )
    # and found by its title
    known = sa.table('product', sa.column('id'), sa.column('title'), sa.column('words'))
    for row in op.get_bind().execute(sa.select(known.c.id, known.c.title)).all():
        words = ' ' + ' '.join(sorted(name_words(row.title)))
        op.execute(known.update().where(known.c.id == row.id).values(words=words))
    with op.batch_alter_table('product', schema=None) as batch_op:
        batch_op.create_check_constraint('product_stock_adds_up', 'COALESCE(stock + reserved + sold, -1) = COALESCE(initial, -1)')


def downgrade() -> None:
    # states that the schema before does not know; stock that is held goes back
    op.execute("UPDATE \"order\" SET state = 'expired', open_key = NULL WHERE state = 'cancelled'")
    op.execute(
        "UPDATE \"order\" SET state = 'paid' WHERE state IN ('refunded', 'partly_refunded', 'disputed')"
    )
    op.execute('UPDATE product SET stock = stock + reserved, reserved = 0 WHERE stock IS NOT NULL')
    with op.batch_alter_table('stored_file', schema=None) as batch_op:
        batch_op.drop_index('ix_stored_file_fetching', sqlite_where=sa.text('fetch_at IS NOT NULL'), postgresql_where=sa.text('fetch_at IS NOT NULL'))
        batch_op.drop_column('fetch_at')
        batch_op.drop_column('removed_at')
        batch_op.drop_column('replaced_at')
        batch_op.drop_column('version')
        batch_op.drop_column('role')

    with op.batch_alter_table('product', schema=None) as batch_op:
        batch_op.drop_constraint('product_stock_adds_up', type_='check')
        batch_op.drop_constraint('product_counts_never_below_zero', type_='check')
        batch_op.alter_column('description',
               existing_type=sa.Text(),
               type_=sa.VARCHAR(),
               existing_nullable=False)
        batch_op.drop_column('initial')
        batch_op.drop_column('sold')
        batch_op.drop_column('reserved')
        batch_op.drop_column('price_stars')
        batch_op.drop_column('rating_count')
        batch_op.drop_column('rating_sum')
        batch_op.drop_column('words')
        batch_op.drop_column('low_stock')
        batch_op.drop_column('makes_keys')
        batch_op.drop_column('protected')
        batch_op.drop_column('instructions')
        batch_op.drop_column('chat_id')
        batch_op.drop_column('url')
        batch_op.drop_column('archived_at')
        batch_op.drop_column('active_until')
        batch_op.drop_column('active_from')
        batch_op.drop_column('limit_per_person')
        batch_op.drop_column('tags')
        batch_op.drop_column('category')
        batch_op.drop_column('pay_what_you_want')
        batch_op.drop_column('compare_at_minor')

    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.drop_column('refunded_minor')

    with op.batch_alter_table('order_line', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_order_line_variant_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_order_line_variant_id'))
        batch_op.drop_column('discount_minor')
        batch_op.drop_column('quantity')
        batch_op.drop_column('variant_id')

    with op.batch_alter_table('order', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_order_discount_code_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('uq_order_creator_id_receipt_number'), type_='unique')
        batch_op.drop_index('ix_order_abandons', sqlite_where=sa.text('abandons_at IS NOT NULL'), postgresql_where=sa.text('abandons_at IS NOT NULL'))
        batch_op.drop_index('ix_order_look_at', sqlite_where=sa.text('look_at IS NOT NULL'), postgresql_where=sa.text('look_at IS NOT NULL'))
        batch_op.drop_index(batch_op.f('ix_order_discount_code_id'))
        batch_op.drop_column('shipped_at')
        batch_op.drop_column('abandons_at')
        batch_op.drop_column('look_at')
        batch_op.drop_column('details')
        batch_op.drop_column('receipt_number')
        batch_op.drop_constraint('order_refunded_never_below_zero', type_='check')
        batch_op.drop_column('refunded_minor')
        batch_op.drop_column('shipping_minor')
        batch_op.drop_column('tax_minor')
        batch_op.drop_column('discount_code_id')
        batch_op.drop_column('discount_minor')
        batch_op.drop_column('subtotal_minor')
        batch_op.drop_column('rail')

    with op.batch_alter_table('entitlement', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_entitlement_variant_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_entitlement_variant_id'))
        batch_op.drop_column('revoked_by')
        batch_op.drop_column('revoked_at')
        batch_op.drop_column('reason')
        batch_op.drop_column('quantity')
        batch_op.drop_column('variant_id')

    with op.batch_alter_table('creator', schema=None) as batch_op:
        batch_op.drop_column('receipts')

    with op.batch_alter_table('download', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_download_link_id'))

    op.drop_table('download')
    with op.batch_alter_table('reservation', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_reservation_variant_id'))
        batch_op.drop_index(batch_op.f('ix_reservation_product_id'))
        batch_op.drop_index(batch_op.f('ix_reservation_order_id'))
        batch_op.drop_index('ix_reservation_held', sqlite_where=sa.text("state = 'held'"), postgresql_where=sa.text("state = 'held'"))

    op.drop_table('reservation')
    with op.batch_alter_table('refund', schema=None) as batch_op:
        batch_op.drop_index('ix_refund_under_way', sqlite_where=sa.text("state IN ('asked', 'sent')"), postgresql_where=sa.text("state IN ('asked', 'sent')"))
        batch_op.drop_index(batch_op.f('ix_refund_payment_id'))
        batch_op.drop_index(batch_op.f('ix_refund_order_id'))

    op.drop_table('refund')
    with op.batch_alter_table('licence_key', schema=None) as batch_op:
        batch_op.drop_index('ix_licence_key_free', sqlite_where=sa.text('entitlement_id IS NULL'), postgresql_where=sa.text('entitlement_id IS NULL'))
        batch_op.drop_index(batch_op.f('ix_licence_key_entitlement_id'))

    op.drop_table('licence_key')
    with op.batch_alter_table('upload_link', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_upload_link_product_id'))
        batch_op.drop_index(batch_op.f('ix_upload_link_account_id'))

    op.drop_table('upload_link')
    with op.batch_alter_table('download_link', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_download_link_file_id'))
        batch_op.drop_index(batch_op.f('ix_download_link_entitlement_id'))

    op.drop_table('download_link')
    with op.batch_alter_table('channel_pass', schema=None) as batch_op:
        batch_op.drop_index('ix_channel_pass_to_do', sqlite_where=sa.text("state = 'removing'"), postgresql_where=sa.text("state = 'removing'"))
        batch_op.drop_index('ix_channel_pass_chat')

    op.drop_table('channel_pass')
    with op.batch_alter_table('dispute', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_dispute_order_id'))

    op.drop_table('dispute')
    with op.batch_alter_table('discount_use', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_discount_use_lead_id'))

    op.drop_table('discount_use')
    with op.batch_alter_table('review', schema=None) as batch_op:
        batch_op.drop_index('ix_review_product')

    op.drop_table('review')
    op.drop_table('rail_customer')
    with op.batch_alter_table('payment_link', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_payment_link_product_id'))

    op.drop_table('payment_link')
    with op.batch_alter_table('upsell', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_upsell_offered_id'))

    op.drop_table('upsell')
    op.drop_table('product_variant')
    with op.batch_alter_table('bundle_item', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_bundle_item_product_id'))

    op.drop_table('bundle_item')
    op.drop_table('discount_code')
    with op.batch_alter_table('channel', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_channel_creator_id'))

    op.drop_table('channel')
    op.drop_table('rail_cursor')
