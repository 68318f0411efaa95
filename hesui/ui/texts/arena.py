"""What blind rounds, their votes and the arena say."""

from hesui.ui.texts.text import Text

TEXTS: dict[str, Text] = {
    # a blind round
    "blind.label": Text("盲测", "Blind test"),
    "blind.left": Text("A", "A"),
    "blind.right": Text("B", "B"),
    "blind.hint": Text(
        "盲测：刚才选的两个模型各写一篇，谁在哪边由服务器随机决定，种子也重新抽取。两边写完后以同样的速度显示，投票后揭晓。"
        "提示词、两篇回答和你的选择会保存下来，供复核与统计。",
        "Blind test: the two models you chose answer, on sides and with a seed that the server draws. Both answers appear "
        "at one pace once both are finished; the names follow your vote. The prompt, both answers and your choice are "
        "kept, for review and for figures.",
    ),
    "blind.loading": Text("正在加载模型", "Loading a model"),
    "blind.writing": Text(
        "两边都在写，共 {n} 字；都写完后一起显示",
        "Both are writing, {n} characters so far; shown once both are finished",
    ),
    "blind.showing": Text("写完了，正在以同样的速度显示", "Finished; both appear at one pace"),
    "blind.ask": Text("哪一篇更好？", "Which answer is better?"),
    "blind.vote.left": Text("A 更好", "A is better"),
    "blind.vote.right": Text("B 更好", "B is better"),
    "blind.vote.tie": Text("不分上下", "A tie"),
    "blind.vote.both_bad": Text("两篇都不好", "Both are bad"),
    "blind.chose.left": Text("你选了 A：{name}", "You chose A: {name}"),
    "blind.chose.right": Text("你选了 B：{name}", "You chose B: {name}"),
    "blind.chose.tie": Text("你选了不分上下", "You called it a tie"),
    "blind.chose.both_bad": Text("你认为两篇都不好", "You found both bad"),
    "blind.thanks": Text("谢谢！目前共有 {n} 票。", "Thank you! {n} votes so far."),
    "blind.sides": Text("A 是 {left}，B 是 {right}。", "A was {left}, B was {right}."),
    "blind.void": Text(
        "这一轮没有完整的两篇回答，不能投票。请再来一次。",
        "This round has no two whole answers, so there is no vote. Try again.",
    ),
    # what may go wrong
    "error.vote_same": Text(
        "左右是同一个模型（{model}）。请先关掉“盲测”，选两个不同的模型，再打开。",
        "Both sides are the same model ({model}). Switch the blind test off, choose two different ones, and switch it on again.",
    ),
    "error.vote_closed": Text(
        "这一轮已经投过票，或者没有写完；没有再记一票。请开始新的一轮。",
        "This round has been voted on, or never came to its end; nothing more was recorded. Start another round.",
    ),
    "error.vote_choice": Text(
        "没有这个选项：{value}。请用页面上的四个按钮投票。", "No such choice: {value}. Vote by one of the four buttons."
    ),
    "error.vote_limit": Text(
        "投票太密了：{minutes} 分钟内最多 {most} 票。这一票没有记下，请约 {wait} 分钟后再投。",
        "That is many votes: {most} in {minutes} minutes at most. This one was not recorded; vote again in about {wait} min.",
    ),
    "error.vote_class": Text(
        "类别 {task} 是给文本标注的，请选一个要求写回答的类别：{known}。",
        "The class {task} is for labels; choose one that asks for answers: {known}.",
    ),
    # the arena
    "arena.title": Text("盲测擂台", "The blind arena"),
    "arena.hint": Text(
        "访客在“对比”里盲测后投的票。强度由 Bradley-Terry 模型算出，已扣除回答长短的影响；横线是 95% 区间，两条线完全分开才算分出高下。",
        "What visitors voted after blind rounds in Compare. Strengths are Bradley-Terry's, between answers of equal length; "
        "the bars are 95 % intervals: only systems whose bars lie apart are clearly told apart.",
    ),
    "arena.few": Text(
        "票数太少：{votes} / {needed} 票，{prompts} / {needed} 个不同的提示词",
        "Too few: {votes} of {needed} votes, on {prompts} of {needed} different prompts",
    ),
    "arena.few.do": Text(
        "到“对比”里打开“盲测”，换着提示词多投几票；够了就会显示强度与区间。",
        "Switch on “Blind test” in Compare and vote on some more prompts; strengths and intervals appear once there are enough.",
    ),
    "arena.apart": Text(
        "有些系统之间没有票相连，无法放在同一把尺上比较",
        "No votes connect some of the systems, so they have no common scale",
    ),
    "arena.apart.do": Text(
        "在“对比”里让它们直接盲测，或者都和基座比。", "Let them meet in blind rounds, or each of them meet the base."
    ),
    "arena.none": Text("还没有人投票。", "Nobody has voted yet."),
    "arena.votes": Text("票", "votes"),
    "arena.prompts": Text("个提示词", "prompts"),
    "arena.visitors": Text("位访客", "visitors"),
    "arena.choices": Text("怎么投的", "How they voted"),
    "arena.choice.left": Text("左边更好", "left better"),
    "arena.choice.right": Text("右边更好", "right better"),
    "arena.choice.tie": Text("不分上下", "tie"),
    "arena.choice.both_bad": Text("都不好", "both bad"),
    "arena.strengths": Text("强度", "Strengths"),
    "arena.records": Text("各系统的胜负", "Won and lost so far"),
    "arena.unit": Text("对数胜率，0 为平均水平", "log-odds; 0 = average"),
    "arena.system": Text("系统", "System"),
    "arena.record": Text("胜 / 平 / 负", "Won / tied / lost"),
    "arena.chance": Text("对平均水平的胜率", "Chance against average"),
    "arena.place": Text("{value}（{low} 到 {high}）", "{value} ({low} to {high})"),
    "arena.meetings": Text("两两对阵", "Who met whom"),
    "arena.meetings.pair": Text("对阵双方", "Who"),
    "arena.length.more": Text(
        "长短的影响：同样水平的两篇回答，多出 {n} 个字符的那篇有 {chance} 的机会胜出（95% 区间 {low} 到 {high}）。",
        "Effect of length: of two equally good answers the one with {n} characters more wins {chance} of the time (95 %: {low} to {high}).",
    ),
    "arena.length.clear": Text("投票者明显偏爱更长的回答。", "Voters clearly prefer longer answers."),
    "arena.length.short": Text("投票者明显偏爱更短的回答。", "Voters clearly prefer shorter answers."),
    "arena.length.unclear": Text("看不出对长短的偏爱。", "No preference for length can be seen."),
    "arena.again": Text("刷新", "Refresh"),
    "arena.owner": Text("给主人：把偏好交去复核", "For the owner: preferences to review"),
    "arena.owner.hint": Text(
        "选票不直接进训练：胜出的回答先成为复核队列里的候选，来源标为 arena，由复核者决定。",
        "Votes do not go into training: answers that won become candidates in the review queue, with the source arena, for reviewers to decide.",
    ),
    "arena.class": Text("复核时归入的类别", "Class they are reviewed as"),
    "arena.review": Text("把胜出的回答送去复核", "Send preferred answers to review"),
    "arena.reviewed": Text(
        "{n} 条新候选进入复核队列；已在队列里的不会重复。",
        "{n} new candidates in the review queue; those already there were not added again.",
    ),
    "arena.export": Text("生成偏好对（JSONL）", "Write pairs (JSONL)"),
    "arena.exported": Text("{n} 对已写好，点右边的按钮下载。", "{n} pairs written; download them on the right."),
    "arena.download": Text("下载偏好对", "Download pairs"),
    "arena.nothing": Text(
        "还没有分出高下的票，没有可以导出的。", "No vote preferred an answer yet, so there is nothing to hand on."
    ),
}
