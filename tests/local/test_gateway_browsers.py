"""No web page can call the local AWS, with IAM enforced or not, unless its origin was named."""

from __future__ import annotations

import asyncio
import functools
import http.client
import json
import ssl
from collections.abc import Iterator, Sequence
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.account import LocalAccount
from local.gateway.browsers import KeepsPagesOut
from local.settings import Settings, origin_of
from tests.local.support import SCHEMA, unique

FOREIGN, NAMED = "https://news.example", "http://localhost:3000"
FORM = {"content-type": "application/x-www-form-urlencoded"}
MADE_UP = (
    "AWS4-HMAC-SHA256 Credential=123456789012/20260101/eu-west-1/personalize/aws4_request, "
    f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
)
Headers = Sequence[tuple[str, str]]


@pytest.fixture(params=["open", "guarded"])
def served(request: pytest.FixtureRequest, account: LocalAccount, guarded: LocalAccount) -> LocalAccount:
    """Return an account without IAM, and one with IAM and TLS."""
    return {"open": account, "guarded": guarded}[request.param]


@pytest.fixture(scope="module")
def named() -> Iterator[LocalAccount]:
    """Run an account that the pages of one origin may call."""
    with LocalAccount(durations="instant", origins=[f"{NAMED}/"]) as running:
        yield running


def send(
    account: LocalAccount, method: str, path: str, headers: Headers = (), body: bytes = b""
) -> http.client.HTTPResponse:
    """Send exactly these headers, and a Host that no other replaces."""
    parts = urlsplit(account.endpoint)
    host, port = str(parts.hostname), parts.port
    if account.settings.tls:
        context = ssl.create_default_context(cafile=str(account.settings.tls.authority))
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(host, port, context=context, timeout=20)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=20)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    if not any(name == "host" for name, _ in headers):
        connection.putheader("host", parts.netloc)
    for name, value in [*headers, ("content-length", str(len(body)))]:
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def signed(account: LocalAccount, service: str, method: str, path: str, body: bytes, headers: Headers) -> Headers:
    request = AWSRequest(method, account.endpoint + path, data=body, headers=dict(headers))
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(Credentials(account.settings.account, "test"), service, "eu-west-1").add_auth(request)
    return list(request.headers.items())


def users(account: LocalAccount) -> set[str]:
    return {each["UserName"] for each in client(account, "iam").list_users()["Users"]}


@functools.cache
def client(account: LocalAccount, service: Literal["iam", "s3"]) -> Any:
    return account.session().client(service)


@pytest.mark.parametrize("mark", [("origin", FOREIGN), ("origin", "null"), ("referer", f"{FOREIGN}/today")])
def test_a_simple_post_does_nothing(served: LocalAccount, mark: tuple[str, str]) -> None:
    name = unique("by-a-page")
    body = urlencode({"Action": "CreateUser", "UserName": name, "Version": "2010-05-08"}).encode()
    assert send(served, "POST", "/", [*FORM.items(), mark], body).status == 403
    signature = signed(served, "iam", "POST", "/", body, list(FORM.items()))
    assert send(served, "POST", "/", [*signature, mark], body).status == 403
    assert name not in users(served)
    assert send(served, "POST", "/", signature, body).status == 200  # it is the page that is refused
    assert name in users(served)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "same-origin"])
def test_a_picture_whose_address_is_a_call_does_nothing(served: LocalAccount, site: str) -> None:
    name = unique("by-a-picture")
    path = "/?" + urlencode({"Action": "CreateUser", "UserName": name, "Version": "2010-05-08"})
    assert send(served, "GET", path, [("sec-fetch-site", site), ("sec-fetch-dest", "image")]).status == 403
    assert name not in users(served)


@pytest.mark.parametrize("path", ["/", "/events", "/recommendations", "/bucket/key", "/_personalize/reset"])
def test_a_preflight_allows_nothing(served: LocalAccount, path: str) -> None:
    asks = [("access-control-request-method", "POST"), ("access-control-request-headers", "x-amz-target")]
    answer = send(served, "OPTIONS", path, [("origin", FOREIGN), *asks])
    assert answer.status == 403
    assert not [name for name, _ in answer.getheaders() if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "host",
    [
        "news.example",
        "news.example:4566",
        "127.0.0.1.news.example",
        "localhost.news.example",
        "notlocalhost",
        "1127.0.0.1",
        "127.0.0.1@news.example",
        "news.example#.localhost",
        "127.0.0.1, news.example",
        "169.254.169.254",
        "",
    ],
)
def test_what_is_for_another_host_is_refused(served: LocalAccount, host: str) -> None:
    for method, path in (("GET", "/"), ("POST", "/_personalize/reset"), ("GET", "/_ministack/health")):
        assert send(served, method, path, [("host", host)]).status == 403


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_two_hosts_are_no_host(served: LocalAccount, method: str) -> None:
    own = urlsplit(served.endpoint).netloc
    assert send(served, method, "/", [("host", own), ("host", "news.example")]).status in (400, 403)


@pytest.mark.parametrize("origin", [FOREIGN, "null", "own", "http://localhost:9999", "file://", f"{NAMED}, {FOREIGN}"])
def test_a_signed_call_of_a_page_is_refused(served: LocalAccount, origin: str) -> None:
    path, target = "/", ("x-amz-target", "AmazonPersonalize.ListSchemas")
    headers = signed(served, "personalize", "POST", path, b"{}", [target])
    assert send(served, "POST", path, headers, b"{}").status == 200
    page = ("origin", served.endpoint if origin == "own" else origin)
    assert send(served, "POST", path, [*headers, page], b"{}").status == 403


def test_a_made_up_signature_is_refused(served: LocalAccount) -> None:
    headers = [("authorization", MADE_UP), ("x-amz-target", "AmazonPersonalize.ListSchemas"), ("origin", FOREIGN)]
    assert send(served, "POST", "/", headers, b"{}").status == 403


@pytest.mark.parametrize("path", ["/_personalize/reset", "/_personalize/clock", "/_ministack/reset"])
def test_no_page_steers(served: LocalAccount, path: str) -> None:
    name, before = unique("kept"), served.control.now()
    schema = [("x-amz-target", "AmazonPersonalize.CreateSchema")]
    body = json.dumps({"name": name, "schema": json.dumps(SCHEMA)}).encode()
    assert send(served, "POST", "/", signed(served, "personalize", "POST", "/", body, schema), body).status == 200
    for origin in (FOREIGN, "null", served.endpoint):
        for kind in ("text/plain", "application/json"):
            headers = [("origin", origin), ("content-type", kind)]
            assert send(served, "POST", path, headers, b'{"advance": 86400}').status == 403
    assert (served.control.now() - before).total_seconds() < 3600
    assert served.control.resources("Schema", matching=name)


@pytest.mark.parametrize("marks", [[("origin", FOREIGN)], [("host", "news.example")]])
def test_no_page_opens_a_websocket(served: LocalAccount, marks: Headers) -> None:
    upgrade = [("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13")]
    key = ("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==")
    assert send(served, "GET", "/stage", [*upgrade, key, *marks]).status == 403


def test_a_person_opens_a_presigned_url(served: LocalAccount) -> None:
    s3, bucket = client(served, "s3"), unique("bucket")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=bucket, Key="report.html", Body=b"<h1>Well</h1>")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "report.html"})
    path = url.removeprefix(served.endpoint)
    typed = [("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")]
    assert send(served, "GET", path, typed).status == 200
    assert send(served, "GET", path, [("sec-fetch-site", "cross-site"), *typed[1:]]).status == 403


def test_a_bucket_has_a_name_of_its_own(account: LocalAccount) -> None:
    s3, bucket, port = client(account, "s3"), unique("bucket"), account.settings.port
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=bucket, Key="a.txt", Body=b"a")
    for host in (f"{bucket}.127.0.0.1:{port}", f"{bucket}.s3.127.0.0.1:{port}", f"{bucket}.s3.localhost:{port}"):
        assert send(account, "GET", "/a.txt", [("host", host)]).status == 200
    for host in ("LOCALHOST", f"localhost:{port}", "[::1]:8080", "127.0.0.1:8080"):
        assert send(account, "GET", f"/{bucket}/a.txt", [("host", host)]).status == 200


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/", {"x-amz-target": "AmazonPersonalize.ListSchemas"}, 200),
        ("/events", {}, 400),
        ("/recommendations", {}, 400),
    ],
)
def test_a_named_page_calls_personalize(named: LocalAccount, path: str, headers: dict[str, str], status: int) -> None:
    page = ("origin", NAMED)
    asks = [("access-control-request-method", "POST"), ("access-control-request-headers", "authorization,x-amz-date")]
    private = ("access-control-request-private-network", "true")
    preflight = send(named, "OPTIONS", path, [page, *asks, private])
    answer = send(
        named, "POST", path, [*signed(named, "personalize", "POST", path, b"{}", [*headers.items()]), page], b"{}"
    )
    assert (preflight.status, answer.status) == (200, status)
    assert {each.getheader("access-control-allow-origin") for each in (preflight, answer)} == {NAMED}
    assert {each.getheader("vary") for each in (preflight, answer)} == {"origin"}
    assert preflight.getheader("access-control-allow-headers") == "authorization,x-amz-date"
    assert preflight.getheader("access-control-allow-private-network") == "true"
    assert "x-amzn-errortype" in str(answer.getheader("access-control-expose-headers"))


@pytest.mark.parametrize(
    "origin", [FOREIGN, "http://localhost:3001", "https://localhost:3000", f"{NAMED}.news.example"]
)
def test_another_page_does_not(named: LocalAccount, origin: str) -> None:
    headers = signed(named, "personalize", "POST", "/", b"{}", [("x-amz-target", "AmazonPersonalize.ListSchemas")])
    answer = send(named, "POST", "/", [*headers, ("origin", origin)], b"{}")
    assert (answer.status, answer.getheader("access-control-allow-origin")) == (403, None)
    asks = ("access-control-request-method", "POST")
    preflight = send(named, "OPTIONS", "/", [("origin", origin), asks])
    assert (preflight.status, preflight.getheader("access-control-allow-origin")) == (403, None)


@pytest.mark.parametrize(
    ("service", "path"),
    [("personalize", "/_personalize/reset"), ("iam", "/"), ("s3", "/bucket"), (None, "/_ministack/reset"), (None, "/")],
)
def test_a_named_page_calls_nothing_else(named: LocalAccount, service: str | None, path: str) -> None:
    body = b"Action=CreateUser&UserName=by-a-named-page&Version=2010-05-08"
    headers = signed(named, service, "POST", path, body, list(FORM.items())) if service else list(FORM.items())
    answer = send(named, "POST", path, [*headers, ("origin", NAMED)], body)
    assert (answer.status, answer.getheader("access-control-allow-origin")) == (403, None)
    assert "by-a-named-page" not in users(named)


def test_what_is_no_request_passes() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    async def nothing(*_: Any) -> Any:
        raise AssertionError

    asyncio.run(KeepsPagesOut(app)({"type": "lifespan"}, nothing, nothing))
    assert seen == ["lifespan"]


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://localhost:3000", "http://localhost:3000"),
        ("HTTPS://Shop.Example:443/", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("http://[::1]:5173", "http://[::1]:5173"),
        ("tauri://localhost", "tauri://localhost"),
    ],
)
def test_an_origin_is_read_as_browsers_write_it(text: str, origin: str) -> None:
    assert origin_of(text) == origin
    settings = Settings(origins=(origin, FOREIGN))
    assert Settings.from_env(settings.to_env()) == settings


@pytest.mark.parametrize(
    "text", ["null", "*", "", "localhost:3000", "http://", "http://a.example/shop", "http://u@a.example", "http://*.a"]
)
def test_what_is_no_origin_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not the origin of web pages, as http://localhost:3000 is"):
        LocalAccount(origins=[text])
