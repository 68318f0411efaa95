"""One text in 中文 and English, with gaps; knows no text of the page."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = get_args(Lang)


class Text(NamedTuple):
    """One text in both languages; gaps are `{name}`."""

    zh: str
    en: str

    def fill(self, **values: object) -> Text:
        """This text with its gaps filled; a value that is a Text itself gives each language its own."""
        return Text(*(_filled(getattr(self, lang), lang, values) for lang in LANGS))


def _filled(template: str, lang: Lang, values: dict[str, object]) -> str:
    return template.format_map({k: getattr(v, lang) if isinstance(v, Text) else v for k, v in values.items()})
