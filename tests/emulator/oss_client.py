"""The vendor's own OSS client, pointed at a running emulator and listened in on."""

import io
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import oss2

from emulator.cloud import ACCESS_KEY_ID, ACCESS_KEY_SECRET
from tests.emulator.client import Running


@dataclass
class Heard:
    method: str
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def paths(self) -> set[str]:
        """Where the elements of the XML stand: ListBucketResult/Contents/Key."""
        return paths(self.body)


@dataclass
class Listening(oss2.Session):
    """A session that keeps what came back."""

    heard: list[Heard] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def do_request(self, request: Any, timeout: Any) -> Any:
        reply = super().do_request(request, timeout)
        raw = reply.response
        self.heard.append(Heard(request.method, raw.status_code, dict(raw.headers), raw.content))
        # The client asks for an iterator per piece; one over content that is kept would begin anew each time.
        stream = io.BytesIO(raw.content)
        raw.iter_content = lambda size: iter(lambda: stream.read(size), b"")
        return reply


def make_bucket(
    emulator: Running, name: str = "flink-udf", auth: Any = None, region: str = "cn-hangzhou", create: bool = True
) -> oss2.Bucket:
    """Give a client of a bucket, which is made unless it should not be."""
    auth = auth or oss2.Auth(ACCESS_KEY_ID, ACCESS_KEY_SECRET)
    bucket = oss2.Bucket(auth, emulator.url, name, session=Listening(), region=region)
    if create:
        bucket.create_bucket()
    return bucket


def last(client: Any) -> Heard:
    return client.session.heard[-1]


def paths(body: str | bytes) -> set[str]:
    found = set()

    def walk(node: Element, above: str) -> None:
        path = f"{above}/{node.tag}" if above else node.tag
        found.add(path)
        for child in node:
            walk(child, path)

    if body:
        walk(fromstring(body), "")
    return found
