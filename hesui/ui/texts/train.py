"""What the Train tab says, and what can go wrong with a run."""

from hesui.ui.texts.text import Text

TEXTS: dict[str, Text] = {
    "tab.train": Text("训练", "Train"),
    "train.new": Text("新的训练", "New run"),
    "train.watch": Text("进展", "Progress"),
    "train.history": Text("历史", "History"),
    "train.run": Text("选择一次训练", "Choose a run"),
    "train.none": Text("还没有训练", "no run yet"),
    "train.visitor": Text(
        "你可以随意查看；开始、停止和删除只对主人开放（在运行本应用的机器上打开即可）。",
        "Look at everything; starting, stopping and deleting are for the owner, who opens this app on its own machine.",
    ),
    # a new run
    "train.data": Text("学什么", "What to learn from"),
    "train.data.choose": Text("数据集", "Data set"),
    "train.nothing": Text(
        "还没有可以训练的数据集。在下面用评审结果生成一个，或者到“数据”页运行蒸馏并冻结划分。",
        "There is no data set to train on yet. Make one from the review below, or distil some in the Data tab and freeze "
        "its splits.",
    ),
    "train.no_data": Text(
        "请先选择一个数据集：用评审结果生成，或在“数据”页蒸馏。",
        "Choose a data set first: make one from the review, or distil some in the Data tab.",
    ),
    "train.kind.sft": Text("答案（SFT）：学着这样写。", "Answers (SFT): learn to write like these."),
    "train.kind.dpo": Text("好坏成对（DPO）：学着选好的。", "Pairs (DPO): learn to prefer the better answer."),
    "train.kind.kto": Text(
        "采纳与退回（KTO）：多写这样的，少写那样的。", "Ratings (KTO): more like these, less like those."
    ),
    "train.preview": Text("看前 3 条", "See the first 3 rows"),
    "train.answer": Text("答案", "Answer"),
    "train.make": Text("用评审结果生成", "Make one from the review"),
    "train.make.hint": Text(
        "把评审过的答案写成一个数据集，放进 datasets 文件夹。",
        "Writes what was reviewed as a data set into the datasets folder.",
    ),
    "train.make.go": Text("生成并选用", "Make it and choose it"),
    "train.made": Text("已生成 {name}，{n:,} 条训练数据。", "Made {name} with {n:,} rows to learn from."),
    "train.dial": Text("怎么学", "How to learn"),
    "train.dial.label": Text("档位", "Dial"),
    "train.dial.info": Text(
        "快速：2 轮，先看看行不行；标准：按数据量定轮数；精细：更大的秩，不再进步就停",
        "Quick: 2 epochs, to see whether it works. Standard: epochs by the number of rows. Thorough: a higher rank, and it "
        "ends once nothing gets better.",
    ),
    "train.preset.quick": Text("快速", "Quick"),
    "train.preset.standard": Text("标准", "Standard"),
    "train.preset.thorough": Text("精细", "Thorough"),
    "train.preset.own": Text("自定", "Own"),
    "train.full": Text("全量", "full"),
    "train.times": Text("{n} 轮", "{n} epochs"),
    "train.epochs.suggested": Text(
        "{rows:,} 条数据，建议学 {n} 轮，将照此进行。", "{rows:,} rows: {n} epochs are suggested and will be used."
    ),
    "train.epochs.set": Text("{rows:,} 条数据，学 {n} 轮。", "{rows:,} rows, {n} epochs."),
    "train.set.adaptation": Text("训练什么", "What is trained"),
    "train.set.rank": Text("LoRA 秩", "LoRA rank"),
    "train.set.alpha": Text("LoRA alpha", "LoRA alpha"),
    "train.set.learning_rate": Text("学习率", "Learning rate"),
    "train.set.epochs": Text("轮数", "Epochs"),
    "train.set.batch": Text("每步行数", "Rows a step"),
    "train.set.context": Text("上下文词元数", "Context, tokens"),
    "train.set.probe_prompts": Text("测验提示词数", "Probe prompts"),
    "train.set.patience": Text("耐心", "Patience"),
    "train.set.seed": Text("随机种子", "Seed"),
    "train.set.rslora": Text("rsLoRA", "rsLoRA"),
    "train.set.rslora.info": Text("按秩的平方根缩放", "scaled by the square root of the rank"),
    "train.set.dora": Text("DoRA", "DoRA"),
    "train.set.dora.info": Text("方向与大小分开学", "direction and size learned apart"),
    "train.zero.epochs": Text("0 = 按数据量建议", "0 = as suggested"),
    "train.zero.context": Text("0 = 按数据需要", "0 = what the data need"),
    "train.zero.patience": Text("测验几次没进步就停；0 = 不停", "probes without a better one; 0 = never"),
    "train.command": Text("同样的命令：", "The same as a command:"),
    "train.start": Text("开始训练", "Start training"),
    "train.started": Text("训练 {id} 已开始或排上队。", "The run {id} has begun or waits its turn."),
    # a run at work
    "train.empty": Text(
        "还没有训练。先在“新的训练”里选一个数据集；没有数据集，就用评审结果生成，或到“数据”页蒸馏。",
        "There is no run yet. Choose a data set under “New run”; where there is none, make one from the review or distil "
        "some in the Data tab.",
    ),
    "train.state.queued": Text("排队中", "queued"),
    "train.state.starting": Text("正在准备", "getting ready"),
    "train.state.running": Text("训练中", "training"),
    "train.state.stopping": Text("正在停止…", "stopping…"),
    "train.state.stopped": Text("已停止，可继续", "stopped, can go on"),
    "train.state.failed": Text("失败", "failed"),
    "train.state.done": Text("已完成", "done"),
    "train.state.interrupted": Text("被中断，可继续", "interrupted, can go on"),
    "train.phase.data": Text("读取数据", "reading the data"),
    "train.phase.model": Text("载入模型", "loading the model"),
    "train.phase.train": Text("学习", "learning"),
    "train.phase.probe": Text("字数测验", "length probe"),
    "train.phase.save": Text("保存", "saving"),
    "train.step": Text("第 {step:,} 步，共 {steps:,} 步", "step {step:,} of {steps:,}"),
    "train.place": Text("排在第 {n} 位", "number {n} in the queue"),
    "train.interrupted": Text(
        "训练进程不在了（断电、被结束或内存不够）。点“继续”，从最近的检查点接着来。",
        "Its process is gone (no power, ended, or no memory). “Go on” resumes it from the last checkpoint.",
    ),
    "train.fig.loss": Text("损失", "loss"),
    "train.fig.eval": Text("验证损失", "validation loss"),
    "train.fig.speed": Text("词元/秒", "tokens a second"),
    "train.fig.memory": Text("MB 内存", "MB of memory"),
    "train.fig.ability": Text("无字数要求文本的困惑度", "perplexity without a length demand"),
    "train.used.rows": Text("行数", "rows"),
    "train.used.epochs": Text("轮数", "epochs"),
    "train.used.context": Text("上下文", "context"),
    "train.used.trainable": Text("训练的参数", "trained parameters"),
    "train.used.device": Text("设备", "device"),
    "train.used.dtype": Text("精度", "precision"),
    "train.stop": Text("停止并保存", "Stop and save"),
    "train.cancel": Text("取消", "Cancel"),
    "train.resume": Text("继续", "Go on"),
    "train.cancel.really": Text(
        "不再保存，直接结束？最近的检查点会留下。", "End it without saving more? The last checkpoint stays."
    ),
    "train.stopping": Text("下一步后停止并保存。", "It stops at the next step and saves."),
    "train.cancelling": Text("下一步后结束。", "It ends at the next step."),
    "train.resuming": Text("接着训练；有别的训练时先排队。", "It goes on, or waits its turn behind another run."),
    "train.name": Text("在对比页的名称", "Its name in Compare"),
    "train.name.info": Text("字母、数字、汉字、- 和 _", "letters, digits, Chinese characters, - and _"),
    "train.name.placeholder": Text("留空就用训练编号", "empty: the run's number"),
    "train.open": Text("放进对比页", "Open in Compare"),
    "train.opened": Text(
        "已放进对比页，名为 {name}。重新打开页面后就能选到：",
        "It is in Compare as {name}; the page offers it once it is opened again:",
    ),
    "train.opened.link": Text("打开对比", "open Compare with it"),
    "train.log": Text("日志的最后 200 行", "The last 200 lines of the log"),
    "train.log.none": Text("还没有日志。", "There is no log yet."),
    # all runs
    "train.history.hint": Text("点一次训练，就能看它的进展。", "Press a run to see how it went."),
    "train.head.when": Text("时间", "When"),
    "train.head.data": Text("数据", "Data"),
    "train.head.method": Text("方法", "Method"),
    "train.head.settings": Text("设置", "Settings"),
    "train.head.state": Text("状态", "State"),
    "train.head.steps": Text("步数", "Steps"),
    "train.head.best": Text("最佳：差 10 以内 / 达标", "Best: within 10 / satisfied"),
    "train.head.note": Text("备注", "Note"),
    "train.at": Text("第 {step:,} 步", "step {step:,}"),
    "train.overlay": Text("放在一起看", "Lay over each other"),
    "train.overlay.info": Text("最多 4 次训练", "4 runs at most"),
    "train.noted": Text("训练 {id}", "Run {id}"),
    "train.note": Text("备注", "Note"),
    "train.note.save": Text("保存备注", "Save the note"),
    "train.note.saved": Text("备注已保存。", "The note is saved."),
    "train.delete": Text("删除这次训练", "Delete this run"),
    "train.delete.really": Text(
        "删除 {id} 的曲线、检查点和结果？放进对比页的会留下。",
        "Delete {id} with its curves, checkpoints and results? What was opened in Compare stays.",
    ),
    "train.deleted": Text("{id} 已删除。", "{id} is deleted."),
    # how a run ended
    "train.note_cancelled": Text("已按要求结束，没有再保存。", "It was ended as wished, without saving more."),
    "train.note_stopped": Text("还没有学到可保存的内容就停止了。", "It was stopped before there was anything to save."),
    "train.note_saved": Text("在第 {step:,} 步停止，已保存。", "It was stopped at step {step:,} and saved."),
    "train.note_early": Text(
        "在第 {step:,} 步提前结束：之后的测验都没有超过第 {best} 步，用的是那一步的结果。",
        "It ended early at step {step:,}: no later probe was better than that of step {best}, whose result is used.",
    ),
    "train.note_ended": Text(
        "进程在第 {step:,} 步结束，还没来得及保存；最近的检查点还在。",
        "The process ended at step {step:,} before it had saved; its last checkpoint is kept.",
    ),
    "train.note_unlaunched": Text("没能启动：{reason}", "It could not be started: {reason}"),
    "train.note_unqueued": Text("已从队列里拿出来。", "It was taken out of the queue."),
    # errors
    "error.train_setting": Text("设置“{name}”是 {value}：{reason}", "The setting {name} is {value}: {reason}"),
    "error.train_pair": Text("“{pair}”没有值，请写成 名称=值。", "“{pair}” has no value; write it as NAME=VALUE."),
    "error.train_config": Text(
        "训练 {id} 的设置读不出来，请删除它。", "The settings of the run {id} cannot be read; delete it."
    ),
    "error.train_no_run": Text("没有训练“{id}”，现有：{known}。", "There is no run “{id}”; there are: {known}."),
    "error.train_done": Text("训练 {id} 已完成，请新开一次。", "The run {id} is done; start a new one."),
    "error.train_not_resumable": Text(
        "训练 {id} 现在不能继续（{state}）。", "The run {id} cannot go on now ({state})."
    ),
    "error.train_not_queued": Text("训练 {id} 不在队列里。", "The run {id} does not wait in the queue."),
    "error.train_idle": Text("训练 {id} 没有在进行（{state}）。", "Nothing works on the run {id} ({state})."),
    "error.train_other": Text(
        "训练 {id} 已换了一个进程，请再看一眼。", "Another process works on the run {id} by now; look at it again."
    ),
    "error.train_working": Text("训练 {id} 正在进行，请先停止。", "The run {id} is at work; stop it first."),
    "error.train_busy": Text("训练 {id} 已有进程在做。", "Another process works on the run {id}."),
    "error.train_note": Text(
        "备注有 {count:,} 个字符，最多 {limit:,} 个。", "The note has {count:,} characters; {limit:,} are allowed."
    ),
    "error.train_method": Text(
        "{folder} 是 {kind} 数据，和方法 {method} 不符；请换方法或换数据。",
        "{folder} holds data of the kind {kind}, which the method {method} does not learn from; change one of them.",
    ),
    "error.train_name": Text(
        "不能用“{name}”这个名称：最多 64 个字母、数字、汉字、- 或 _，不以 - 开头，也不能是 base 或 tuned。",
        "“{name}” cannot be its name: up to 64 letters, digits, Chinese characters, - or _, not beginning with -, and "
        "neither base nor tuned.",
    ),
    "error.train_name_taken": Text(
        "“{name}”已被另一个适配器占用，请换一个名称。", "“{name}” is the name of another adapter; take another one."
    ),
    "error.train_no_adapter": Text("训练 {id} 还没有可用的适配器。", "The run {id} has no adapter yet."),
    "error.train_other_base": Text(
        "训练 {id} 的基座是 {base}，对比页用的是 {shown}；请把 HESUI_BASE_MODEL 设为 {base}。",
        "The run {id} tuned the base {base}, but Compare shows {shown}; set HESUI_BASE_MODEL to {base}.",
    ),
    "error.train_data_missing": Text("没有文件夹 {path}。", "There is no folder {path}."),
    "error.train_data_foreign": Text(
        "{folder} 不是数据集（{reason}）。用评审导出，或冻结一次划分。",
        "{folder} is no data set ({reason}). Export the review, or freeze a split.",
    ),
    "error.train_data_damaged": Text(
        "数据集 {folder} 已损坏：{reason}。请重新导出或冻结。",
        "{folder} is damaged: {reason}. Export or freeze it again.",
    ),
    "error.train_data_labels": Text(
        "{folder} 是标注数据，不能用来训练；请导出 SFT、DPO 或 KTO。",
        "{folder} holds labels, which nothing learns from; export SFT, DPO or KTO.",
    ),
    "error.train_data_format": Text(
        "{folder} 的格式是“{name}”，训练只认 trl；请按 trl 重新导出 {kind}。",
        "{folder} is written as “{name}”, training reads trl only; export {kind} again as trl.",
    ),
    "error.train_data_empty": Text(
        "{folder} 的训练部分没有可学的行；请补充答案，或换一个数据集。",
        "{folder} has no row to learn from in train; add answers, or choose another data set.",
    ),
    "error.train_row": Text("字段“{field}”不能用", "the field {field} cannot be used"),
    "error.train_context": Text(
        "{folder} 的每一行都超过 {limit:,} 个词元（最短 {shortest:,}）；请加大上下文，或换更短的数据。",
        "Every row of {folder} has more than {limit:,} tokens (the shortest {shortest:,}); set a larger context, or choose "
        "shorter data.",
    ),
    "error.train_disk": Text(
        "磁盘满了：检查点需要 {wanted} MB，只剩 {free} MB。腾出空间后点“继续”。",
        "The disk is full: a checkpoint needs {wanted} MB, {free} MB are free. Make room, then let the run go on.",
    ),
    "error.train_memory": Text(
        "内存不够。依次试试这些设置：{settings}，或换更小的基座。",
        "Memory ran out. Try one after the other: {settings}, or a smaller base.",
    ),
    "error.train_diverged": Text(
        "第 {step} 步起损失不再是数字：训练发散了。把学习率降到 {lower} 左右再来。",
        "The loss is no number at step {step}: training diverged. Start again with a learning rate of about {lower}.",
    ),
    "error.train_full_adapter": Text(
        "全量训练不能从适配器 {name} 接着来，请不要选适配器。",
        "Full fine-tuning cannot go on from the adapter {name}; leave it out.",
    ),
    "error.train_unexpected": Text(
        "意外的错误（{reason}），详情在日志里。", "An unexpected error ({reason}); the log has the details."
    ),
}
