"""The OpenAI-compatible endpoint, beside the page on the same server; knows no widget."""
