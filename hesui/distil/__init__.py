"""From seeds to accepted answers: expand, answer, filter by length; with a budget, and nothing paid twice."""
