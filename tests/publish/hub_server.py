"""A small server that speaks the Hub's calls that publishing uses: whoami, create, preupload, LFS, commit, tree, resolve.

It proves our calls, not the Hub's rights, storage or quotas. What goes wrong is planned by a test: `cut`, `before`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote, urlsplit

TOKEN = "hf_writerwriterwriterwriter"
READER = "hf_readerreaderreaderreader"
EXPIRED = "hf_expiredexpiredexpired"
OWNER = "ann"
PLACES = (("dataset", "datasets/"), ("space", "spaces/"), ("model", ""))


@dataclass
class Repo:
    """One repository: its commits, each a whole set of files."""

    kind: str
    private: bool
    commits: list[dict[str, bytes]] = field(default_factory=lambda: [{".gitattributes": b"*.safetensors filter=lfs\n"}])
    sdk: str = ""  # of a Space

    @property
    def head(self) -> str:
        return self.sha(len(self.commits) - 1)

    @property
    def files(self) -> dict[str, bytes]:
        return self.commits[-1]

    def sha(self, number: int) -> str:
        return hashlib.sha1(f"{id(self)} {number}".encode()).hexdigest()

    def at(self, revision: str) -> dict[str, bytes] | None:
        found = {self.sha(number): files for number, files in enumerate(self.commits)} | {"main": self.files}
        return found.get(revision)


class Hub:
    """The state of the server, and what a test plans."""

    def __init__(self) -> None:
        self.repos: dict[tuple[str, str], Repo] = {}
        self.objects: dict[str, bytes] = {}
        self.log: list[str] = []  # method and path of each request
        self.cut = ""  # the connection is cut at a request whose line has this in it
        self.cuts = 1  # so many times
        self.before: Callable[[str], object] = lambda line: None  # happens before a request is answered
        self.url = ""

    def repo(self, id: str, kind: str = "model") -> Repo:
        return self.repos[kind, id]

    def count(self, words: str) -> int:
        return sum(words in line for line in self.log)


def is_large(name: str) -> bool:
    return name.endswith(".safetensors")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for the client's word that its head has arrived
    hub: Hub

    def log_message(self, *_: object) -> None:
        pass

    def _any(self) -> None:
        path = unquote(urlsplit(self.path).path)
        line = f"{self.command} {path}"
        self.hub.log.append(line)
        if self.hub.cut and self.hub.cut in line:
            self.hub.cuts -= 1
            self.hub.cut = self.hub.cut if self.hub.cuts else ""
            self.close_connection = True
            self.connection.close()
            return
        self.hub.before(line)
        self.body = self._read()
        for pattern, call in ROUTES:
            if match := re.fullmatch(pattern, line):
                call(self, *match.groups())
                return
        self.say(404, {"error": f"no such call: {line}"})

    do_GET = do_POST = do_PUT = do_HEAD = _any  # noqa: N815 - the standard library's names

    def _read(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def say(self, status: int, told: object, **headers: str) -> None:
        content = told if isinstance(told, bytes) else json.dumps(told).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    @property
    def token(self) -> str:
        return (self.headers.get("Authorization") or "").removeprefix("Bearer ")

    def may(self, owner: str, write: bool = False) -> bool:
        if self.token not in (TOKEN, READER):
            message = "Invalid credentials in Authorization header"
            self.say(401, {"error": message}, X_Error_Message=message)
        elif write and (self.token != TOKEN or owner != OWNER):
            message = "You don't have the rights to create a model under this namespace"
            self.say(403, {"error": message}, X_Error_Message=message)
        else:
            return True
        return False

    def known(self, kind: str, id: str) -> Repo | None:
        repo = self.hub.repos.get((kind, id))
        if repo is None or (repo.private and not id.startswith(f"{OWNER}/")):
            self.say(404, {"error": "Repository not found"}, X_Error_Code="RepoNotFound")
            return None
        return repo

    def whoami(self) -> None:
        if self.may(""):
            self.say(200, {"type": "user", "name": OWNER, "auth": {"type": "access_token"}})

    def create(self) -> None:
        asked = json.loads(self.body)
        owner, kind = asked["organization"] or OWNER, asked.get("type") or "model"
        id = f"{owner}/{asked['name']}"
        if not self.may(owner, write=True):
            return
        if any(name == id for _, name in self.hub.repos):
            self.say(409, {"error": "You already created this repo"})
            return
        repo = self.hub.repos[kind, id] = Repo(kind, asked.get("visibility") == "private", sdk=asked.get("sdk", ""))
        if kind == "space":
            repo.files["README.md"] = f"---\nsdk: {repo.sdk}\n---\n".encode()  # as the Hub does
        self.say(200, {"url": f"{self.hub.url}/{dict(PLACES)[kind]}{id}"})

    def info(self, kind: str, id: str) -> None:
        if self.may(id) and (repo := self.known(kind, id)):
            files = [{"rfilename": name} for name in repo.files]
            self.say(200, {"id": id, "sha": repo.head, "private": repo.private, "siblings": files, "tags": []})

    def revision(self, kind: str, id: str, revision: str) -> None:
        if self.may(id) and (repo := self.known(kind, id)):
            sha = repo.head if revision == "main" else revision
            files = [{"rfilename": name} for name in repo.at(revision) or {}]
            self.say(200, {"id": id, "sha": sha, "private": repo.private, "siblings": files, "tags": []})

    def tree(self, kind: str, id: str, revision: str) -> None:
        if self.may(id) and (repo := self.known(kind, id)):
            self.say(200, [self._leaf(name, content) for name, content in (repo.at(revision) or {}).items()])

    def _leaf(self, name: str, content: bytes) -> dict[str, object]:
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        leaf: dict[str, object] = {"type": "file", "path": name, "size": len(content), "oid": blob}
        if is_large(name):
            leaf["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
        return leaf

    def preupload(self, kind: str, id: str) -> None:
        if self.may(id.split("/")[0], write=True) and self.known(kind, id):
            files = [
                {
                    "path": one["path"],
                    "uploadMode": "lfs" if is_large(one["path"]) else "regular",
                    "shouldIgnore": False,
                }
                for one in json.loads(self.body)["files"]
            ]
            self.say(200, {"files": files})

    def batch(self, _: str) -> None:
        objects = []
        for one in json.loads(self.body)["objects"]:
            found = {"oid": one["oid"], "size": one["size"]}
            if one["oid"] not in self.hub.objects:
                found["actions"] = {"upload": {"href": f"{self.hub.url}/objects/{one['oid']}"}}
            objects.append(found)
        self.say(200, {"objects": objects, "transfer": "basic"})

    def put(self, oid: str) -> None:
        assert hashlib.sha256(self.body).hexdigest() == oid
        self.hub.objects[oid] = self.body
        self.say(200, {})

    def commit(self, kind: str, id: str) -> None:
        if not self.may(id.split("/")[0], write=True) or not (repo := self.known(kind, id)):
            return
        files = dict(repo.files)
        for line in self.body.splitlines():
            told = json.loads(line)
            value = told["value"]
            if told["key"] == "header" and value.get("parentCommit", repo.head) != repo.head:
                self.say(412, {"error": "A commit has happened since. Please refresh and try again."})
                return
            if told["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif told["key"] == "lfsFile":
                files[value["path"]] = self.hub.objects[value["oid"]]
            elif told["key"] == "deletedFile":
                del files[value["path"]]
        repo.commits.append(files)
        self.say(200, {"commitUrl": f"{self.hub.url}/{id}/commit/{repo.head}", "commitOid": repo.head, "success": True})

    def valid_yaml(self) -> None:
        self.say(200, {"errors": [], "warnings": []})

    def resolve(self, kind: str, id: str, revision: str, name: str) -> None:
        if not self.may(id) or not (repo := self.known(kind, id)):
            return
        files = repo.at(revision)
        if files is None or name not in files:
            self.say(404, {"error": "Entry not found"}, X_Error_Code="EntryNotFound")
            return
        leaf = self._leaf(name, files[name])
        etag = leaf["lfs"]["oid"] if "lfs" in leaf else leaf["oid"]  # type: ignore[index]
        sha = repo.head if revision == "main" else revision
        self.say(200, files[name], ETag=f'"{etag}"', X_Repo_Commit=sha)


def _typed(call: Callable[..., None], kind: str) -> Callable[..., None]:
    return lambda handler, *found: call(handler, kind, *found)


ROUTES: list[tuple[str, Callable[..., None]]] = [
    (r"GET /api/whoami-v2", Handler.whoami),
    (r"POST /api/repos/create", Handler.create),
    (r"POST /api/validate-yaml", Handler.valid_yaml),
    (r"POST /(.+)\.git/info/lfs/objects/batch", Handler.batch),
    (r"PUT /objects/(\w+)", Handler.put),
]
for _kind, _at in PLACES:
    _id = r"([^/]+/[^/]+)"
    ROUTES += [
        (rf"GET /api/{_kind}s/{_id}", _typed(Handler.info, _kind)),
        (rf"GET /api/{_kind}s/{_id}/revision/([^/]+)", _typed(Handler.revision, _kind)),
        (rf"GET /api/{_kind}s/{_id}/tree/([^/]+)", _typed(Handler.tree, _kind)),
        (rf"POST /api/{_kind}s/{_id}/preupload/main", _typed(Handler.preupload, _kind)),
        (rf"POST /api/{_kind}s/{_id}/commit/main", _typed(Handler.commit, _kind)),
        (rf"(?:HEAD|GET) /{_at}{_id}/resolve/([^/]+)/(.+)", _typed(Handler.resolve, _kind)),
    ]


@contextmanager
def running():
    """The server on a port of its own."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
