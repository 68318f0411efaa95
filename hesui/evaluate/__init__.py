"""Measuring how well answers obey their demands."""
