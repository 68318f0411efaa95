"""The commands that measure models on a label set, with real small models of random weights."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import typer

from hesui.cli import evaluate_labels
from hesui.console import guarded

ROWS = [
    {"text": text, "label": label, "class": "coreference"}
    for text, label in (("它为什么报错？", "yes"), ("怎么安装 Python？", "no"), ("那个呢？", "yes")) * 8
]  # fmt: skip


@pytest.fixture
def evaluate(capsys):
    """Run a command of this module by itself."""
    group = typer.Typer()
    group.add_typer(evaluate_labels.app)
    command = typer.main.get_command(group)

    def call(*arguments: str) -> SimpleNamespace:
        code = guarded(lambda: command.main(args=list(arguments), prog_name="hesui evaluate", standalone_mode=False))
        out, err = capsys.readouterr()
        return SimpleNamespace(code=code, out=out, err=err, json=json.loads(out) if "--json" in arguments else None)

    return call


@pytest.fixture(scope="module")
def family(tmp_path_factory):
    """Three folders of models, the largest first."""
    import torch

    from hesui.models.tiny import make_tokenizer, random_model

    home, tokenizer = tmp_path_factory.mktemp("family"), make_tokenizer()
    torch.manual_seed(0)
    for hidden in (96, 64, 32):
        random_model(hidden, 1, tokenizer).save_pretrained(home / f"m{hidden}")
        tokenizer.save_pretrained(home / f"m{hidden}")
    return [str(home / f"m{hidden}") for hidden in (96, 64, 32)]


@pytest.fixture
def labels(home):
    """A set of labelled questions."""
    file = home / "labels.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS), encoding="utf-8")
    return str(file)


def test_models_are_scored_with_intervals(evaluate, labels, family):
    done = evaluate("labels", labels, "--models", f"{family[1]},{family[2]}", "--max-tokens", "4", "--json")
    assert done.code == 0
    assert (done.json["class"], done.json["rows"]) == ("coreference", 24)
    assert list(done.json["models"]) == [family[1], family[2]]
    for scores in done.json["models"].values():
        assert list(scores["accuracy"]) == list(scores["f1"]) == ["value", "low", "high"]
        assert sum(sum(line.values()) for line in scores["confusion"].values()) == 24
    shown = evaluate("labels", labels, "--models", family[2], "--max-tokens", "4")
    assert "24 rows of class coreference" in shown.out and f"{family[2]}: accuracy" in shown.out and "yes" in shown.out


def test_a_family_that_learnt_nothing_does_not_grow(evaluate, labels, family):
    done = evaluate("scale", labels, "--models", ",".join(family), "--max-tokens", "4", "--json")
    assert done.code == 0
    sizes = [one["parameters"] for one in done.json["models"]]
    assert sizes == sorted(sizes) and len(set(sizes)) == 3
    assert [one["model"] for one in done.json["models"]] == family[::-1]
    assert done.json["verdict"] == "flat" and done.json["few_models"] is True
    assert [trend["measure"] for trend in done.json["trends"]] == ["precision", "f1"]
    shown = evaluate("scale", labels, "--models", ",".join(family), "--max-tokens", "4")
    assert "do not grow with size" in shown.out and "only guesses" in shown.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("labels", "{labels}", "--models", "nobody"), "base, tuned"),
        (("labels", "{labels}", "--models", ","), "no model"),
        (("labels", "gone.jsonl", "--models", "base"), "gone.jsonl"),
        (("labels", ".", "--models", "base"), "no split"),
        (("scale", "{labels}", "--models", "base,tuned"), "3 or more"),
        (("scale", "{labels}", "--models", "base=1,tuned=1,base=1"), "3 or more"),
        (("scale", "{labels}"), "--models"),
    ],
)
def test_bad_input_gets_one_line(evaluate, labels, arguments, said):
    done = evaluate(*(part.format(labels=labels) for part in arguments))
    assert (done.code, done.out) == (2, "")
    assert said in done.err and len(done.err.strip().splitlines()) == 1
