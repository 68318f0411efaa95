"""An evaluation asks everybody everything once, keeps each answer as it comes, and goes on where it was."""

from __future__ import annotations

import json
from threading import Event

import pytest

from hesui.errors import InputError
from hesui.evaluate.config import chosen, make_config
from hesui.evaluate.folder import Answer, Entry, EvaluationFolder
from hesui.evaluate.generating import missing
from hesui.evaluate.lineage import learnt
from hesui.evaluate.measures import load
from hesui.evaluate.working import work
from hesui.models.engine import Engine
from hesui.processes import locked
from hesui.records import End, EndReason, Piece
from hesui.train.jobs import lent

PROMPTS = ["写50字的祝福", "写20字以内的祝福", "写一段30字的拜年话"]


def test_everybody_is_asked_everything_once(evaluation, answered, pair):
    folder = answered(evaluation(PROMPTS, pair, seeds=2), lambda request: request.model + "祝您新年快乐。")
    found = [answer for _, answer in folder.answers()]
    assert {answer[:3] for answer in found} == {(p, e, s) for p in range(3) for e in range(2) for s in (1, 2)}
    assert all(answer.text.startswith(pair[answer.entry].model) for answer in found)
    assert folder.done
    assert folder.status().state == "done"


def test_models_share_a_pass_and_raw_comes_before_guided(evaluation, settings, speaker):
    entries = [Entry("base", "raw"), Entry("base", "guided"), Entry("mine", "raw"), Entry("mine", "guided")]
    seen = []

    class Watching(speaker):
        def answer(self, requests):
            seen.append([(request.model, request.guide) for request in requests])
            return super().answer(requests)

    work(evaluation(PROMPTS, entries), settings, lambda _: Watching(lambda r: "好。"), Event(), lambda status: None)
    assert seen == [[("base", False), ("mine", False)] * 3 + [("base", True), ("mine", True)] * 3]


def test_the_same_random_numbers_for_every_model_and_others_for_every_prompt(evaluation, answered, pair):
    seeds: dict[str, list[int]] = {}
    answered(
        evaluation(PROMPTS, pair, seeds=2),
        lambda request: seeds.setdefault(request.model, []).append(request.seed) or "好。",
    )
    assert seeds["base"] == seeds["mine"]
    assert len(set(seeds["base"])) == 6


def test_what_was_stopped_goes_on_without_asking_twice(evaluation, settings, speaker, pair):
    folder, stop, asked = evaluation(PROMPTS, pair), Event(), []

    def says(request):
        asked.append(request.messages[-1].content + request.model)
        if len(asked) == 4:
            stop.set()
        return "祝您新年快乐。"

    assert work(folder, settings, lambda _: speaker(says), stop, lambda status: None) == "stopped"
    kept = sum(1 for _ in folder.answers())
    assert 3 <= kept <= 4
    stop.clear()
    assert work(folder, settings, lambda _: speaker(says), stop, lambda status: None) == "done"
    assert len(asked) <= 7  # the one that was under way may be asked again
    assert len(load(folder)["entry"]) == 6


def test_a_line_that_a_crash_cut_short_is_asked_again_and_harms_no_other(evaluation, answered, pair):
    folder = evaluation(PROMPTS, pair)
    folder.append_answers([Answer(0, 0, 1, "好。", "end")])
    with folder.answers_file.open("ab") as stream:
        stream.write(b'{"prompt": 1, "entry": 0, "se')
    assert len(missing(folder)) == 5
    answered(folder, lambda request: "新年好。")
    texts = {answer[:3]: answer.text for _, answer in folder.answers()}
    assert len(texts) == 6
    assert texts[0, 0, 1] == "好。"


def test_an_answer_that_failed_is_missing_and_said(evaluation, settings, pair):
    class Failing:
        def answer(self, requests):
            for row, _ in enumerate(requests):
                reason = EndReason.ERROR if row == 2 else EndReason.END
                yield Piece(row, "好。", end=End(reason, 2, 2, 0.0))

    folder = evaluation(PROMPTS, pair)
    with pytest.raises(InputError, match="1 answers ended in an error"):
        work(folder, settings, lambda _: Failing(), Event(), lambda status: None)
    assert folder.status().state == "failed"
    assert len(missing(folder)) == 1


def test_two_do_not_work_on_one(evaluation, answered, pair):
    folder = evaluation(PROMPTS, pair)
    with locked(folder.path / ".lock", wait=False), pytest.raises(InputError, match="another process"):
        answered(folder, lambda request: "好。")


def test_it_waits_for_the_device(evaluation, settings, speaker, pair):
    folder, told, stop = evaluation(PROMPTS, pair), [], Event()

    def tell(status):
        told.append(status.state)
        if status.state == "waiting":
            stop.set()

    with lent(settings):
        state = work(folder, settings, lambda _: speaker(lambda r: "好。"), stop, tell)
    assert (state, told) == ("stopped", ["starting", "waiting", "stopped"])


def test_the_embedded_model_is_asked_for_what_it_was_made_for():
    rows = chosen(make_config())
    assert len(rows) == 400
    assert {(row.task, row.constraint.op) for row in rows} == {("greeting", "eq")}
    assert len(chosen(make_config(base="other"))) == 843
    assert len(chosen(make_config(classes=("verse",), limit=7))) == 7


@pytest.mark.parametrize(
    ("given", "named"), [({"seeds": 0}, "seeds"), ({"decoding": ("fast",)}, "decoding"), ({"models": ()}, "models")]
)
def test_what_cannot_be_asked_is_named(given, named):
    with pytest.raises(InputError, match=named):
        make_config(**given)


def test_no_prompt_left_is_said(tmp_path):
    with pytest.raises(InputError, match="no prompt"):
        chosen(make_config(classes=("nothing",)))
    with pytest.raises(InputError, match="no prompts at"):
        chosen(make_config(prompts=str(tmp_path / "none.jsonl")))


def test_a_real_model_is_asked_measured_and_its_likelihoods_add_up(evaluation, settings):
    entries = [
        Entry("base", "raw", "embedded"),
        Entry("tuned", "raw", "embedded"),
        Entry("tuned", "guided", "embedded"),
    ]
    folder = evaluation(PROMPTS[:2], entries)
    record = json.loads((folder.path / "config.json").read_text())
    record["config"]["perplexity"] = True
    (folder.path / "config.json").write_text(json.dumps(record))
    work(folder, settings, Engine, Event(), lambda status: None, look_up=lambda entry: None)
    found = {answer[:3]: answer for _, answer in folder.answers()}
    assert len(found) == 6
    nats = folder.likelihoods()
    assert nats.keys() == found.keys()
    for key, one in nats.items():
        assert one.tokens == found[key].tokens + 1  # the end counts too
        assert 0 < one.tail_nll <= one.nll


def test_what_an_adapter_learnt_is_found_by_its_run(settings, tmp_path):
    assert learnt(settings, Entry("base", "raw", "embedded")) is None


def test_a_folder_that_is_no_evaluation_is_named(tmp_path):
    with pytest.raises(InputError, match="no config.json"):
        EvaluationFolder(tmp_path).config()
