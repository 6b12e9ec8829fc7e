"""Lambda's side of the Runtime API: hands out one event and takes the answer.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

_PREFIX = "/2018-06-01/runtime/"
_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What the function posted: "response", "error" or "init/error", and the body."""

    kind: str
    body: Any


class RuntimeApi:
    """A server that answers `next` once with the event, and then not until it is closed."""

    def __init__(self, event: object) -> None:
        answers: queue.Queue[Answer] = queue.Queue()
        waiting = queue.Queue[bytes]()
        waiting.put(json.dumps(event).encode())

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = waiting.get()
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
                self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + _SECONDS) * 1000)))
                self.send_header(
                    "Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:123456789012:function:smoke"
                )
                # The client is native code: it crashes where one of these two is missing.
                self.send_header("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                path = self.path.removeprefix(_PREFIX)
                kind = path if path == "init/error" else path.rpartition("/")[2]
                answers.put(Answer(kind, json.loads(body)))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._answers = answers
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_port}"

    def answer(self, process: subprocess.Popen[str]) -> Answer | None:
        """Wait for what the process posts; None if it ends or takes too long."""
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            try:
                return self._answers.get(timeout=0.1)
            except queue.Empty:
                if process.poll() is not None:
                    break
        return None

    def __enter__(self) -> RuntimeApi:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def lambda_packages(folder: Path, sdk: Sequence[str] = ()) -> Path:
    """Make a folder with what Lambda's runtime brings, boto3 and the runtime client, and nothing else.

    ``sdk`` names folders with packages that are taken before this environment's: another boto3.
    """
    folder.mkdir()
    names, seen = ["boto3", "awslambdaric"], set[str]()
    while names:
        name = names.pop()
        if name in seen:
            continue
        seen.add(name)
        found = next(iter(Distribution.discover(name=name, path=[*sdk, *sys.path])))
        for top in {Path(str(file)).parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            link = folder / top
            if not link.exists():
                link.symlink_to(Path(str(found.locate_file(top))))
        for line in found.requires or ():
            requirement = Requirement(line)
            if not requirement.marker or requirement.marker.evaluate({"extra": ""}):
                names.append(requirement.name)
    return folder


def clean(arguments: Sequence[str], path: list[Path], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return how a Python is started that has these folders' packages and no others."""
    return {
        # -S leaves out this environment's packages, so that what is missing in the zip is missed.
        "args": [sys.executable, "-S", "-P", *arguments],
        "env": {
            "PATH": os.defpath,
            "PYTHONPATH": os.pathsep.join(str(folder) for folder in path),
            "PYTHONDONTWRITEBYTECODE": "1",
            **environment,
        },
        "cwd": path[0],
        "text": True,
    }


def invoke(handler: str, event: object, path: list[Path], environment: Mapping[str, str]) -> tuple[Answer, str]:
    """Run a handler under awslambdaric in a clean process; answer what it posted, and its log."""
    with RuntimeApi(event) as api:
        own = {"AWS_LAMBDA_RUNTIME_API": api.address, "LAMBDA_TASK_ROOT": str(path[0])}
        process: subprocess.Popen[str] = subprocess.Popen(
            **clean(["-m", "awslambdaric", handler], path, {**own, **environment}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            answer = api.answer(process)
        finally:
            process.kill()
            log, _ = process.communicate()
    if answer is None:
        raise AssertionError(f"{handler} ended with {process.returncode}, and without an answer:\n{log}")
    return answer, log
