"""Reads an environment from YAML, and says file, line and remedy for everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from alicloud.errors import Misconfigured
from blocks.conflicts import Conflict, Place, conflicts
from blocks.environment import MAX_TOLD, Environment
from blocks.names import RULES
from blocks.shown import shown, shown_text

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
MAX_VALUES = 20_000  # a section or a list counts, and so does a field's name
MAX_NUMBER = 40  # characters: Python takes its time over numbers of many thousand digits

_EXPECTED = {
    "missing": "is missing",
    "extra_forbidden": "is not a field that we know",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "string_type": "must be text (quote it)",
    "string_unicode": "must be text, without halves of surrogate pairs",
    "invalid_key": "has a field whose name is not text",
    "list_type": "must be a list",
    "model_type": "must be a section with fields",
    "model_attributes_type": "must be a section with fields",
    "dict_type": "must be a section with fields",
    "union_tag_not_found": "needs `mode: exclusive` or `mode: managed`",
    "union_tag_invalid": "must have `mode: exclusive` or `mode: managed`",
}


_TEXT = "tag:yaml.org,2002:str"
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
# YAML 1.1, which we read, takes 010 for 8 and 1:20 for 80; YAML 1.2 does not.
_DECIMAL = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?\.(inf|nan)", re.IGNORECASE)


def load(path: Path) -> Environment:
    """Read an environment document.

    Raises:
        Misconfigured: with every error of the document, one to a line: `file:line: field: cause`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be read ({error.strerror}).", remedy="Name an existing file.") from None
    return parse(data, str(path))


def parse(data: bytes, name: str) -> Environment:
    """Read an environment document from bytes; `name` stands in the messages."""
    content, lines = _yaml(data, name)
    problems = problems_of(content)
    if problems:
        told = [f"{name}:{_line(lines, problem.place)}: {problem}" for problem in problems[:MAX_TOLD]]
        if len(problems) > MAX_TOLD:
            told.append(f"{name}: and {len(problems) - MAX_TOLD} more.")
        raise Misconfigured("\n".join(told), remedy="Correct the document; the cloud was not touched.")
    return Environment.model_validate(content)


def problems_of(content: Any) -> list[Conflict]:
    """Find everything that is wrong with a document, field errors and impossible combinations alike."""
    if not isinstance(content, Mapping):
        return [Conflict((), "the document must be a section with fields", "See environments/exclusive.yaml.")]
    try:
        Environment.model_validate(content)
    except ValidationError as error:
        entries = error.errors(include_url=False)
        # Conflicts are found again below, each with its place; here they are one entry without.
        fields = [_field_problem(entry) for entry in entries if entry["loc"] or entry["type"] != "value_error"]
        return [*fields, *conflicts(_valid_sections(content))]
    return []


def _field_problem(entry: Any) -> Conflict:
    place = entry["loc"]
    if place[:1] == ("cluster",):  # pydantic puts the mode that it chose behind it
        place = ("cluster", *(part for part in place[1:2] if part not in ("exclusive", "managed")), *place[2:])
    kind, context = entry["type"], entry.get("ctx", {})
    if kind == "string_pattern_mismatch":
        cause = f"{shown(entry['input'])} must be {RULES.get(context['pattern'], context['pattern'])}"
    elif kind == "extra_forbidden" and "cluster" in place:
        cause = "is not a field of this cluster mode"
    elif kind == "value_error":
        cause = str(context.get("error", entry["msg"]))
    else:
        cause = _EXPECTED.get(kind) or f"{entry['msg'][0].lower()}{entry['msg'][1:]}, not {shown(entry['input'])}"
    return Conflict(place, cause, "")


def _valid_sections(content: Mapping[str, Any]) -> Any:
    """Give a document in which the sections that are invalid on their own are None, to be checked for conflicts."""
    sections: dict[str, Any] = {}
    for name, field in Environment.model_fields.items():
        try:
            sections[name] = _validated(name, field, content)
        except (ValidationError, ValueError):
            sections[name] = None
    return SimpleNamespace(**sections)


def _validated(name: str, field: FieldInfo, content: Mapping[str, Any]) -> Any:
    if name not in content:
        return None if field.is_required() else field.get_default(call_default_factory=True)
    return TypeAdapter(field.rebuild_annotation()).validate_python(content[name])


def _yaml(data: bytes, name: str) -> tuple[Any, dict[Place, int]]:
    if len(data) > MAX_BYTES:
        raise Misconfigured(
            f"{name}: larger than {MAX_BYTES // 1024} KiB.", remedy="An environment is a small document."
        )
    try:
        text = data.decode()
        lines: dict[Place, int] = {}
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None, lines
        _note_lines(node, (), lines)
        return loader.construct_document(node), lines
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = shown_text(str(error.problem))
        raise Misconfigured(f"{name}:{line}: {problem}.", remedy="Correct the YAML.") from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Misconfigured(f"{name}:{line}: not text in UTF-8.", remedy="Save the file as UTF-8.") from None
    except yaml.reader.ReaderError as error:
        line = data.decode()[: error.position].count("\n") + 1
        cause = f"the character {chr(error.character)!r} is not allowed"
        raise Misconfigured(f"{name}:{line}: {cause}.", remedy="Take it out.") from None


class _Loader(yaml.SafeLoader):
    """Refuses what makes YAML dangerous: aliases, tags, depth, mass.

    Says where a value stands that YAML takes for a number or a date, and Python does not.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = self._values = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        self._values += 1
        if isinstance(event, yaml.AliasEvent):
            raise _unsafe("aliases are not allowed", event)
        if tag := getattr(event, "tag", None):
            raise _unsafe(f"the tag {shown(tag)} is not allowed", event)
        if isinstance(event, yaml.CollectionStartEvent) and self._depth == MAX_DEPTH:
            raise _unsafe("nested too deeply", event)
        if self._values > MAX_VALUES:
            raise _unsafe(f"more than {MAX_VALUES} values", event)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        if node.tag in _NUMBERS and len(node.value) > MAX_NUMBER:
            raise yaml.MarkedYAMLError(problem="the number is too long", problem_mark=node.start_mark)
        if node.tag in _NUMBERS and not _DECIMAL.fullmatch(node.value):
            problem = f"{shown(node.value)} can be read as more than one number; write it in decimal, or quote it"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            problem = f"{shown(node.value)} cannot be read ({error}); if it is text, quote it"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark) from None


def _unsafe(problem: str, at: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=at.start_mark)


def _note_lines(node: yaml.Node, place: Place, lines: dict[Place, int]) -> None:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.tag != _TEXT:  # a number, a merge key `<<`, a list ...
                raise _unsafe("a field's name must be text (quote it)", key)
            if key.value in seen:
                raise _unsafe(f"the field {shown(key.value)} stands twice", key)
            seen.add(key.value)
            lines[(*place, key.value)] = key.start_mark.line + 1
            _note_lines(value, (*place, key.value), lines)
    elif isinstance(node, yaml.SequenceNode):
        for i, item in enumerate(node.value):
            _note_lines(item, (*place, i), lines)


def _line(lines: Mapping[Place, int], place: Place) -> int:
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)
