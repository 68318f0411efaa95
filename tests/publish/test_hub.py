"""Parcels reach a repository as they are, and what goes wrong on the way is said; through the real client.

The server is our own: it proves our calls, not the Hub's rights, storage or quotas.
"""

from __future__ import annotations

import logging

import pytest
from hub_server import EXPIRED, READER, TOKEN, Repo
from huggingface_hub import constants

from hesui.errors import HesuiError, InputError
from hesui.publish.hub import publish
from hesui.publish.parcel import LIST, file_item, parcel, require_repo, text_item

pytestmark = pytest.mark.filterwarnings("ignore:Use .content=:DeprecationWarning")  # the client's own upload

REPO = "ann/greetings"


@pytest.fixture
def make(tmp_path):
    """Makes a parcel of a card, a large file and whatever else."""

    def call(weights=b"weights" * 99, kind="model", **texts):
        file = tmp_path / "model.safetensors"
        file.write_bytes(weights)
        texts = {"README.md": "# a card\n", **{name.replace("_", "."): text for name, text in texts.items()}}
        items = [text_item(name, text) for name, text in texts.items()]
        return parcel(kind, "x", [*items, file_item("model.safetensors", file)])

    return call


def test_a_new_repository_is_private_and_holds_the_parcel(hub, make):
    done = publish(make(), REPO)
    assert (done.private, done.created, done.kept) == (True, True, (".gitattributes",))
    assert done.uploaded == ("README.md", LIST, "model.safetensors")
    repo = hub.repo(REPO)
    assert repo.private and repo.files["model.safetensors"] == b"weights" * 99
    assert len(repo.commits) == 2


def test_public_is_said_for_a_new_repository_and_again_for_each_update(hub, make):
    assert not publish(make(), REPO, public=True).private
    with pytest.raises(InputError, match="everyone can read ann/greetings; say --public"):
        publish(make(a_txt="x"), REPO)
    assert publish(make(a_txt="x"), REPO, public=True).uploaded == ("a.txt", LIST)


def test_what_is_the_same_is_not_sent_again(hub, make):
    publish(make(a_txt="one", b_txt="two"), REPO)
    assert publish(make(a_txt="one", b_txt="two"), REPO).commit == ""
    done = publish(make(a_txt="one", b_txt="three"), REPO)
    assert done.uploaded == ("b.txt", LIST)
    assert hub.count("PUT /objects") == 1


def test_what_is_not_ours_stays_and_an_earlier_file_of_ours_goes(hub, make):
    publish(make(old_txt="x", worn_txt="y"), REPO)
    hub.repo(REPO).files.update({"notes.md": b"by hand", "worn.txt": b"changed by hand"})
    done = publish(make(new_txt="z"), REPO)
    assert done.removed == ("old.txt",)
    assert done.kept == (".gitattributes", "notes.md", "worn.txt")
    assert hub.repo(REPO).files["notes.md"] == b"by hand" and "old.txt" not in hub.repo(REPO).files


def test_a_card_that_was_edited_there_is_not_overwritten_unless_that_is_said(hub, make):
    publish(make(), REPO)
    hub.repo(REPO).files["README.md"] = b"# better words\n"
    with pytest.raises(InputError, match=r"changed since: README\.md") as caught:
        publish(make(README_md="# new\n"), REPO)
    assert caught.value.key == "error.publish_foreign"
    assert hub.repo(REPO).files["README.md"] == b"# better words\n" and len(hub.repo(REPO).commits) == 2
    publish(make(README_md="# new\n"), REPO, overwrite=True)
    assert hub.repo(REPO).files["README.md"] == b"# new\n"


def test_a_repository_of_somebody_elses_making_is_not_filled(hub, make):
    hub.repos["model", REPO] = Repo("model", True, [{"README.md": b"# other", LIST: b"not json"}])
    with pytest.raises(InputError, match=f"README.md, {LIST}"):
        publish(make(), REPO)
    assert len(hub.repo(REPO).commits) == 1


def test_an_upload_that_was_cut_goes_on_where_it_was(hub, make):
    hub.cut = "/commit/main"
    with pytest.raises(HesuiError, match="connection to the Hub broke") as caught:
        publish(make(), REPO)
    assert caught.value.key == "error.publish_network"
    assert set(hub.repo(REPO).files) == {".gitattributes"}  # all or nothing
    done = publish(make(), REPO)
    assert done.commit and "model.safetensors" in done.uploaded
    assert hub.count("PUT /objects") == 1  # the large file was there already
    assert hub.repo(REPO).files["model.safetensors"] == b"weights" * 99


def test_a_connection_cut_within_a_large_file_is_taken_up_at_once(hub, make, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    hub.cut = "PUT /objects"
    assert publish(make(), REPO).commit
    assert hub.count("PUT /objects") == 2


@pytest.mark.parametrize(
    "where", ["whoami", "repos/create", "GET /api/models", "tree", "preupload", "objects/batch", "PUT /objects"]
)
def test_a_network_that_is_gone_is_named(hub, make, where, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    hub.cut, hub.cuts = where, 99
    with pytest.raises(HesuiError) as caught:
        publish(make(), REPO)
    assert caught.value.key == "error.publish_network"


def test_a_server_that_does_not_listen_is_a_network_that_is_gone(make, hub, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(HesuiError, match="check the network"):
        publish(make(), REPO)


def test_offline_is_said(hub, make, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HesuiError, match="HF_HUB_OFFLINE is set"):
        publish(make(), REPO)
    assert not hub.log


@pytest.mark.parametrize(
    "token, key, said",
    [
        (EXPIRED, "error.publish_expired", "has expired or was revoked"),
        (READER, "error.publish_rights", "may not write to ann/greetings"),
        ("", "error.publish_token", "no token: export HF_TOKEN"),
    ],
)
def test_a_token_that_does_not_do_is_named_for_what_it_is(hub, make, monkeypatch, token, key, said):
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(HesuiError, match=said) as caught:
        publish(make(), REPO)
    assert caught.value.key == key
    assert not hub.repos


def test_a_reader_may_not_update(hub, make, monkeypatch):
    publish(make(), REPO)
    monkeypatch.setenv("HF_TOKEN", READER)
    with pytest.raises(HesuiError, match="may not write"):
        publish(make(a_txt="x"), REPO)
    assert len(hub.repo(REPO).commits) == 2


def test_somebody_elses_place_is_refused(hub, make):
    with pytest.raises(HesuiError, match="may not write to bob/x"):
        publish(make(), "bob/x")


def test_a_name_that_is_taken_by_another_kind_is_said(hub, make):
    publish(make(kind="dataset"), REPO)
    with pytest.raises(HesuiError, match="is taken by something that this token cannot open as a model") as caught:
        publish(make(), REPO)
    assert caught.value.key == "error.publish_taken"
    assert ("model", REPO) not in hub.repos


def test_a_change_in_between_stops_the_commit(hub, make):
    publish(make(), REPO)
    repo = hub.repo(REPO)
    hub.before = lambda line: "preupload" in line and repo.commits.append({**repo.files, "notes.md": b"meanwhile"})
    with pytest.raises(HesuiError, match="somebody changed ann/greetings in the meantime"):
        publish(make(a_txt="x"), REPO)
    assert "a.txt" not in repo.files and repo.files["notes.md"] == b"meanwhile"


def test_a_file_that_holds_the_token_goes_nowhere(hub, make):
    for parts in ({"notes_txt": f"my {TOKEN}!"}, {"weights": b"x" * (2**20 - 9) + TOKEN.encode()}):
        with pytest.raises(InputError, match="hold the access token") as caught:
            publish(make(**parts), REPO)
        assert TOKEN not in str(caught.value)
    assert not hub.log


def test_the_token_is_in_no_log_and_no_error(hub, make, caplog, capfd, monkeypatch):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("time.sleep", lambda _: None)
    parcel = make()
    done = publish(parcel, REPO)
    hub.cut = "/commit/main"
    with pytest.raises(HesuiError) as caught:
        publish(make(a_txt="x"), REPO)
    seen = (
        caplog.text
        + "".join(capfd.readouterr())
        + f"{done.record()} {parcel.record()} {caught.value!r} {caught.value.values}"
    )
    assert "ann/greetings" in seen and TOKEN not in seen
    assert not any(TOKEN.encode() in content for content in hub.repo(REPO).files.values())


@pytest.mark.parametrize(
    "repo", ["", "x", "a/b/c", "a b/c", "../x", "a/..", "-a/b", "a/b--c", "a/" + "b" * 97, "甲/乙", "a/b\n"]
)
def test_a_name_that_the_hub_has_not_is_refused_here(repo):
    with pytest.raises(InputError, match="names no repository"):
        require_repo(repo)


def test_names_as_the_hub_has_them_pass():
    assert [require_repo(one) for one in ("a/b", "Ann-1/greet.ings_2", "a/" + "b" * 96)]
