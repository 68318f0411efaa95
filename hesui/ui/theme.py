"""The look of the page: paper, ink and cinnabar. Colours are CSS variables, so that style.css holds each once."""

from __future__ import annotations

from pathlib import Path

from gradio.themes import Base

HERE = Path(__file__).parent
STYLES = (
    HERE / "style.css",
    HERE / "review.css",
    HERE / "review_owner.css",
    HERE / "train.css",
    HERE / "leaderboard.css",
)
SCRIPTS = (HERE / "page.js", HERE / "review.js", HERE / "leaderboard.js")
FAVICON = HERE / "favicon.svg"

SANS = [
    "system-ui",
    "-apple-system",
    "PingFang SC",
    "Microsoft YaHei",
    "Noto Sans SC",
    "Noto Sans CJK SC",
    "sans-serif",
]
MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]


def theme() -> Base:
    """The theme; every font is the visitor's own, so nothing is fetched."""
    return Base(font=SANS, font_mono=MONO).set(
        # The server writes these two into the page before the style sheet is there.
        body_background_fill="#faf5ea",
        body_background_fill_dark="#1a1411",
        **_alike(
            body_text_color="var(--ink)",
            body_text_color_subdued="var(--ink-soft)",
            background_fill_primary="var(--card)",
            background_fill_secondary="var(--paper)",
            border_color_primary="var(--line)",
            border_color_accent="var(--cinnabar)",
            color_accent_soft="var(--wash)",
            link_text_color="var(--cinnabar)",
            block_background_fill="var(--card)",
            block_border_color="var(--line)",
            block_label_text_color="var(--ink-soft)",
            block_label_background_fill="transparent",
            block_title_text_color="var(--ink-soft)",
            block_info_text_color="var(--ink-soft)",
            input_background_fill="var(--field)",
            input_background_fill_focus="var(--field)",
            input_border_color="var(--line)",
            input_border_color_focus="var(--cinnabar)",
            input_placeholder_color="var(--ink-faint)",
            checkbox_background_color="var(--field)",
            checkbox_background_color_selected="var(--cinnabar)",
            checkbox_border_color="var(--line-strong)",
            checkbox_border_color_selected="var(--cinnabar)",
            checkbox_label_background_fill="var(--field)",
            checkbox_label_background_fill_selected="var(--wash)",
            checkbox_label_text_color="var(--ink)",
            checkbox_label_text_color_selected="var(--ink)",
            checkbox_label_border_color="var(--line)",
            button_primary_background_fill="var(--cinnabar-fill)",
            button_primary_background_fill_hover="var(--cinnabar-deep)",
            button_primary_border_color="transparent",
            button_primary_border_color_hover="transparent",
            button_primary_text_color="#fffaf0",
            button_primary_text_color_hover="#fffaf0",
            button_secondary_background_fill="var(--field)",
            button_secondary_background_fill_hover="var(--wash)",
            button_secondary_border_color="var(--line-strong)",
            button_secondary_border_color_hover="var(--line-strong)",
            button_secondary_text_color_hover="var(--ink)",
            button_secondary_text_color="var(--ink)",
        ),
        color_accent="#a3271f",
        block_radius="10px",
        container_radius="10px",
        input_radius="8px",
        button_border_width="1px",
        input_border_width="1px",
        button_large_radius="8px",
        button_small_radius="999px",
        button_large_text_size="1rem",
        block_title_text_size="0.82rem",
        block_label_text_size="0.82rem",
        block_info_text_size="0.75rem",
        layout_gap="14px",
        block_shadow="none",
    )


def _alike(**colours: str) -> dict[str, str]:
    """The same variable in light and dark; the variable itself changes."""
    return colours | {f"{name}_dark": value for name, value in colours.items()}
