"""Tells whether a prompt belongs to the embedded model's small world; knows nothing of models."""

from __future__ import annotations

import regex

from hesui.corpus.grammar import grammar

# The feast, the forms of text, and what people do with them: a prompt of that world names at least one.
WORLD = regex.compile(
    "春节|新年|新春|过年|拜年|除夕|元宵|小年|初一|年夜饭|春联|灯笼|压岁|红包|守岁|庙会|饺子|年货|窗花"
    "|[鼠牛虎兔龙蛇马羊猴鸡狗猪]年|祝福|祝贺|贺[信词卡辞岁]|问候|致辞|慰问信|来信|改写成.{0,4}诗|[写改变]成[^。]{0,20}诗|新年信|(?:概括|总结)[^。]{0,8}信|信[^。]{0,16}(?:概括|总结)"
)
HAN = regex.compile(r"\p{Han}")
LETTER = regex.compile(r"[\p{L}\p{N}]")
MOSTLY = 0.6  # share of Han characters among letters from which a prompt counts as Chinese


def in_world(prompt: str) -> bool:
    """Whether the embedded model can be expected to answer: mostly Chinese, and about the Spring Festival."""
    letters = len(LETTER.findall(prompt))
    if not letters or len(HAN.findall(prompt)) / letters < MOSTLY:
        return False
    return WORLD.search(prompt) is not None or any(f"《{title.name}》" in prompt for title in grammar().titles)
