"""The page's frame: header, switches of language and light, the tabs; and how it is served.

A tab is a module with a TITLE and a build(page); this file lists them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

import gradio as gr

from hesui.api.endpoint import routes
from hesui.records import Answerer
from hesui.settings import Settings
from hesui.ui import calls, compare, data, leaderboard, review, train
from hesui.ui.labels import Labels, Says
from hesui.ui.page import Page, html, opening
from hesui.ui.render import say
from hesui.ui.texts import TEXTS
from hesui.ui.theme import FAVICON, SCRIPTS, STYLES, theme

TABS = (compare, data, review, train, leaderboard)
GRADIO_OPTIONS = {
    "GRADIO_ANALYTICS_ENABLED": "False",  # its look-ups at the vendor
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000000",  # its statistics: a data frame of all events after each event
}
UPLOAD = "100mb"  # of one file; Gradio lets every visitor send some
THREADS = 64  # more than compare.VISITORS, so that the chip answers while everybody waits


def build(settings: Settings, answerer: Answerer, names: Callable[[], Sequence[str]]) -> gr.Blocks:
    """The page. `names` lists the models there are, the base first; nothing heavy is loaded here."""
    labels = Labels()
    blocks = gr.Blocks(title=TEXTS["app.title"].zh, analytics_enabled=False)
    with blocks:
        language, light = _header(labels)
        page = Page(blocks, labels, settings, answerer, names, opening(settings))
        calls.expose(page)  # before the tabs, whose own functions may have the same names
        _tabs(page)
        script = f"() => {{ window.hesuiLabels = {labels.table()}; return hesui.ready(); }}"
        blocks.load(None, None, labels.widgets, js=script)
        language.click(None, None, labels.widgets, js="() => hesui.switchLanguage()")
        light.click(None, None, None, js="() => hesui.switchTheme()")
    calls.hide_others(blocks)
    return blocks


def _header(labels: Labels) -> tuple[gr.Button, gr.Button]:
    with gr.Row(elem_id="header"):
        html(
            f'<h1><span class="seal" lang="zh-CN" aria-hidden="true">贺岁</span><span class="name">贺岁 <small>hesui</small></span></h1>'
            f"<p>{say('app.sentence')}</p>",
            elem_id="masthead",
        )
        with gr.Row(elem_id="switches"):
            language = labels.make(
                gr.Button, lambda t: {"value": t("lang.other")}, size="sm", elem_id="language", min_width=60
            )
            light = labels.make(
                gr.Button, lambda t: {"value": t("theme.switch")}, size="sm", elem_id="light", min_width=60
            )
    return language, light


def _tabs(page: Page) -> None:
    if len(TABS) == 1:  # one tab needs no bar
        TABS[0].build(page)
        return
    with gr.Tabs(elem_id="tabs", overflow_behavior="wrap"):  # a tab behind "…" is not found on a phone
        for tab in TABS:
            with page.labels.make(gr.Tab, _titled(tab.TITLE), elem_id=tab.TITLE.replace(".", "-")):
                tab.build(page)


def _titled(key: str) -> Says:
    return lambda look_up: {"label": look_up(key)}


def launch_options(settings: Settings) -> dict[str, Any]:
    """How the page is served: nothing from another host, no traces in the browser, no Node."""
    return {
        # A Space tells Gradio itself where to listen.
        "server_name": os.environ.get("GRADIO_SERVER_NAME", settings.host),
        "server_port": settings.port or None,
        "theme": theme(),
        "css": "\n".join(style.read_text(encoding="utf-8") for style in STYLES),
        "head": "".join(f"<script>{script.read_text(encoding='utf-8')}</script>" for script in SCRIPTS),
        "favicon_path": FAVICON,
        "footer_links": [],
        "run_history": False,
        "ssr_mode": False,
        "mcp_server": find_spec("mcp") is not None,  # not required: Gradio's extra for it holds pydantic back
        "max_threads": THREADS,
        "max_file_size": UPLOAD,
    }


def serve(settings: Settings, answerer: Answerer, names: Callable[[], Sequence[str]], **options: Any) -> gr.Blocks:
    """Build the page and serve it until interrupted; `options` go to Gradio's launch."""
    os.environ.update(GRADIO_OPTIONS)
    blocks = build(settings, answerer, names)
    blocks.queue(default_concurrency_limit=compare.VISITORS)
    beside = [routes(settings, answerer, names)]  # before Gradio's own routes
    blocks.launch(**launch_options(settings), app_kwargs={"routes": beside}, **options)
    return blocks
