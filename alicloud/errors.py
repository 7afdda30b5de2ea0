"""The one tree of errors: each says whether waiting helps and what the operator does next.

AlibabaCloudError
├── Refused              the cloud said no: code, request_id
│   ├── NotFound
│   ├── AlreadyExists
│   ├── Forbidden        rights, or a key that is wrong, inactive or expired
│   ├── Throttled        transient
│   └── Unavailable      transient: the cloud's own fault
├── Unreachable          no answer, and the call is safe to repeat (transient)
├── Uncertain            no answer to a call that must not be repeated: look before asking again
├── Unmet                a prerequisite is missing
│   └── ManualStep       only a person can do it: activate, pay, click Authorize
├── Overtaken            another run writes on this environment: name it
├── Unsettled            we acted and the cloud still differs
├── TimedOut             still not ready after the time allowed
└── Misconfigured        the environment or the credentials are wrong; the cloud was not touched
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar


class AlibabaCloudError(Exception):
    """The root. `str()` of it is a full sentence for the operator: what happened, where, and the remedy."""

    transient: bool = False
    default_remedy: ClassVar[str] = ""

    def __init__(self, message: str, *, action: str = "", request_id: str = "", remedy: str = "") -> None:
        self.message = message
        self.action = action
        self.request_id = request_id
        self.remedy = remedy or self.default_remedy
        super().__init__(message)

    def __str__(self) -> str:
        return " ".join(part for part in (self.message, self.remedy) if part)


class Refused(AlibabaCloudError):
    """The cloud answered and said no."""

    default_remedy = "Read the code in the product's API reference, correct the cause, then Retry this run."

    def __init__(
        self, code: str, text: str = "", *, action: str = "", request_id: str = "", remedy: str = "", status: int = 0
    ) -> None:
        self.code = code
        self.text = text
        self.status = status
        where = f" on {action}" if action else ""
        request = f" (request {request_id})" if request_id else ""
        said = f": {text.rstrip('. ')}" if text and text != code else ""
        super().__init__(f"{code}{where}{request}{said}.", action=action, request_id=request_id, remedy=remedy)


class NotFound(Refused):
    default_remedy = "Check the name or id in the environment; something that the run relies on was deleted."


class AlreadyExists(Refused):
    """`ours`: an earlier attempt of the same call had no answer, so it is that one which made it."""

    ours: bool = False
    default_remedy = "Somebody else made it at the same time: Retry this run, it will be read and kept."


class Forbidden(Refused):
    default_remedy = "Give the runner's identity the right to this action (README, Rights), then Retry this run."


class Throttled(Refused):
    transient = True
    default_remedy = "The account's request rate is used up: wait a minute, then Retry this run."


class Unavailable(Refused):
    transient = True
    default_remedy = (
        "The cloud has a fault of its own: Retry this run; if it stays, submit a ticket with the request id."
    )


class Unreachable(AlibabaCloudError):
    transient = True
    default_remedy = "Check the network and the endpoints of the credentials block, then Retry this run."


class Uncertain(AlibabaCloudError):
    default_remedy = "Look in the console whether it exists. A Retry adopts what it finds, and never sends it again."


class Unmet(AlibabaCloudError):
    pass


class ManualStep(Unmet):
    pass


class Overtaken(AlibabaCloudError):
    default_remedy = "Nothing more was written by this run. Look at that run; when it has ended, Retry this one."


class Unsettled(AlibabaCloudError):
    default_remedy = "Somebody or something changes it back: find out who, then Retry this run."


class TimedOut(AlibabaCloudError):
    pass


class Misconfigured(AlibabaCloudError):
    pass


def together(refusals: Sequence[AlibabaCloudError]) -> AlibabaCloudError:
    """Make one refusal of several, each of them told once. They are manual steps together if each is one."""
    distinct = list({str(error): error for error in refusals}.values())
    if len(distinct) == 1:
        return distinct[0]
    told = "\n".join(f"{number}. {error}" for number, error in enumerate(distinct, 1))
    kind = ManualStep if all(isinstance(error, ManualStep) for error in distinct) else Unmet
    return kind(f"{len(distinct)} things stand in the way:\n{told}", remedy="Nothing was written.")


# Code -> class, first match wins. Source: RAM error catalogue; POP gateway common errors; OSS error table.
_CODES: tuple[tuple[str, type[Refused]], ...] = (
    (r"(Rejected\.)?Throttling(\..*)?|.*TrafficRateLimitExceeded|RequestLimitExceeded|FlowLimit.*", Throttled),
    (
        r"InternalError|ServiceUnavailable|SystemBusy|System\.ServiceBusy|UnknownError|OperationFailed\.SystemBusy",
        Unavailable,
    ),
    # The cloud is still busy with the same request or with a neighbour of it. Source: VPC 2016-04-28, error tables.
    (
        r"TaskConflict|OperationConflict|IncorrectVSwitchStatus|IncorrectVpcStatus|TOKEN_PROCESSING|IdempotentProcessing",
        Unavailable,
    ),
    (r"(OperationFailed\.)?(IdempotentTokenProcessing|LastTokenProcessing)|IncorrectStatus(\..*)?", Unavailable),
    (r"998001", Unavailable),  # foasconsole CreateInstance, seen in practice
    (r"EntityAlreadyExists(\..*)?|BucketAlreadyExists|FileAlreadyExists", AlreadyExists),
    (r"NoPermission|Forbidden(\..*)?|AccessDenied|NotAuthorized|UserDisable|Inactive", Forbidden),
    (r"InvalidAccessKey.*|SignatureDoesNotMatch|InvalidSecurityToken(\..*)?|SecurityTokenExpired", Forbidden),
    (r"EntityNotExist(\..*)?|NoSuch(?!Version).*|Invalid\w*\.NotFound|\w*NotFound|990301", NotFound),
)

# Code -> what the operator does next.
_REMEDIES: tuple[tuple[str, str], ...] = (
    (
        r"InvalidAccessKeyId.*|SignatureDoesNotMatch|InvalidAccessKeySecret",
        "Correct the AccessKey in the credentials block, then Retry this run.",
    ),
    (
        r"(InvalidSecurityToken|SecurityTokenExpired).*",
        "The STS token has expired or is wrong: put a fresh one into the credentials block, then Retry this run.",
    ),
    (
        r"InvalidTimeStamp.*|RequestTimeTooSkewed|IllegalTimestamp",
        "Set the clock of this machine (NTP), then Retry this run.",
    ),
    (r"Inactive", "Activate RAM in the console with the Alibaba Cloud account, then Retry this run."),
    (r"INSUFFICIENT.*|.*Balance.*", "Top up the account's balance, then Retry this run."),
    (
        r"(LimitExceeded|QuotaExceed\w*|TooManyBuckets).*",
        "Delete what is no longer used or ask for a higher quota, then Retry.",
    ),
)


def refusal(code: str, text: str, *, action: str, request_id: str, status: int, remedy: str = "") -> Refused:
    """Make the error for a code of the cloud.

    Args:
        code: the cloud's code, e.g. EntityNotExist.User.
        text: the cloud's message, already free of secrets.
        status: HTTP status; 500 and above with an unknown code is Unavailable.
        remedy: the call's own, for a code that says nothing nearer.
    """
    code, text, request_id = _printable(code), _printable(text), _printable(request_id)
    kind: type[Refused] = Unavailable if status >= 500 else Refused
    for pattern, candidate in _CODES:
        if re.fullmatch(pattern, code):
            kind = candidate
            break
    if kind.transient:
        remedy = ""  # a call's remedy speaks of rights and parameters, of which the cloud did not complain
    for pattern, known in _REMEDIES:
        if re.fullmatch(pattern, code):
            remedy = known
            break
    return kind(code, text, action=action, request_id=request_id, status=status, remedy=remedy)


def _printable(text: str) -> str:
    """Keep what the cloud says from playing tricks on terminals and logs."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
