"""A Space gets the files that the app runs on and no others, and they are tried here before they go.

No real Space and no Docker image is built: the server is our own, and the app starts with what is installed here.
"""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from hesui.cli.publish import _titles
from hesui.errors import HesuiError, InputError
from hesui.publish.hub import publish
from hesui.publish.parcel import LIST, Parcel, parcel, text_item
from hesui.publish.space import FILES, FOLDERS, space_parcel
from hesui.publish.trial import check
from hesui.settings import ROOT

pytestmark = pytest.mark.filterwarnings("ignore:Use .content=:DeprecationWarning")  # the client's own upload

REPO = "ann/greetings"


@pytest.fixture
def small(tmp_path):
    """A checkout in small, with what must stay at home."""
    root = tmp_path / "root"
    for name in (
        *FILES,
        "Dockerfile",
        "hesui/__init__.py",
        "hesui/ui/page.js",
        "data/seeds.jsonl",
        "data/tiny/SHA256SUMS",
    ):
        _write(root / name, f"{name}\n")
    for name in (
        ".env", "hesui/.env", "data/.hidden/a.json", "home/hesui.db", "home/adapters/mine/key.json", "data/key.pem",
        "hesui/__pycache__/a.py", "tests/test_a.py", ".venv/a.py", ".git/config", "docs/a.md", "hesui/a.py.orig", "notes.md",
    ):  # fmt: skip
        _write(root / name, "stays at home\n")
    (root / "data" / "link.json").symlink_to(root / "home" / "hesui.db")
    return root


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _program(text: str) -> Parcel:
    return parcel("space", "x", [text_item("README.md", "# a card\n"), text_item("app.py", text)], "gradio")


def matter(card):
    return yaml.safe_load(card.split("---\n")[1])


def test_only_what_the_app_runs_on_goes_along(small):
    names = [one.name for one in space_parcel(REPO, "docker", small).items]
    assert sorted(names) == sorted(
        ["README.md", *FILES, "Dockerfile", "hesui/__init__.py", "hesui/ui/page.js", "data/seeds.jsonl",
         "data/tiny/SHA256SUMS", LIST]
    )  # fmt: skip
    assert [one.name for one in space_parcel(REPO, "gradio", small).items] == [
        one for one in names if one != "Dockerfile"
    ]


def test_nothing_of_the_app_stays_behind():
    names = {one.name for one in space_parcel(REPO).items}
    files = {
        path.relative_to(ROOT).as_posix() for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()
    }
    assert {name for name in files if "__pycache__" not in name and "/." not in name} <= names


def test_the_docker_image_and_the_space_are_made_of_the_same_things():
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert let_in == {*FILES, *FOLDERS, "README.md"}


@pytest.mark.parametrize("sdk", ["docker", "gradio"])
def test_the_card_tells_the_hub_how_to_run_it(sdk):
    found = matter(space_parcel(REPO, sdk).card)
    assert (found["sdk"], found["suggested_hardware"], found["license"]) == (sdk, "cpu-basic", "apache-2.0")
    assert len(found["short_description"]) <= 60 and "hf_oauth" not in found
    if sdk == "gradio":
        assert (found["sdk_version"], found["app_file"]) == (version("gradio"), "app.py")
        assert f"FROM python:{found['python_version']}-" in (ROOT / "Dockerfile").read_text()
    else:
        assert f"HESUI_PORT={found['app_port']} " in (ROOT / "Dockerfile").read_text()


def test_a_folder_that_is_no_checkout_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"cannot read app\.py"):
        space_parcel(REPO, "docker", tmp_path)
    with pytest.raises(InputError, match="names no repository"):
        space_parcel("x")


def test_a_new_space_is_private_has_its_kind_and_replaces_the_card_that_the_hub_puts_there(hub, small):
    done = publish(space_parcel(REPO, "docker", small), REPO)
    repo = hub.repo(REPO, "space")
    assert (repo.sdk, repo.private, done.created) == ("docker", True, True)
    assert done.url == f"{hub.url}/spaces/{REPO}" and done.kept == (".gitattributes",)
    assert matter(repo.files["README.md"].decode())["app_port"] == 7860
    assert not any(b"stays at home" in content for content in repo.files.values())


def test_a_second_time_only_what_changed_goes(hub, small):
    publish(space_parcel(REPO, "docker", small), REPO)
    assert publish(space_parcel(REPO, "docker", small), REPO).commit == ""
    (small / "hesui" / "__init__.py").write_text("new\n")
    assert publish(space_parcel(REPO, "docker", small), REPO).uploaded == (LIST, "hesui/__init__.py")
    done = publish(space_parcel(REPO, "gradio", small), REPO)
    assert (done.uploaded, done.removed) == (("README.md", LIST), ("Dockerfile",))


def test_a_card_that_was_edited_on_the_space_stops_it(hub, small):
    publish(space_parcel(REPO, "docker", small), REPO)
    hub.repo(REPO, "space").files["README.md"] = b"# better words\n"
    (small / "app.py").write_text("new\n")
    with pytest.raises(InputError, match=r"changed since: README\.md"):
        publish(space_parcel(REPO, "gradio", small), REPO)


def test_the_app_starts_from_these_files_alone(monkeypatch):
    monkeypatch.setenv("HESUI_BASE_MODEL", "/nowhere")  # this machine's settings are not the Space's
    titles = _titles()
    assert len(titles) == 5
    with pytest.raises(HesuiError, match="its page lacks 烹饪, so nothing") as caught:  # every other one was there
        check(space_parcel(REPO), [*titles, "烹饪"])
    assert caught.value.key == "error.publish_check_tabs"


def test_an_app_that_lacks_a_file_is_not_uploaded():
    whole = space_parcel(REPO)
    less = Parcel("space", "x", tuple(one for one in whole.items if one.name != "hesui/models/routing.py"), "docker")
    with pytest.raises(HesuiError, match=r"its log ends: .*No module named 'hesui\.models\.routing'") as caught:
        check(less, [])
    assert caught.value.key == "error.publish_check_start"


def test_an_app_whose_page_does_not_come_in_time_is_not_uploaded():
    with pytest.raises(HesuiError, match="does not start, so nothing was uploaded; its log ends: nothing"):
        check(_program("import time\ntime.sleep(99)"), [], patience=0)


def test_the_app_is_ended_after_the_check(tmp_path):
    told = tmp_path / "pid"
    serves = f"""
import http.server, os
open({str(told)!r}, "w").write(str(os.getpid()))
open("config", "w").write('{{"components": []}}')
http.server.test(http.server.SimpleHTTPRequestHandler, bind="127.0.0.1", port=int(os.environ["HESUI_PORT"]))
"""
    check(_program(serves), [])
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)


def test_the_app_gets_no_token_and_no_setting_of_this_machine(monkeypatch):
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HESUI_API_KEY", "GRADIO_SERVER_PORT", "PYTHONPATH"):
        monkeypatch.setenv(name, "mine-alone")
    shows = (
        "import os, sys\nsys.exit('seen: %s' % [name for name, value in os.environ.items() if value == 'mine-alone'])"
    )
    with pytest.raises(HesuiError, match=r"seen: \[\]"):
        check(_program(shows), [])
