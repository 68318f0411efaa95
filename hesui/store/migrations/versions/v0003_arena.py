"""The table of votes in blind rounds."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "arena_votes",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("visitor", sa.String(length=64), nullable=False),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=4), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("constraint", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("counter", sa.String(length=12), nullable=False),
        sa.Column("base", sa.String(length=400), nullable=False),
        sa.Column("left_model", sa.String(length=200), nullable=False),
        sa.Column("left_guide", sa.Boolean(), nullable=False),
        sa.Column("left_best_of", sa.Integer(), nullable=False),
        sa.Column("left_text", sa.Text(), nullable=False),
        sa.Column("right_model", sa.String(length=200), nullable=False),
        sa.Column("right_guide", sa.Boolean(), nullable=False),
        sa.Column("right_best_of", sa.Integer(), nullable=False),
        sa.Column("right_text", sa.Text(), nullable=False),
        sa.Column("swapped", sa.Boolean(), nullable=False),
        sa.Column("sampling", sa.JSON(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("choice", sa.String(length=12), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_arena_votes")),
        sa.UniqueConstraint("key", name=op.f("uq_arena_votes_key")),
    )
    op.create_index(op.f("ix_arena_votes_visitor_created"), "arena_votes", ["visitor", "created"], unique=False)
    op.create_index(op.f("ix_arena_votes_origin_created"), "arena_votes", ["origin", "created"], unique=False)
    op.create_index(op.f("ix_arena_votes_base_number"), "arena_votes", ["base", "number"], unique=False)
