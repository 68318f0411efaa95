"""Base and adapters: what there is, one engine that answers with any of them in one batch, the length guide."""
