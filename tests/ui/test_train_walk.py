"""From a data set to an adapter in Compare, in a real browser with a real run that outlives it."""

from __future__ import annotations

import time

import pytest

from hesui.corpus.rows import Row
from hesui.corpus.splits import freeze
from hesui.length import parse
from hesui.settings import Settings
from hesui.train import jobs

pytestmark = pytest.mark.browser
WAIT = 180_000  # milliseconds; a worker loads torch first


def test_a_run_goes_on_without_its_browser_and_its_adapter_is_one_click_from_compare(visit, serve_page, tmp_path):
    settings = Settings(home=tmp_path / "home", gold=0, threads=1)
    prompts = [f"给{who}写一段{n}字的拜年话" for n, who in enumerate("爷奶爸妈哥姐弟妹叔姨", start=20)]
    rows = [Row(str(n), "greeting", one, parse(one), reference="新年好。") for n, one in enumerate(prompts)]
    freeze(rows, settings.home / "datasets" / "greetings")
    url = serve_page(settings).local_url

    page = visit(url=url)
    page.locator("#tab-train-button").click()
    page.locator("#train-described .tr-data").wait_for()
    page.locator("#train-more button").first.click()
    page.locator("#train-epochs input").fill("1000")
    page.locator("#train-command", has_text="--epochs 1000").wait_for()
    page.locator("#train-start").click()
    page.locator("#train-board [data-run]").wait_for()
    id = jobs.view(settings, None).id
    page.context.close()
    end = time.monotonic() + WAIT / 1000
    while jobs.view(settings, id).status.step < 1:
        assert time.monotonic() < end, jobs.view(settings, id)
        time.sleep(0.2)

    page = visit(url=url)
    page.locator("#tab-train-button").click()
    page.locator("#train-watch-tab-button").click()
    page.locator("#train-loss svg").first.wait_for()
    page.locator("#train-stop").click()
    page.locator("#train-board", has_text="已停止").wait_for(timeout=WAIT)
    page.locator("#train-name input").fill("mine")
    page.locator("#train-open").click()
    page.wait_for_url("**/?left=base&right=mine", timeout=WAIT)
    page.wait_for_function("document.querySelector('#right-model input')?.value === 'mine'")
