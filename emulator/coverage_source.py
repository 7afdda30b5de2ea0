"""What the source of a handler says of itself: the parameters it reads, and the doubts that are written beside it.

A handler is followed through every function that it hands its request to. Values are known as far as they are
constants; a parameter whose name is made up at run time would not be found, so one that cannot be followed is refused.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from types import FunctionType, ModuleType
from typing import Any

from emulator.coverage_modules import PACKAGE, definition, home, is_ours
from emulator.coverage_notes import Note, notes_of

# Whether a call is allowed is decided alike for all actions: what is read for that is not the action's own.
_NOT_FOLLOWED = frozenset({f"{PACKAGE}.policy", f"{PACKAGE}.oss_access"})


@dataclass(frozen=True)
class Token:
    """A value that is followed, not known: the request, or a mapping of parameters in it."""

    kind: str  # "request", "mapping", "other"
    suffix: str = ""  # what is said of the names in a mapping


REQUEST = Token("request")

Values = tuple[Any, ...]  # what an expression may be worth: constants and tokens; empty when nothing is known
Scope = dict[str, Values]

# How a method of Request (emulator.request) or Call (emulator.oss_call) spells the parameter that it is given.
_READERS = {
    **dict.fromkeys(("text", "has", "one", "required", "integer", "boolean", "json", "param", "count"), "{}"),
    "items": "{}.N",
    "records": "{}.N.*",
    "header": "{} (header)",
    "flag": "{} (header)",
    "document": "{} (XML body)",
}
# What an attribute of the request stands for.
_ATTRIBUTES: Mapping[str, tuple[str, Values]] = {
    "region": ("RegionId", ()),
    "encoding": ("encoding-type", ()),
    "body": ("(body)", ()),
    "parameters": ("", (Token("mapping"),)),
    "query": ("", (Token("mapping"),)),
    "document": ("", (Token("mapping", " (JSON body)"),)),
    "headers": ("", (Token("mapping", " (header)"),)),
    "path": ("", (Token("other"),)),  # the path's placeholders stand in the path
}


class Untraceable(Exception):
    """A request is handed to something that cannot be followed."""


@dataclass
class Reading:
    """What a handler reads, and the notes beside all that it uses."""

    parameters: set[str] = field(default_factory=set)
    notes: set[Note] = field(default_factory=set)


def read(handler: Callable[..., Any]) -> Reading:
    """Follow a handler, whose second argument is the request.

    Raises:
        Untraceable: the request goes where no source can be read.
    """
    reader = _Reader()
    reader.call(handler, [(), (REQUEST,)], {})
    return reader.reading


class _Reader:
    def __init__(self) -> None:
        self.reading = Reading()
        self._returns: dict[Any, Values] = {}

    def call(self, function: Callable[..., Any], given: list[Values], named: Scope) -> Values:
        """Follow a function of this package, once for each set of known arguments."""
        function = inspect.unwrap(function)
        if function.__module__ in _NOT_FOLLOWED:
            return ()
        key = (function, repr(given), repr(sorted(named.items())))
        if key not in self._returns:
            self._returns[key] = ()  # a function that calls itself says nothing new
            module = sys.modules[function.__module__]
            self.reading.notes |= notes_of(module).get(function.__qualname__, frozenset())
            self._returns[key] = _Body(self, module).of_function(definition(function), given, named)
        return self._returns[key]


class _Body:
    """One function at work. Statements are read in order, so that what a name is worth is known when it is used."""

    def __init__(self, reader: _Reader, module: ModuleType) -> None:
        self.reader = reader
        self.module = module
        self.scope: Scope = {}
        self.returned: list[Any] = []

    def of_function(self, node: ast.FunctionDef, given: list[Values], named: Scope) -> Values:
        arguments = node.args
        names = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
        defaults = [self.worth(default) for default in arguments.defaults]
        self.scope = dict(zip(names[len(names) - len(defaults) :], defaults, strict=True))
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            self.scope[argument.arg] = self.worth(default) if default else ()
        self.scope |= dict(zip(names, given, strict=False)) | named
        for statement in node.body:
            self._statement(statement)
        return tuple(self.returned)

    def _statement(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            worth = self.worth(node.value) if node.value else ()
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                self._bind(target, worth)
        elif isinstance(node, ast.For):
            self._bind(node.target, _each(self.worth(node.iter)))
            self._block(node.body + node.orelse)
        elif isinstance(node, ast.Return):
            self.returned += self.worth(node.value) if node.value else ()
        elif isinstance(node, ast.FunctionDef):
            self._block(node.body)
        else:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    self.worth(child)
                else:
                    self._statement(child)

    def _block(self, statements: Iterable[ast.AST]) -> None:
        for statement in statements:
            self._statement(statement)

    def _bind(self, target: ast.AST, worth: Values) -> None:
        if isinstance(target, ast.Name):
            self.scope[target.id] = worth
        elif isinstance(target, ast.Tuple):
            for number, part in enumerate(target.elts):
                known = (each[number] for each in worth if isinstance(each, tuple) and number < len(each))
                self._bind(part, tuple(item for item in known if item is not None))
        elif isinstance(target, ast.expr):
            self.worth(target)

    def worth(self, node: ast.expr) -> Values:
        """Say what an expression may be worth, and note all that is read on the way."""
        how = getattr(self, f"_{type(node).__name__.lower()}", None)
        if how is not None:
            return tuple(how(node))
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.worth(child)
        return ()

    def _constant(self, node: ast.Constant) -> Values:
        return (node.value,) if isinstance(node.value, str | bool) else ()

    def _name(self, node: ast.Name) -> Values:
        return self.scope[node.id] if node.id in self.scope else self._global(self.module, node.id)

    def _global(self, module: ModuleType, name: str) -> Values:
        thing = getattr(module, name, None)
        origin, there = home(module, name)
        self.reader.reading.notes |= notes_of(origin).get(there, frozenset())
        return (thing,) if thing is not None else ()

    def _tuple(self, node: ast.Tuple | ast.List | ast.Set) -> Values:
        parts = (self.worth(part) or (None,) for part in node.elts)
        return (tuple(item for part in parts for item in part),)

    _list = _set = _tuple

    def _dict(self, node: ast.Dict) -> Values:
        keys: list[Any] = []
        for key, value in zip(node.keys, node.values, strict=True):
            worth = self.worth(value)
            keys += _each(worth) if key is None else self.worth(key)
        return (dict.fromkeys(_texts(keys)),)

    def _starred(self, node: ast.Starred) -> Values:
        return _each(self.worth(node.value))

    def _joinedstr(self, node: ast.JoinedStr) -> Iterator[str]:
        parts = [_texts(self.worth(part)) for part in node.values]
        return ("".join(pieces) for pieces in product(*parts))

    def _formattedvalue(self, node: ast.FormattedValue) -> Values:
        return self.worth(node.value)

    def _binop(self, node: ast.BinOp) -> Values:
        left, right = self.worth(node.left), self.worth(node.right)
        both = [(one, other) for one in left for other in right if type(one) is type(other)]
        if isinstance(node.op, ast.BitOr):
            return tuple({**one, **other} for one, other in both if isinstance(one, dict))
        return tuple(one + other for one, other in both if isinstance(one, str | tuple))

    def _namedexpr(self, node: ast.NamedExpr) -> Values:
        worth = self.worth(node.value)
        self._bind(node.target, worth)
        return worth

    def _ifexp(self, node: ast.IfExp) -> Values:
        match self.worth(node.test):
            case (bool() as known,):
                return self.worth(node.body if known else node.orelse)
            case _:
                return self.worth(node.body) + self.worth(node.orelse)

    def _boolop(self, node: ast.BoolOp) -> Values:
        return tuple(each for part in node.values for each in self.worth(part))

    def _lambda(self, node: ast.Lambda) -> Values:
        self.worth(node.body)  # who makes one here calls it too
        return ()

    def _generatorexp(self, node: ast.GeneratorExp | ast.ListComp | ast.SetComp) -> Values:
        self._generators(node.generators)
        return (tuple(self.worth(node.elt)),)

    _listcomp = _setcomp = _generatorexp

    def _dictcomp(self, node: ast.DictComp) -> Values:
        self._generators(node.generators)
        self.worth(node.value)
        return (dict.fromkeys(_texts(self.worth(node.key))),)

    def _generators(self, generators: list[ast.comprehension]) -> None:
        for generator in generators:
            self._bind(generator.target, _each(self.worth(generator.iter)))
            for condition in generator.ifs:
                self.worth(condition)

    def _compare(self, node: ast.Compare) -> Values:
        left = self.worth(node.left)
        for operator, right in zip(node.ops, node.comparators, strict=True):
            for mapping in _mappings(self.worth(right)):
                if isinstance(operator, ast.In | ast.NotIn):
                    self._note(left, "{}" + mapping.suffix)
        return ()

    def _subscript(self, node: ast.Subscript) -> Values:
        names = self.worth(node.slice)
        for mapping in _mappings(self.worth(node.value)):
            self._note(names, "{}" + mapping.suffix)
        return ()

    def _attribute(self, node: ast.Attribute) -> Values:
        found: list[Any] = []
        for owner in self.worth(node.value):
            if owner == REQUEST and node.attr in _ATTRIBUTES:
                name, worth = _ATTRIBUTES[node.attr]
                self.reader.reading.parameters |= {name} - {""}
                found += worth
            elif isinstance(owner, ModuleType) and is_ours(owner.__name__):
                found += self._global(owner, node.attr)
        return tuple(found)

    def _call(self, node: ast.Call) -> Values:
        if isinstance(node.func, ast.Attribute) and (done := self._method(node, node.func)) is not None:
            return done
        given = [self.worth(argument) for argument in node.args]
        named = {keyword.arg: self.worth(keyword.value) for keyword in node.keywords if keyword.arg}
        for keyword in node.keywords:
            if keyword.arg is None:
                self.worth(keyword.value)
        hands_on = any(REQUEST in worth for worth in (*given, *named.values()))
        found: list[Any] = []
        for callee in self.worth(node.func):
            if isinstance(callee, FunctionType) and is_ours(callee.__module__):
                found += self.reader.call(callee, given, named)
                hands_on = False
            elif isinstance(callee, type) and callee.__name__ == "Request":
                found.append(REQUEST)  # another request of the same parameters
        if hands_on:
            raise Untraceable(f"{self.module.__name__}:{node.lineno}: {ast.unparse(node)}")
        return tuple(found) or self._same(node, given)

    def _same(self, node: ast.Call, given: list[Values]) -> Values:
        """tuple(x), sorted(x) and their like hold what x holds."""
        names = {"tuple", "list", "sorted", "set", "frozenset", "dict", "reversed"}
        return given[0] if isinstance(node.func, ast.Name) and node.func.id in names and given else ()

    def _method(self, node: ast.Call, function: ast.Attribute) -> Values | None:
        """Call a method of the request or of something in it; None when it is none of theirs."""
        owners = self.worth(function.value)
        if REQUEST in owners and function.attr in _READERS:
            for argument in node.args if function.attr == "required" else node.args[:1]:
                self._note(self.worth(argument), _READERS[function.attr])
            for argument in node.args[1:] if function.attr != "required" else []:
                self.worth(argument)
            return ()
        if function.attr == "check_digest" and REQUEST in owners:
            self.reader.reading.parameters.add("content-md5 (header)")
            return ()
        if function.attr in ("get", "pop"):
            names = [self.worth(argument) for argument in node.args]
            for mapping in _mappings(owners):
                self._note(names[0], "{}" + mapping.suffix)
            return ()
        if function.attr in ("items", "keys") and (mappings := [each for each in owners if isinstance(each, dict)]):
            pairs = function.attr == "items"
            return tuple(tuple((key, None) if pairs else key for key in each) for each in mappings)
        return None

    def _note(self, names: Values, form: str) -> None:
        self.reader.reading.parameters |= {form.format(name) for name in _texts(names)}


def _mappings(worth: Values) -> list[Token]:
    return [each for each in worth if isinstance(each, Token) and each.kind == "mapping"]


def _texts(worth: Iterable[Any]) -> list[str]:
    return [each for each in worth if isinstance(each, str)]


def _each(worth: Values) -> Values:
    """Give what the collections of a worth hold."""
    return tuple(item for each in worth if isinstance(each, tuple | list | dict | frozenset | set) for item in each)
