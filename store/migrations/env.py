"""Alembic's entry: runs on the connection that store.schema hands over."""

from alembic import context

from store.models import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    user_module_prefix="store.models.base.",
)
with context.begin_transaction():
    context.run_migrations()
