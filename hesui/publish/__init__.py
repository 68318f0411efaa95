"""Puts adapters, data sets and the app on the Hugging Face Hub, with cards that claim only what was measured."""
