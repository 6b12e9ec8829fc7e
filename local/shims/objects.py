"""S3's ETags, checksums and times as AWS has them, where ministack simplifies.

- Under SSE-KMS (and SSE-C) an ETag is no digest of the content: the same file put twice has two.
- Every new object has a checksum: CRC64NVME of the whole object, unless its client chose another one.
  Lists say which it is.
- A multi-part upload's LastModified is the time at which it was begun.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
"""
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import contextvars
import functools
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_plus
from xml.etree import ElementTree

from local.shims.crc64 import crc64nvme

Answer = tuple[int, dict[str, str], bytes]
Stored = dict[str, Any]

_ENCRYPTION = "x-amz-server-side-encryption"
_ETAG = re.compile(rb"<ETag>[^<]*</ETag>")
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_BEGUN: contextvars.ContextVar[str | None] = contextvars.ContextVar("when_the_upload_was_begun", default=None)


def keep_objects_as_s3_does() -> None:
    """Put all of it into ministack."""
    _finish_what_is_stored()
    _answer_with_what_is_stored()
    _tell_checksums()


def _finish_what_is_stored() -> None:
    from ministack.services import s3

    record: Callable[..., Any] = s3._record_object_version
    fire: Callable[..., None] = s3._fire_s3_event_async

    @functools.wraps(record)
    def finished(bucket: str, key: str, before: Stored | None, stored: Stored, content: Any) -> Any:
        # All that puts, copies or completes an object ends here, before its versions, its event and its file are made.
        if _BEGUN.get():
            stored["last_modified"] = _BEGUN.get()
        if not stored.get("checksums"):
            stored["checksums"] = {"CRC64NVME": crc64nvme(bytes(content))}
            stored["checksum_type"] = "FULL_OBJECT"
        if _is_encrypted_with_a_key(stored.get("preserved_headers") or {}):
            parts = str(stored["etag"]).strip('"').partition("-")[2]
            stored["etag"] = f'"{secrets.token_hex(16)}{"-" if parts else ""}{parts}"'
        return record(bucket, key, before, stored, content)

    @functools.wraps(fire)
    def told(bucket: str, key: str, event: str, *args: Any, etag: str = "", **kwargs: Any) -> None:
        stored = _stored(bucket, key)
        if event.startswith("s3:ObjectCreated:") and stored:
            etag = stored["etag"]
        fire(bucket, key, event, *args, etag=etag, **kwargs)

    s3._record_object_version = finished
    s3._fire_s3_event_async = told


def _answer_with_what_is_stored() -> None:
    from ministack.services import s3

    complete: Callable[..., Answer] = s3._complete_multipart_upload

    @functools.wraps(complete)
    def completed(bucket: str, key: str, body: bytes, query: Any, *rest: Any) -> Answer:
        upload = s3._multipart_uploads.get(s3._qp(query, "uploadId")) or {}
        token = _BEGUN.set(upload.get("created"))
        try:
            return complete(bucket, key, body, query, *rest)
        finally:
            _BEGUN.reset(token)

    s3._put_object = _with_its_etag(s3._put_object)
    s3._copy_object = _with_its_etag(s3._copy_object)
    s3._complete_multipart_upload = _with_its_etag(completed)


def _with_its_etag(operation: Callable[..., Answer]) -> Callable[..., Answer]:
    @functools.wraps(operation)
    def answered(bucket: str, key: str, *args: Any) -> Answer:
        status, headers, body = operation(bucket, key, *args)
        stored = _stored(bucket, key)
        if status != 200 or stored is None:
            return status, headers, body
        etag = str(stored["etag"])
        if "ETag" in headers:
            headers = {**headers, "ETag": etag}
        return status, headers, _ETAG.sub(f"<ETag>{etag}</ETag>".encode(), body)

    return answered


def _tell_checksums() -> None:
    from ministack.services import s3

    attributes: Callable[..., Answer] = s3._get_object_attributes

    @functools.wraps(attributes)
    def whole(*args: Any) -> Answer:
        status, headers, body = attributes(*args)
        if b"<ChecksumCRC64NVME>" in body:  # which is of whole objects only, in parts or not
            body = body.replace(b">COMPOSITE<", b">FULL_OBJECT<")
        return status, headers, body

    s3._get_object_attributes = whole
    s3._list_objects_v1 = _with_checksums(s3._list_objects_v1)
    s3._list_objects_v2 = _with_checksums(s3._list_objects_v2)


def _with_checksums(operation: Callable[..., Answer]) -> Callable[..., Answer]:
    @functools.wraps(operation)
    def listed(bucket: str, query: Any) -> Answer:
        from ministack.services import s3

        status, headers, body = operation(bucket, query)
        if status != 200:
            return status, headers, body
        root = ElementTree.fromstring(body)  # noqa: S314 - our own process wrote it
        encoded = s3._qp(query, "encoding-type") == "url"
        for each in root.iter(f"{{{_NAMESPACE}}}Contents"):
            key = each.findtext(f"{{{_NAMESPACE}}}Key", "")
            stored = _stored(bucket, unquote_plus(key) if encoded else key) or {}
            for algorithm, checksum in (stored.get("checksums") or {}).items():
                ElementTree.SubElement(each, f"{{{_NAMESPACE}}}ChecksumAlgorithm").text = algorithm
                kind = "COMPOSITE" if "-" in checksum else "FULL_OBJECT"
                ElementTree.SubElement(each, f"{{{_NAMESPACE}}}ChecksumType").text = kind
        ElementTree.register_namespace("", _NAMESPACE)
        return status, headers, bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))

    return listed


def _is_encrypted_with_a_key(headers: Mapping[str, str]) -> bool:
    return headers.get(_ENCRYPTION, "").startswith("aws:kms") or f"{_ENCRYPTION}-customer-algorithm" in headers


def _stored(bucket: str, key: str) -> Stored | None:
    from ministack.services import s3

    found: Stored | None = (s3._buckets.get(bucket) or {}).get("objects", {}).get(key)
    return found
