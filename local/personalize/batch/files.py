"""The files of a batch job: which there are, and where the answers go.

https://docs.aws.amazon.com/personalize/latest/dg/creating-batch-inference-job.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from local.personalize.errors import InvalidInputError, JobFailedError
from local.personalize.ports import DeniedError, Objects, ObjectsError

Answer = Callable[[bytes], bytes]
"""Answers a line. Both are without their ends."""

_SCHEME = "s3://"


@dataclass(frozen=True)
class Limits:
    """How much input a job may have."""

    files: int
    bytes: int
    records: int
    """In each file."""


@dataclass(frozen=True)
class Place:
    """A bucket, and a key or prefix in it."""

    bucket: str
    path: str

    @classmethod
    def of(cls, location: str, member: str) -> Place:
        """Read a location; raises InvalidInputError that names the member it came in."""
        bucket, _, path = location.removeprefix(_SCHEME).partition("/")
        if not location.startswith(_SCHEME) or not bucket:
            raise InvalidInputError(f"{member} must be of the form s3://bucket/path, and is {location}.")
        return cls(bucket, path)

    def __str__(self) -> str:
        return f"{_SCHEME}{self.bucket}/{self.path}"

    @property
    def folder(self) -> str:
        """The folder that it is, or is in."""
        return str(self).rpartition("/")[0] + "/"


@dataclass(frozen=True)
class Transfer:
    """Reads a job's input and writes its output, as the job's role."""

    objects: Objects
    role: str
    source: Place
    destination: Place
    limits: Limits

    def run(self, answer: Answer) -> None:
        """Answer every line of every file; raises JobFailedError with a reason.

        Recorded: a file _CHECK lies beside the output. What is in it is not.
        """
        try:
            self.objects.write(self.destination.bucket, f"{self._place}_CHECK", b"", self.role)
            for key in self._keys():
                lines = self._lines(key)
                output = b"".join(answer(line) + b"\n" for line in lines)
                self.objects.write(self.destination.bucket, self._output_key(key), output, self.role)
        except DeniedError as error:
            raise JobFailedError(str(error)) from error
        except ObjectsError as error:
            raise JobFailedError(f"Could not read {self.source} or write to {self.destination}: {error}") from error

    def _keys(self) -> list[str]:
        """Return the file of that name, or all those whose keys begin with it."""
        found = {
            key: size
            for key, size in self.objects.list(self.source.bucket, self.source.path, self.role)
            if not key.endswith("/")
        }
        keys = [self.source.path] if self.source.path in found else sorted(found)
        if not keys:
            raise JobFailedError(f"Invalid Data location. There is no data at {self.source}.")
        if len(keys) > self.limits.files:
            raise JobFailedError(f"There are {len(keys)} input files, and at most {self.limits.files} are allowed.")
        size = sum(found[key] for key in keys)
        if size > self.limits.bytes:
            raise JobFailedError(f"The input has {size} bytes, and at most {self.limits.bytes} are allowed.")
        return keys

    def _lines(self, key: str) -> list[bytes]:
        content = self.objects.read(self.source.bucket, key, self.role)
        whole = content if isinstance(content, bytes) else content.read()
        lines = list(_filled(whole.removeprefix(b"\xef\xbb\xbf")))
        if len(lines) > self.limits.records:
            raise JobFailedError(
                f"There are {len(lines)} records in s3://{self.source.bucket}/{key}, and at most "
                f"{self.limits.records} are allowed in a file."
            )
        return lines

    def _output_key(self, key: str) -> str:
        """Name the output for its input, below the folder that the input was asked for."""
        folder = self.source.path.rpartition("/")[0]
        name = key.removeprefix(folder + "/" if folder else "")
        return f"{self._place}{name}.out"

    @property
    def _place(self) -> str:
        """What the keys of all that is written begin with."""
        path = self.destination.path
        return path if not path or path.endswith("/") else f"{path}/"


def _filled(content: bytes) -> Iterator[bytes]:
    return (line for line in map(bytes.strip, content.split(b"\n")) if line)
