"""Review: a crowd accepts, rejects and edits answers and sets labels; what it decided becomes data sets."""
