"""Carries parcels to the Hugging Face Hub; the only module that talks to it. Knows neither adapters nor data sets nor apps.

A repository that exists is updated: what hesui put there and nobody has touched since is replaced, what is not hesui's
stays, and a file that somebody else wrote or changed stops everything before a byte has moved. The token is the
environment's or the signed-in user's; huggingface_hub finds it, and nothing here keeps, logs or shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hesui.errors import HesuiError, InputError
from hesui.publish.parcel import LIST, Item, Mark, Parcel, listed, require_repo, text_item

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

TOKEN = "HF_TOKEN"  # noqa: S105 - the variable's name
MESSAGE = "Publish with hesui"
SHOWN = 200  # characters of what the Hub says
PLACES = {"model": "", "dataset": "datasets/", "space": "spaces/"}  # of repositories, by kind, in addresses


@dataclass(frozen=True, slots=True)
class Published:
    """What came of it."""

    repo: str
    kind: str
    url: str
    private: bool
    created: bool  # else the repository was there
    commit: str  # "" = nothing had changed
    uploaded: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]  # hesui's own of an earlier time
    kept: tuple[str, ...]  # not hesui's

    def record(self) -> dict[str, Any]:
        """The same as the command line prints it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _There:
    """A repository as it stands."""

    head: str  # the commit
    private: bool
    marks: Mapping[str, tuple[str, bool]]  # by name: a hash, and whether it is a large file's SHA-256
    ours: Mapping[str, Mark]  # what an earlier parcel put there

    def same(self, name: str, mark: Mark) -> bool:
        """Whether a file is there with that content."""
        found, large = self.marks.get(name, ("", False))
        return found == (mark.sha256 if large else mark.blob)

    def untouched(self, name: str) -> bool:
        """Whether a file is as hesui put it there."""
        return name in self.ours and self.same(name, self.ours[name])


def publish(
    parcel: Parcel, repo: str, *, public: bool = False, overwrite: bool = False, api: HfApi | None = None
) -> Published:
    """Make the repository `repo` ("owner/name") hold the parcel: a new private one, or an update of one that exists.

    Uploads only what has changed, in one commit; what an interrupted upload has brought already is not sent again.
    `public` makes a new repository public, and says of one that exists that being read by everyone is meant.
    `overwrite` replaces files that hesui did not write or that were changed since. Raises InputError and HesuiError.
    """
    require_repo(repo)
    api = api or _client()
    with _translated(repo):
        _require_signed_in(api, parcel)
        there = _look(api, parcel, repo)
        created = there is None
        if there is None:
            _create(api, parcel, repo, public)
            there = _look(api, parcel, repo)
    if there is None:
        raise _refused(repo)
    # The Hub itself puts a card into a new Space.
    _require_welcome(parcel, repo, there, public, overwrite or created)
    changed = [one for one in parcel.items if not there.same(one.name, one.mark)]
    names = {one.name for one in parcel.items}
    gone = [name for name in sorted(there.marks) if name not in names and there.untouched(name)]
    commit = ""
    if changed or gone:
        with _translated(repo):
            commit = _commit(api, parcel, repo, there.head, changed, gone)
    sent = {one.name for one in changed}
    return Published(
        repo, parcel.kind, f"{api.endpoint}/{PLACES[parcel.kind]}{repo}", there.private,
        created, commit, tuple(sorted(sent)), tuple(sorted(names - sent)), tuple(gone),
        tuple(name for name in sorted(there.marks) if name not in names and name not in gone),
    )  # fmt: skip


def _client() -> HfApi:
    from huggingface_hub import HfApi

    return HfApi(library_name="hesui")


def _require_signed_in(api: HfApi, parcel: Parcel) -> None:
    """Raise InputError where there is no token or a file holds it, HesuiError where the Hub does not take it."""
    from huggingface_hub import get_token
    from huggingface_hub.errors import HfHubHTTPError

    token = api.token if isinstance(api.token, str) else get_token()
    if not token:
        raise InputError(
            f"no token: export {TOKEN} with one that may write, or sign in with: hf auth login", "error.publish_token"
        )
    told = [one.name for one in parcel.items if one.holds(token.encode())]
    if told:
        raise InputError(
            f"the files {', '.join(told[:5])} hold the access token; take it out of them",
            "error.publish_token_inside", names=", ".join(told[:5]),
        )  # fmt: skip
    try:
        api.whoami()
    except HfHubHTTPError as error:
        if error.response.status_code != 401:
            raise
        raise HesuiError(
            f"the Hub does not take the token: it has expired or was revoked; make a new one that may write, and export it as {TOKEN}",
            "error.publish_expired",
        ) from None  # fmt: skip


def _look(api: HfApi, parcel: Parcel, repo: str) -> _There | None:
    """The repository as it stands; None where there is none that the token may see."""
    from huggingface_hub import RepoFile
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        info = api.repo_info(repo, repo_type=parcel.kind)
    except RepositoryNotFoundError as error:
        if error.response.status_code in (401, 404):
            return None
        raise
    head = info.sha or "main"
    files = api.list_repo_tree(repo, recursive=True, revision=head, repo_type=parcel.kind)
    marks = {
        one.path: (one.lfs.sha256, True) if one.lfs else (one.blob_id, False)
        for one in files
        if isinstance(one, RepoFile)
    }
    ours = _listed(api, parcel, repo, head) if LIST in marks else {}
    return _There(head, bool(info.private), marks, ours)


def _listed(api: HfApi, parcel: Parcel, repo: str, head: str) -> Mapping[str, Mark]:
    with TemporaryDirectory() as folder:
        path = api.hf_hub_download(repo, LIST, repo_type=parcel.kind, revision=head, local_dir=folder)
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    known = listed(text)
    return {**known, LIST: text_item(LIST, text).mark} if known else {}


def _create(api: HfApi, parcel: Parcel, repo: str, public: bool) -> None:
    from huggingface_hub.errors import HfHubHTTPError

    try:
        api.create_repo(repo, repo_type=parcel.kind, private=not public, exist_ok=False, space_sdk=parcel.sdk)
    except HfHubHTTPError as error:
        if error.response.status_code != 409:
            raise
        raise HesuiError(
            f"the name {repo} is taken by something that this token cannot open as a {parcel.kind}; take another name, "
            "or a token that may read it", "error.publish_taken", repo=repo, kind=parcel.kind,
        ) from None  # fmt: skip


def _require_welcome(parcel: Parcel, repo: str, there: _There, public: bool, overwrite: bool) -> None:
    """Raise InputError where publishing would show or replace something that nobody meant."""
    if not there.private and not public:
        raise InputError(
            f"everyone can read {repo}; say --public if that is meant, or make it private on its page first",
            "error.publish_public", repo=repo,
        )  # fmt: skip
    strange = [
        one.name
        for one in parcel.items
        if one.name in there.marks and not there.same(one.name, one.mark) and not there.untouched(one.name)
    ]
    if strange and not overwrite:
        names = ", ".join(strange[:5])
        raise InputError(
            f"{repo} holds files that hesui did not write, or that were changed since: {names}; take another name, move "
            "them away, or replace them with --overwrite", "error.publish_foreign", repo=repo, names=names,
        )  # fmt: skip


def _commit(api: HfApi, parcel: Parcel, repo: str, head: str, changed: list[Item], gone: list[str]) -> str:
    """Upload and commit, on top of the commit that was looked at and no other; the new one's id."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    operations: list[CommitOperationAdd | CommitOperationDelete] = [
        CommitOperationAdd(one.name, one.origin) for one in changed
    ]
    operations += [CommitOperationDelete(name) for name in gone]
    done = api.create_commit(
        repo, operations, commit_message=MESSAGE, repo_type=parcel.kind, parent_commit=head if head != "main" else None
    )
    return str(done.oid)


@contextmanager
def _translated(repo: str) -> Iterator[None]:
    """Turn the client's many errors into one of ours, which says what to do. The token is in none of them."""
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    try:
        yield
    except HesuiError:
        raise
    except OfflineModeIsEnabled:
        raise HesuiError(
            "HF_HUB_OFFLINE is set, so that the Hub is not asked; unset it to publish", "error.publish_offline"
        ) from None
    except Exception as error:
        answer = next((one for one in _causes(error) if isinstance(one, HfHubHTTPError)), None)
        if answer is not None:
            raise _of_answer(answer, repo) from None
        if _of_network(error):
            raise HesuiError(
                f"the connection to the Hub broke ({_reason(error)}); check the network and run the same command again: "
                "what is there already is not sent again", "error.publish_network", reason=_reason(error),
            ) from None  # fmt: skip
        raise HesuiError(
            f"the Hub did not take it: {_reason(error)}; run the same command again", "error.publish_hub",
            reason=_reason(error),
        ) from None  # fmt: skip


def _of_answer(error: Any, repo: str) -> HesuiError:
    status = error.response.status_code
    if status in (401, 403, 404):
        return _refused(repo)
    if status in (409, 412):
        return HesuiError(
            f"somebody changed {repo} in the meantime; look at it, then run the same command again",
            "error.publish_moved", repo=repo,
        )  # fmt: skip
    reason = f"{status} {error.server_message or ''}".strip()[:SHOWN]
    return HesuiError(
        f"the Hub did not take it: {reason}; run the same command again", "error.publish_hub", reason=reason
    )


def _refused(repo: str) -> HesuiError:
    return HesuiError(
        f"the token may not write to {repo}; check the owner's name, and give the token the right to write there",
        "error.publish_rights", repo=repo,
    )  # fmt: skip


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what caused it; the client wraps those of its upload threads."""
    while error is not None:
        yield error
        error = error.__cause__


def _of_network(error: BaseException) -> bool:
    # The client's transport errors are of the library that it happens to use; its own of a missing file are OSError too.
    return any(isinstance(one, OSError) or type(one).__module__.startswith("http") for one in _causes(error))


def _reason(error: BaseException) -> str:
    last = list(_causes(error))[-1]
    return f"{type(last).__name__}: {(str(last).strip().splitlines() or [''])[0]}"[:SHOWN]
