"""The tables of distillation: runs, questions, calls, answers."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "distil_calls",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("run", sa.String(length=40), nullable=False),
        sa.Column("task", sa.String(length=32), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), nullable=False),
        sa.Column("completion_tokens", sa.Integer(), nullable=False),
        sa.Column("cost", sa.Float(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_distil_calls")),
    )
    op.create_index(op.f("ix_distil_calls_run_task"), "distil_calls", ["run", "task"], unique=False)
    op.create_table(
        "distil_runs",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("wanted", sa.String(length=12), nullable=False),
        sa.Column("phase", sa.String(length=24), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("note_key", sa.String(length=60), nullable=False),
        sa.Column("note_values", sa.JSON(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=True),
        sa.Column("pid_started", sa.Float(), nullable=True),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("updated", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_distil_runs")),
    )
    op.create_table(
        "distil_answers",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("run", sa.String(length=40), nullable=False),
        sa.Column("question", sa.String(length=80), nullable=False),
        sa.Column("task", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("error", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("sample", sa.Integer(), nullable=False),
        sa.Column("teacher", sa.String(length=200), nullable=False),
        sa.Column("call", sa.String(length=64), nullable=True),
        sa.Column("created", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["distil_runs.id"], name=op.f("fk_distil_answers_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_distil_answers")),
    )
    op.create_index(
        op.f("ix_distil_answers_run_question_sample"), "distil_answers", ["run", "question", "sample"], unique=True
    )
    op.create_index(
        op.f("ix_distil_answers_run_task_kind_number"),
        "distil_answers",
        ["run", "task", "kind", "number"],
        unique=False,
    )
    op.create_table(
        "distil_batches",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("run", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("calls", sa.JSON(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["distil_runs.id"], name=op.f("fk_distil_batches_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_distil_batches")),
    )
    op.create_table(
        "distil_faults",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("run", sa.String(length=40), nullable=False),
        sa.Column("task", sa.String(length=32), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["distil_runs.id"], name=op.f("fk_distil_faults_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_distil_faults")),
    )
    op.create_index(op.f("ix_distil_faults_run_outcome"), "distil_faults", ["run", "outcome"], unique=False)
    op.create_table(
        "distil_questions",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("run", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("task", sa.String(length=32), nullable=False),
        sa.Column("row", sa.JSON(), nullable=False),
        sa.Column("origin", sa.String(length=12), nullable=False),
        sa.Column("parent", sa.String(length=80), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["distil_runs.id"], name=op.f("fk_distil_questions_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_distil_questions")),
    )
    op.create_index(op.f("ix_distil_questions_run_id"), "distil_questions", ["run", "id"], unique=True)
    op.create_index(
        op.f("ix_distil_questions_run_task_state_number"),
        "distil_questions",
        ["run", "task", "state", "number"],
        unique=False,
    )
