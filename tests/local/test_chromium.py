"""What a real browser sends for a page does nothing to the local AWS, with IAM enforced or not.

The names of pages lead to a proxy, which serves the test's page, and hands on to the local AWS what asks for its port:
as the name of an attacker does who makes it point to 127.0.0.1 once the page is there (DNS rebinding).
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3

from local.account import LocalAccount
from tests.local.support import SCHEMA

PYTHON = Path(__file__).resolve().parents[2] / ".venv-chromium" / "bin" / "python"
FOREIGN, NAMED = "http://news.example", "http://shop.example"

LIBRARY = """
<!doctype html><meta charset=utf-8><body><script>
window.testing = true;
const aws = AWS, found = {};
const form = name => `Action=CreateUser&Version=2010-05-08&UserName=${name}`;
const urlencoded = {"content-type": "application/x-www-form-urlencoded"};
const signature = `AWS4-HMAC-SHA256 Credential=123456789012/20260101/eu-west-1/personalize/aws4_request, ` +
  `SignedHeaders=host, Signature=${"0".repeat(64)}`;
const json = {"content-type": "application/x-amz-json-1.1"};
const target = {...json, "x-amz-target": "AmazonPersonalize.ListSchemas"};
const unsigned = {method: "POST", body: "{}", headers: target};
const listSchemas = {...unsigned, headers: {...target, authorization: signature}};
async function attempt(name, url, options) {
  try {
    const answer = await fetch(url, options);
    found[name] = answer.type == "opaque" ? "sent" : `${answer.status} ${await answer.text()}`;
  } catch (error) { found[name] = String(error); }
}
const settled = (element, ...events) =>
  new Promise(done => events.forEach(event => element.addEventListener(event, done)));
async function framed(frame) {
  const over = settled(frame, "load");
  document.body.append(frame);
  await over;
}
"""
ATTACKS = """
(async () => {
  await attempt("simple", aws, {method: "POST", mode: "no-cors", headers: urlencoded, body: form("simple")});
  await attempt("text", `${aws}/_personalize/clock`, {method: "POST", mode: "no-cors", body: '{"advance": 864000}'});
  await attempt("reset", `${aws}/_personalize/reset`, {method: "POST", mode: "no-cors"});
  await attempt("everything", `${aws}/_ministack/reset`, {method: "POST", mode: "no-cors"});
  await attempt("put", `${aws}/bucket`, {method: "PUT"});
  await attempt("target", aws, unsigned);
  await attempt("signature", aws, listSchemas);
  await attempt("steering", `${aws}/_personalize/clock`, {method: "POST", headers: json, body: "{}"});
  found.beacon = navigator.sendBeacon(aws, new Blob([form("beacon")], {type: "application/x-www-form-urlencoded"}));

  const picture = new Image();
  picture.src = `${aws}/?${form("picture")}`;
  await settled(picture, "load", "error");
  const script = document.createElement("script");
  script.src = `${aws}/_personalize/settings`;
  document.body.append(script);
  await settled(script, "load", "error");

  const socket = new WebSocket(aws.replace("http", "ws") + "/stage");
  found.socket = (await new Promise(done => { socket.onopen = socket.onerror = done; })).type;

  const sandbox = document.createElement("iframe");
  sandbox.sandbox = "allow-scripts";
  const post = JSON.stringify({method: "POST", mode: "no-cors", headers: urlencoded, body: form("sandbox")});
  const tell = `fetch("${aws}", ${post}).finally(() => parent.postMessage("over", "*"))`;
  sandbox.srcdoc = `<script>${tell}</` + `script>`;
  const over = settled(window, "message");
  document.body.append(sandbox);
  await over;

  const answer = document.createElement("iframe");
  answer.name = "answer";
  await framed(answer);
  const sender = document.createElement("form");
  Object.assign(sender, {method: "POST", action: aws, target: "answer"});
  for (const [name, value] of new URLSearchParams(form("form"))) {
    const field = document.createElement("input");
    Object.assign(field, {name, value});
    sender.append(field);
  }
  document.body.append(sender);
  const answered = settled(answer, "load");
  sender.submit();
  await answered;

  const followed = document.createElement("iframe");
  followed.src = `${aws}/?${form("frame")}`;
  await framed(followed);
  window.found = JSON.stringify(found);
})();
</script>
"""
REBOUND = """
(async () => {
  for (const path of ["/", "/_personalize/settings", "/_ministack/health"]) await attempt(path, path);
  await attempt("simple", "/", {method: "POST", headers: urlencoded, body: form("rebound")});
  await attempt("signature", "/", listSchemas);
  await attempt("steering", "/_personalize/reset", {method: "POST"});
  window.found = JSON.stringify(found);
})();
</script>
"""
SERVED = REBOUND.replace('form("rebound")', 'form("served")')
"""The same by a page that the local AWS serves itself, as an object of S3."""
ALLOWED = """
(async () => {
  await attempt("personalize", aws, listSchemas);
  await attempt("runtime", `${aws}/recommendations`, {...listSchemas, headers: {...json, authorization: signature}});
  await attempt("unsigned", aws, unsigned);
  await attempt("steering", `${aws}/_personalize/reset`, {method: "POST", headers: json});
  await attempt("signed steering", `${aws}/_personalize/reset`, listSchemas);
  await attempt("simple", aws, {method: "POST", headers: urlencoded, body: form("named")});
  await attempt("object", `${aws}/bucket/page.html`);
  window.found = JSON.stringify(found);
})();
</script>
"""
PAGES = {"/attacks": ATTACKS, "/rebound": REBOUND, "/allowed": ALLOWED}


class Proxy(ThreadingHTTPServer):
    """Serves the test's pages whatever their host, and hands on what asks for the port of the local AWS."""

    def __init__(self, aws: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.aws = aws
        self.handed_on: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: Proxy

    def do_GET(self) -> None:
        """Answer."""
        asked, aws = urlsplit(self.path), urlsplit(self.server.aws)
        if asked.path in PAGES:
            self.reply(200, page(self.server.aws, PAGES[asked.path]).encode(), "text/html")
        elif asked.port == aws.port:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            url = self.server.aws + asked.path + (f"?{asked.query}" if asked.query else "")
            answer = urllib3.request(self.command, url, headers=dict(self.headers), body=body, redirect=False)
            self.server.handed_on.append(f"{self.command} {asked.path} {self.headers['host']}")
            self.reply(answer.status, answer.data, answer.headers.get("content-type", "text/plain"))
        else:
            self.reply(404, b"", "text/plain")

    do_POST = do_GET  # noqa: N815 - as http.server calls it

    def reply(self, status: int, body: bytes, kind: str) -> None:
        """Send an answer."""
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def page(aws: str, script: str) -> str:
    return LIBRARY.replace("AWS", json.dumps(aws), 1) + script


@pytest.fixture(params=[False, True], ids=["open", "auth"], scope="module")
def visited(request: pytest.FixtureRequest) -> Iterator[tuple[LocalAccount, Proxy, list[dict[str, Any]]]]:
    """Open all pages; answer what they found."""
    assert PYTHON.exists(), "make test installs Chromium; by itself: make .venv-chromium/.ready"
    with (
        LocalAccount(durations="instant", auth=request.param, origins=[NAMED]) as account,
        Proxy(account.endpoint) as proxy,
    ):
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        s3 = account.session().client("s3")
        s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        content = page(account.endpoint, SERVED).encode()
        s3.put_object(Bucket="bucket", Key="page.html", Body=content, ContentType="text/html")
        served = s3.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "page.html"})
        account.session().client("personalize").create_schema(name="kept", schema=json.dumps(SCHEMA))
        addresses = [
            f"{FOREIGN}/attacks",
            f"{FOREIGN}:{account.settings.port}/rebound",
            served,
            f"{NAMED}/allowed",
        ]
        command = [str(PYTHON), str(Path(__file__).with_name("chromium.py")), str(proxy.server_port), *addresses]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if ended.returncode == 3:
            pytest.skip(f"Chromium lacks a library of this machine: {ended.stdout.strip()}")
        assert ended.returncode == 0, ended.stderr
        yield account, proxy, [json.loads(found) for found in json.loads(ended.stdout)["found"]]
        proxy.shutdown()


Visited = tuple[LocalAccount, Proxy, list[dict[str, Any]]]


def test_a_page_of_the_internet_does_nothing(visited: Visited) -> None:
    account, _, (attacks, *_) = visited
    # The browser keeps refusals from the page, as every answer to it; that it did ask is in the log.
    blind = {"simple", "text", "reset", "everything"}
    assert {name for name, answer in attacks.items() if answer == "sent"} == blind
    assert attacks["beacon"] is True
    assert attacks["socket"] == "error"
    told = blind | {"beacon", "socket"}
    assert {answer for name, answer in attacks.items() if name not in told} == {"TypeError: Failed to fetch"}
    log = account.log.read_text()
    for line in (
        "POST / is",
        "POST /_personalize/clock is",
        "POST /_personalize/reset is",
        "POST /_ministack/reset is",
    ):
        assert f"{line} refused: a web page sent it ({FOREIGN})" in log
    for line in ("OPTIONS / is", "OPTIONS /bucket is", "OPTIONS /_personalize/clock is"):
        assert f"{line} refused: a web page sent it ({FOREIGN})" in log
    assert f"A WebSocket to /stage is refused: a web page sent it ({FOREIGN})" in log
    assert f"GET / is refused: a web page sent it ({FOREIGN})" in log  # the picture, and the frame
    assert f"GET /_personalize/settings is refused: a web page sent it ({FOREIGN})" in log  # the script
    assert "POST / is refused: a web page sent it (null)" in log  # the frame in a sandbox
    unchanged(account)


def test_a_name_that_is_made_to_point_here_does_nothing(visited: Visited) -> None:
    account, proxy, (_, rebound, *_) = visited
    host = f"{urlsplit(FOREIGN).hostname}:{account.settings.port}"
    sent = [line for line in proxy.handed_on if "favicon" not in line]
    assert len(sent) == len(rebound) == 6
    assert all(line.endswith(f" {host}") for line in sent)
    for answer in rebound.values():
        assert answer.startswith("403 ")
        assert f"It is for '{host}', and the local AWS answers for 127.0.0.1" in answer
    unchanged(account)


def test_a_page_that_the_local_aws_serves_does_nothing(visited: Visited) -> None:
    account, _, (*_, served, _) = visited
    assert len(served) == 6
    for answer in served.values():
        assert answer.startswith("403 ")
        assert f"A web page sent it ({account.endpoint})" in answer
    unchanged(account)


def test_a_named_page_calls_personalize_and_nothing_else(visited: Visited) -> None:
    account, _, (*_, allowed) = visited
    assert json.loads(allowed.pop("personalize").removeprefix("200 "))["schemas"][0]["name"] == "kept"
    assert allowed.pop("runtime").startswith("400 ")  # an answer of Personalize, which the page may read
    assert set(allowed) == {"unsigned", "steering", "signed steering", "simple", "object"}
    assert set(allowed.values()) == {"TypeError: Failed to fetch"}
    log = account.log.read_text()
    for line in ("POST / is", "POST /_personalize/reset is", "GET /bucket/page.html is"):
        assert f"{line} refused: a web page sent it ({NAMED}), which may call Personalize and nothing else" in log
    unchanged(account)


def unchanged(account: LocalAccount) -> None:
    """Check that all is as before the visits, by the same calls that the pages made."""
    session = account.session()
    assert session.client("iam").list_users()["Users"] == []
    assert [each["name"] for each in session.client("personalize").list_schemas()["schemas"]] == ["kept"]
    assert abs(account.control.now() - dt.datetime.now(dt.UTC)) < dt.timedelta(hours=1)
    assert [each["Name"] for each in session.client("s3").list_buckets()["Buckets"]] == ["bucket"]
