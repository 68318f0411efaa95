"""What the Review tab says of data sets out of the queue and files into it."""

from hesui.ui.texts.text import Text

TEXTS: dict[str, Text] = {
    "review.files": Text("导入导出", "Import and export"),
    # out
    "rvout.title": Text("导出数据集", "Export a data set"),
    "rvout.hint": Text(
        "把评审的结果写成训练、验证、测试三份，附数据卡和每一行的来历。验证和测试的家族不会出现在训练里。",
        "Writes what was decided as train, validation and test, with a card and where each row comes from. Families of "
        "validation and test never stand in train.",
    ),
    "rvout.kind": Text("哪一种", "Kind"),
    "rvout.kind.sft": Text("SFT：采纳和修改的答案", "SFT: accepted and edited answers"),
    "rvout.kind.dpo": Text("DPO：好坏成对", "DPO: a better and a worse answer"),
    "rvout.kind.kto": Text("KTO：采纳 / 退回", "KTO: accepted / rejected"),
    "rvout.kind.labels": Text("标注", "labels"),
    "rvout.demo": Text("连演示数据一起", "With the demo data"),
    "rvout.demo.info": Text("内置写手写的，只供试用", "composed, for trying things out"),
    "rvout.make": Text("生成数据集", "Make the data set"),
    "rvout.split.train": Text("条训练", "train"),
    "rvout.split.validation": Text("条验证", "validation"),
    "rvout.split.test": Text("条测试", "test"),
    "rvout.left": Text("没有写进去的", "Left out"),
    "rvout.left.gold": Text("金标题：", "gold items:"),
    "rvout.left.demo": Text("演示数据：", "demo data:"),
    "rvout.left.open": Text("还没定下：", "not decided yet:"),
    "rvout.left.split": Text("有分歧：", "split:"),
    "rvout.left.rejected": Text("退回的：", "rejected:"),
    "rvout.left.duplicate": Text("作为重复退回的：", "rejected as duplicates:"),
    "rvout.left.contradiction": Text("同一答案有相反的结论：", "the same text under opposite verdicts:"),
    "rvout.left.twice": Text("同一答案出现两次：", "the same text twice:"),
    "rvout.left.unpaired": Text("没有可配对的答案：", "nothing to pair with:"),
    "rvout.left.alike": Text("两个答案几乎相同：", "two answers nearly alike:"),
    "rvout.left.limit": Text("同一提示词配对太多：", "more pairs than one prompt may give:"),
    "rvout.left.history": Text("这种格式放不下此前的对话：", "the format has no place for earlier turns:"),
    "rvout.left.leak_exact": Text("与留出的提示词相同：", "the same as a held-out prompt:"),
    "rvout.left.leak_near": Text("与留出的提示词几乎相同：", "nearly a held-out prompt:"),
    "rvout.left.leak_family": Text("与留出的提示词同族：", "of a held-out prompt's family:"),
    "rvout.left.leak_answer": Text("含有留出的答案：", "holds a held-out answer:"),
    # in
    "rvin.title": Text("导入待评审的答案", "Import answers to review"),
    "rvin.hint": Text(
        "TRL、Alpaca、ShareGPT、千帆、CSV（可指定列）和标注文件都行。好的行进队列，坏的行逐条说明；重复导入不会重复。",
        "TRL, Alpaca, ShareGPT, Qianfan, CSV (name its columns) and label files. Good rows go into the queue, bad rows "
        "are told one by one; importing again adds nothing.",
    ),
    "rvin.name": Text("来源名称", "Name of the source"),
    "rvin.gold": Text("文件里的结论是已知答案（金标）", "Its verdicts and labels are known answers (gold)"),
    "rvin.gold.info": Text("用来衡量评审者，不会导出", "to measure reviewers by; never exported"),
    "rvin.column.prompt": Text("提示词列", "Prompt column"),
    "rvin.column.completion": Text("答案列", "Answer column"),
    "rvin.column.text": Text("文本列", "Text column"),
    "rvin.column.label": Text("标签列", "Label column"),
    "rvin.column.class": Text("类别列", "Class column"),
    "rvin.add": Text("加入队列", "Add to the queue"),
    "rvin.rejected": Text("下载坏行", "Download bad rows"),
    "rvin.nothing": Text("前 200 行里没有能评审的内容。", "Nothing that can be reviewed among the first 200 rows."),
    "rvin.added": Text(
        "好的 {good:,} 行，新增 {new:,} 条，坏的 {bad:,} 行。",
        "{good:,} good rows, {new:,} new items, {bad:,} bad rows.",
    ),
    "rvin.bad": Text("不能用的行", "Rows that cannot be used"),
    "rvin.bad.line": Text("行", "Line"),
    "rvin.bad.found": Text("内容", "What came"),
    "rvin.bad.why": Text("原因", "Why"),
    "rvin.more": Text("其余的在下载的文件里。", "The others are in the file to download."),
    # a distillation
    "rvrun.title": Text("加入一次蒸馏的答案", "Add a distillation's answers"),
    "rvrun.hint": Text(
        "教师模型写好并通过字数筛选的答案，由人来定。", "Answers that passed the length filter, for people to judge."
    ),
    "rvrun.negatives": Text("连没通过筛选的一起", "Those that did not pass, too"),
    "rvrun.add": Text("加入队列", "Add to the queue"),
    "rvrun.added": Text("新增 {n:,} 条待评审。", "{n:,} new items to review."),
    "format.jsonl": Text("JSONL", "JSONL"),
    "error.export_kind": Text(
        "没有“{name}”这种数据集，可用：{known}。", "There is no data set of the kind “{name}”; there are: {known}."
    ),
    "error.export_format": Text(
        "{kind} 数据集不能写成“{name}”格式，可用：{known}。",
        "{kind} cannot be written in the format “{name}”; allowed: {known}.",
    ),
    "error.export_empty": Text(
        "还没有可以导出的内容：先评审一些条目，或勾选“连演示数据一起”。",
        "There is nothing to export yet: review some items first, or include the demo data.",
    ),
    "error.export_changed": Text(
        "文件夹 {folder} 导出后被改动过：{names}。请先移走这些文件，或换一个文件夹。",
        "{folder} was changed since it was exported: {names}. Move these away, or choose another folder.",
    ),
    "format.labels": Text("待标注的文本", "Texts to be labelled"),
    "error.column_unknown": Text("没有列“{name}”，可用：{known}。", "There is no column “{name}”; there are: {known}."),
    "error.file_binary": Text(
        "{file} 不是文本文件（是表格、压缩包或图片？）。请另存为 UTF-8 的 CSV 或 JSON Lines。",
        "{file} is no text (a spreadsheet, an archive, a picture?). Save it as CSV or JSON Lines in UTF-8.",
    ),
    "error.half_character": Text("含有半个字符，请修正这一处", "half of a character without its other half"),
    "error.record_encoding": Text(
        "第 {position} 个字符不是 UTF-8，请把文件存为 UTF-8",
        "character {position} is not UTF-8; save the file as UTF-8 text",
    ),
    "error.record_long": Text(
        "超过 {limit:,} 个字符，是不是少了换行？", "longer than {limit:,} characters; is a line break missing?"
    ),
    "error.record_nul": Text("含有 NUL 字符，请把文件存为 UTF-8 文本", "a NUL character; save the file as UTF-8 text"),
    "error.record_unknown": Text(
        "不是任何已知格式，它的字段：{found}", "a record of no known format; its fields: {found}"
    ),
    "problem.no_answer": Text("没有答案可审。", "There is no answer to review."),
    "problem.no_gold": Text(
        "缺少已知答案，请写在字段“{field}”里：{known}",
        "The known answer is missing; state it in the field “{field}”: {known}",
    ),
    "error.column_map": Text(
        "“{value}”没有指定列，请写成 completion=答复 的形式。",
        "“{value}” names no column; write it like completion=答复.",
    ),
}
