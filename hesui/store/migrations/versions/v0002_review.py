"""The tables of review: items, events, and what follows from them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "review_facts",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_review_facts")),
    )
    op.create_table(
        "review_items",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("task", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=4), nullable=False),
        sa.Column("lane", sa.String(length=40), nullable=False),
        sa.Column("prompt_id", sa.String(length=40), nullable=False),
        sa.Column("row", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("counter", sa.String(length=12), nullable=False),
        sa.Column("teacher", sa.String(length=200), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("suggestion", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("gold", sa.String(length=40), nullable=True),
        sa.Column("required", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Float(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("verdict", sa.String(length=40), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("barred", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.Float(), nullable=False),
        sa.Column("decided", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_review_items")),
        sa.UniqueConstraint("id", name=op.f("uq_review_items_id")),
    )
    op.create_index(
        op.f("ix_review_items_holder"),
        "review_items",
        ["holder"],
        unique=False,
        sqlite_where=sa.text("holder IS NOT NULL"),
        postgresql_where=sa.text("holder IS NOT NULL"),
    )
    op.create_index(op.f("ix_review_items_prompt_id"), "review_items", ["prompt_id"], unique=False)
    op.create_index(
        op.f("ix_review_items_state_barred_priority_number"),
        "review_items",
        ["state", "barred", "priority", "number"],
        unique=False,
    )
    op.create_index(
        op.f("ix_review_items_state_lane_barred_priority_number"),
        "review_items",
        ["state", "lane", "barred", "priority", "number"],
        unique=False,
    )
    op.create_table(
        "review_names",
        sa.Column("reviewer", sa.String(length=64), nullable=False),
        sa.Column("pseudonym", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("reviewer", name=op.f("pk_review_names")),
        sa.UniqueConstraint("pseudonym", name=op.f("uq_review_names_pseudonym")),
    )
    op.create_table(
        "review_bands",
        sa.Column("band", sa.String(length=24), nullable=False),
        sa.Column("item", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item"], ["review_items.number"], name=op.f("fk_review_bands_item"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("band", "item", name=op.f("pk_review_bands")),
    )
    op.create_index(op.f("ix_review_bands_item"), "review_bands", ["item"], unique=False)
    op.create_table(
        "review_events",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("item", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=12), nullable=False),
        sa.Column("reviewer", sa.String(length=64), nullable=False),
        sa.Column("choice", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=12), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("counter", sa.String(length=12), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("peeked", sa.Boolean(), nullable=False),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item"], ["review_items.number"], name=op.f("fk_review_events_item"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_review_events")),
    )
    op.create_index(op.f("ix_review_events_item_number"), "review_events", ["item", "number"], unique=False)
    op.create_index(op.f("ix_review_events_undoes"), "review_events", ["undoes"], unique=False)
    op.create_index(op.f("ix_review_events_reviewer_created"), "review_events", ["reviewer", "created"], unique=False)
    op.create_index(op.f("ix_review_events_reviewer_key"), "review_events", ["reviewer", "key"], unique=True)
    op.create_table(
        "review_touched",
        sa.Column("item", sa.Integer(), nullable=False),
        sa.Column("reviewer", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["item"], ["review_items.number"], name=op.f("fk_review_touched_item"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item", "reviewer", name=op.f("pk_review_touched")),
    )
