"""What the charts of a run say, and what the adviser makes of them."""

from hesui.ui.texts.text import Text

TEXTS: dict[str, Text] = {
    # charts
    "plot.loss": Text("损失", "Loss"),
    "plot.raw": Text("每步", "each step"),
    "plot.smooth": Text("平滑后", "smoothed"),
    "plot.eval": Text("验证集", "validation"),
    "plot.broken": Text("不是数字", "not a number"),
    "plot.log": Text("对数刻度", "log scale"),
    "plot.steps": Text("步", "steps"),
    "plot.best": Text("最佳：第 {step} 步", "best: step {step}"),
    "plot.probe": Text("字数测验", "Length probe"),
    "plot.probe.n": Text("{n} 条没学过的提示词", "{n} held-out prompts"),
    "plot.satisfied": Text("达标", "satisfied"),
    "plot.hit2": Text("差 2 以内", "within 2"),
    "plot.hit5": Text("差 5 以内", "within 5"),
    "plot.hit10": Text("差 10 以内", "within 10"),
    "plot.complete": Text("结尾完整", "complete ending"),
    "plot.rates": Text("过程", "On the way"),
    "plot.reward": Text("平均奖励", "Mean reward"),
    "plot.learning_rate": Text("学习率", "Learning rate"),
    "plot.grad_norm": Text("梯度范数", "Gradient norm"),
    "plot.speed": Text("每秒词元数", "Tokens a second"),
    "plot.memory": Text("内存（MB）", "Memory (MB)"),
    "plot.overlay": Text("对比", "Comparison"),
    "plot.overlay.loss": Text("损失（平滑后）", "Loss, smoothed"),
    "plot.overlay.probe": Text("达标比例", "Share satisfied"),
    "plot.samples": Text("示例答案的变化", "The same prompts as it learns"),
    "plot.samples.step": Text("步", "Step"),
    "plot.samples.count": Text("字数 / 要求", "Count / demand"),
    "plot.samples.text": Text("答案", "Answer"),
    "plot.aloud": Text(
        "{what}：从 {first} 到 {last}（第 {step} 步）。", "{what}: from {first} to {last} at step {step}."
    ),
    "plot.empty": Text("还没有测量数据。", "Nothing has been measured yet."),
    "plot.empty.loss": Text(
        "还没有损失。第一步算完，曲线就会出现。", "There is no loss yet; the curve begins with the first step."
    ),
    "plot.empty.probe": Text(
        "还没有字数测验的结果。开始前会测一次，之后每隔一段再测。",
        "The length probe has no result yet. It is taken before the first step and now and then after it.",
    ),
    "plot.empty.samples": Text(
        "还没有示例答案，字数测验时会一起写出。", "There are no sample answers yet; each length probe brings some."
    ),
    # the adviser
    "advice.title": Text("建议", "Advice"),
    "advice.none": Text("曲线正常，没有要改的。", "The curves look well; there is nothing to change."),
    "advice.try": Text("试试", "Try"),
    "advice.problem": Text("问题", "problem"),
    "advice.warning": Text("注意", "warning"),
    "advice.hint": Text("提示", "hint"),
    "advice.nan": Text(
        "从第 {step} 步起，损失或梯度不再是数字，之后学不到东西。把学习率降到 {factor} 分之一：从 {now:g} 改为 {value:g}，"
        "再从头训练。",
        "From step {step} on the loss or the gradient is no number, and nothing is learned after it. Lower the learning "
        "rate by a factor of {factor}, from {now:g} to {value:g}, and start again.",
    ),
    "advice.nan_once": Text(
        "有 {n} 步没有损失，多半是答案被整条截掉了。把上下文从 {now} 加到 {value} 个词元，或删掉过长的行。",
        "{n} steps had no loss, mostly because an answer was cut off whole. Raise the context from {now} to {value} "
        "tokens, or remove rows that are too long.",
    ),
    "advice.diverging": Text(
        "损失在上升（最低 {low:.3g}，现在 {last:.3g}），学习率太高了。降到 {factor} 分之一：从 {now:g} 改为 {value:g}。",
        "The loss is rising ({low:.3g} at its lowest, {last:.3g} now): the learning rate is too high. Lower it by a "
        "factor of {factor}, from {now:g} to {value:g}.",
    ),
    "advice.flat": Text(
        "损失一直没有下降：学习率太低，或者数据里没有可学的规律。先把学习率从 {now:g} 提到 {value:g}；还是不动，就检查数据。",
        "The loss never fell: the learning rate is too low, or the data hold nothing to learn. Raise the learning rate "
        "from {now:g} to {value:g} first; if it still does not move, look at the data.",
    ),
    "advice.nothing_to_learn": Text(
        "损失从一开始就接近 0，这些数据模型已经会了。把轮数从 {now:g} 减到 {value:g}，或换一批数据。",
        "The loss was near zero from the start: the model knows these data already. Lower the epochs from {now:g} to "
        "{value:g}, or take other data.",
    ),
    "advice.still_falling": Text(
        "结束时损失还在下降，多训练一会儿会更好。把轮数从 {now:g} 加到 {value:g}。",
        "The loss was still falling at the end, so training longer should help. Raise the epochs from {now:g} to {value:g}.",
    ),
    "advice.still_falling.steps": Text(
        "结束时损失还在下降，多训练一会儿会更好。把步数从 {now:,} 加到 {value:,}。",
        "The loss was still falling at the end, so training longer should help. Raise the steps from {now:,} to {value:,}.",
    ),
    "advice.memorising": Text(
        "损失在下降，字数测验却变差了（平均 {was:.0%} → {is:.0%}）：模型在背答案。用第 {step} 步的结果，"
        "或把{setting}从 {now:g} 减到 {value:g}。",
        "The loss falls while the length probe gets worse ({was:.0%} → {is:.0%} on average): the model learns answers by "
        "heart. Use what it was at step {step}, or lower the {setting} from {now:g} to {value:g}.",
    ),
    "advice.overfit": Text(
        "第 {step} 步之后，训练损失在降，验证损失在升，开始过拟合了。先看字数测验再决定：如果也不再变好，"
        "就把{setting}从 {now:g} 减到 {value:g}。",
        "Since step {step} validation loss has risen while the training loss falls: the run overfits. Look at the length "
        "probe before you stop; where it does not get better either, lower the {setting} from {now:g} to {value:g}.",
    ),
    "advice.overfit.probe_better": Text(
        "验证损失从第 {low} 步起上升，但字数测验到第 {step} 步还在变好。要学的是字数，以测验为准：{setting}有 {value:g} 就够，"
        "现在是 {now:g}。",
        "Validation loss has risen since step {low}, yet the length probe got better until step {step}. Length is what "
        "matters here, so go by the probe: {value:g} {setting} suffice, {now:g} are set.",
    ),
    "advice.overfit.no_probe": Text(
        "第 {step} 步之后，验证损失在升。只看损失分不清好坏：把测验提示词从 {now} 条改为 {value} 条，下次就能看到字数准不准。",
        "Validation loss has risen since step {step}. Loss alone does not tell whether that matters: raise the probe's "
        "prompts from {now} to {value}, and the next run shows how well it keeps to a length.",
    ),
    "advice.early_stop": Text(
        "字数测验在第 {step} 步最好，之后 {n} 次都没有超过。可以停下来，用那一步的结果；下次把耐心（连续多少次没有进步就停）"
        "从 {now} 设为 {value}，会自动停。",
        "The length probe was best at step {step}; {n} since were no better. Stop and use that step; next time set the "
        "patience (probes without a better one until the run ends) from {now} to {value}, and it stops by itself.",
    ),
    "advice.gradients": Text(
        "梯度突然变大（平时 {usual:.2g}，最高 {top:.2g}）。把梯度裁剪上限从 {now:g} 改为 {value:g}。",
        "Gradients grow out of their range (usually {usual:.2g}, up to {top:.2g}). Set the limit that they are clipped to "
        "from {now:g} to {value:g}.",
    ),
    "advice.gradients.rate": Text(
        "梯度突然变大（平时 {usual:.2g}，最高 {top:.2g}），裁剪已经很紧。把学习率降到 {factor} 分之一：从 {now:g} 改为 {value:g}。",
        "Gradients grow out of their range (usually {usual:.2g}, up to {top:.2g}) although they are clipped hard. Lower the "
        "learning rate by a factor of {factor}, from {now:g} to {value:g}.",
    ),
    "advice.few_rows": Text(
        "训练数据只有 {now:,} 条，很难学会字数。先凑到 {value:,} 条左右再训练。",
        "There are only {now:,} rows to learn from, too few to learn a length. Gather about {value:,} first.",
    ),
    # out of memory, in order
    "advice.memory.micro_batch": Text(
        "内存不够。每次放进设备的行数（micro_batch）从 {now} 减到 {value}：慢一点，结果不变。",
        "Memory ran out. Lower the rows on the device at once (micro_batch) from {now} to {value}: slower, the same result.",
    ),
    "advice.memory.context": Text(
        "内存不够时，把上下文（context）从 {now:,} 减到 {value:,} 个词元，更长的行会被略过。",
        "Where memory runs out, lower the context from {now:,} to {value:,} tokens; longer rows are left out.",
    ),
    "advice.memory.gradient_checkpointing": Text(
        "打开梯度检查点（gradient_checkpointing），省内存，会慢一些。",
        "Turn gradient checkpointing on (gradient_checkpointing): less memory, more time.",
    ),
    "advice.memory.adaptation": Text(
        "全量训练最占内存，改用 LoRA（adaptation：{now} → {value}）。",
        "Full fine-tuning needs the most memory; use LoRA (adaptation: {now} → {value}).",
    ),
    "advice.memory.rank": Text(
        "把 LoRA 的秩（rank）从 {now} 减到 {value}，能学的也少一些。",
        "Lower the rank of LoRA from {now} to {value}; it can also learn a little less.",
    ),
    "advice.memory.base": Text(
        "还是不够，就换更小的基座（base）：{now} → {value}。",
        "If that is not enough, take a smaller base: {now} → {value}.",
    ),
    # settings by name, as sentences above use them
    "advice.setting.epochs": Text("轮数", "epochs"),
    "advice.setting.steps": Text("步数", "steps"),
}
