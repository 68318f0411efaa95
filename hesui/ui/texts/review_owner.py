"""What the owner's sections of the Review tab say: items, splits, progress and agreement."""

from hesui.ui.texts.text import Text

TEXTS: dict[str, Text] = {
    "review.items": Text("条目", "Items"),
    "review.splits": Text("分歧裁决", "Splits"),
    "review.figures": Text("进度与一致性", "Progress and agreement"),
    "items.hint": Text(
        "这里能看到每位评审者的决定。评审者要各自判断，所以只对主人开放。",
        "Every reviewer's decisions can be seen here. Reviewers are to judge for themselves, so this is for owners only.",
    ),
    # filters
    "items.search": Text("搜索", "Search"),
    "items.search.placeholder": Text("提示词、答案或修改后的文字", "prompt, answer or edited text"),
    "items.state": Text("状态", "State"),
    "items.state.all": Text("全部状态", "all states"),
    "items.verdict": Text("结论", "Verdict"),
    "items.verdict.all": Text("全部结论", "all verdicts"),
    "items.reviewer": Text("评审者", "Reviewer"),
    "items.source": Text("来源", "Source"),
    # a list
    "items.none": Text("没有符合条件的条目。", "No item matches."),
    "items.head.item": Text("条目", "Item"),
    "items.head.length": Text("要求与字数", "Demand and count"),
    "items.head.state": Text("状态", "State"),
    "items.head.who": Text("评审者", "Reviewers"),
    "items.nobody": Text("还没有人", "nobody yet"),
    "items.choose": Text("点一条条目，在这里查看和裁决。", "Choose an item to see it and to rule on it here."),
    "item.open": Text("待定", "open"),
    "item.accepted": Text("已采纳", "accepted"),
    "item.edited": Text("修改后采纳", "edited, accepted"),
    "item.rejected": Text("已退回", "rejected"),
    "item.labelled": Text("已标注", "labelled"),
    "item.split": Text("有分歧", "split"),
    "item.gold": Text("金标题", "gold"),
    "item.of": Text("{done}/{required} 人", "{done} of {required} reviewers"),
    "choice.accept": Text("采纳", "accept"),
    "choice.reject": Text("退回", "reject"),
    "choice.edit": Text("修改", "edit"),
    # one item
    "item.gold.tag": Text("金标题，答案是“{verdict}”", "gold: the answer is “{verdict}”"),
    "item.edited.title": Text("修改后的答案", "Edited answer"),
    "item.difference": Text("改动：", "Changes:"),
    "item.events": Text("经过", "What happened"),
    "item.untouched": Text("还没有人看过。", "Nobody has looked at it yet."),
    "item.seconds": Text("{n} 秒", "{n} s"),
    "item.peeked": Text("先看了教师的建议", "looked at the teacher's suggestion first"),
    "item.void": Text("不再算数", "does not count any more"),
    "event.accept": Text("采纳", "accepted"),
    "event.reject": Text("退回", "rejected"),
    "event.edit": Text("修改后采纳", "edited and accepted"),
    "event.label": Text("标注为“{choice}”", "labelled as “{choice}”"),
    "event.skip": Text("跳过", "skipped"),
    "event.undo": Text("撤销了自己的决定", "took the decision back"),
    "event.adjudicate": Text("主人裁决：“{choice}”", "the owner ruled: “{choice}”"),
    "event.reopen": Text("主人重新打开", "the owner reopened it"),
    # rulings
    "rule.title": Text("裁决", "Ruling"),
    "rule.accept": Text("采纳", "Accept"),
    "rule.reopen": Text("重新打开", "Reopen"),
    "rule.gold": Text("设为金标题…", "Make it a gold item…"),
    "rule.gold.hint": Text(
        "金标题的答案已知，会不时混在评审者的条目里，用来看评审是否可靠。已裁决的条目要重新打开才会派发。",
        "The answer to a gold item is known; it comes up now and then to show how reliable reviewers are. One that was "
        "ruled on is handed out once it is reopened.",
    ),
    "rule.gold.accept": Text("答案：采纳", "the answer: accept"),
    "rule.gold.reject": Text("答案：退回", "the answer: reject"),
    "rule.gold.label": Text("答案：{label}", "the answer: {label}"),
    "rule.gold.unset": Text("取消金标题", "No gold item any more"),
    "rule.reason": Text("退回的原因", "Reason to reject"),
    "rule.note": Text("说明（选“其他”时必填）", "Note (needed for “other”)"),
    "rule.reject": Text("退回", "Reject"),
    "rule.edit": Text("修改后采纳（原文会保留）", "Edit, then accept (the original is kept)"),
    "rule.save": Text("采纳修改", "Accept the edit"),
    "rule.done": Text("裁决已记录：{verdict}。", "Your ruling is recorded: {verdict}."),
    "rule.reopened": Text("已重新打开，经过会保留。", "Reopened; what happened stays in the record."),
    "rule.gold.done": Text("已设为金标题。", "It is a gold item now."),
    "rule.gold.undone": Text("不再是金标题。", "It is no gold item any more."),
    # many at once
    "bulk.hint": Text(
        "对筛选出来的全部答案一起裁决（标注题和金标题除外）：",
        "Rule on all answers that match the choice above (texts to be labelled and gold items left out):",
    ),
    "bulk.accept": Text("全部采纳…", "Accept all…"),
    "bulk.reject": Text("全部退回…", "Reject all…"),
    "bulk.ask.accept": Text("{n:,} 条将被采纳。", "{n:,} answers will be accepted."),
    "bulk.ask.reject": Text("{n:,} 条将被退回。", "{n:,} answers will be rejected."),
    "bulk.decided": Text(
        "其中 {n:,} 条已有结论，会被改判。", "{n:,} of them have a verdict already, which will be replaced."
    ),
    "bulk.changed": Text(
        "刚才筛选结果变了，什么都没有做。请看新的数目，再确认一次。",
        "Other items match by now, so nothing was done. Look at the new number and confirm again.",
    ),
    "bulk.none": Text("筛选结果里没有可以裁决的答案。", "There is no answer to rule on among these."),
    "bulk.working": Text("已裁决 {n:,} / {all:,} 条…", "{n:,} of {all:,} done…"),
    "bulk.partly": Text(
        "停在第 {n:,} 条（共 {all:,} 条），之后的没有改动。", "{n:,} of {all:,} were done; the others are as before."
    ),
    "bulk.done.accept": Text("已采纳 {n:,} 条。", "{n:,} accepted."),
    "bulk.done.reject": Text("已退回 {n:,} 条。", "{n:,} rejected."),
    # demo data
    "demo.count": Text(
        "队列里有 {n:,} 条演示数据，供试用评审。", "The queue holds {n:,} demo items, for trying it out."
    ),
    "demo.none": Text("队列里没有演示数据。", "There are no demo items in the queue."),
    "demo.remove": Text("移除演示数据", "Remove the demo items"),
    "demo.add": Text("加入演示数据", "Add the demo items"),
    "demo.really": Text(
        "移除全部演示数据，连同对它们的决定？", "Remove all demo items, with everything decided on them?"
    ),
    "demo.removed": Text("已移除 {n:,} 条演示数据。", "{n:,} demo items removed."),
    "demo.added": Text("已加入 {n:,} 条演示数据。", "{n:,} demo items added."),
    # splits
    "splits.left": Text("还有 {n:,} 条分歧，这是第 {at:,} 条。", "{n:,} splits are left; this is number {at:,}."),
    "splits.none": Text(
        "没有分歧：评审者对每一条的看法都一致，或者还没有第二个人看过。",
        "No splits: reviewers agree on every item, or nobody has been the second yet.",
    ),
    "splits.before": Text("上一条", "Previous"),
    "splits.after": Text("下一条", "Next"),
    "splits.decisions": Text("两边的决定", "The decisions"),
    # figures
    "figures.again": Text("重新计算", "Compute again"),
    "figures.working": Text("正在计算一致性…", "Computing agreement…"),
    "figures.progress": Text("进度", "Progress"),
    "figures.nothing": Text("队列是空的。", "The queue is empty."),
    "figures.all": Text("合计", "Total"),
    "figures.settled": Text("已定 {share}", "{share} settled"),
    "figures.items": Text("条数", "Items"),
    "figures.agreement": Text("一致性", "Agreement"),
    "figures.alpha.explained": Text(
        "α（Krippendorff）看大家在同一条上的判断有多一致：1 是完全一致，0 和随机差不多，0.8 以上通常算可靠。"
        "n 是至少两人决定过的条数；采纳和修改后采纳算同一种判断。",
        "α (Krippendorff) says how much all reviewers agree on the same items: 1 is complete agreement, 0 as by chance; "
        "0.8 and more usually counts as reliable. n is how many items two or more have decided; accepted and edited count "
        "as the same judgement.",
    ),
    "figures.kappa.explained": Text(
        "κ（Cohen）是两位评审者之间的一致程度，同样扣除了碰巧一致的部分。",
        "κ (Cohen) is the agreement of two reviewers, likewise without what chance alone would bring.",
    ),
    "figures.kind": Text("范围", "Items of"),
    "figures.kind.answer": Text("全部答案", "all answers"),
    "figures.kind.label": Text("全部标注", "all labels"),
    "figures.n": Text("条数 n", "Items, n"),
    "figures.decisions": Text("决定数", "Decisions"),
    "figures.few": Text("条数太少，算不出来", "too few items to tell"),
    "figures.uniform": Text("大家始终给出同一个判断，算不出来", "everybody always chose the same, so it is undefined"),
    "figures.tentative": Text("不足 {n} 条，仅供参考", "under {n} items: a hint at best"),
    "figures.no_votes": Text(
        "还没有任何决定。每条要有两人评审过，才谈得上一致性。",
        "There is no decision yet. Agreement needs items that two reviewers have decided.",
    ),
    "figures.pairs": Text("两两之间", "Pairs of reviewers"),
    "figures.pair": Text("两位评审者", "Pair"),
    "figures.what": Text("评审的是", "Of"),
    "figures.what.answer": Text("答案", "answers"),
    "figures.what.label": Text("标注", "labels"),
    "figures.no_pairs": Text("还没有两位评审者看过同一条。", "No two reviewers have decided the same item yet."),
    "figures.reviewers": Text("评审者", "Reviewers"),
    "figures.name": Text("评审者", "Reviewer"),
    "figures.aliases": Text("称呼只给主人看，这里是化名。", "Names are for owners; these are pseudonyms."),
    "figures.accepted": Text("采纳", "Accepted"),
    "figures.edited": Text("修改", "Edited"),
    "figures.rejected": Text("退回", "Rejected"),
    "figures.labelled": Text("标注", "Labelled"),
    "figures.skipped": Text("跳过", "Skipped"),
    "figures.median": Text("用时中位数", "Median time"),
    "figures.gold": Text("金标题答对", "Gold right"),
    "figures.upheld": Text("与裁决一致", "As ruled"),
    # what goes wrong
    "error.review_none": Text("请先点一条条目。", "Choose an item first."),
    "error.review_gold": Text(
        "金标题的答案不能是“{value}”，可用：采纳、退回。",
        "“{value}” is no answer to a gold item; allowed: accept, reject.",
    ),
}
