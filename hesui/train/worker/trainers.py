"""TRL's trainers, set up for one run: their arguments, the order of rows, the tokens they see.

Knows nothing of run folders, probes or wishes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset  # type: ignore[import-untyped]
from peft.optimizers import create_loraplus_optimizer
from torch.utils.data import DataLoader
from transformers import PrinterCallback

from hesui.train.config import Method, TrainConfig
from hesui.train.worker.answering import answering
from hesui.train.worker.batches import WINDOW, AlikeSampler, FewWidths
from hesui.train.worker.groups import group_arguments, grouped
from hesui.train.worker.kernels import Kernels, choose
from hesui.train.worker.learner import Learner
from hesui.train.worker.lessons import Lessons, length_of
from hesui.train.worker.plan import Plan
from hesui.train.worker.rewards import rewards
from hesui.train.worker.sharding import Shards, sharded
from hesui.train.worker.shares import Share
from hesui.train.worker.watch import Watch


def make_trainer(
    config: TrainConfig, plan: Plan, learner: Learner, lessons: Lessons, output: Path, watch: Watch,
    shards: Shards | None = None,
) -> Any:  # fmt: skip
    """A trainer for the run that is watched by `watch`; checkpoints go into `output`, weights into `shards`.

    The trainer's `tokens` counts the tokens that it trained on, padding left out; its `kernels` say how it computes.
    """
    trainer_class, arguments = _classes(config.method)
    fast = choose(config, learner.base.model, plan.micro)
    own = answering(trainer_class, learner.base.model) if config.method == "sft" else trainer_class
    own = _own(own, config, plan, lessons.lengths, watch)
    settings = _arguments(config, plan, learner, output, fast)
    rewarded: dict[str, Any] = {}
    if config.method == "grpo":
        own = grouped(own, config, plan, lessons.lengths)
        settings |= group_arguments(config, plan, max(row["room"] for row in lessons.train))
        learner.base.model.generation_config.eos_token_id = list(learner.base.ends)  # all that end an answer here
        rewarded["reward_funcs"] = rewards(lessons.demands, learner.base.ends)
    if shards is not None:
        own = sharded(own, shards)
    watch.trainer = trainer = own(
        model=learner.model,
        args=arguments(**settings),
        train_dataset=Dataset.from_list(lessons.train),
        eval_dataset=Dataset.from_list(lessons.validation) if lessons.validation else None,
        processing_class=learner.tokenizer,
        peft_config=learner.fresh,
        callbacks=[watch],
        **rewarded,
    )
    trainer.remove_callback(PrinterCallback)  # the watch logs what it is told
    trainer.kernels = fast
    if config.method != "grpo" and not fast.packing:  # grpo pads by itself what it has drawn
        trainer.data_collator = FewWidths(trainer.data_collator, length_of)
    return trainer


def _classes(method: Method) -> tuple[Any, Any]:
    """TRL's trainer and its arguments; each takes a second or two to import."""
    if method == "dpo":
        from trl.trainer.dpo_config import DPOConfig
        from trl.trainer.dpo_trainer import DPOTrainer

        return DPOTrainer, DPOConfig
    if method == "kto":
        from trl.trainer.kto_config import KTOConfig
        from trl.trainer.kto_trainer import KTOTrainer

        return KTOTrainer, KTOConfig
    if method == "grpo":
        from trl.trainer.grpo_config import GRPOConfig
        from trl.trainer.grpo_trainer import GRPOTrainer

        return GRPOTrainer, GRPOConfig
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    return SFTTrainer, SFTConfig


def _own(trainer: Any, config: TrainConfig, plan: Plan, lengths: list[int], watch: Watch) -> Any:
    """One of TRL's trainers with our rows, our order of them and our look at the disk."""

    class Own(trainer):  # type: ignore[misc]
        tokens = 0
        kernels: Kernels
        optimizer: Any

        def _prepare_dataset(self, dataset: Any, *_: Any, **__: Any) -> Any:
            return dataset  # tokenised already, as the model will be asked

        def create_model_card(self, *_: Any, **__: Any) -> None:
            """None: a card that says what nobody has checked does not help."""

        def _get_train_sampler(self, *_: Any) -> AlikeSampler:
            together, window = plan.micro * plan.processes, 1 if self.kernels.packing else WINDOW
            epoch: Callable[[], int] = lambda: self.state.global_step // plan.per_epoch  # noqa: E731
            return AlikeSampler(lengths, together, config.seed, epoch, window)

        def get_train_dataloader(self) -> Any:
            if plan.processes == 1:
                return super().get_train_dataloader()
            order = self._get_train_sampler()
            share = Share(order, len(order), plan.micro, self.args.process_index, plan.processes)
            # Not prepared by accelerate, which would share it out once more.
            return DataLoader(self.train_dataset, batch_sampler=share, collate_fn=self.data_collator)

        def create_optimizer(self, *rest: Any, **named: Any) -> Any:
            if config.plus and config.adaptation == "lora" and self.optimizer is None:
                self.optimizer = create_loraplus_optimizer(
                    self.model, torch.optim.AdamW, lr=config.learning_rate, loraplus_lr_ratio=config.plus,
                    loraplus_weight_decay=config.weight_decay, weight_decay=config.weight_decay,
                )  # fmt: skip
            return super().create_optimizer(*rest, **named)

        def training_step(self, model: Any, inputs: Any, *rest: Any, **named: Any) -> Any:
            self.tokens += _tokens(inputs)
            return super().training_step(model, inputs, *rest, **named)

        def _save_checkpoint(self, *rest: Any, **named: Any) -> None:
            watch.before_saving(Path(self.args.output_dir))
            super()._save_checkpoint(*rest, **named)

    return Own


def _tokens(inputs: Any) -> int:
    """The tokens of a batch; none of grpo's yet, which counts them once it has drawn them."""
    if "attention_mask" in inputs:
        return int(inputs["attention_mask"].sum())
    return inputs["input_ids"].numel() if "input_ids" in inputs else 0  # a batch without padding has no mask


def _arguments(config: TrainConfig, plan: Plan, learner: Learner, output: Path, fast: Kernels) -> dict[str, Any]:
    on_cpu = learner.base.device.type == "cpu"
    common: dict[str, Any] = {
        "output_dir": str(output),
        "use_cpu": on_cpu,
        "bf16": learner.half,
        "max_steps": plan.steps,
        "per_device_train_batch_size": plan.micro,
        "per_device_eval_batch_size": plan.micro,
        "gradient_accumulation_steps": plan.accumulation,
        "learning_rate": config.learning_rate,
        "lr_scheduler_type": "linear",
        "warmup_steps": plan.warm_up,
        "weight_decay": config.weight_decay,
        "max_grad_norm": config.max_grad_norm,
        "gradient_checkpointing": config.gradient_checkpointing,
        "use_liger_kernel": fast.liger,
        "logging_strategy": "steps",
        "logging_steps": plan.log_every,
        "logging_first_step": True,
        "logging_nan_inf_filter": False,  # a loss that is no number must be seen
        "save_strategy": "no",  # the watch says when
        "eval_strategy": "no",
        "seed": config.seed,
        "data_seed": config.seed,
        "report_to": [],
        "dataloader_pin_memory": not on_cpu,
        "disable_tqdm": True,
        "ddp_find_unused_parameters": False if plan.processes > 1 else None,
    }
    if config.method == "grpo":
        return common
    if config.method == "sft":
        prepared = {"dataset_kwargs": {"skip_prepare_dataset": True}, "padding_free": fast.packing}
        return common | {"max_length": None, **prepared}
    return common | {"max_length": None, "beta": config.beta}
