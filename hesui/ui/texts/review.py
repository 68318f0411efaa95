"""What the Review tab says."""

from hesui.ui.texts.text import Text

TEXTS: dict[str, Text] = {
    "tab.review": Text("评审", "Review"),
    "review.desk": Text("逐条评审", "Review one by one"),
    "review.language": Text("语言", "Language"),
    "review.language.all": Text("全部语言", "all languages"),
    "review.language.zh": Text("中文", "Chinese"),
    "review.language.en": Text("英文", "English"),
    # who reviews
    "review.name.title": Text("怎么称呼你？", "What shall we call you?"),
    "review.name.hint": Text(
        "你会逐条看到教师模型的答案，采纳、退回或修改它。称呼用来分配条目和统计，导出的数据里只有化名。",
        "You will see a teacher's answers one by one and accept, reject or edit them. Your name keeps your items apart; "
        "exported data carry a pseudonym only.",
    ),
    "review.name.label": Text("称呼", "Name"),
    "review.name.go": Text("开始评审", "Start reviewing"),
    "review.who": Text("评审者", "Reviewing as"),
    "review.rename": Text("换人", "change"),
    # an item
    "review.demo": Text("演示数据", "demo data"),
    "review.prompt": Text("提示词", "Prompt"),
    "review.demand": Text("识别到的要求：", "Recognised demand:"),
    "review.answer": Text("教师的答案", "Teacher's answer"),
    "review.context": Text("此前的对话", "What was said before"),
    "review.role.system": Text("系统", "system"),
    "review.role.user": Text("用户", "user"),
    "review.role.assistant": Text("助手", "assistant"),
    "review.teacher": Text("教师：", "teacher:"),
    "review.composer": Text("内置写手（不是语言模型）", "built-in composer (no language model)"),
    "review.source": Text("来源：", "from:"),
    "badge.complete": Text("结尾完整", "complete ending"),
    "badge.empty": Text("没有内容", "empty"),
    "badge.truncated": Text("被截断", "cut off"),
    "badge.incomplete": Text("结尾不完整", "incomplete ending"),
    "badge.repetition": Text("有重复", "repeats itself"),
    "badge.stated_count": Text("自报字数", "states its own length"),
    "badge.leaked": Text("露出了标记或套话", "leaked marker or talk"),
    "badge.twin": Text("与已采纳的答案几乎相同", "nearly the same as an accepted answer"),
    "badge.other_demand": Text("另一项要求没做到：", "another demand is not met:"),
    # actions
    "review.do.accept": Text("采纳", "Accept"),
    "review.do.reject": Text("退回", "Reject"),
    "review.do.edit": Text("修改", "Edit"),
    "review.do.skip": Text("跳过", "Skip"),
    "review.do.undo": Text("撤销", "Undo"),
    "review.do.hint": Text("看教师的建议", "Teacher's suggestion"),
    "review.do.help": Text("按键", "Keys"),
    "review.did.accept": Text("已采纳", "Accepted"),
    "review.did.reject": Text("已退回", "Rejected"),
    "review.did.edit": Text("修改已采纳", "Edit accepted"),
    "review.did.skip": Text("已跳过", "Skipped"),
    "review.did.label": Text("已标注", "Labelled"),
    "review.did.undo": Text("已撤销，请重新决定", "Taken back: decide again"),
    "review.undo.none": Text(
        "没有可以撤销的决定了（最多 20 条）。", "There is no decision left to take back (the last 20 can be)."
    ),
    "review.saving": Text("正在保存…", "saving…"),
    "review.saved": Text("已保存", "saved"),
    "review.offline": Text(
        "连不上服务器，已保留在这台设备上，恢复后自动保存。",
        "No connection: kept on this device, stored when it is back.",
    ),
    "review.lost": Text("停留太久，这一条已交给别人。", "That took long: somebody else has the item now."),
    "review.restored": Text("正在保存上次没存完的决定…", "Storing what was left from last time…"),
    "review.why": Text("为什么退回？", "Why reject it?"),
    "review.note": Text("补充说明（选“其他”时必填）", "Note (needed for “other”)"),
    "review.cancel": Text("取消", "Cancel"),
    "reason.length": Text("字数不对", "wrong length"),
    "reason.topic": Text("跑题或对象不对", "off topic or wrong reader"),
    "reason.fluency": Text("不通顺", "not fluent"),
    "reason.unsafe": Text("不当或失礼", "unsafe or disrespectful"),
    "reason.duplicate": Text("重复", "duplicate"),
    "reason.other": Text("其他", "other"),
    "review.edit.title": Text("修改后采纳（原文会保留）", "Edit, then accept (the original is kept)"),
    "review.edit.save": Text("采纳修改", "Accept the edit"),
    "review.draft": Text("这是上次没写完的草稿。", "This is your unfinished draft."),
    "review.out_of_band": Text(
        "不在要求的范围内，仍可采纳。", "Outside the demanded range; you may accept it all the same."
    ),
    "review.suggested": Text("教师建议“{label}”", "The teacher suggests “{label}”"),
    "review.no_suggestion": Text("教师没有建议。", "The teacher suggests nothing."),
    "review.same": Text("与教师一致。", "The same as the teacher."),
    "review.differs": Text("与教师不同。", "Not as the teacher."),
    # progress
    "review.done": Text("已定 {n}", "{n} decided"),
    "review.left": Text("待定 {n}", "{n} left"),
    "review.second": Text("其中 {n} 条等第二人", "{n} of them wait for a second reviewer"),
    "review.today": Text("我今天 {n}", "{n} mine today"),
    "review.mine": Text("我共 {n}", "{n} mine in all"),
    "review.session": Text("本次小结", "This session"),
    "review.nothing_yet": Text("还没有决定。", "No decision yet."),
    "review.median": Text("每条用时（中位数）", "Median time per item"),
    "review.streak": Text("最近各条的用时", "Time of the latest items"),
    "review.count.accept": Text("采纳", "accepted"),
    "review.count.reject": Text("退回", "rejected"),
    "review.count.edit": Text("修改", "edited"),
    "review.count.label": Text("标注", "labelled"),
    "review.count.skip": Text("跳过", "skipped"),
    "review.loading": Text("正在取下一条…", "Fetching the next item…"),
    "review.empty": Text(
        "全部看完了，谢谢！新的候选会出现在这里。主人可以在“导入导出”里导入文件或加入一次蒸馏的答案，也可以去“分歧裁决”。",
        "All done, thank you! New candidates will show up here. An owner can import a file or add a run's answers under "
        "“Import and export”, and settle what is under “Splits”.",
    ),
    "review.empty.narrowed": Text(
        "这一类暂时没有了。在上面改选“全部类别”和“全部语言”，可以继续评审别的。",
        "Nothing left in this choice. Choose all classes and all languages above to go on with others.",
    ),
    # help
    "review.help.title": Text("按键", "Keys"),
    "review.help.accept": Text("采纳这个答案", "accept the answer"),
    "review.help.reject": Text("退回，再按 1–6 选原因", "reject, then 1–6 for the reason"),
    "review.help.edit": Text("修改；Ctrl+Enter 采纳，Esc 放弃", "edit; Ctrl+Enter accepts, Esc gives up"),
    "review.help.skip": Text("跳过，留给别人", "skip, leave it to others"),
    "review.help.undo": Text("撤销，最多 20 步", "undo, up to 20 steps"),
    "review.help.hint": Text("标注时：看教师的建议", "when labelling: the teacher's suggestion"),
    "review.help.help": Text("打开这一页", "open this page"),
    "review.help.labels": Text(
        "标注题：按标签前的键。在输入框里打字时，这些键不起作用。",
        "To label, press the key before a label. None of these keys works while you type in a field.",
    ),
    "review.help.close": Text("知道了", "Close"),
    # what goes wrong
    "error.reviewer_name": Text(
        "称呼要有 1 到 {limit} 个看得见的字符，请另取一个。",
        "A name has 1 to {limit} visible characters; choose another.",
    ),
    "error.review_key": Text("页面太旧了，请刷新后再试。", "This page is out of date; reload it and try again."),
    "error.review_empty": Text(
        "修改后的答案是空的：请写点什么，或退回它。", "The edited answer is empty: write something, or reject it."
    ),
    "error.review_action": Text(
        "不认识的操作“{value}”，可用：{known}。", "Unknown action “{value}”; allowed: {known}."
    ),
    "error.review_reason": Text("请选一个退回的原因：{known}。", "A rejection needs a reason: {known}."),
    "error.review_note": Text("请用几个字说明哪里不好。", "Say in a few words what is wrong with it."),
    "error.review_label": Text(
        "没有标签“{value}”，可用：{known}。", "There is no label “{value}”; there are: {known}."
    ),
    "error.review_long": Text(
        "文字有 {count:,} 个字符，最多 {limit:,} 个，请缩短。",
        "The text has {count:,} characters; {limit:,} are allowed. Shorten it.",
    ),
    "error.review_encoding": Text(
        "文字里有无效的字符，请删去。", "The text holds characters that are no text; remove them."
    ),
    "error.review_gone": Text(
        "这一条已经不在了，请看下一条。", "This item is not there any more; go on with the next."
    ),
    "error.review_decided": Text(
        "这一条已由别人定下，你的决定没有记录，请看下一条。",
        "Others have decided on this item; yours was not recorded. Go on with the next.",
    ),
    "error.review_taken": Text(
        "停留太久，这一条已交给别人，你的决定没有记录，请看下一条。",
        "That took long: somebody else has this item now, so yours was not recorded. Go on with the next.",
    ),
    "error.review_ruled": Text(
        "主人已经裁决了这一条，不能再撤销；需要时请主人重新打开。",
        "An owner has ruled on this item since; ask them to reopen it.",
    ),
    "error.review_verdict": Text("请选一个裁决。", "Choose a verdict."),
}
