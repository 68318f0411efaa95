"""What the grammar writes is known to it; anything garbled is not."""

from random import Random

from hesui.corpus.composer import exact_length, example
from hesui.corpus.known import clean, unknown_clauses


def test_every_greeting_of_the_composer_is_clean():
    rng = Random(1)
    for task in ("greeting", "long"):
        for split in ("train", "dev", "test"):
            for _ in range(60):
                text = example(task, split, rng, exact_length).completion
                assert clean(text), unknown_clauses(text)


def test_a_garbled_clause_is_named():
    assert unknown_clauses("王老师，您好！祝您身体健康，如愿所所盼！") == ["如愿所所盼"]


def test_a_text_that_breaks_off_is_not_clean():
    assert not clean("王老师，您好！祝您身体健康")
