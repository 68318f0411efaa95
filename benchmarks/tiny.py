"""How well the embedded model obeys length on held-out prompts: base and adapter, raw and guided.

    python benchmarks/tiny.py                             # a quick look
    python benchmarks/tiny.py --prompts 400 --seeds 3     # the model card's figures

Recipients, wordings and numbers of the prompts were in neither pretraining nor tuning. Shares are over all
prompts and seeds, with Wilson intervals for n = prompts (answers to one prompt under several seeds are not
independent). The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from hesui.answers import Answer, collect
from hesui.corpus.briefs import Brief
from hesui.corpus.composer import draw
from hesui.corpus.known import clean
from hesui.evaluate.statistics import wilson
from hesui.length import count
from hesui.models.engine import Engine
from hesui.records import BASE, Message, Request, Sampling
from hesui.settings import Settings

SYSTEMS = ((BASE, False), ("tuned", False), (BASE, True), ("tuned", True))


class Scored(NamedTuple):
    """One answer's errors under two counters."""

    word: int
    raw: int
    clean: bool
    drawn: int
    tokens: int


def main() -> None:
    """Measure, print a table and the figures."""
    args = arguments()
    logging.basicConfig(level=logging.WARNING)
    rng = Random(args.seed)
    briefs = [draw("greeting", args.split, rng, "eq") for _ in range(args.prompts)]
    engine = Engine(Settings(time_limit=3600))
    sampling = Sampling(temperature=args.temperature, top_p=args.top_p)
    figures = {}
    for model, guide in SYSTEMS[: args.systems]:
        rows: list[Scored] = []
        for seed in range(args.seeds):
            answers = collect(engine, requests(briefs, model, guide, sampling, seed))
            rows += [scored(answer, brief) for answer, brief in zip(answers, briefs, strict=True)]
            if args.out:
                save(args.out, model, guide, seed, briefs, answers)
        name = f"{model} {'guided' if guide else 'raw'}"
        figures[name] = summary(rows, args.prompts)
        show(name, figures[name])
    print(json.dumps(figures, ensure_ascii=False))


def arguments() -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--prompts", type=int, default=120)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=20270206, help="draws the prompts")
    parser.add_argument("--split", choices=["dev", "test"], default="test", help="dev is for choosing settings")
    parser.add_argument("--temperature", type=float, default=Sampling().temperature)
    parser.add_argument("--top-p", type=float, default=Sampling().top_p)
    parser.add_argument("--systems", type=int, default=len(SYSTEMS), help="measure only the first so many")
    parser.add_argument("--out", type=Path, help="also write every answer to this JSONL file")
    return parser.parse_args()


def requests(briefs: Sequence[Brief], model: str, guide: bool, sampling: Sampling, seed: int) -> list[Request]:
    """One request a prompt, each with random numbers of its own."""
    return [
        Request(
            (Message("user", brief.prompt),), model, sampling, brief.constraint, guide=guide, seed=seed * 100_003 + i
        )
        for i, brief in enumerate(briefs)
    ]


def scored(answer: Answer, brief: Brief) -> Scored:
    """The answer's errors against the demanded number."""
    assert answer.end is not None and brief.constraint is not None
    target = brief.constraint.aim
    errors = (count(answer.text, counter) - target for counter in ("word", "raw"))
    return Scored(*errors, clean(answer.text), answer.end.drawn, answer.end.tokens)


def summary(rows: Sequence[Scored], n: int) -> dict[str, object]:
    """Shares within ±k, mean absolute error, clean texts, and tokens drawn for each token shown."""
    result: dict[str, object] = {"n": n, "answers": len(rows)}
    for counter in ("word", "raw"):
        errors = [abs(getattr(row, counter)) for row in rows]
        for k in (0, 2, 5, 10):
            result[f"{counter}_hit{k}"] = interval(sum(e <= k for e in errors) / len(rows), n)
        result[f"{counter}_mae"] = round(sum(errors) / len(rows), 2)
    result["clean"] = interval(sum(row.clean for row in rows) / len(rows), n)
    result["drawn_per_token"] = round(sum(r.drawn for r in rows) / max(1, sum(r.tokens for r in rows)), 2)
    return result


def interval(share: float, n: int) -> dict[str, float]:
    """A share with its interval, in percent."""
    found = wilson(round(share * n), n)
    return {"value": round(100 * share, 1), "low": round(100 * found.low, 1), "high": round(100 * found.high, 1)}


def show(name: str, figures: dict[str, object]) -> None:
    """One line of the table."""
    cells = []
    for key, figure in figures.items():
        text = f"{figure['value']} [{figure['low']}, {figure['high']}]" if isinstance(figure, dict) else str(figure)
        cells.append(f"{key} {text}")
    print(f"{name:13} " + "  ".join(cells), flush=True)


def save(path: Path, model: str, guide: bool, seed: int, briefs: Sequence[Brief], answers: Sequence[Answer]) -> None:
    """Append the answers."""
    with path.open("a", encoding="utf-8") as file:
        for brief, answer in zip(briefs, answers, strict=True):
            row = {"model": model, "guide": guide, "seed": seed, "prompt": brief.prompt, "text": answer.text}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
