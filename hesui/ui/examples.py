"""Prompts to try, one a task class; Chinese in either language of the page, as the embedded model writes Chinese."""

from __future__ import annotations

LETTER = (
    "亲爱的在外打拼的乡亲们：腊月里家家杀猪磨豆腐，年味儿越来越浓，我先给乡亲们拜个早年。进城的路又宽又平，车子直通家门口，"
    "来回的时间省下一半。漫山苹果红了，五百亩果园迎来好收成，外省的客商都来订货。果品加工厂今年开春动工，往后苹果不愁卖，"
    "还能多挣钱。祝乡亲们新春快乐，五谷丰登！村支书"
)
GREETING = "亲爱的老师，新年到了，感谢您一年来的辛勤教导，祝您身体健康，工作顺利，阖家幸福，万事如意。"

EXAMPLES: dict[str, str] = {
    "example.greeting": "假如你是老师，请写一段50字的春节祝福给家长",
    "example.long": "请以公司的名义给全体员工写一篇新春致辞，不少于200字",
    "example.essay": "请以“春节的味道”为题写一篇300字的作文",
    "example.verse": f"请把下面的祝福改写成一首诗，100字以内：{GREETING}",
    "example.summary": f"假如你是返乡青年，请概括下面的信并说说期待，不超过100字。\n{LETTER}",
    "example.english": "Write a Chinese Spring Festival greeting to a colleague, at most 60 characters",
    "example.free": "请给爷爷奶奶写一段春节祝福",
}
