"""One sitting at a run: from whatever an earlier one left to the end, a stop or a failure, which the status tells.

Loads torch and trl only once the run says that it has started. Knows no command line and no signals.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from hesui.errors import HesuiError
from hesui.files import write_json
from hesui.settings import Settings
from hesui.train.config import TrainConfig
from hesui.train.data import DataSet, describe
from hesui.train.runs import RunFolder, State
from hesui.train.worker.diary import Diary, cut
from hesui.train.worker.ranks import CROWDED, Ranks, following, leading
from hesui.train.worker.wish import Ended, Following, Wish

if TYPE_CHECKING:  # they load torch
    from hesui.models.base import Base
    from hesui.train.worker.checkpoints import Checkpoint
    from hesui.train.worker.learner import Learner
    from hesui.train.worker.lessons import Lessons
    from hesui.train.worker.plan import Plan
    from hesui.train.worker.sampled import OwnPairs
    from hesui.train.worker.sharding import Shards
    from hesui.train.worker.watch import Probes, Watch

log = logging.getLogger(__name__)

_LOCK = "worker.lock"


class Busy(HesuiError, RuntimeError):
    """Another process works on the run."""


class Outcome(NamedTuple):
    """How a sitting ended."""

    state: State
    note: str = ""
    note_key: str = ""
    note_values: Mapping[str, Any] = MappingProxyType({})


def sit(folder: RunFolder, settings: Settings, wish: Wish) -> State:
    """Work on the run; how it stands afterwards, which its status says too. Raises Busy where another process does."""
    with _alone(folder):
        if folder.done:
            return "done"
        diary = Diary(folder, wish)
        with diary.alive():
            outcome = _outcome(folder, settings, wish, diary)
        _last_word(folder, diary, outcome)
        log.info("run %s: %s %s", folder.id, outcome.state, outcome.note)
        return outcome.state


def assist(folder: RunFolder, settings: Settings) -> int:
    """Work on the run together with the process that leads it, and write nothing of it; the exit code."""
    from hesui.models.device import is_out_of_memory

    wish = Following(folder)
    try:
        with following(settings) as (ranks, own):
            _Sitting(folder, folder.config(), own, wish, Diary(folder, wish, silent=True), ranks).work()
    except Ended:  # the leader came to the same end, and tells of it
        return 0
    except Exception as error:
        log.exception("a process of the run %s failed", folder.id)
        return CROWDED if is_out_of_memory(error) else 1
    return 0


def _outcome(folder: RunFolder, settings: Settings, wish: Wish, diary: Diary) -> Outcome:
    config = None

    def tell(error: Exception) -> None:
        from hesui.train.worker.failing import explain

        _last_word(folder, diary, Outcome("failed", *explain(error, config, folder.path)))

    try:
        config = folder.config()
        wish.require_run()
        with leading(folder, config, settings, tell) as (ranks, own):
            return _Sitting(folder, config, own, wish, diary, ranks).work()
    except Ended:
        return _ended(folder, config, wish, diary.status.step)
    except Exception as error:
        log.exception("run %s failed", folder.id)
        from hesui.train.worker.failing import explain

        return Outcome("failed", *explain(error, config, folder.path))


def _ended(folder: RunFolder, config: TrainConfig | None, wish: Wish, step: int) -> Outcome:
    """A sitting that ended before it could save; what an earlier one saved can be used all the same."""
    from hesui.train.worker.checkpoints import complete

    saved = complete(folder.checkpoints)
    if wish.now() == "cancel" or config is None or not saved:
        key = "train.note_cancelled" if wish.now() == "cancel" else "train.note_stopped"
        return Outcome("stopped", f"it was stopped at step {step} and not saved", key, {"step": step})
    _publish(folder, config, saved[-1])
    return _stopped(saved[-1].step)


def _stopped(step: int) -> Outcome:
    return Outcome("stopped", f"it was stopped at step {step} and saved", "train.note_saved", {"step": step})


def _publish(folder: RunFolder, config: TrainConfig, checkpoint: Checkpoint) -> None:
    from hesui.train.worker.checkpoints import publish
    from hesui.train.worker.learner import public_name

    target = folder.path / "model" if config.adaptation == "full" else folder.adapter
    taught = {"markers": True, "counter": config.counter} if config.markers else None
    publish(checkpoint.path, target, public_name(config), taught)


def _last_word(folder: RunFolder, diary: Diary, outcome: Outcome) -> None:
    """Write how the run ended, on a full disk too: what a save left half-written makes room for it."""
    from hesui.train.worker.checkpoints import sweep

    told = {"state": outcome.state, "phase": "", **outcome._asdict(), "note_values": dict(outcome.note_values)}
    try:
        diary.tell(**told)
    except OSError:
        log.exception("the status could not be written; making room")
        sweep(folder.checkpoints)
        diary.tell(**told)


@contextmanager
def _alone(folder: RunFolder) -> Iterator[None]:
    """Inside, no other process works on the run; the system frees the lock when its holder dies. Raises Busy."""
    import fcntl

    with (folder.path / _LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"another process works on the run {folder.id}", "error.train_busy", id=folder.id) from None
        yield


class _Sitting:
    def __init__(
        self, folder: RunFolder, config: TrainConfig, settings: Settings, wish: Wish, diary: Diary, ranks: Ranks
    ) -> None:
        self._ranks = ranks
        self._folder = folder
        self._config = config
        self._settings = settings
        self._wish = wish
        self._diary = diary
        self._shards: Shards | None = None  # once there is a model, where its weights are to be shared out

    def work(self) -> Outcome:
        """Train to the end, or as far as it is wanted. Raises Ended, HesuiError and whatever else goes wrong."""
        self._wish.require_run()
        self._diary.tell(phase="data")
        data = describe(self._config.data)
        self._diary.tell(phase="model")
        from hesui.train.worker.learner import load_learner, suit_attention

        learner = load_learner(self._config, self._settings)
        self._wish.require_run()
        if self._config.sharded:
            from hesui.train.worker.sharding import Shards

            self._shards = Shards(learner.base, self._ranks)
            self._ranks = self._shards.ranks
        self._diary.tell(phase="data")
        from hesui.train.worker.lessons import prepare
        from hesui.train.worker.plan import make_plan

        sampled = self._config.method == "dpo" and data.kind == "sft"
        own = self._ranks.told(lambda: self._own_pairs(data, learner)) if sampled else None
        lessons = prepare(data, self._config, learner.base, self._wish.require_run, own)
        suit_attention(learner, max(lessons.lengths), self._config.method)
        plan = make_plan(self._config, len(lessons.train), self._ranks.world)
        last = self._ranks.told(self._cleared)
        self._diary.tell(step=last.step if last else 0, steps=plan.steps)
        return self._train(data, learner, lessons, plan, last)

    def _cleared(self) -> Checkpoint | None:
        """Clear away what a crash left half-done; the checkpoint to go on from."""
        from hesui.train.worker.checkpoints import complete, sweep

        self._folder.checkpoints.mkdir(exist_ok=True)
        sweep(self._folder.checkpoints)
        last = next(reversed(complete(self._folder.checkpoints)), None)
        cut(self._folder.metrics, last.step if last else -1)
        return last

    def _own_pairs(self, data: DataSet, learner: Learner) -> OwnPairs:
        """Pairs of the model's own answers, drawn once for all sittings; the status counts prompts meanwhile."""
        from hesui.train.worker.sampled import PAIRS, own_pairs

        def tell(done: int, of: int) -> None:
            self._diary.tell(phase="sample", step=done, steps=of)
            log.info("%d of %d prompts answered", done, of)

        file, before = self._folder.path / PAIRS, self._diary.status
        try:
            return own_pairs(data, self._config, learner.base, file, lambda: self._wish.now() != "run", tell)
        finally:
            self._diary.tell(phase="data", step=before.step, steps=before.steps)

    def _train(self, data: DataSet, learner: Learner, lessons: Lessons, plan: Plan, last: Checkpoint | None) -> Outcome:
        from hesui.train.worker.trainers import make_trainer

        watch = self._watch(data, learner, plan)
        self._wish.require_run()
        trainer = make_trainer(self._config, plan, learner, lessons, self._folder.checkpoints, watch, self._shards)
        self._diary.tell(state="running", phase="train")
        if last is None and self._ranks.leads:
            self._before(learner, lessons, plan, trainer, watch)
        self._ranks.wait()
        if last is None or (last.step < plan.steps and not watch.probes.exhausted):
            log.info("training from step %d to %d", last.step if last else 0, plan.steps)
            trainer.train(resume_from_checkpoint=str(last.path) if last else None)
        outcome = self._after(learner, plan, watch.probes) if self._ranks.leads else Outcome("done")
        if self._shards is not None:
            self._ranks.wait()  # the others gather for what the leader still measures
        return outcome

    def _watch(self, data: DataSet, learner: Learner, plan: Plan) -> Watch:
        from hesui.train.curves import Probe as Point
        from hesui.train.worker.probe import Probe, choose
        from hesui.train.worker.watch import Probes, Watch

        rows = choose(self._config, data)
        whole = lambda: self._whole(learner)  # noqa: E731
        probe = Probe(learner.base, rows, self._config.counter, self._config.markers, whole) if rows else None
        names = Point._fields
        earlier = [Point(*(found[name] for name in names)) for found in self._folder.measurements("probe")]
        probes = Probes(self._config.patience, [(point.step, point.score) for point in earlier])
        asked = probe if probe and len(probe) else None
        return Watch(self._config, plan, self._diary, self._wish, asked, probes, self._ranks)

    def _before(self, learner: Learner, lessons: Lessons, plan: Plan, trainer: Any, watch: Watch) -> None:
        """What is measured once, before the first step."""
        model = learner.base.model
        log.info("%s", trainer.kernels)
        self._diary.measure(
            "used", 0,
            device=str(learner.base.device), dtype=str(model.dtype).removeprefix("torch."), half=learner.half,
            **trainer.kernels.record(), rows=plan.rows, left_out=lessons.left_out,
            validation=len(lessons.validation), tokens_p50=lessons.quantile(0.5), tokens_p95=lessons.quantile(0.95),
            tokens_max=max(lessons.lengths), context=lessons.context, steps=plan.steps, epochs=round(plan.epochs, 3),
            batch=plan.micro * plan.accumulation * plan.processes, processes=plan.processes, micro_batch=plan.micro,
            trainable=sum(weight.numel() for weight in trainer.model.parameters() if weight.requires_grad),
            parameters=sum(weight.numel() for weight in trainer.model.parameters()),
            **lessons.sampled,
        )  # fmt: skip
        self._ability(learner, 0)
        watch.probe_now(0)
        self._wish.require_run()

    def _after(self, learner: Learner, plan: Plan, probes: Probes) -> Outcome:
        """Publish what can be used; the run is done unless a person stopped it."""
        from hesui.train.worker.checkpoints import complete

        self._diary.tell(phase="save")
        saved = complete(self._folder.checkpoints)
        last = saved[-1]
        over = last.step >= plan.steps or probes.exhausted
        chosen = next((one for one in saved if one.step == probes.best), last) if probes.exhausted else last
        _publish(self._folder, self._config, chosen)
        if not over:
            return _stopped(last.step)
        try:
            self._ability(learner, last.step)
        except Ended:
            log.info("ability was not measured again: the run is wanted to end")
        record = {"step": last.step, "steps": plan.steps, "published": chosen.step, "best": probes.best}
        write_json(self._folder.path / "done.json", {**record, "time": time.time()})
        if last.step < plan.steps:
            return Outcome("done", f"it ended early at step {last.step}, no probe was better than step {chosen.step}'s",
                           "train.note_early", {"step": last.step, "best": chosen.step})  # fmt: skip
        return Outcome("done")

    def _ability(self, learner: Learner, step: int) -> None:
        from hesui.train.worker.ability import measure, prompts

        with self._whole(learner) as base:
            found = measure(base, prompts(), lambda: self._wish.now() != "run")
        self._diary.measure("ability", step, **found._asdict())

    def _whole(self, learner: Learner) -> AbstractContextManager[Base]:
        """The learner's base with all its weights, inside; for the leader."""
        return nullcontext(learner.base) if self._shards is None else self._shards.whole()
