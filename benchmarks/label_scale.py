"""Whether `hesui evaluate scale` tells a label that can be learnt from one that cannot; makes the table of docs/labels.md.

    python benchmarks/label_scale.py                  # about four minutes on one CPU core
    python benchmarks/label_scale.py --rows 300       # a quick look: nothing is learnt from so little
    python benchmarks/label_scale.py --drawn 200      # no training: how often the verdict is right about drawn answers

Three sizes of the embedded model's architecture learn, from random weights, to say for whom a greeting is: family,
school or work. Texts are composed, so the truth is known; each holds one telling sentence and one that fits anybody, and
all speak to 你. Once the labels follow that definition. Once they were given by three people who read it in three ways
(each moves every label on by none, one or two), a third of the rows each: nothing in a text says who labelled it. At last
the models of the first family meet their own test set with some labels moved on: does the review queue find those rows?
The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import time
from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict
from datetime import date
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import torch
import typer

from hesui.cli.evaluate_labels import app
from hesui.corpus.chatlog import LabelItem
from hesui.corpus.classes import TaskClass, read_class
from hesui.corpus.grammar import grammar
from hesui.corpus.rows import read_json_lines, write_json_lines
from hesui.evaluate.labelling import question
from hesui.evaluate.scale import Told
from hesui.evaluate.scale import scale as growth
from hesui.models.tiny import END, Recipe, make_tokenizer, optimizers, random_model
from hesui.models.tiny_training import Row, Schedule, train

SIZES = ((32, 2), (64, 3), (128, 4))  # hidden units and layers
READERS: Mapping[str, tuple[str, ...]] = {  # by label, one token each: all that is learnt is the choice
    "f": ("elder", "couple", "child", "love"),
    "s": ("parents", "teacher", "students"),
    "w": ("boss", "staff", "client", "colleague"),
}
LABELS = tuple(READERS)
SPOKEN_TO = ("您", "你们", "大家")  # each would give the reader away
CLASS = """
kind = "label"
share = 0
needs_demand = false
name = { zh = "读者", en = "Reader" }
asks = { zh = "判断祝福写给谁。", en = "For whom a greeting is." }
question = { zh = "这段祝福写给谁？", en = "For whom is this greeting?" }
labels = [
  { id = "f", key = "1", name = { zh = "家人", en = "Family" } },
  { id = "s", key = "2", name = { zh = "学校", en = "School" } },
  { id = "w", key = "3", name = { zh = "公司", en = "Work" } },
]
"""
TOKENS = 2_400  # per step
RIGHT = ((1 / 3, 1 / 3, 1 / 3), (0.6, 0.6, 0.6), (0.6, 0.63, 0.66), (0.6, 0.7, 0.8))  # shares of right answers, by size
SPOILT = 0.1  # share of labels that are moved on at last

Labelled = tuple[str, str]  # a text and its label


def main() -> None:
    """Train, measure, print the table and the figures."""
    args = arguments()
    if args.drawn:
        print(json.dumps(drawn(args.drawn)))
        return
    began = time.monotonic()
    torch.set_num_threads(1)  # the models are too small to share
    with TemporaryDirectory() as temporary:
        home = args.home or Path(temporary)
        task = write_class(home)
        results = {name: measured(name, home, task, args) for name in ("clean", "contradictory")}
        results["spoilt"] = spoilt(home, args)
    took = {"seconds": round(time.monotonic() - began), "cpu_seconds": round(time.process_time())}
    print(f"\n{args.rows} rows, {args.test} to test, {platform.machine()}, {date.today()}, {took}\n")
    print(table(results))
    found = results["spoilt"]["found"]
    print(f"\nspoilt labels among the first {found['looked_at']} of the queue: {found['spoilt']} of {found['all']}")
    print(json.dumps({"rows": args.rows, "test": args.test, **took, **results}, ensure_ascii=False))


def arguments() -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=4_000, help="to train on, each seen once")
    parser.add_argument("--test", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1, help="draws texts, labels and weights")
    parser.add_argument("--drawn", type=int, default=0, help="families of drawn answers instead; how many of each kind")
    parser.add_argument("--home", type=Path, help="keep models and label sets there")
    return parser.parse_args()


def write_class(home: Path) -> TaskClass:
    """The label class, as an owner's file."""
    file = home / "classes" / "reader.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(CLASS, encoding="utf-8")
    return read_class(file)


def measured(name: str, home: Path, task: TaskClass, args: argparse.Namespace) -> dict[str, Any]:
    """What the command says of a family trained on labels of this kind."""
    rng = Random(f"{args.seed}/{name}")
    rows, test = (labelled(n, rng, contradictory=name == "contradictory") for n in (args.rows, args.test))
    folders = [home / name / f"{hidden}x{layers}" for hidden, layers in SIZES]
    seconds = [built(folder, size, rows, task, args.seed) for folder, size in zip(folders, SIZES, strict=True)]
    data = home / name / "labels.jsonl"
    write_json_lines(({"text": text, "label": label, "class": task.id} for text, label in test), data)
    return {**scale(data, folders, home), "train_seconds": seconds}


def spoilt(home: Path, args: argparse.Namespace) -> dict[str, Any]:
    """What it says of the good family on labels of which some are wrong, and how many of those the queue begins with."""
    rng = Random(f"{args.seed}/spoilt")
    rows = [record for _, record in read_json_lines(home / "clean" / "labels.jsonl")]
    wrong = set(rng.sample(range(len(rows)), round(SPOILT * len(rows))))
    moved = [row | {"label": move(row["label"], 1)} if at in wrong else row for at, row in enumerate(rows)]
    data, queue = home / "spoilt.jsonl", home / "spoilt.doubts.jsonl"
    write_json_lines(moved, data)
    folders = [home / "clean" / f"{hidden}x{layers}" for hidden, layers in SIZES]
    result = scale(data, folders, home, "--queue", str(queue), "--most", str(len(wrong)))
    texts = {rows[at]["text"] for at in wrong}
    first = [record["text"] for _, record in read_json_lines(queue)] if queue.is_file() else []
    found = {"looked_at": len(first), "spoilt": sum(text in texts for text in first), "all": len(wrong)}
    return {**result, "found": found}


def labelled(number: int, rng: Random, *, contradictory: bool) -> list[Labelled]:
    """Texts with their labels: true ones, or those of three labellers who disagree."""
    rows = []
    for _ in range(number):
        label = rng.choice(LABELS)
        rows.append((greeting(label, rng), move(label, rng.randrange(3)) if contradictory else label))
    return rows


def greeting(reader: str, rng: Random) -> str:
    """A telling sentence and one that fits anybody, in either order."""
    kind = rng.choice([kind for kind in grammar().kinds if kind.name in READERS[reader]])
    sentences = [rng.choice([*kind.thanks, *kind.wishes]), rng.choice(grammar().shared)]
    rng.shuffle(sentences)
    text = "".join(sentences).format(you="你")
    for word in SPOKEN_TO:
        text = text.replace(word, "你")
    return text


def move(label: str, by: int) -> str:
    """The label that comes so many later, the first after the last."""
    return LABELS[(LABELS.index(label) + by) % len(LABELS)]


def built(folder: Path, size: tuple[int, int], rows: Sequence[Labelled], task: TaskClass, seed: int) -> float:
    """Train a model of this size and save it; the seconds that training took."""
    hidden, layers = size
    torch.manual_seed(seed)
    tokenizer = make_tokenizer()
    model = random_model(hidden, layers, tokenizer)
    lessons = [encoded(tokenizer, text, label, task) for text, label in rows]
    began = time.monotonic()
    recipe = Recipe(hidden=hidden, layers=layers)
    loss = train(model, lessons, optimizers(model, recipe), Schedule(TOKENS, epochs=1, prompts=False, seed=seed))
    seconds = time.monotonic() - began
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    print(f"{folder.parent.name} {folder.name}: loss {loss:.3f}, {seconds:.0f} s", flush=True)
    return round(seconds, 1)


def encoded(tokenizer: Any, text: str, label: str, task: TaskClass) -> Row:
    """The question that the command will ask, and the answer."""
    turns = [asdict(turn) for turn in question(task, LabelItem("-", task.id, text))]
    asked = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    prompt, answer = (tokenizer(part, add_special_tokens=False)["input_ids"] for part in (asked, label + END))
    return Row(tuple(prompt + answer), len(prompt))


def scale(data: Path, folders: Sequence[Path], home: Path, *options: str) -> dict[str, Any]:
    """What `hesui evaluate scale` says, as its JSON."""
    arguments = ["scale", str(data), "--models", ",".join(map(str, folders)), "--json", *options]
    os.environ |= {"HESUI_HOME": str(home), "HESUI_THREADS": "1"}  # where the command finds the class
    out = io.StringIO()
    with redirect_stdout(out):
        typer.main.get_command(app).main(args=arguments, prog_name="hesui evaluate", standalone_mode=False)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def drawn(families: int) -> list[dict[str, Any]]:
    """How often each verdict comes up where the answers of three models are drawn: so many of the rows right, the others
    at random among the other labels."""
    found = []
    for shares in RIGHT:
        for rows in (100, 400, 1_000):
            verdicts = Tally(judge_growth(told_by(shares, rows, Random(f"{seed}"))) for seed in range(families))
            found.append({"right": shares, "rows": rows, **verdicts})
            print(found[-1], flush=True)
    return found


def told_by(shares: Sequence[float], rows: int, rng: Random) -> tuple[list[str], list[Told]]:
    """A set's labels, and what models of growing size say of them."""
    truth = rng.choices(LABELS, k=rows)
    said = [
        tuple(label if rng.random() < share else move(label, rng.randint(1, 2)) for label in truth) for share in shares
    ]
    return truth, [Told(str(size), size, one) for size, one in enumerate(said, 1)]


def judge_growth(told: tuple[list[str], list[Told]]) -> str:
    """The verdict on drawn answers."""
    return growth(*told, LABELS, resamples=400).verdict


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """The results in Markdown."""
    lines = ["| labels | parameters | precision | F1 | verdict |", "|---|---|---|---|---|"]
    for name, found in results.items():
        for one in found["models"]:
            last = one is found["models"][-1]
            lines.append(
                f"| {name} | {one['parameters']:,} | {percent(one['precision'])} | {percent(one['f1'])} | "
                f"{found['verdict'] if last else ''} |"
            )
    return "\n".join(lines)


def percent(found: Mapping[str, float]) -> str:
    return f"{found['value']:.0%} [{found['low']:.0%}, {found['high']:.0%}]"


if __name__ == "__main__":
    main()
