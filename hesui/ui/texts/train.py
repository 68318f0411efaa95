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
        "快速：最多 240 步，先看看行不行；标准：按数据量定轮数；精细：更大的秩，不再进步就停",
        "Quick: 240 steps at most, to see whether it works. Standard: epochs by the number of rows. Thorough: a higher rank, and it "
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
    "train.epochs.capped": Text(
        "{rows:,} 条数据，最多 {steps:,} 步，大约 {n} 轮。", "{rows:,} rows, {steps:,} steps at most: about {n} epochs."
    ),
    "train.epochs.set": Text("{rows:,} 条数据，学 {n} 轮。", "{rows:,} rows, {n} epochs."),
    "train.set.adaptation": Text("训练什么", "What is trained"),
    "train.set.method": Text("方法", "Method"),
    "train.method.sampled": Text(
        "数据里只取提示词：开始前模型自己给每条写 {n} 个答案，按字数配成好坏对，再学着选好的。会多花一些时间。",
        "Only the prompts are used: before it begins, the model itself writes {n} answers to each, which become pairs by "
        "their length; it learns to prefer the better ones. That takes longer.",
    ),
    "train.method.grpo": Text(
        "数据里只取提示词：模型边写边学，每条写 {n} 个答案，字数越合要求、写得越完整，奖励越高。最花时间。",
        "Only the prompts are used: the model learns while it writes, {n} answers to each; the nearer the length and the "
        "better the ending, the higher the reward. That takes longest.",
    ),
    "train.set.samples": Text("每条自己写几个答案", "Own answers a prompt"),
    "train.zero.samples": Text("只用于 GRPO 和自己配对的 DPO", "GRPO, and DPO that makes its own pairs"),
    "train.set.markers": Text("倒数标记", "Countdown markers"),
    "train.set.markers.info": Text("只用于 SFT：句读处教它还剩几个字", "SFT only: teaches what remains at clause ends"),
    "train.set.quantize": Text("4 位基座（QLoRA）", "Base in 4 bits (QLoRA)"),
    "train.set.quantize.info": Text("要有 CUDA 显卡和 bitsandbytes", "needs a CUDA device and bitsandbytes"),
    "train.set.micro_batch": Text("同时放上设备的行数", "Rows on the device at once"),
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
    "train.zero.micro_batch": Text("0 = 整步一起", "0 = all of a step"),
    "train.zero.patience": Text("测验几次没进步就停；0 = 不停", "probes without a better one; 0 = never"),
    # what it will take
    "train.estimate": Text("估算", "Estimate"),
    "train.estimate.told": Text(
        "大约 {time}，{memory} 内存，{steps:,} 步", "about {time}, {memory} of memory, {steps:,} steps"
    ),
    "train.estimate.also": Text(
        "在 {device} 上，磁盘约 {disk}；空闲内存 {free}，空闲磁盘 {free_disk}",
        "on {device}, about {disk} of disk; free: {free} of memory, {free_disk} of disk",
    ),
    "train.estimate.none": Text(
        "还没有估算过。点“估算”，先试走几步，一般不到一分钟。",
        "Not estimated yet. “Estimate” tries a few steps, in a minute or less as a rule.",
    ),
    "train.estimate.waits": Text(
        "还没有估算过。有训练在进行，等设备空出来再点“估算”。",
        "Not estimated yet. A run is at work; press “Estimate” once the device is free.",
    ),
    "train.estimate.unknown": Text(
        "{kind} 数据用 {method} 时不估算：模型要边学边写答案，写多长事先不知道。开始后看进展里的剩余时间。",
        "{method} on data of the kind {kind} is not estimated: the model writes answers while it learns, and nobody knows "
        "how long they get. Start it and look at the time left under Progress.",
    ),
    "train.estimate.doing": Text("正在估算：{phase}（{n} 秒）…", "Estimating: {phase} ({n} s)…"),
    "train.estimate.memory": Text(
        "内存装不下：要 {wanted:,} MB，空闲 {free:,} MB。依次试试：{settings}，或换更小的基座。",
        "It does not fit into memory: it needs {wanted:,} MB, {free:,} MB are free. Try one after the other: {settings}, or "
        "a smaller base.",
    ),
    "train.estimate.disk": Text(
        "磁盘放不下：要 {wanted:,} MB，空闲 {free:,} MB。请先腾出空间。",
        "The disk has no room for it: it needs {wanted:,} MB, {free:,} MB are free. Make room first.",
    ),
    "train.estimate.crowded": Text(
        "估算时机器很忙；空闲时大约 {time}。", "The machine was busy while it was measured; left alone, about {time}."
    ),
    "train.estimate.left_out": Text(
        "{n:,} 条超过上下文，不会学。", "{n:,} rows are longer than the context and are left out."
    ),
    "train.estimate.later": Text(
        "训练 {id} 正在进行，等它让出设备再估算。",
        "The run {id} is at work; the estimate is made once the device is free.",
    ),
    "train.estimate.busy": Text(
        "正在做另一个估算，请稍后再试。", "Another estimate is being made; try again in a minute."
    ),
    "train.estimate.slow": Text(
        "试了 {seconds} 秒还没有结果，已放弃。请换更小的基座，或减小上下文、同时放上设备的行数。",
        "Nothing came of it within {seconds} seconds, so it was given up. Try a smaller base, a smaller context or fewer rows "
        "on the device at once.",
    ),
    "train.estimate.died": Text(
        "估算的进程被系统结束了，多半是内存不够（{reason}）。请换更小的基座，或减小上下文、每步行数。",
        "The process that measured was ended, most likely for want of memory ({reason}). Try a smaller base, a smaller "
        "context or fewer rows a step.",
    ),
    "train.span.seconds": Text("{n} 秒", "{n} s"),
    "train.span.minutes": Text("{n} 分钟", "{n} min"),
    "train.span.hours": Text("{n} 小时", "{n} h"),
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
    "train.phase.sample": Text("让模型自己作答，配成好坏对", "drawing the model's own answers to pair them"),
    "train.phase.train": Text("学习", "learning"),
    "train.phase.probe": Text("字数测验", "length probe"),
    "train.phase.save": Text("保存", "saving"),
    "train.prompts_asked": Text("已问 {step:,} 条提示词，共 {steps:,} 条", "{step:,} of {steps:,} prompts asked"),
    "train.step": Text("第 {step:,} 步，共 {steps:,} 步", "step {step:,} of {steps:,}"),
    "train.place": Text("排在第 {n} 位", "number {n} in the queue"),
    "train.interrupted": Text(
        "训练进程不在了（断电、被结束或内存不够）。点“继续”，从最近的检查点接着来。",
        "Its process is gone (no power, ended, or no memory). “Go on” resumes it from the last checkpoint.",
    ),
    "train.fig.loss": Text("损失", "loss"),
    "train.fig.reward": Text("平均奖励", "mean reward"),
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
    # runs that wait
    "train.queue": Text("排队中的训练", "Runs that wait"),
    "train.queue.up": Text("提前一位", "Earlier"),
    "train.queue.down": Text("推后一位", "Later"),
    "train.queue.out": Text("取消排队", "Take it out"),
    "train.queue.moved": Text("顺序已调整。", "The order is changed."),
    "train.queue.taken": Text(
        "{id} 已从队列里拿出来；选中它可以“继续”。", "{id} is out of the queue; “Go on” puts it back."
    ),
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
        "已放进对比页，名为 {name}，正在打开。没有反应就点：",
        "It is in Compare as {name}, which opens now; if it does not:",
    ),
    "train.opened.link": Text("打开对比", "open Compare with it"),
    "train.log": Text("日志的最后 200 行", "The last 200 lines of the log"),
    "train.log.none": Text("还没有日志。", "There is no log yet."),
    # all runs
    "train.history.hint": Text("点一次训练，就能看它的进展。", "Press a run to see how it went."),
    "train.find": Text("查找", "Find"),
    "train.find.info": Text("编号、数据、方法、状态或备注里的字", "in its number, data, method, state or note"),
    "train.find.none": Text("没有符合“{find}”的训练，换个词试试。", "No run matches “{find}”; try another word."),
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
    "train.merge": Text("并入基座", "Merge into the base"),
    "train.merge.name": Text("合并后的名称", "Name of the merged model"),
    "train.merge.info": Text("得到一个完整的模型，放进 models 文件夹", "makes a whole model in the models folder"),
    "train.merge.placeholder": Text("留空就用训练编号", "empty: the run's number"),
    "train.merging": Text("正在合并（{n} 秒）…", "Merging ({n} s)…"),
    "train.merged": Text("已合并。这样用它：", "Merged. Use it like this:"),
    "train.merge.failed": Text("没能合并：{reason}", "It could not be merged: {reason}"),
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
        "{folder} 是 {kind} 数据，方法 {method} 要用 {wanted} 数据；请换方法（{methods}）或换数据。",
        "{folder} holds data of the kind {kind}, the method {method} learns from {wanted}; change the method ({methods}) "
        "or the data.",
    ),
    "error.train_no_demand": Text(
        "{folder} 里没有一条提示词规定字数，无从分出好坏；请换有字数要求的数据，或改用 SFT。",
        "No prompt of {folder} demands a length, so nothing says which answer is better; choose other data, or SFT.",
    ),
    "error.train_pairs": Text(
        "{folder} 的 {prompts:,} 条提示词，每条写了 {samples} 次，没有一条配得成对：要么都达标，要么都不达标。请先用 SFT "
        "训练再从它的适配器接着学，或把 samples 调大。",
        "{folder}: {prompts:,} prompts with {samples} answers each gave no pair, as all obey or none does. Train with SFT "
        "first and go on from its adapter, or raise samples.",
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
