"""What the Leaderboard tab says, and what can go wrong with an evaluation."""

from hesui.ui.texts.text import Text

TEXTS: dict[str, Text] = {
    "tab.leaderboard": Text("排行榜", "Leaderboard"),
    "lb.title": Text("谁写得准？", "Who keeps to the length?"),
    "lb.hint": Text(
        "每一行是一个模型，回答的是同一批提示词；数字下面的小字是 95% 区间。点一个数字，就能看到它背后的答案。",
        "Each row is a model; all answered the same prompts. The small figures are 95% intervals. Click a figure to read the "
        "answers behind it.",
    ),
    "lb.sentence": Text(
        "不靠引导，“{model}”写得最准：{share} 的答案与要求相差不超过 10（按{counter}数）。",
        "Without help, “{model}” is the nearest: {share} of its answers are within 10 of what was asked ({counter}).",
    ),
    "lb.sentence.base": Text("它的基座只有 {share}。", " Its base reaches {share}."),
    "lb.sentence.none": Text(
        "{prompts} 条提示词；按现在的筛选，没有点名字数的提示词或没有原始输出。",
        "{prompts} prompts; as filtered now, none names a number, or no model answered without help.",
    ),
    "lb.none": Text("还没有测过任何模型。", "No model has been measured yet."),
    "lb.none.do": Text(
        "到下面的“测一测”里选模型并开始，或在命令行运行 hesui evaluate；测完就会出现在这里。",
        "Choose models under “Measure” below and start, or run hesui evaluate; what is measured shows up here.",
    ),
    "lb.nothing": Text("还没有测过任何模型，请先测一测。", "No model has been measured yet; measure one first."),
    "lb.empty": Text("按现在的筛选，没有剩下答案；请放宽筛选。", "The filters leave no answer; loosen them."),
    "lb.set": Text("哪一批提示词", "Which prompts"),
    "lb.counter": Text("按什么数字数", "Counted by"),
    "lb.ops": Text("要求的类型（空 = 全部）", "Kind of demand (none = all)"),
    "lb.tasks": Text("类别（空 = 全部）", "Class (none = all)"),
    "lb.buckets": Text("要求的字数（空 = 全部）", "Length asked (none = all)"),
    "lb.decodings": Text("原始 / 引导（空 = 全部）", "Raw / guided (none = all)"),
    "lb.languages": Text("语言（空 = 全部）", "Language (none = all)"),
    "lb.op.eq": Text("恰好", "exactly"),
    "lb.op.approx": Text("大约", "about"),
    "lb.op.le": Text("不超过", "at most"),
    "lb.op.ge": Text("不少于", "at least"),
    "lb.op.range": Text("范围", "range"),
    "lb.language.zh": Text("中文", "Chinese"),
    "lb.language.en": Text("英文", "English"),
    # the table
    "lb.find": Text("找模型", "Find a model"),
    "lb.columns": Text("选择列", "Columns"),
    "lb.columns.usual": Text("恢复常用列", "The usual ones"),
    "lb.model": Text("模型", "Model"),
    "lb.marks": Text("倒数标记", "countdown"),
    "lb.rows": Text("{n} 条训练数据", "{n} rows"),
    "lb.few": Text("样本偏少", "rests on few answers"),
    "lb.few.note": Text(
        "° 这一行不到 {least} 个答案，或每条提示词不到 {seeds} 个随机种子：看个大概可以，别急着下结论。",
        "° This row rests on fewer than {least} answers, or fewer than {seeds} seeds a prompt: good for a first look, too few "
        "for a claim.",
    ),
    "lb.foot": Text(
        "✓ 与基座的差别显著（按 Holm 校正后 p < 0.05），– 不显著。虚线标签的行有解码器帮着数字数（引导或倒数标记），不是模型自己的本事。",
        "✓ the difference to the base is significant (p < 0.05 after Holm), – it is not. In rows with a dashed tag the decoder "
        "helped to count (guided or countdown): that is not the model's own merit.",
    ),
    "lb.meanings": Text("各列是什么意思", "What the columns mean"),
    "lb.p.sure": Text("显著，p {p}", "significant, p {p}"),
    "lb.p.unsure": Text("不显著，p {p}", "not significant, p {p}"),
    "lb.p.none": Text("太少，不检验", "too few to test"),
    "lb.quoted": Text("引用，不是这里测的", "Quoted, not measured here"),
    "lb.quoted.contest": Text("比赛获奖者公布", "as published by the contest's winner"),
    "lb.quoted.cookbook": Text("千帆 cookbook 公布", "as published in the Qianfan cookbook"),
    **{
        f"lb.col.{name}": Text(zh, en)
        for name, zh, en in (
            ("rows", "训练条数", "Training rows"),
            ("parameters", "参数量", "Parameters"),
            ("n", "答案数", "Answers"),
            ("satisfied", "达标", "Satisfied"),
            ("exact", "一字不差", "Exact"),
            ("hit2", "±2 内", "Within ±2"),
            ("hit5", "±5 内", "Within ±5"),
            ("hit10", "±10 内", "Within ±10"),
            ("gap_hit2", "±2 内比基座", "±2 vs base"),
            ("gap_hit5", "±5 内比基座", "±5 vs base"),
            ("gap_hit10", "±10 内比基座", "±10 vs base"),
            ("mae", "平均误差", "Mean error"),
            ("gap_mae", "误差比基座", "Error vs base"),
            ("bias", "偏长偏短", "Bias"),
            ("complete", "结尾完整", "Complete"),
            ("repetition", "重复", "Repetition"),
            ("perplexity_ratio", "困惑度比", "Perplexity ratio"),
            ("hit5_percent", "±5% 内", "Within ±5%"),
            ("hit10_percent", "±10% 内", "Within ±10%"),
            ("median_error", "误差中位数", "Median error"),
            ("p90_error", "误差 90 分位", "P90 error"),
            ("mape", "相对误差", "Relative error"),
            ("ls", "LS 分", "LS"),
            ("qianfan", "千帆分", "Qianfan score"),
            ("longwriter", "S_l 分", "S_l"),
            ("violation", "超限幅度", "Violation"),
            ("fill", "写满程度", "Filled"),
            ("copies", "照抄", "Copies"),
            ("distinct2", "用词多样", "Distinct-2"),
            ("covered", "扣题", "On topic"),
            ("perplexity", "困惑度", "Perplexity"),
            ("tail_ratio", "结尾困惑度比", "Tail ratio"),
            ("self_bleu", "千篇一律", "Self-BLEU"),
            ("bleu", "BLEU-4", "BLEU-4"),
            ("rouge1", "ROUGE-1", "ROUGE-1"),
            ("rouge2", "ROUGE-2", "ROUGE-2"),
            ("rouge_l", "ROUGE-L", "ROUGE-L"),
            ("tokens_per_second", "词元/秒", "Tokens/s"),
            ("drawn", "采样倍数", "Drawn"),
        )
    },
    **{
        f"lb.col.{name}.info": Text(zh, en)
        for name, zh, en in (
            ("rows", "适配器学了多少条数据。", "How many rows the adapter learnt from."),
            ("parameters", "基座有多少个参数。", "How many numbers the base holds."),
            ("n", "这一行统计了多少个答案。", "How many answers the row rests on."),
            (
                "satisfied",
                "完全满足要求的答案占多少；“恰好”要一字不差。",
                "The share of answers that meet the demand; “exactly” allows no miss.",
            ),
            ("exact", "字数与 N 完全相同的比例。", "The share whose count is N."),
            (
                "hit2",
                "与 N 相差不超过 2 的比例，只算“恰好”和“大约”。",
                "The share within 2 of N, for “exactly” and “about” only.",
            ),
            (
                "hit5",
                "与 N 相差不超过 5 的比例，只算“恰好”和“大约”。",
                "The share within 5 of N, for “exactly” and “about” only.",
            ),
            (
                "hit10",
                "与 N 相差不超过 10 的比例，只算“恰好”和“大约”。",
                "The share within 10 of N, for “exactly” and “about” only.",
            ),
            (
                "gap_hit2",
                "±2 内的比例比基座多多少个百分点；配对 McNemar 检验。",
                "Percentage points over the base within ±2; McNemar's test on pairs.",
            ),
            (
                "gap_hit5",
                "±5 内的比例比基座多多少个百分点；配对 McNemar 检验。",
                "Percentage points over the base within ±5; McNemar's test on pairs.",
            ),
            (
                "gap_hit10",
                "±10 内的比例比基座多多少个百分点；配对 McNemar 检验。带引导的基座与它自己的原始输出比。",
                "Percentage points over the base within ±10; McNemar's test on pairs. A guided base is compared with itself raw.",
            ),
            ("mae", "与 N 平均相差多少字，越小越好。", "How far from N on average; less is better."),
            (
                "gap_mae",
                "平均误差比基座多多少字，负数更准；按提示词自助抽样检验。",
                "Mean error less the base's; below 0 is nearer. Bootstrap by prompt.",
            ),
            (
                "bias",
                "平均偏长（+）还是偏短（−），占 N 的比例。",
                "Too long (+) or too short (−) on average, a share of N.",
            ),
            (
                "complete",
                "像写完了一样结尾、没有被截断的比例。",
                "The share that ends like a finished text and was not cut.",
            ),
            ("repetition", "反复说同样的话的答案占多少，越小越好。", "The share that repeats itself; less is better."),
            (
                "perplexity_ratio",
                "基座读这些答案有多意外，除以读它自己原始答案的意外程度；1 = 一样通顺。",
                "How surprising the answers are to the base, by how surprising its own raw ones are; 1 = as fluent.",
            ),
            ("hit5_percent", "与 N 相差不超过 5% 的比例。", "The share within 5% of N."),
            ("hit10_percent", "与 N 相差不超过 10% 的比例。", "The share within 10% of N."),
            ("median_error", "一半答案的误差不超过它。", "Half of the answers miss N by no more."),
            ("p90_error", "九成答案的误差不超过它。", "Nine in ten answers miss N by no more."),
            ("mape", "误差占 N 的比例，平均。", "The error as a share of N, on average."),
            ("ls", "LIFEBench 的长度分，0 到 100。", "LIFEBench's length score, 0 to 100."),
            ("qianfan", "千帆的长度分，0 到 1。", "Qianfan's length score, 0 to 1."),
            ("longwriter", "LongWriter 的长度分，0 到 100。", "LongWriter's length score, 0 to 100."),
            ("violation", "超出界限的部分占界限的比例，平均。", "How far beyond the bound, a share of it, on average."),
            (
                "fill",
                "“不超过 N”时写到了 N 的多少；太低就是偷懒。",
                "How much of “at most N” is used; very little is a dodge.",
            ),
            (
                "copies",
                "几乎照抄某条训练答案的比例；不知道训练数据时没有。",
                "The share that nearly repeats a training answer; none where these are unknown.",
            ),
            (
                "self_bleu",
                "各个答案彼此有多像（全部答案，不随筛选变），越低越不雷同。",
                "How alike its answers are, whatever the filters; less is more varied.",
            ),
            (
                "distinct2",
                "不同的相邻两字占多少，越高越不单调。",
                "The share of different pairs of neighbours; high is varied.",
            ),
            (
                "covered",
                "提示词里的关键词，答案提到了多少。",
                "How many of the prompt's key words the answer takes up.",
            ),
            ("perplexity", "基座读这些答案时的困惑度。", "Perplexity of the answers under the base."),
            (
                "tail_ratio",
                "最后五分之一的困惑度，除以基座自己的；凑字数时会变高。",
                "Perplexity of the last fifth, by the base's own; padding raises it.",
            ),
            ("bleu", "与参考答案的 BLEU-4，按字，0 到 1。", "BLEU-4 with the reference, on characters, 0 to 1."),
            ("rouge1", "与参考答案的 ROUGE-1，按字，0 到 1。", "ROUGE-1 with the reference, on characters, 0 to 1."),
            ("rouge2", "与参考答案的 ROUGE-2，按字，0 到 1。", "ROUGE-2 with the reference, on characters, 0 to 1."),
            ("rouge_l", "与参考答案的 ROUGE-L，按字，0 到 1。", "ROUGE-L with the reference, on characters, 0 to 1."),
            (
                "tokens_per_second",
                "一个答案每秒写多少词元（测的时候许多答案同批进行）。",
                "Tokens a second of one answer (many are written in one batch while measuring).",
            ),
            (
                "drawn",
                "每留下一个词元，采样了多少个；引导会多采样。",
                "Tokens drawn for one that is shown; a guide draws more.",
            ),
        )
    },
    # charts
    "lb.plots": Text("图", "Charts"),
    "lb.plot.within": Text("与要求相差不超过 k 的答案占多少", "Share of answers within ±k of what was asked"),
    "lb.plot.errors": Text("偏长还是偏短", "Too long or too short"),
    "lb.plot.errors.aloud": Text(
        "偏短 {short} · 正好 {exact} · 偏长 {long}", "short {short} · exact {exact} · long {long}"
    ),
    "lb.plot.lengths": Text("答案字数对要求字数", "Length of the answer against the length asked"),
    "lb.plot.lengths.kept": Text("达标", "obeyed"),
    "lb.plot.lengths.missed": Text("没达标", "missed"),
    "lb.plot.lengths.band": Text("N 上下 {n}", "±{n} around N"),
    "lb.plot.sizes-rows": Text("命中率对训练条数", "Hits against training rows"),
    "lb.plot.sizes-parameters": Text("命中率对参数量", "Hits against parameters"),
    "lb.plot.rows.few": Text(
        "测过两个以上训练条数不同的适配器之后，这里会画出曲线（“训练”页的数据量实验，或 hesui train sweep）。",
        "Once two adapters with different numbers of training rows are measured, their curve stands here (hesui train sweep).",
    ),
    "lb.plot.parameters.few": Text(
        "同一批提示词上测过两个以上大小不同的基座之后，这里会画出曲线。",
        "Once bases of different sizes are measured on the same prompts, their curve stands here.",
    ),
    "lb.plot.rows.unit": Text("条", "rows"),
    "lb.plot.parameters.unit": Text("参数", "parameters"),
    "lb.plot.no_target": Text(
        "筛选留下的提示词里没有“恰好”或“大约”，所以没有误差可画。",
        "No prompt that is left names a number, so there is no error.",
    ),
    "lb.plot.left_out": Text("另有 {n} 行没有画", "{n} more rows are not drawn"),
    # the answers behind a cell
    "lb.answers": Text("答案", "Answers"),
    "lb.answers.hint": Text(
        "点表格里的一个数字，这里就列出它背后的答案，最差的在前。",
        "Click a figure in the table: the answers behind it stand here, the worst first.",
    ),
    "lb.answers.title": Text(
        "“{metric}”背后的答案，最差的在前；按{counter}数。其他模型对同一条提示词的答案在旁边。",
        "The answers behind “{metric}”, the worst first; {counter}. Other models' answers to the same "
        "prompt stand beside.",
    ),
    "lb.answers.none": Text("这个数字背后没有可看的答案。", "There are no answers behind this figure."),
    "lb.answers.history": Text("前面的对话", "The conversation before"),
    "lb.answers.reference": Text("参考答案", "Reference answer"),
    "lb.answers.others": Text("另外 {n} 个种子的字数：", "Counts of {n} more seeds:"),
    "lb.answers.more": Text(
        "另有 {n} 个模型的答案没有列出；用筛选缩小范围。", "{n} more models answered; filters narrow them down."
    ),
    "lb.answers.nearest": Text(
        "最接近的训练答案，最长一段相同的占 {share}",
        "Nearest training answer; the longest stretch in common is {share} of the answer",
    ),
    # measuring
    "lb.measure": Text("测一测", "Measure"),
    "lb.measure.new": Text("新的评测", "New evaluation"),
    "lb.measure.hint": Text(
        "让选中的模型回答同一批提示词，量它们的字数。它在后台进行，关掉页面也不会停；测完会出现在上面的表里。",
        "The chosen models answer the same prompts, and their lengths are measured. It works in the background, whether the "
        "page is open or not; the result shows up in the table above.",
    ),
    "lb.measure.models": Text("模型", "Models"),
    "lb.measure.decoding": Text("怎样解码", "Decoding"),
    "lb.measure.prompts": Text("提示词", "Prompts"),
    "lb.measure.classes": Text(
        "类别（空 = 全部；内置基座默认只问拜年）", "Classes (none = all; of the embedded base, greetings)"
    ),
    "lb.measure.languages": Text("全部", "all"),
    "lb.measure.seeds": Text("每条几个答案", "Answers a prompt"),
    "lb.measure.limit": Text("只问前几条（0 = 全部）", "First prompts only (0 = all)"),
    "lb.measure.perplexity": Text("量困惑度", "Measure perplexity"),
    "lb.measure.perplexity.info": Text(
        "看看为了凑字数，文字有没有变差；多花一点时间。",
        "Shows whether texts got worse to fit a length; takes some more time.",
    ),
    "lb.measure.asked": Text(
        "{prompts} 条提示词 × {systems} 个系统 × {seeds} 个种子 = {answers} 个答案",
        "{prompts} prompts × {systems} systems × {seeds} seeds = {answers} answers",
    ),
    "lb.measure.slow": Text(
        "引导要反复采样，比原始输出慢得多。", "The guide draws again and again: much slower than raw."
    ),
    "lb.start": Text("开始评测", "Start"),
    "lb.stop": Text("停止", "Stop"),
    "lb.resume": Text("继续", "Go on"),
    "lb.delete": Text("删除", "Delete"),
    "lb.started": Text("评测开始了，进度在下面。", "The evaluation has started; how far it is stands below."),
    "lb.resuming": Text("接着原来的进度继续。", "It goes on where it was."),
    "lb.at_work": Text("同样的评测正在进行，见下面。", "The same evaluation is at work already; see below."),
    "lb.stopping": Text("正在停止；已有的答案都会保留。", "Stopping; every answer it has is kept."),
    "lb.deleted": Text("评测 {id} 已删除。", "The evaluation {id} was deleted."),
    "lb.delete.really": Text(
        "删除评测 {id} 和它的所有答案？删了找不回来。",
        "Delete the evaluation {id} with all its answers? They cannot be brought back.",
    ),
    "lb.evaluations": Text("评测记录", "Evaluations"),
    "lb.evaluations.none": Text("还没有评测。", "There is no evaluation yet."),
    "lb.evaluations.more": Text("另有 {n} 次更早的评测。", "{n} earlier evaluations."),
    "lb.seeds": Text("每条 {n} 个答案", "{n} answers a prompt"),
    "lb.progress": Text("{done} / {all}", "{done} of {all}"),
    "lb.interrupted": Text(
        "它的进程不在了。点“继续”，已有的答案都还在。", "Its process has gone. Let it go on: no answer is lost."
    ),
    "lb.state.waiting": Text("等设备空出来", "waiting for the device"),
    "lb.state.starting": Text("正在启动", "starting"),
    "lb.state.answering": Text("正在回答", "answering"),
    "lb.state.perplexity": Text("正在量困惑度", "measuring perplexity"),
    "lb.state.measuring": Text("正在统计", "measuring"),
    "lb.state.stopped": Text("已停止", "stopped"),
    "lb.state.failed": Text("失败", "failed"),
    "lb.state.interrupted": Text("中断了", "interrupted"),
    "lb.state.done": Text("完成", "done"),
    # files
    "lb.export": Text("导出", "Export"),
    "lb.export.hint": Text(
        "把现在看到的排行榜（按当前筛选）存成文件；别人公布的数字只在 JSON 里，并注明不是这里测的。",
        "The board as it is filtered now, as a file; what others published stands in JSON alone, marked as not measured here.",
    ),
    "lb.export.format": Text("格式", "Format"),
    "lb.export.csv": Text("CSV 表格", "CSV"),
    "lb.export.json": Text("JSON", "JSON"),
    "lb.export.markdown": Text("Markdown", "Markdown"),
    "lb.export.model-index": Text("模型卡片（model-index）", "Model card (model-index)"),
    "lb.export.row": Text("哪一行", "Which row"),
    "lb.export.download": Text("下载", "Download"),
    "lb.export.preview": Text("预览", "Preview"),
    # what can go wrong
    "evaluate.note_stopped": Text("已停止；点“继续”会从原处接着来。", "It was stopped; it goes on where it was."),
    "evaluate.note_unexpected": Text(
        "出了意料之外的错误，细节在日志里。", "An unexpected error; the log has the details."
    ),
    "error.evaluate_setting": Text("{name} 不能是 {value}：{reason}", "{name} cannot be {value}: {reason}"),
    "error.evaluate_no_prompts": Text(
        "没有剩下带字数要求的提示词；请换一批提示词、类别或语言。",
        "No prompt that demands a length is left; choose other prompts, classes or another language.",
    ),
    "error.evaluate_prompts": Text(
        "{path} 那里没有提示词；请给一个 JSON Lines 文件或数据集文件夹。",
        "There are no prompts at {path}; give a JSON Lines file of rows, or a data set's folder.",
    ),
    "error.evaluate_none": Text("没有评测“{id}”；有：{known}。", "There is no evaluation “{id}”; there are: {known}."),
    "error.evaluate_damaged": Text(
        "评测 {id} 的 {file} 读不出来，请删除它。", "{file} of the evaluation {id} cannot be read; delete it."
    ),
    "error.evaluate_busy": Text("另一个进程正在做评测 {id}。", "Another process works on the evaluation {id}."),
    "error.evaluate_unanswered": Text(
        "{n} 个答案出错了；看看日志，再让评测继续。",
        "{n} answers ended in an error; see the log, then let the evaluation go on.",
    ),
    "error.evaluate_not_resumable": Text(
        "评测 {id} 现在不能继续（{state}）。", "The evaluation {id} cannot go on now ({state})."
    ),
    "error.evaluate_idle": Text("评测 {id} 没有在进行。", "Nothing works on the evaluation {id}."),
    "error.evaluate_working": Text("评测 {id} 正在进行，请先停止。", "The evaluation {id} is at work; stop it first."),
    "error.evaluate_shipped": Text(
        "评测 {id} 是随应用来的，删不了。", "The evaluation {id} came with hesui and stays."
    ),
    "error.evaluate_cell": Text(
        "这个格子的答案已经不在了，请刷新排行榜再点。",
        "The answers behind this cell are gone; look at the board again.",
    ),
    "error.board_none": Text(
        "没有提示词“{id}”的排行榜；有：{known}。", "There is no board of the prompts “{id}”; there are: {known}."
    ),
    "error.filter_unknown": Text(
        "{name} 不能是“{value}”；可用：{known}。", "{name} cannot be “{value}”; allowed are: {known}."
    ),
    "error.report_format": Text(
        "格式不能是“{value}”；可用：{known}。", "The format cannot be “{value}”; allowed are: {known}."
    ),
    "error.evaluate_unguided": Text(
        "服务器上的模型不能引导；请选原始输出，或本机的模型。",
        "A model behind a server cannot be guided; choose raw, or a local model.",
    ),
    "lb.export.copy": Text("复制", "Copy"),
}
