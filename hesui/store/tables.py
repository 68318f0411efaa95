"""The tables as they are now; migrations made them so, and a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

# A distillation: its settings, what it does, what it is wanted to do.
runs = Table(
    "distil_runs",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("config", JSON, nullable=False),
    Column("state", String(12), nullable=False),
    Column("wanted", String(12), nullable=False),
    Column("phase", String(24), nullable=False),
    Column("note", Text, nullable=False),  # why it stopped, in English
    Column("note_key", String(60), nullable=False),  # the same for the page
    Column("note_values", JSON, nullable=False),
    Column("pid", Integer),  # of the process that works on it
    Column("pid_started", Float),  # when that process started, in seconds since 1970: a pid alone is reused
    Column("created", Float, nullable=False),
    Column("updated", Float, nullable=False),  # a heartbeat
)

# One prompt of a run.
questions = Table(
    "distil_questions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("run", ForeignKey("distil_runs.id", ondelete="CASCADE"), nullable=False),
    Column("id", String(80), nullable=False),
    Column("task", String(32), nullable=False),
    Column("row", JSON, nullable=False),  # as hesui.corpus.rows writes it
    Column("origin", String(12), nullable=False),
    Column("parent", String(80)),  # the question it was made from
    Column("state", String(12), nullable=False),
    Column("tries", Integer, nullable=False),
    Index(None, "run", "id", unique=True),
    Index(None, "run", "task", "state", "number"),
)

# What was paid for: each successful call once, found again by its key in any run.
calls = Table(
    "distil_calls",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("run", String(40), nullable=False),  # who paid; the reply outlives the run
    Column("task", String(32), nullable=False),
    Column("stage", String(12), nullable=False),
    Column("model", String(200), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    Column("cost", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("created", Float, nullable=False),
    Index(None, "run", "task"),
)

# Calls that brought nothing and cost nothing.
faults = Table(
    "distil_faults",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("run", ForeignKey("distil_runs.id", ondelete="CASCADE"), nullable=False),
    Column("task", String(32), nullable=False),
    Column("stage", String(12), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("detail", Text, nullable=False),
    Column("created", Float, nullable=False),
    Index(None, "run", "outcome"),
)

# Answers to a run's questions, the good ones and the others.
answers = Table(
    "distil_answers",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("run", ForeignKey("distil_runs.id", ondelete="CASCADE"), nullable=False),
    Column("question", String(80), nullable=False),
    Column("task", String(32), nullable=False),
    Column("text", Text, nullable=False),
    Column("kind", String(12), nullable=False),  # accepted, negative
    Column("count", Integer, nullable=False),
    Column("error", Integer, nullable=False),  # signed, as Verdict.error; 0 where nothing is demanded
    Column("reason", String(24), nullable=False),  # why it is a negative; empty for an accepted one
    Column("sample", Integer, nullable=False),
    Column("teacher", String(200), nullable=False),
    Column("call", String(64)),  # the call's key
    Column("created", Float, nullable=False),
    Index(None, "run", "question", "sample", unique=True),
    Index(None, "run", "task", "kind", "number"),
)

# Jobs at a provider's batch service.
batches = Table(
    "distil_batches",
    metadata,
    Column("id", String(120), primary_key=True),  # the provider's
    Column("run", ForeignKey("distil_runs.id", ondelete="CASCADE"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("calls", JSON, nullable=False),  # the calls in it, to be recorded when it is collected
    Column("created", Float, nullable=False),
)

# What is reviewed. The columns from `state` on follow from the item's events: hesui.store.reviewing.derive.
review_items = Table(
    "review_items",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("kind", String(8), nullable=False),
    Column("task", String(32), nullable=False),
    Column("language", String(4), nullable=False),
    Column("lane", String(40), nullable=False),  # task and language, so that one index serves a filter by both
    Column("prompt_id", String(40), nullable=False),
    Column("row", JSON, nullable=False),  # the prompt as hesui.corpus.rows writes it
    Column("text", Text, nullable=False),  # as it came; never changed
    Column("counter", String(12), nullable=False),
    Column("teacher", String(200), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("source", String(200), nullable=False),
    Column("suggestion", JSON(none_as_null=True)),
    Column("gold", String(40)),
    Column("required", Integer, nullable=False),
    Column("priority", Float, nullable=False),
    Column("created", Float, nullable=False),
    Column("state", String(12), nullable=False),
    Column("verdict", String(40), nullable=False),
    Column("result", Text),  # the edited text, where one stands
    Column("done", Integer, nullable=False),  # decisions that count
    Column("barred", String(64), nullable=False),  # who touched it last and must not get it again; empty = nobody
    Column("holder", String(64)),  # who has it on lease; null = nobody
    Column("lease_until", Float, nullable=False),  # seconds since 1970
    Column("decided", Float),  # when the last decision fell
    Index(None, "state", "barred", "priority", "number"),
    Index(None, "state", "lane", "barred", "priority", "number"),
    # Nearly all items are with nobody: an index of them too would look useless to a planner, which then reads them all.
    Index(None, "holder", sqlite_where=text("holder IS NOT NULL"), postgresql_where=text("holder IS NOT NULL")),
    Index(None, "prompt_id"),
)

# What was done to an item. Rows are only ever added.
review_events = Table(
    "review_events",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("item", ForeignKey("review_items.number", ondelete="CASCADE"), nullable=False),
    Column("action", String(12), nullable=False),
    Column("reviewer", String(64), nullable=False),
    Column("choice", String(40), nullable=False),
    Column("reason", String(12), nullable=False),
    Column("note", Text, nullable=False),
    Column("text", Text),
    Column("seconds", Float, nullable=False),
    Column("counter", String(12), nullable=False),
    Column("text_hash", String(64), nullable=False),
    Column("peeked", Boolean, nullable=False),
    Column("undoes", Integer),
    Column("key", String(64), nullable=False),
    Column("created", Float, nullable=False),
    Index(None, "item", "number"),
    Index(None, "reviewer", "key", unique=True),
    Index(None, "reviewer", "created"),
    Index(None, "undoes"),
)

# Who has which item behind them, decided or skipped; follows from the events.
review_touched = Table(
    "review_touched",
    metadata,
    Column("item", ForeignKey("review_items.number", ondelete="CASCADE"), primary_key=True),
    Column("reviewer", String(64), primary_key=True),
)

# Fingerprints of the texts that stand accepted, for finding near-duplicates; follows from the events.
review_bands = Table(
    "review_bands",
    metadata,
    Column("band", String(24), primary_key=True),
    Column("item", ForeignKey("review_items.number", ondelete="CASCADE"), primary_key=True),
    Index(None, "item"),
)

# The names under which reviewers appear in data sets, and what the queue must remember of itself.
review_names = Table(
    "review_names",
    metadata,
    Column("reviewer", String(64), primary_key=True),
    Column("pseudonym", String(16), nullable=False, unique=True),
)
review_facts = Table(
    "review_facts",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

# What visitors of blind rounds preferred. Rows are only ever added.
arena_votes = Table(
    "arena_votes",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False, unique=True),  # of the round
    Column("visitor", String(64), nullable=False),
    Column("origin", String(64), nullable=False),
    Column("language", String(4), nullable=False),
    Column("prompt", Text, nullable=False),
    Column("constraint", JSON(none_as_null=True)),
    Column("counter", String(12), nullable=False),
    Column("base", String(400), nullable=False),
    Column("left_model", String(200), nullable=False),
    Column("left_guide", Boolean, nullable=False),
    Column("left_best_of", Integer, nullable=False),
    Column("left_text", Text, nullable=False),
    Column("right_model", String(200), nullable=False),
    Column("right_guide", Boolean, nullable=False),
    Column("right_best_of", Integer, nullable=False),
    Column("right_text", Text, nullable=False),
    Column("swapped", Boolean, nullable=False),
    Column("sampling", JSON, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("choice", String(12), nullable=False),
    Column("created", Float, nullable=False),
    Index(None, "visitor", "created"),
    Index(None, "origin", "created"),
    Index(None, "base", "number"),
)
