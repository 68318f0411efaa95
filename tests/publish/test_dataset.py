"""A data set comes back from the Hub as it went there, with its own card, completed, and nothing that is not listed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hub_server import TOKEN
from huggingface_hub import snapshot_download

from hesui.checksums import digest
from hesui.corpus.rows import Row
from hesui.corpus.splits import freeze
from hesui.errors import InputError
from hesui.length import parse
from hesui.publish.dataset import dataset_parcel
from hesui.publish.hub import publish
from hesui.train.data import describe

pytestmark = pytest.mark.filterwarnings("ignore:Use .content=:DeprecationWarning")

REPO = "ann/greetings-data"


def matter(card):
    return yaml.safe_load(card.split("---\n")[1])


@pytest.mark.parametrize("which", ["reviewed", "frozen"])
def test_a_published_data_set_comes_back_whole_and_can_be_trained_on(hub, request, which, tmp_path):
    folder = request.getfixturevalue(which)
    done = publish(dataset_parcel(folder, REPO), REPO)
    assert (done.kind, done.private) == ("dataset", True) and done.url == f"{hub.url}/datasets/{REPO}"
    back = describe(Path(snapshot_download(REPO, repo_type="dataset", local_dir=tmp_path / "back")))
    here = describe(folder)
    assert (back.kind, back.format, back.rows) == (here.kind, here.format, here.rows)
    for split in here.rows:
        assert list(back.examples(split)) == list(here.examples(split))
    assert dataset_parcel(tmp_path / "back", REPO).card.count("## Use") == 1


def test_an_exports_own_card_is_completed_and_no_second_one_written(reviewed):
    parcel = dataset_parcel(reviewed, REPO, licence="cc-by-sa-4.0")
    own = (reviewed / "README.md").read_text("utf-8")
    assert [one.name for one in parcel.items].count("README.md") == 1
    assert f'load_dataset("{REPO}")' in parcel.card and "THIS_FOLDER" not in parcel.card
    assert matter(parcel.card) == {**matter(own), "license": "cc-by-sa-4.0"}
    assert own.split("## Agreement")[1].split("##")[0] in parcel.card
    assert matter(dataset_parcel(reviewed, REPO).card) == matter(own)


def test_reviewers_stand_there_by_pseudonym_only(reviewed):
    parcel = dataset_parcel(reviewed, REPO)
    content = b"".join(one.origin if isinstance(one.origin, bytes) else one.origin.read_bytes() for one in parcel.items)
    assert "张三" not in content.decode()
    assert '"reviewers": ["' in content.decode()


def test_a_frozen_folder_gets_a_card_that_says_nobody_reviewed_it(frozen):
    card = dataset_parcel(frozen, REPO).card
    assert "No reviewer has looked at these rows" in card and "| `甲模型` | 10 |" in card
    assert {one["split"] for one in matter(card)["configs"][0]["data_files"]} <= {"train", "validation", "test"}
    assert "license" not in matter(card) and "By row: not stated" in card


def test_only_files_that_the_manifest_names_go_along(reviewed):
    (reviewed / "notes.txt").write_text("mine")
    (reviewed / ".env").write_text(TOKEN)
    names = {one.name for one in dataset_parcel(reviewed, REPO).items}
    assert names == {
        *json.loads((reviewed / "manifest.json").read_text())["sha256"],
        "manifest.json",
        "hesui-files.json",
    }


@pytest.mark.parametrize("which", ["reviewed", "frozen"])
def test_a_file_that_was_changed_since_is_named(request, which):
    folder = request.getfixturevalue(which)
    with (folder / "train.jsonl").open("a") as stream:
        stream.write("\n")
    with pytest.raises(InputError, match=r"train\.jsonl changed or missing"):
        dataset_parcel(folder, REPO)


@pytest.mark.parametrize("content", [None, "{", "[]", '{"made_by": "hesui review export"}'])
def test_a_folder_that_is_no_data_set_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(InputError, match="is no data set|is damaged"):
        dataset_parcel(tmp_path, REPO)


def test_a_manifest_reaches_no_file_outside_its_folder(reviewed):
    manifest = json.loads((reviewed / "manifest.json").read_text("utf-8"))
    (reviewed.parent / "secret.txt").write_text("x")
    manifest["sha256"]["../secret.txt"] = digest(reviewed.parent / "secret.txt")
    (reviewed / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="is damaged"):
        dataset_parcel(reviewed, REPO)


def test_the_classes_of_a_hostile_row_break_no_card(tmp_path):
    evil = "x`|<script>\n---\n# y"
    rows = [
        Row(str(n), evil, f"写{n}字", parse(f"写{n}字"), source=evil, licence=evil, reference="好。")
        for n in range(9, 20)
    ]
    freeze(rows, tmp_path / "evil")
    card = dataset_parcel(tmp_path / "evil", REPO).card
    assert "\n# y" not in card and card.count("\n---\n") == 1 and "<script> ---" in card
