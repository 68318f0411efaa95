"""Addresses, models, prices and keys of teachers; what cannot be used is said in one line."""

from __future__ import annotations

import pytest

from hesui.distil.calls import Usage
from hesui.distil.config import Config, make_config
from hesui.distil.teachers import OWN_KEY, PRESETS, PRICES, Price, resolve
from hesui.errors import InputError, TeacherError
from hesui.settings import Settings

KEY = "sk-secret-1234567890"


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    for preset in PRESETS.values():
        monkeypatch.setenv(preset.key_env, KEY)
    monkeypatch.delenv(OWN_KEY, raising=False)


def found(settings, **config):
    return resolve(Config(**{"teacher": "qianfan"} | config), settings)


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "local"])
def test_a_preset_needs_nothing_but_its_key(settings, name):
    endpoint = found(settings, teacher=name)
    assert endpoint.base_url == PRESETS[name].base_url
    assert endpoint.model
    assert endpoint.key() == KEY


def test_every_preset_is_named_in_both_languages():
    assert all(preset.zh and preset.en and name == preset.name for name, preset in PRESETS.items())


def test_a_missing_key_is_one_clear_line(settings, monkeypatch):
    monkeypatch.delenv("QIANFAN_API_KEY")
    with pytest.raises(TeacherError, match="^QIANFAN_API_KEY is not set; export it and start again$"):
        found(settings)


@pytest.mark.parametrize("key", ["sk-密钥", "two words", "line\nbreak"])
def test_a_key_that_is_none_is_said_so_without_showing_it(settings, monkeypatch, key):
    monkeypatch.setenv("QIANFAN_API_KEY", key)
    with pytest.raises(TeacherError, match="QIANFAN_API_KEY") as caught:
        found(settings)
    assert key not in str(caught.value) + repr(caught.value.values)


def test_a_local_server_needs_no_key_and_costs_nothing(settings):
    endpoint = found(settings, teacher="local", model="qwen")
    assert endpoint.key() == ""
    assert endpoint.price == Price(0, 0)


def test_a_local_server_needs_the_name_of_a_model(settings):
    with pytest.raises(InputError, match="http://127.0.0.1:8000/v1/models"):
        found(settings, teacher="local")


def test_an_unknown_teacher_is_answered_with_those_there_are(settings):
    with pytest.raises(InputError, match="composer, qianfan, dashscope, openai, deepseek, local"):
        found(settings, teacher="gpt")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/v1",
        "host/v1",
        "http://",
        "https://host:port/v1",
        "javascript:alert(1)",
        "https://a b/v1",
        "http://[::1",
    ],
)
def test_an_address_that_is_none_is_said_so(settings, url):
    with pytest.raises(InputError, match="the teacher's address cannot be used") as caught:
        found(settings, base_url=url)
    assert caught.value.key == "error.teacher_url"
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://user:s3cret@host/v1", "https://host/v1?key=s3cret", "user:s3cret@host"])
def test_an_address_holds_no_secret_and_the_error_does_not_repeat_it(settings, url):
    with pytest.raises(InputError) as caught:
        found(settings, base_url=url)
    assert "s3cret" not in str(caught.value)


def test_a_providers_key_goes_to_no_other_address(settings, monkeypatch):
    endpoint = found(settings, teacher="openai", base_url="https://elsewhere.example/v1/")
    assert endpoint.base_url == "https://elsewhere.example/v1"
    assert endpoint.key() == ""
    monkeypatch.setenv(OWN_KEY, "sk-other")
    assert endpoint.key() == "sk-other"


def test_no_key_is_in_an_endpoint_or_the_settings(settings):
    assert KEY not in repr(found(settings)) + repr(settings)


def test_a_price_is_for_a_million_tokens():
    assert Price(2.0, 8.0).of(Usage(500_000, 250_000)) == pytest.approx(3.0)


def test_settings_set_prices(tmp_path, monkeypatch):
    monkeypatch.setenv("HESUI_PRICES", '{"ernie-5.1": [4, 18], "deepseek-flash": [0, 0]}')
    settings = Settings(home=tmp_path)
    assert found(settings).price == Price(4, 18)
    assert found(settings, teacher="deepseek").price == Price(0, 0)
    assert found(settings, teacher="dashscope").price == PRICES["qwen3.8-flash"]


@pytest.mark.parametrize("value", ["{", "[]", '{"m": [1]}', '{"m": [1, -1]}', '{"m": [1, NaN]}', ""])
def test_prices_that_are_none_are_refused(tmp_path, monkeypatch, value):
    monkeypatch.setenv("HESUI_PRICES", value)
    with pytest.raises(ValueError, match="for a million tokens"):
        Settings(home=tmp_path)


def test_a_cap_needs_a_price(settings):
    with pytest.raises(InputError, match="HESUI_PRICES"):
        found(settings, model="new-model", cap=5.0)
    assert found(settings, model="new-model").price is None


def test_a_cap_of_nothing_is_refused():
    with pytest.raises(InputError, match="cap"):
        make_config(teacher="deepseek", cap=0)
