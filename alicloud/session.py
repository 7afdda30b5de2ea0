"""Sends calls to the cloud: the only module that imports a vendor SDK, and the only one that does I/O."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cached_property, partial
from typing import Any, Protocol, TypeVar, cast

import oss2
from aliyunsdkcore.acs_exception.exceptions import ClientException, ServerException
from aliyunsdkcore.auth.credentials import AccessKeyCredential, StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from alicloud.call import Call, Kind, client_token
from alicloud.clock import Clock
from alicloud.endpoints import endpoint
from alicloud.errors import (
    AlibabaCloudError,
    AlreadyExists,
    Refused,
    Throttled,
    Unavailable,
    Uncertain,
    Unmet,
    Unreachable,
    refusal,
)
from alicloud.journal_record import What
from alicloud.limiter import SHARED, Limits
from alicloud.redaction import redact
from alicloud.snapshot import Ledger, Snapshot
from alicloud.stopwatch import cloud_time

Answer = TypeVar("Answer")

CONNECT_SECONDS = 5
READ_SECONDS = 30
ATTEMPTS = 6  # of one call, the first included; waits grow from 0.5 s to 8 s with jitter
RENEW_SECONDS = 300.0  # before a temporary AccessKey expires

log = logging.getLogger("realtime_compute.calls")

# The vendors' loggers, down to the HTTP client that aliyunsdkcore brings along, write whole URLs and what is signed,
# with AccessKeyId, SecurityToken and Signature in them. A filter, since `disabled` is taken back by whoever configures
# logging later, as Prefect does.
for _name in list(logging.root.manager.loggerDict):
    if _name.startswith(("aliyunsdkcore", "oss2")):
        logging.getLogger(_name).addFilter(lambda _record: False)


@dataclass(frozen=True)
class Identity:
    """An AccessKey pair, with the token of a temporary one and when that expires (cloud seconds; 0: never).

    `lasting_key_id` is that of the key by which a temporary one was got, `role_arn` the role whose that is.
    """

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str = field(default="", repr=False)
    expires_at: float = 0.0
    lasting_key_id: str = field(default="", repr=False)
    role_arn: str = ""

    @property
    def owner(self) -> str:
        """Tell whose sessions see the same account with the same rights: by the lasting AccessKey, and the role."""
        return f"{self.lasting_key_id or self.access_key_id} {self.role_arn}"


class Intents(Protocol):
    """Where the intent of each write is written down before it is sent; see `journal.Journal`."""

    def intend(self, call: Call[Any]) -> str: ...

    def conclude(self, intent: str, what: What, request_id: str = "", code: str = "") -> None: ...

    def generation(self, makes: str) -> int: ...

    def refuse_open(self, makes: str) -> None: ...

    def seen(self, makes: str) -> None: ...

    def remedy(self, intent: str) -> str: ...

    def usual_seconds(self, what: str) -> float | None: ...

    def lasted(self, what: str, seconds: float) -> None: ...


Ask = Callable[["Session", Call[Any]], Any]  # answers a read of a dry session
_ACCOUNTS: dict[str, str] = {}  # ids of accounts, by those of the AccessKeys that are known to be theirs
WRITTEN: dict[str, float] = {}  # when this process last wrote, in our seconds, by the owner of the AccessKey


class _NoAnswer(Exception):
    """The request may or may not have reached the cloud."""


class Session:
    """A connection to one account in one region, safe to use from many threads.

    Args:
        identity: whose AccessKey signs.
        region: the region of regional products.
        overrides: product code (or `*`) to URL, see `endpoints.endpoint`.
        clock: what waits are made on.
        snapshot: what a dry run has read; `recall` answers from it.
        dry: when true, no write is sent: `settle` notes it in the ledger instead.
        attempts: how often one repeatable call is sent at most.
        settle_seconds: how long (cloud time) to look for the effect of a write, or of a lost answer.
        renew: gives a fresh identity before a temporary one expires; a cluster takes longer than some tokens last.
        limiter: holds calls back at the published rates; all sessions of a process share one.
    """

    def __init__(
        self,
        identity: Identity,
        region: str,
        overrides: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        snapshot: Snapshot | None = None,
        dry: bool = False,
        attempts: int = ATTEMPTS,
        settle_seconds: float = 60.0,
        renew: Callable[[], Identity] | None = None,
        limiter: Limits = SHARED,
    ) -> None:
        self.identity = identity
        self.limiter = limiter
        self._renew = renew
        self.region = region
        self.overrides = dict(overrides or {})
        self.clock = clock or Clock()
        self.snapshot = snapshot if snapshot is not None else Snapshot()
        self.ledger = Ledger()
        self.journal: Intents | None = None
        self.dry = dry
        self.ask: Ask = Session.read_again
        self.only_looks = False
        self.foreseen: frozenset[str] | None = None  # when given: the fingerprints of the only writes that may be sent
        self.attempts = attempts
        self.settle_seconds = settle_seconds
        self._oss = oss2.Session(pool_size=16)
        self._lock = threading.Lock()

    @cached_property
    def _client(self) -> AcsClient:
        """Made when first needed: it reads the vendor's list of endpoints, and a journal's session has OSS alone."""
        return _client(self.identity, self.region, self._observe)

    def dry_run(self, ask: Ask | None = None) -> Session:
        """Give a session to the same account that sends no write and remembers what it reads.

        Args:
            ask: where it has its answers from; from the cloud unless given.
        """
        session = self.sibling(dry=True)
        session.journal = self.journal
        session.ask = ask or session.ask
        return session

    @property
    def account(self) -> str:
        """Whose rates the calls use up: the id of the account, as long as it is not known that of the AccessKey."""
        if self.identity.role_arn:
            return self.identity.role_arn.split(":")[3]
        return _ACCOUNTS.get(self.identity.access_key_id, self.identity.access_key_id)

    def belongs_to(self, account_id: str) -> None:
        """Note which account the AccessKey is of: all its AccessKeys use up the same rates."""
        if not self.identity.role_arn:
            _ACCOUNTS[self.identity.access_key_id] = account_id

    def looking(self) -> Session:
        """Give this session to a step that must find everything as it is wanted: it sends no write, and plans none."""
        session = copy(self)
        session.dry = session.only_looks = True
        return session

    def foresee(self, call: Call[Any]) -> None:
        """Note a write that a dry run would send.

        Raises:
            Unmet: this session may only look.
        """
        if self.only_looks:
            means = call.means or call.action
            raise Unmet(
                f"This run may not {means}: that step is not chosen, and a chosen one builds on it.",
                remedy="Choose it too, or choose none: then all of them are carried out.",
            )
        self.ledger.add(call)

    def sibling(self, dry: bool = False, region: str = "") -> Session:
        """Give another session to the same account, with a ledger of its own, in another region when one is named."""
        return Session(
            self.identity,
            region or self.region,
            self.overrides,
            self.clock,
            dry=dry,
            attempts=self.attempts,
            settle_seconds=self.settle_seconds,
            renew=self._renew,
            limiter=self.limiter,
        )

    def recall(self, call: Call[Answer]) -> Answer:
        """Answer a read from the snapshot, else from the cloud."""
        known, answer = self.snapshot.recall(call)
        return cast("Answer", answer) if known else self.send(call)

    def send(self, call: Call[Answer]) -> Answer:
        """Send a call, all its pages, repeating it as its kind allows, and give the parsed answer.

        Raises:
            Refused: the cloud said no, and the code is not one that the call takes for an answer.
            Unreachable: no answer to a repeatable call after all attempts.
            Uncertain: no answer to a once-only call, this one or an earlier one; it may have taken effect.
            Overtaken: another run writes on this environment.
        """
        if not self.dry:
            self._refuse_unforeseen(call)
            return self._answered(call)
        if not call.is_read:
            raise AssertionError(f"a dry run must not send {call.action}")
        with self.snapshot.one_reader(call):
            known, answer = self.snapshot.recall(call)
            if known:
                return cast("Answer", answer)
            if call.concerns_planned:
                return cast("Answer", call.missing)
            answer = cast("Answer", self.ask(self, call))
            self.snapshot.keep(call, answer)
            return answer

    def _refuse_unforeseen(self, call: Call[Any]) -> None:
        if call.is_read or self.foreseen is None or call.fingerprint in self.foreseen:
            return
        raise Unmet(
            f"To {call.means or call.action} was not in the plan of this run: something has changed since.",
            remedy="Nothing was sent. Retry this run: it plans anew.",
        )

    def read_again(self, call: Call[Answer]) -> Answer:
        """Ask the cloud, whatever is remembered of its answers."""
        if not call.is_read:
            raise AssertionError(f"{call.action} is a write")
        return self._answered(call)

    def _answered(self, call: Call[Answer]) -> Answer:
        try:
            return self._all_pages(call)
        except AlibabaCloudError as error:
            code = getattr(error, "code", "")
            if code not in call.absent and code not in call.done:
                raise
            if not call.is_read:
                self.ledger.add(call, error.request_id)
            return cast("Answer", call.missing)

    def _all_pages(self, call: Call[Answer]) -> Answer:
        body, request_id, answer = self._with_retries(call, call.parameters)
        while call.next_page is not None and (following := call.next_page(body)) is not None:
            body, request_id, more = self._with_retries(call, {**call.parameters, **following})
            answer = answer + more
        if not call.is_read:
            self.ledger.add(call, request_id)
        return cast("Answer", answer)

    def _with_retries(self, call: Call[Any], parameters: Mapping[str, str]) -> tuple[Any, str, Any]:
        if call.is_read:
            return self._repeated(call, parameters)
        if self.journal is not None:
            return self._written_down(self.journal, call, parameters)
        if call.kind is Kind.ONCE:
            raise AssertionError(f"{call.action} is once-only: without a journal it must not be sent")
        return self._repeated(call, parameters)

    def _written_down(self, journal: Intents, call: Call[Any], parameters: Mapping[str, str]) -> tuple[Any, str, Any]:
        """Send a write between its intent and its outcome.

        What can hold up or end a once-only call comes before its intent: after it nothing but the request does, so
        that no intent is left behind of what was never sent.
        """
        if call.kind is Kind.ONCE:
            self._make_way(call)
        intent = journal.intend(call)
        if call.kind is Kind.TOKENED and (generation := journal.generation(call.makes)):
            parameters = {**parameters, "ClientToken": client_token(call.makes, call.action, generation)}
        try:
            result = (self._once if call.kind is Kind.ONCE else self._repeated)(call, parameters)
        except (Uncertain, Unreachable) as error:
            journal.conclude(intent, What.LOST, error.request_id)
            if call.kind is Kind.ONCE:
                error.remedy = journal.remedy(intent)
            raise
        except Refused as error:
            what = What.LOST if isinstance(error, Unavailable) else What.REFUSED
            journal.conclude(intent, what, error.request_id, error.code)
            raise
        journal.conclude(intent, What.ANSWERED, result[1])
        return result

    def _repeated(self, call: Call[Any], parameters: Mapping[str, str]) -> tuple[Any, str, Any]:
        lost: list[BaseException | None] = []

        def note(state: RetryCallState) -> None:
            _log_retry(state)
            lost.append(state.outcome.exception() if state.outcome else None)

        retrying = Retrying(
            stop=stop_after_attempt(self.attempts),
            wait=wait_random_exponential(multiplier=0.5, max=8),
            retry=retry_if_exception(lambda error: _may_repeat(call, error)),
            sleep=self.clock.pause,
            before_sleep=note,
            reraise=True,
        )
        try:
            result: tuple[Any, str, Any] = retrying(self._repeatable, call, parameters)
        except AlreadyExists as error:
            error.ours = any(not isinstance(earlier, Throttled) for earlier in lost)
            raise
        return result

    def _repeatable(self, call: Call[Any], parameters: Mapping[str, str]) -> tuple[Any, str, Any]:
        try:
            body, request_id = self._exchange(call, parameters)
            return body, request_id, _parsed(call, body, request_id)
        except _NoAnswer as lost:
            raise Unreachable(f"No answer to {call.action}: {lost}.", action=call.action) from None

    def _once(self, call: Call[Any], parameters: Mapping[str, str]) -> tuple[Any, str, Any]:
        """Send once. What is transient elsewhere is not so here: nothing may send this call again on its own."""
        try:
            body, request_id = self._transmit(call, parameters)
            return body, request_id, _parsed(call, body, request_id)
        except _NoAnswer as lost:
            text = f"No answer to {call.action}: {lost}. It may have taken effect."
            raise Uncertain(text, action=call.action) from None
        except AlibabaCloudError as error:
            if isinstance(error, Unavailable) or getattr(error, "status", 0) >= 500:
                text = f"{error.message} It may have taken effect all the same."
                raise Uncertain(text, action=call.action, request_id=error.request_id) from None
            error.transient = False
            raise

    def _exchange(self, call: Call[Any], parameters: Mapping[str, str]) -> tuple[Any, str]:
        self._make_way(call)
        return self._transmit(call, parameters)

    def _make_way(self, call: Call[Any]) -> None:
        """Wait until the call may go out.

        Raises:
            Stopped: the run has ended.
        """
        self.clock.check()
        self._renew_when_due()
        self.clock.sleep(self.limiter.delay(self.account, call.product, call.action, call.is_read, self.clock.speed))

    def _transmit(self, call: Call[Any], parameters: Mapping[str, str]) -> tuple[Any, str]:
        rate = (self.account, call.product, call.action)
        started = time.monotonic()
        outcome, request_id = "no answer", ""
        if call.is_read:
            self.ledger.count_read()
        try:
            with cloud_time():
                body, request_id = (self._send_oss if call.operation else self._send_pop)(call, parameters)
            outcome = "ok"
            self.limiter.told(*rate, throttled=False)
            return body, request_id
        except AlibabaCloudError as error:
            self.limiter.told(*rate, throttled=isinstance(error, Throttled))
            outcome, request_id = getattr(error, "code", "error"), error.request_id
            raise
        finally:
            if not call.is_read:
                WRITTEN[self.identity.owner] = time.monotonic()
            log.log(
                logging.DEBUG if call.is_read else logging.INFO,
                "%s %s: %s in %.0f ms (request %s)",
                call.product,
                call.action,
                outcome,
                (time.monotonic() - started) * 1000,
                request_id or "-",
                extra={"cloud_action": call.action, "cloud_outcome": outcome, "cloud_request_id": request_id},
            )

    def _send_pop(self, call: Call[Any], parameters: Mapping[str, str]) -> tuple[Any, str]:
        request = _pop_request(call, parameters, endpoint(call.product, self.region, self.overrides))
        try:
            answer = self._client.do_action_with_exception(request)
        except ServerException as error:
            code, status = str(error.get_error_code()), int(error.get_http_status() or 0)
            if code == "SDK.UnknownServerError":
                if status < 500:  # the code decides what it means, and it cannot be read
                    where = _host(request.endpoint)
                    raise _NoAnswer(f"a refusal (HTTP {status}) at {where} was cut or is not JSON") from None
                code = "ServiceUnavailable"
            raise refusal(
                code,
                redact(str(error.get_error_msg())),
                action=call.action,
                request_id=str(error.get_request_id() or ""),
                status=status,
                remedy=call.remedy,
            ) from None
        except ClientException as error:
            raise _NoAnswer(f"{error.get_error_code()} at {_host(request.endpoint)}") from None
        except (OSError, IndexError, UnicodeDecodeError, AttributeError) as error:
            # IndexError: the core splits a SignatureDoesNotMatch message at a colon that may be absent.
            raise _NoAnswer(f"{type(error).__name__} at {_host(request.endpoint)}") from None
        try:
            body = json.loads(answer)
        except ValueError:
            raise _NoAnswer("the answer was cut or is not JSON") from None
        if not isinstance(body, dict):
            raise _NoAnswer("the answer is not an object")
        return body, str(body.get("RequestId") or body.get("requestId") or "")

    def _send_oss(self, call: Call[Any], parameters: Mapping[str, str]) -> tuple[Any, str]:
        url = endpoint("oss", self.region, self.overrides)
        where = partial(oss2.Bucket, bucket_name=call.bucket) if call.bucket else oss2.Service
        place = where(
            _oss_auth(self.identity),
            url,
            session=self._oss,
            connect_timeout=(CONNECT_SECONDS, READ_SECONDS),
            region=self.region,
        )
        try:
            result = getattr(place, call.operation)(**{**call.arguments, **parameters})
            if isinstance(result, oss2.models.GetObjectResult):
                result = (result, result.read())
                return result, str(result[0].request_id)
            return result, str(getattr(result, "request_id", "") or "")
        except oss2.exceptions.RequestError as error:
            raise _NoAnswer(f"{type(error.exception).__name__} at {_host(url)}") from None
        except oss2.exceptions.ServerError as error:
            code = str(error.code or {404: "NoSuchKey", 403: "AccessDenied"}.get(error.status, ""))
            raise refusal(
                code or f"HTTP{error.status}",
                redact(str(error.message or "")),
                action=call.action,
                request_id=str(error.request_id or ""),
                status=int(error.status),
                remedy=call.remedy,
            ) from None
        except (oss2.exceptions.OssError, OSError, ValueError, TypeError, SyntaxError, RuntimeError) as error:
            # A cut answer reaches us as an XML syntax error or as a broken stream, one that lacks an element as a
            # RuntimeError of oss2.
            raise _NoAnswer(f"{type(error).__name__} at {_host(url)}") from None

    def _renew_when_due(self) -> None:
        if self._renew is None or self.clock.now() < self.identity.expires_at - RENEW_SECONDS:
            return
        with self._lock:
            if self.clock.now() >= self.identity.expires_at - RENEW_SECONDS:
                self.identity = self._renew()
                self._client = _client(self.identity, self.region, self._observe)

    def _observe(self, date: str) -> None:
        try:
            self.clock.observe(parsedate_to_datetime(date).timestamp())
        except (TypeError, ValueError):
            return

    def close(self) -> None:
        """Close the connections."""
        if "_client" in vars(self):
            self._client.session.close()
        self._oss.session.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _may_repeat(call: Call[Any], error: BaseException) -> bool:
    """Say whether a call may be sent again at once: after any transient error, or only when it surely had no effect."""
    if call.kind is Kind.LOOKED:
        return isinstance(error, Throttled)
    return isinstance(error, AlibabaCloudError) and error.transient


def _parsed(call: Call[Any], body: Any, request_id: str) -> Any:
    """Parse an answer; a business refusal that hides in a 200 gets its action and request id here."""
    try:
        return call.parse(body)
    except Refused as error:
        raise refusal(
            error.code,
            redact(error.text),
            action=call.action,
            request_id=request_id,
            status=200,
            remedy=call.remedy,
        ) from None
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise _NoAnswer(f"its form is not what we know ({type(error).__name__}, request {request_id or '-'})") from None


def _host(url: str) -> str:
    return re.sub(r"^https?://", "", str(url)).split("/")[0]


def _client(identity: Identity, region: str, observe: Callable[[str], None]) -> AcsClient:
    if identity.security_token:
        credential = StsTokenCredential(identity.access_key_id, identity.access_key_secret, identity.security_token)
    else:
        credential = AccessKeyCredential(identity.access_key_id, identity.access_key_secret)
    # auto_retry=False: the built-in retry re-sends ECS creations without a ClientToken.
    client = AcsClient(
        region_id=region,
        credential=credential,
        auto_retry=False,
        connect_timeout=CONNECT_SECONDS,
        timeout=READ_SECONDS,
        pool_size=32,
    )
    client.session.hooks["response"].append(lambda response, **_: observe(response.headers.get("Date", "")))
    return client


def _oss_auth(identity: Identity) -> Any:
    if identity.security_token:
        return oss2.StsAuth(identity.access_key_id, identity.access_key_secret, identity.security_token, "v4")
    return oss2.AuthV4(identity.access_key_id, identity.access_key_secret)


def _pop_request(call: Call[Any], parameters: Mapping[str, str], url: str) -> CommonRequest:
    request = CommonRequest(product=call.product, version=call.version, action_name=call.action)
    request.set_endpoint(url)
    request.set_protocol_type("http" if url.startswith("http://") else "https")
    request.set_method(call.method)
    if call.path:
        request.set_uri_pattern(call.path)
    for name, value in call.headers.items():
        request.add_header(name, value)
    if call.document is not None:
        request.set_content_type("application/json")
        request.set_content(json.dumps(call.document).encode())
        request.add_header("Content-Type", "application/json")
    in_body = not call.is_read and call.method in ("POST", "PUT") and call.document is None
    for name, value in {**parameters, **call.secrets}.items():
        (request.add_body_params if in_body else request.add_query_param)(name, value)
    return request


def _log_retry(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning("attempt %d failed, again in %.1f s: %s", state.attempt_number, state.upcoming_sleep, error)
