"""Puts adapters and data sets on the Hugging Face Hub, with cards that claim only what was measured."""
