"""Prompts to try, one a task class; Chinese in either language of the page, as the embedded model writes Chinese."""

from __future__ import annotations

LETTER = (
    "爸妈：腊月里厂里忙，我又评上了先进，领导还给发了奖金。孩子期末考了全班第三，天天念叨着要回去看爷爷奶奶放烟花。"
    "我们腊月二十八的火车，二十九上午到家，年货别多买，我带了南方的腊肠和橘子。奶奶的腿天冷就疼，记得每晚用热水泡泡脚。"
    "今年一定陪你们好好过个团圆年。儿子"
)
GREETING = "亲爱的老师，新年到了，感谢您一年来的辛勤教导，祝您身体健康，工作顺利，阖家幸福，万事如意。"

EXAMPLES: dict[str, str] = {
    "example.greeting": "假如你是老师，请写一段50字的春节祝福给家长",
    "example.long": "请以公司的名义给全体员工写一篇新春致辞，不少于200字",
    "example.essay": "请以“春节的味道”为题写一篇300字的作文",
    "example.verse": f"请把下面的祝福改写成一首诗，100字以内：{GREETING}",
    "example.summary": f"请把下面这封家书概括成100字以内的摘要：{LETTER}",
    "example.english": "Write a Chinese Spring Festival greeting to a colleague, at most 60 characters",
    "example.free": "请给爷爷奶奶写一段春节祝福",
}
