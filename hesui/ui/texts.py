"""Every text of the page in 中文 and English; knows neither widgets nor HTML."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from hesui.length import Constraint

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = get_args(Lang)


class Text(NamedTuple):
    """One text in both languages; gaps are `{name}`."""

    zh: str
    en: str

    def fill(self, **values: object) -> Text:
        """This text with its gaps filled; a value that is a Text itself gives each language its own."""
        return Text(*(_filled(getattr(self, lang), lang, values) for lang in LANGS))


def text(key: str, **values: object) -> Text:
    """The text called `key`, its gaps filled. Raises KeyError on an unknown key."""
    return TEXTS[key].fill(**values)


def _filled(template: str, lang: Lang, values: dict[str, object]) -> str:
    return template.format_map({k: getattr(v, lang) if isinstance(v, Text) else v for k, v in values.items()})


def demand(constraint: Constraint) -> Text:
    """A demand in words: 恰好 50 字, exactly 50 characters."""
    low, high = constraint.band
    unit = TEXTS[f"unit.{constraint.unit}"]
    number = _amount(constraint.aim if constraint.op in ("eq", "approx") else None, low, high)
    if number == "1":
        unit = unit._replace(en=unit.en.removesuffix("s"))
    scope = "" if constraint.scope == "whole" else TEXTS[f"scope.{constraint.scope}"]
    return text(f"demand.{constraint.op}", scope=scope, n=number, unit=unit)


def _amount(aim: int | None, low: int | None, high: int | None) -> str:
    if aim is not None:
        return f"{aim:,}"
    return "–".join(f"{bound:,}" for bound in (low, high) if bound is not None)


TEXTS: dict[str, Text] = {
    # the shell
    "app.title": Text("贺岁 hesui", "贺岁 hesui"),
    "app.sentence": Text(
        "教小模型听懂“写 50 字”。同一个要求，左右两个模型同时写，字数当场数给你看。",
        "Teach small models to obey length. One prompt, two models side by side, every character counted as they write.",
    ),
    "lang.other": Text("English", "中文"),
    "theme.switch": Text("明 / 暗", "Light / dark"),
    "tab.compare": Text("对比", "Compare"),
    # the prompt
    "prompt.label": Text("你的要求", "Your prompt"),
    "prompt.placeholder": Text(
        "例如：假如你是老师，请写一段50字的春节祝福给家长",
        "For example: 假如你是老师，请写一段50字的春节祝福给家长",
    ),
    "examples.label": Text("试一试", "Try one"),
    "example.greeting": Text("① 50 字祝福", "① Greeting, 50"),
    "example.long": Text("② 200 字以上长文", "② Long text, 200+"),
    "example.essay": Text("③ 300 字作文", "③ Essay, 300"),
    "example.verse": Text("④ 祝福改成诗", "④ Greeting to verse"),
    "example.summary": Text("⑤ 来信写摘要", "⑤ Letter to summary"),
    "example.english": Text("英文提示词", "In English"),
    "example.free": Text("不限字数", "No length"),
    # the demand
    "chip.none": Text("没有发现字数要求，可以在下面设定一个。", "No length demand found. You can set one below."),
    "chip.empty": Text(
        "输入要求后，这里会实时显示识别到的字数要求。",
        "Type a prompt: the length it demands shows up here as you type.",
    ),
    "chip.also": Text("另有", "also"),
    "chip.rule": Text("按{counter}计", "counted as {counter}"),
    "chip.unsupported": Text(
        "“{phrase}”的单位暂不支持。请改用字、词、句、行或段。",
        "The unit of “{phrase}” is not supported. Use characters, words, sentences, lines or paragraphs.",
    ),
    "demand.eq": Text("{scope}恰好 {n} {unit}", "{scope}exactly {n} {unit}"),
    "demand.le": Text("{scope}不超过 {n} {unit}", "{scope}at most {n} {unit}"),
    "demand.ge": Text("{scope}不少于 {n} {unit}", "{scope}at least {n} {unit}"),
    "demand.approx": Text("{scope}约 {n} {unit}", "{scope}about {n} {unit}"),
    "demand.range": Text("{scope}{n} {unit}", "{scope}{n} {unit}"),
    "unit.char": Text("字", "characters"),
    "unit.word": Text("词", "words"),
    "unit.sentence": Text("句", "sentences"),
    "unit.line": Text("行", "lines"),
    "unit.paragraph": Text("段", "paragraphs"),
    "scope.per_item": Text("每条", "each item "),
    "scope.per_sentence": Text("每句", "each sentence "),
    "scope.per_line": Text("每行", "each line "),
    "scope.per_paragraph": Text("每段", "each paragraph "),
    "scope.title": Text("标题", "title "),
    "scope.part": Text("其中一部分", "one part "),
    "edit.title": Text("修改或设定字数要求", "Change or set the demand"),
    "edit.op": Text("方式", "Kind"),
    "edit.op.eq": Text("恰好", "exactly"),
    "edit.op.le": Text("不超过", "at most"),
    "edit.op.ge": Text("不少于", "at least"),
    "edit.op.approx": Text("大约", "about"),
    "edit.op.range": Text("区间", "range"),
    "edit.low": Text("数量", "Number"),
    "edit.high": Text("区间上限", "Upper end of the range"),
    "edit.unit": Text("单位", "Unit"),
    "edit.counter": Text("计数规则", "Counting rule"),
    "edit.apply": Text("写进提示词", "Write into the prompt"),
    "counter.auto": Text("自动（随提示词，默认字数）", "automatic (the prompt's rule, else 字数)"),
    "counter.word": Text("字数", "字数 (as Word counts)"),
    "counter.chars": Text("字符", "characters"),
    "counter.han": Text("汉字", "Han only"),
    "counter.han_latin": Text("汉字+英文词", "Han + Latin words"),
    "counter.raw": Text("原始长度", "raw length"),
    "count.word": Text("字数", "字数"),
    "count.chars": Text("字符", "characters"),
    "count.han": Text("汉字", "Han"),
    # controls
    "go": Text("开始对比", "Compare"),
    "stop": Text("停止", "Stop"),
    "again": Text("换种子再来", "Again, new seed"),
    "share": Text("复制分享链接", "Copy share link"),
    "help.label": Text("两边同时使用", "On both sides"),
    "guide.label": Text("字数引导", "Length guide"),
    "best.label": Text("多次取优", "Best of"),
    "settings.title": Text("采样设置", "Sampling settings"),
    "settings.temperature": Text("温度", "Temperature"),
    "settings.temperature.info": Text("0 为贪心，最高 2", "0 is greedy, 2 at most"),
    "settings.top_p": Text("核采样 top-p", "Nucleus top-p"),
    "settings.top_p.info": Text("0.01 到 1", "0.01 to 1"),
    "settings.seed": Text("随机种子", "Seed"),
    "settings.seed.info": Text("左右用同一个", "The same on both sides"),
    "settings.max_tokens": Text("最多词元", "Max tokens"),
    "settings.max_tokens.info": Text("0 为按要求推算", "0: derived from the demand"),
    "left.model": Text("左边的模型", "Model on the left"),
    "right.model": Text("右边的模型", "Model on the right"),
    # the panes
    "side.left": Text("左", "Left"),
    "side.right": Text("右", "Right"),
    "model.base": Text("基座", "Base"),
    "model.tuned": Text("调优", "Tuned"),
    "mode.raw": Text("原始输出", "raw"),
    "mode.guided": Text("字数引导", "guided"),
    "mode.best": Text("{n} 选 1", "best of {n}"),
    "pane.idle.left": Text("左边的答案会写在这里。", "The answer of the left model appears here."),
    "pane.idle.right": Text(
        "右边的答案会写在这里，用同样的种子和设置。",
        "The answer of the right model appears here: same seed, same settings.",
    ),
    "pane.nothing": Text("模型没有写出任何文字。", "The model wrote nothing."),
    "pane.aim": Text("要求 {demand}", "wanted: {demand}"),
    "pane.no_demand": Text("没有字数要求", "no length demand"),
    "pane.copy": Text("复制答案", "Copy answer"),
    "state.idle": Text("待写", "ready"),
    "state.waiting": Text("等待", "waiting"),
    "state.writing": Text("书写中", "writing"),
    "state.within": Text("书写中，已在范围内", "writing, within range"),
    "state.passing": Text("书写中，已超出 {n}", "writing, over by {n}"),
    "state.ok": Text("达标", "obeyed"),
    "state.near": Text("仅差 {n}", "off by only {n}"),
    "state.over": Text("多了 {n}", "over by {n}"),
    "state.under": Text("少了 {n}", "short by {n}"),
    "state.free": Text("写完", "finished"),
    "state.stopped": Text("已停止", "stopped"),
    "state.failed": Text("出错", "failed"),
    "stat.error": Text("误差 {n}", "error {n}"),
    "stat.speed": Text("{n} 词元/秒", "{n} tokens/s"),
    "stat.time": Text("{n} 秒", "{n} s"),
    "stat.drawn": Text("共采样 {n} 词元", "{n} tokens drawn"),
    "end.limit": Text("到词元上限被截断", "cut at the token limit"),
    "end.time": Text("到时间上限被截断", "cut at the time limit"),
    "note.sequential": Text("两边依次生成", "answered one after the other"),
    "live.side": Text("{side}：{model}，{count} 字，{state}。", "{side}: {model}, count {count}, {state}."),
    # status above the panes
    "status.loading": Text("正在加载模型 {what}", "Loading model {what}"),
    "status.waiting": Text(
        "前面还有 {n} 位，请稍候，轮到你时自动开始。", "{n} ahead of you. Yours starts by itself when it is your turn."
    ),
    "status.prepare": Text("正在准备", "Preparing"),
    "world.note": Text(
        "内置的小模型只学过中文春节文案：祝福、长文、作文、诗句、来信摘要。这个题目它没学过，写出来可能答非所问，字数照样会数。",
        "The built-in model has learned Chinese Spring Festival writing only: greetings, long texts, essays, verse, "
        "summaries of New Year letters. This prompt lies outside; it may miss the point, and is still counted.",
    ),
    # the visit
    "tally.title": Text("本次来访的战绩", "This visit so far"),
    "tally.empty": Text("每比一次，就记一笔：谁更听话。", "Each comparison adds a mark: who obeys more often."),
    "tally.of": Text("{ok} / {all} 次达标", "{ok} of {all} obeyed"),
    "tally.near": Text(
        "差 {k} 以内 {near} / {all}，平均差 {off}", "within {k}: {near} of {all}, off by {off} on average"
    ),
    "history.title": Text("本次来访的记录", "History of this visit"),
    "history.empty": Text("还没有记录。", "Nothing yet."),
    "history.restore": Text(
        "点一条可恢复当时的提示词、设置和答案。", "Choose one to bring back its prompt, settings and answers."
    ),
    "share.copied": Text(
        "链接已复制：打开它会恢复这条提示词和全部设置。", "Link copied: it brings back this prompt and every setting."
    ),
    "share.too_long": Text(
        "提示词太长，放不进链接；请缩短后再分享。", "The prompt is too long for a link; shorten it to share."
    ),
    # errors; each key is carried by a HesuiError
    "error.unknown": Text(
        "出现意外错误，输入已保留，请再试一次。（{message}）",
        "Something unexpected went wrong; your input is kept, please try again. ({message})",
    ),
    "error.prompt_empty": Text(
        "提示词是空的，请先写下要求，或点上面的例子。", "The prompt is empty. Write one, or choose an example above."
    ),
    "error.prompt_too_long": Text(
        "提示词有 {count:,} 个字符，最多 {limit:,} 个，请缩短。",
        "The prompt has {count:,} characters; {limit:,} are allowed. Please shorten it.",
    ),
    "error.prompt_encoding": Text(
        "提示词第 {position} 个字符不是有效文字，请删去。",
        "Character {position} of the prompt is not valid text; remove it.",
    ),
    "error.demand_zero": Text(
        "字数要求是 {value}，请改成 1 到 {limit:,}。", "The demand is {value}; ask for a length from 1 to {limit:,}."
    ),
    "error.demand_too_large": Text(
        "字数要求是 {value}，最多支持 {limit:,}，请改小。",
        "The demand is {value}; at most {limit:,} is allowed. Ask for less.",
    ),
    "error.demand_range": Text(
        "区间下限 {low} 大于上限 {high}，请调换。", "The range starts at {low}, above its end {high}; swap them."
    ),
    "error.demand_missing": Text("请填写数量。", "Fill in the number."),
    "error.option_range": Text(
        "{name} 为 {value}，应在 {low} 到 {high} 之间。", "{name} is {value}; it must lie from {low} to {high}."
    ),
    "error.op_unknown": Text("不认识的方式“{value}”，可用：{known}。", "Unknown kind “{value}”; allowed: {known}."),
    "error.unit_unknown": Text(
        "不支持的单位“{value}”，可用：{known}。", "Unsupported unit “{value}”; allowed: {known}."
    ),
    "error.counter_unknown": Text(
        "不认识的计数规则“{value}”，可用：{known}。", "Unknown counting rule “{value}”; allowed: {known}."
    ),
    "error.model_none": Text("没有选择模型，请至少选一个。", "No model is chosen; choose at least one."),
    "error.model_unknown": Text(
        "没有名为“{model}”的模型，可用：{known}。", "There is no model “{model}”; there are: {known}."
    ),
    "error.model_not_found": Text(
        "没有名为“{name}”的模型，可用：{names}。", "There is no model “{name}”; there are: {names}."
    ),
    "error.base_not_found": Text(
        "找不到基座模型（{location}）。请检查 HESUI_BASE_MODEL，或运行 hesui models build-tiny 重建内置模型。",
        "The base model is missing ({location}). Check HESUI_BASE_MODEL, or rebuild the embedded one: hesui models build-tiny.",
    ),
    "error.unsafe_weights": Text(
        "“{name}”只有 pickle 格式的权重（{files}），加载时可能执行代码，因此拒绝。请另存为 safetensors。",
        "“{name}” holds pickled weights only ({files}), which can run code when loaded, so it is refused. Save it as safetensors.",
    ),
    "error.weights_missing": Text(
        "“{name}”里没有权重文件（{wanted}），请复制完整的模型文件夹。",
        "“{name}” holds no weights ({wanted}); copy the whole model folder.",
    ),
    "error.queue_full": Text(
        "现在人太多：已有 {waiting} 个请求在等（上限 {limit}）。请稍后再试，输入已保留。",
        "Too busy: {waiting} requests wait already ({limit} may). Try again in a moment; your input is kept.",
    ),
    "error.out_of_memory": Text(
        "内存不足（{device}），输入已保留。可以依次试试：多次取优改为 1，关闭字数引导，减少最多词元，或换用更小的模型。",
        "Out of memory ({device}); your input is kept. Try in turn: best of 1, no length guide, fewer max tokens, "
        "a smaller model.",
    ),
    "error.context": Text(
        "提示词有 {prompt} 个词元，答案约需 {answer} 个，而模型一共只容得下 {limit} 个。请缩短提示词或减少字数。",
        "The prompt has {prompt} tokens and the answer needs about {answer}; the model has room for {limit} together. "
        "Shorten the prompt or ask for less.",
    ),
    "error.template": Text(
        "模型的对话模板不接受这条提示词（{reason}）。", "The model's chat template refuses this prompt ({reason})."
    ),
    "error.base_unusable": Text(
        "基座模型“{name}”无法使用：{reason}", "The base model “{name}” cannot be used: {reason}"
    ),
    "error.adapter_unusable": Text("模型“{name}”无法使用：{reason}", "The model “{name}” cannot be used: {reason}"),
    "error.device": Text(
        "这台机器没有设备“{value}”，请把 HESUI_DEVICE 设为 auto、cpu、cuda、cuda:1 或 mps。",
        "There is no device “{value}” here; set HESUI_DEVICE to auto, cpu, cuda, cuda:1 or mps.",
    ),
    "error.dtype": Text(
        "不支持的数值类型“{value}”，请把 HESUI_DTYPE 设为 auto、float32、bfloat16 或 float16。",
        "Unsupported dtype “{value}”; set HESUI_DTYPE to auto, float32, bfloat16 or float16.",
    ),
}
