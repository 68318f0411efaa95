"""All SQL: tables, migrations and queries. Knows nothing of models, teachers or pages."""
