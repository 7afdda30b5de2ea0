"""The upload of a large UDF package, part by part: look, decide, act, look again, until the bucket has it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from hashlib import md5
from typing import Any

from alicloud import oss_multipart, oss_objects
from alicloud.call import Call
from alicloud.errors import Refused, Unavailable, Unreachable, Unsettled
from alicloud.journal import Journal
from alicloud.journal_record import Created
from alicloud.oss_multipart import Next, Todo, Upload
from alicloud.oss_objects import StoredObject, UdfSpec
from alicloud.session import Session

LOOKS = 24  # an undisturbed upload takes 4; each lost answer and each run that meddles takes more
MOST_FAILURES = 4  # of one call, one after the other
COMPLETIONS = 2  # a second one, when the first object has somebody else's metadata
PAUSE_SECONDS = 2.0  # after a lost answer, of the cloud's time

# What a look shows once a call whose answer was lost has had its effect.
_AFTER = {Todo.BEGIN: (Todo.SEND, Todo.FINISH), Todo.FINISH: (Todo.NOTHING, Todo.ABORT)}

ReadPart = Callable[[int], bytes]  # the number of a part, from 1, to its content

log = logging.getLogger("realtime_compute.uploads")


@dataclass
class _Course:
    """What this run has done so far: the ids of uploads that it began or told of, and what had no answer."""

    begun: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)
    unanswered: Next | None = None
    failures: int = 0
    completions: int = 0


def upload(cloud: Session, spec: UdfSpec, read_part: ReadPart) -> StoredObject | None:
    """Bring a package into the bucket in parts, and give the object; parts that are there already are not sent again.

    A dry run notes one write for the whole of it.

    Args:
        read_part: reads one part from the file; one part at a time is held in memory.

    Raises:
        Unmet: the file has changed since it was described.
        Unreachable: one call has had no answer too often; what has arrived stays, and the next run goes on.
        Unsettled: the calls were answered, but the object is still another one.
    """
    head = oss_objects.head_object(spec.bucket, spec.key)
    actual = cloud.recall(head)
    if oss_objects.holds(spec, actual):
        return actual
    if cloud.dry:
        for call in oss_multipart.planned_upload(spec, actual):
            cloud.foresee(call)
        cloud.snapshot.expect(head, oss_objects.planned_object(spec))
        return oss_objects.planned_object(spec)
    stored = _carried_out(cloud, spec, read_part)
    if cloud.snapshot.recall(head)[0]:
        cloud.snapshot.keep(head, stored)  # or a later step would be content with what was there before
    return stored


def _carried_out(cloud: Session, spec: UdfSpec, read_part: ReadPart) -> StoredObject | None:
    course = _Course()
    for _ in range(LOOKS):
        actual, uploads = _look(cloud, spec)
        ours = course.begun | _known(cloud, uploads)
        step = oss_multipart.next_step(spec, actual, uploads, ours)
        _note_effect(cloud, spec, step, course)
        if step.todo is Todo.NOTHING:
            return actual
        if step.todo is not Todo.ABORT and course.completions == COMPLETIONS:
            break
        _name_foreign(spec, uploads, ours, course)
        _attempt(cloud, spec, step, course, read_part)
    raise Unsettled(f"{spec.key} was uploaded, but oss://{spec.bucket}/{spec.key} is still another object.")


def _look(cloud: Session, spec: UdfSpec) -> tuple[StoredObject | None, list[Upload]]:
    """Read the object, and the uploads of its key with what has arrived of them; reads of OSS are consistent."""
    actual = cloud.read_again(oss_objects.head_object(spec.bucket, spec.key))
    found = []
    for each in cloud.read_again(oss_multipart.list_multipart_uploads(spec.bucket, spec.key)):
        if each.key == spec.key:
            parts = cloud.read_again(oss_multipart.list_parts(spec.bucket, spec.key, each.upload_id))
            found += [] if parts is None else [replace(each, parts=parts)]
    return actual, found


def _known(cloud: Session, uploads: Collection[Upload]) -> set[str]:
    if not isinstance(cloud.journal, Journal):
        return set()
    return known_uploads(cloud.journal, uploads)


def known_uploads(journal: Journal, uploads: Collection[Upload]) -> set[str]:
    """Give the ids of the uploads that an environment has sent parts to, as far as its journal tells."""
    return {each.upload_id for each in uploads if journal.record.created(each.known_as) is Created.YES}


def _name_foreign(spec: UdfSpec, uploads: Collection[Upload], ours: Collection[str], course: _Course) -> None:
    for each in uploads:
        strange = each.upload_id not in ours and not oss_multipart.fits(spec, each)
        if strange and each.upload_id not in course.named:
            course.named.add(each.upload_id)
            log.warning(
                "oss://%s/%s has an unfinished upload of another content, %s, which nobody here is known to have "
                "begun: it is left alone, and its parts are billed until somebody aborts it",
                spec.bucket,
                spec.key,
                each.upload_id,
            )


def _note_effect(cloud: Session, spec: UdfSpec, step: Next, course: _Course) -> None:
    """Note a write in the ledger of which only the answer was lost."""
    lost, course.unanswered = course.unanswered, None
    if lost is not None and step.todo in _AFTER[lost.todo]:
        cloud.ledger.add(_call(spec, lost))


def _attempt(cloud: Session, spec: UdfSpec, step: Next, course: _Course, read_part: ReadPart) -> None:
    """Do what comes next; what had no answer, or is refused since the upload has ended meanwhile, is looked for."""
    try:
        if step.todo is Todo.SEND and step.upload is not None:
            _send(cloud, spec, step.upload, step.missing, read_part)
        else:
            answer = cloud.send(_call(spec, step))
            course.begun |= {str(answer)} if step.todo is Todo.BEGIN else set()
            course.completions += step.todo is Todo.FINISH
        course.failures = 0
    except (Unreachable, Refused) as error:
        lost = step.todo in _AFTER and isinstance(error, Unreachable | Unavailable)
        course.failures += 1
        if not (lost or getattr(error, "code", "") == "NoSuchUpload") or course.failures == MOST_FAILURES:
            raise
        course.unanswered = step if lost else None
        cloud.clock.sleep(PAUSE_SECONDS)


def _send(cloud: Session, spec: UdfSpec, to: Upload, missing: Collection[int], read_part: ReadPart) -> None:
    for number in missing:
        data = read_part(number)
        if md5(data, usedforsecurity=False).hexdigest() != spec.parts[number - 1]:
            raise oss_objects.changed_file(spec.path_name)
        cloud.send(oss_multipart.upload_part(spec, to, number, data))


def _call(spec: UdfSpec, step: Next) -> Call[Any]:
    begin = oss_multipart.initiate_multipart_upload(spec)
    if step.upload is None:
        return begin
    if step.todo is Todo.FINISH:
        return oss_multipart.complete_multipart_upload(spec, step.upload)
    return oss_multipart.abort_multipart_upload(step.upload, begin.fingerprint)
