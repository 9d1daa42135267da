"""The kinds of value that stand in a network file, each checked in words that its writer understands."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError, core_schema

from derive.file.errors import quoted, suggestion
from derive.file.names import GOOD_NAME, IDENTIFIER, LONGEST_NAME, why_bad
from derive.file.numbers import Number

LARGEST_SIZE = 10**6
LONGEST_TEXT = 4000
POSITIVE = {"exclusiveMinimum": 0}
SHARE = {"minimum": 0, "exclusiveMaximum": 1}  # of what is kept from one update to the next
# What an option of the catalogue may be, wherever it stands; others may be any number.
OPTIONS: Mapping[str, Mapping[str, float]] = {
    "learning_rate": POSITIVE, "momentum": SHARE, "rho": SHARE, "beta1": SHARE, "beta2": SHARE, "epsilon": POSITIVE,
    "weight_decay": {"minimum": 0}, "clip_value": POSITIVE, "clip_norm": POSITIVE, "least": {"minimum": 0},
    "factor": POSITIVE, "every": {"minimum": 1}, "updates": {"minimum": 1},
    "smoothing": SHARE, "gamma": {"minimum": 0}, "margin": POSITIVE, "delta": POSITIVE,
    "standard_deviation": {"minimum": 0}, "gain": POSITIVE,
}
MOST_ENTRIES = 100_000


def wrong(message: str, *path: str | int, help: str = "", key: bool = False) -> PydanticCustomError:  # noqa: A002
    """An error of validation, to be raised; `path` leads from the value being checked to what is wrong in it."""
    return PydanticCustomError("wrong", "{message}", {"message": message, "path": path, "help": help, "key": key})


def described(value: Any) -> str:
    """A value in an error: what the writer wrote, or which kind of thing it is."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Number):
        return value.text if len(value.text) < 30 else "a number"
    if isinstance(value, str):
        return quoted(value)
    return "a list" if isinstance(value, list) else "a mapping"


@dataclass(frozen=True, eq=False)
class Checked:
    """An annotation: the function that checks a value, and the JSON Schema that says the same to editors."""

    check: Callable[[Any], Any]
    schema: dict[str, Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        return dict(self.schema)  # pydantic writes the field's description and default into it


class Strict(BaseModel):
    """A mapping whose keys are all known.

    A model with `short` may also be written as one value alone, which goes to that field: `dense: 16`.
    `elsewhere` says what to do where a key is one of another kind of file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
    short: ClassVar[str | None] = None
    elsewhere: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> dict[str, Any]:
        made: dict[str, Any] = handler.resolve_ref_schema(handler(core))
        if cls.short is None:
            return made
        alone = {**made["properties"][cls.short], "title": cls.__name__}
        return {"description": made.pop("description", ""), "anyOf": [alone, made]}

    @classmethod
    def keys(cls) -> list[str]:
        """The keys that the mapping may have, as they stand in the file."""
        return [info.alias or name for name, info in cls.model_fields.items()]

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, value: Any) -> Any:
        if not isinstance(value, dict) and cls.short is not None:
            return {cls.short: value}
        if not isinstance(value, dict):
            raise wrong(f"a mapping is expected here, not {described(value)}",
                        help=f"write key: value; the keys are: {', '.join(cls.keys())}")
        known = cls.keys()
        for key, part in value.items():
            if key not in known:
                raise wrong(f"there is no key {quoted(key)} here", key, key=True,
                            help=cls.elsewhere.get(key) or suggestion(key, known, "the keys are"))
            if part is None:
                raise wrong(f"nothing follows '{key}'", key, key=True, help=f"write a value after '{key}:'")
        return value


# -- words --------------------------------------------------------------------------------------------------------


def _text(value: Any) -> str:
    text = value.text if isinstance(value, Number) else value
    if not isinstance(text, str):
        raise wrong(f"text is expected here, not {described(value)}", help="put it in quotes")
    if len(text) > LONGEST_TEXT:
        raise wrong(f"this text has {len(text)} characters; the limit is {LONGEST_TEXT}", help="shorten it")
    return text


def good_name(value: Any, *path: str | int, key: bool = False) -> str:
    """The value, if it is a good name."""
    if not isinstance(value, str):
        raise wrong(f"a name is expected here, not {described(value)}", *path, help=GOOD_NAME, key=key)
    reason = why_bad(value)
    if reason is not None:
        raise wrong(f"{quoted(value)} {reason}", *path, key=key,
                    help=GOOD_NAME if reason == "is no name" else f"choose another name, such as {value[:20]}_1")
    return value


def one_of(*words: str) -> Callable[[Any], str]:
    """A validator for one of a few words."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise wrong(f"{described(value)} is none of the choices",
                        help=suggestion(value if isinstance(value, str) else "", words))
        return value

    return check


Text = Annotated[str, Checked(_text, {"type": "string"})]
Name = Annotated[str, Checked(good_name, {"type": "string", "pattern": f"^{IDENTIFIER.pattern}$",
                                          "maxLength": LONGEST_NAME})]


# -- numbers ------------------------------------------------------------------------------------------------------


def real(value: Any, *path: str | int) -> Number:
    """The value, if it is a finite number."""
    if not isinstance(value, Number):
        in_quotes = isinstance(value, str) and _is_number(value)
        raise wrong(f"a number is expected here, not {described(value)}", *path,
                    help="remove the quotes" if in_quotes else "write a number, such as 0.5 or 1e-3")
    if value - value != 0:
        raise wrong(f"a finite number is expected here, not {value.text[:30]}", *path,
                    help="write a number, such as 1e3")
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def flag(value: Any, *path: str | int) -> bool:
    """The value, if it is true or false."""
    if not isinstance(value, bool):
        raise wrong(f"true or false is expected here, not {described(value)}", *path, help="write true or false")
    return value


# The bounds of JSON Schema: what each says, and when it holds.
BOUNDS: Mapping[str, tuple[str, Callable[[float, float], bool]]] = {
    "exclusiveMinimum": ("greater than", operator.gt), "minimum": ("at least", operator.ge),
    "exclusiveMaximum": ("less than", operator.lt), "maximum": ("at most", operator.le),
}


def bounded(value: Any, bounds: Mapping[str, float], *path: str | int) -> Number:
    """The value, if it is a number within bounds."""
    number = real(value, *path)
    if not all(BOUNDS[key][1](number, bound) for key, bound in bounds.items()):
        words = " and ".join(f"{BOUNDS[key][0]} {bound}" for key, bound in bounds.items())
        raise wrong(f"a number {words} is expected here, not {number.text[:30]}", *path,
                    help="choose a number in this range")
    return number


def positive(value: Any) -> Number:
    """The value, if it is a number greater than 0."""
    return bounded(value, POSITIVE)


def whole(least: int, most: int) -> Callable[..., int]:
    """A validator for an integer in a range."""

    def check(value: Any, *path: str | int) -> int:
        number = real(value, *path).whole
        if number is None:
            raise wrong(f"a whole number is expected here, not {value.text[:30]}", *path,
                        help="write it without decimals")
        if not least <= number <= most:
            raise wrong(f"a whole number from {least} to {most} is expected here, not {value.text[:30]}", *path,
                        help="choose a number in this range")
        return number

    return check


def integer(least: int, most: int) -> Checked:
    """The annotation of an integer in a range."""
    return Checked(whole(least, most), {"type": "integer", "minimum": least, "maximum": most})


Flag = Annotated[bool, Checked(flag, {"type": "boolean"})]
Real = Annotated[Number, Checked(real, {"type": "number"})]
Positive = Annotated[Number, Checked(positive, {"type": "number", **POSITIVE})]
Size = Annotated[int, integer(1, LARGEST_SIZE)]


def _sizes(value: Any) -> tuple[int, ...]:
    """A size, or the sizes of several axes."""
    check = whole(1, LARGEST_SIZE)
    if not isinstance(value, list):
        return (check(value),)
    if not 1 <= len(value) <= 4:
        raise wrong("one to four sizes are expected here", help="write one for each axis, such as [8, 8]")
    return tuple(check(size, axis) for axis, size in enumerate(value))


ONE_SIZE = {"type": "integer", "minimum": 1, "maximum": LARGEST_SIZE}
SHAPE = {"anyOf": [ONE_SIZE, {"type": "array", "items": ONE_SIZE, "minItems": 1, "maxItems": 4}]}
Shape = Annotated[tuple[int, ...], Checked(_sizes, SHAPE)]


@dataclass(frozen=True)
class Array:
    """Numbers written in the file, in row-major order; a single number has the shape ()."""

    shape: tuple[int, ...]
    entries: tuple[Number, ...] = field(repr=False)

    def nested(self) -> Any:
        """The numbers as nested lists of floats."""
        rows: list[Any] = [float(entry) for entry in self.entries]
        for size in reversed(self.shape):
            rows = [rows[start : start + size] for start in range(0, len(rows), size)] if size else []
        return rows[0]

    def __getitem__(self, position: tuple[int, ...]) -> Number:
        """The number at a position, counted from 0."""
        offset = 0
        for index, size in zip(position, self.shape, strict=True):
            offset = offset * size + index
        return self.entries[offset]


def array(value: Any) -> Array:
    """The value, if it is a number or a regular nested list of numbers."""
    shape: list[int] = []
    first = value
    while isinstance(first, list):
        if not first:
            raise wrong("an empty list has no numbers", *[0] * len(shape), help="write numbers, such as [0.1, 0.2]")
        shape.append(len(first))
        first = first[0]
    return Array(tuple(shape), tuple(_entries(value, shape)))


def _entries(value: Any, shape: list[int]) -> Iterator[Number]:
    pending: list[tuple[Any, tuple[int, ...]]] = [(value, ())]
    while pending:
        part, path = pending.pop()
        if len(path) == len(shape):
            if isinstance(part, list):
                raise wrong("a number is expected here, not a list", *path,
                            help="write lists of the same depth everywhere")
            yield real(part, *path)
        elif not isinstance(part, list):
            raise wrong(f"a list of {shape[len(path)]} is expected here, not {described(part)}", *path,
                        help="write lists of the same depth everywhere")
        elif len(part) != shape[len(path)]:
            raise wrong(f"this list has {len(part)} items, and the first one beside it has {shape[len(path)]}", *path,
                        help="write rows of the same length")
        else:
            pending += [(item, (*path, at)) for at, item in reversed(list(enumerate(part)))]


Numbers = Annotated[Array, Checked(array, {"anyOf": [
    {"type": "number"}, {"type": "array", "description": "nested lists of numbers, all of one depth and length"}]})]


# -- a choice from the catalogue, or a formula --------------------------------------------------------------------


Option = Number | bool | str | Array | Mapping[str, Any]  # most are numbers


@dataclass(frozen=True)
class Choice:
    """A name from the catalogue with its options, or a formula (then `name` is empty).

    `path` leads, inside the value in the file, to the mapping of options.
    """

    name: str = ""
    options: Mapping[str, Option] = field(default_factory=dict)
    formula: str | None = None

    @property
    def path(self) -> tuple[str, ...]:
        return (self.name,) if self.options else ()


def choice(formulas: bool, example: str) -> Callable[[Any], Choice]:
    """A validator for `relu`, `{elu: {alpha: 1.0}}` and, where formulas are allowed, `"z / (1 + exp(-z))"`."""
    forms = f"write a name such as {example}" + (", or a formula" if formulas else "")

    def check(value: Any) -> Choice:
        if isinstance(value, str):
            if IDENTIFIER.fullmatch(value) and len(value) <= LONGEST_NAME and not (formulas and len(value) == 1):
                return Choice(value)  # a letter is a formula: y, z
            if not formulas or not value.strip():
                raise wrong(f"{described(value)} is no name", help=forms)
            return Choice(formula=value)
        if not isinstance(value, dict):
            raise wrong(f"a name is expected here, not {described(value)}", help=forms)
        if len(value) != 1:
            raise wrong(f"one name is expected here, and {len(value) or 'none'} stand{'' if value else 's'} here",
                        *list(value)[1:2], key=True, help=f"write {{{example}: {{option: number}}}}")
        [(name, options)] = value.items()
        if not IDENTIFIER.fullmatch(name) or len(name) > LONGEST_NAME:
            raise wrong(f"{quoted(name)} is no name", name, key=True, help=forms)
        if options is not None and not isinstance(options, dict):
            raise wrong(f"the options of {name} are expected here, not {described(options)}", name,
                        help=f"write {{{name}: {{option: number}}}}")
        return Choice(name, {option: _option(entry, name, option) for option, entry in (options or {}).items()})

    return check


def _option(value: Any, *path: str) -> Any:
    """An option of any kind; that it is one that the entry takes is seen when the entry is known."""
    if not IDENTIFIER.fullmatch(path[-1]):
        raise wrong(f"{quoted(path[-1])} is no name of an option", *path, key=True, help="write option: number")
    if isinstance(value, bool) or (isinstance(value, str) and IDENTIFIER.fullmatch(value)):
        return value
    if isinstance(value, dict):
        return {name: _option({} if entry is None else entry, *path, name) for name, entry in value.items()}
    if isinstance(value, list):
        return _list_of_numbers(value, *path)
    return bounded(value, OPTIONS.get(path[-1], {}), *path)


def _list_of_numbers(value: list[Any], *path: str) -> Array:
    if not value:
        raise wrong("an empty list has no numbers", *path, help="write numbers, such as [0.1, 0.2]")
    return Array((len(value),), tuple(real(entry, *path, at) for at, entry in enumerate(value)))


def _choice(formulas: bool, example: str) -> Checked:
    text = "a name from the catalogue" + (", or a formula" if formulas else "")
    option = {"type": ["number", "boolean", "string", "array", "object"]}
    known = {name: {"type": "number", **bounds} for name, bounds in OPTIONS.items()}
    return Checked(choice(formulas, example), {"anyOf": [
        {"type": "string", "description": text},
        {"type": "object", "description": "a name with its options", "minProperties": 1, "maxProperties": 1,
         "additionalProperties": {"type": "object", "properties": known, "additionalProperties": option}}]})


Activation = Annotated[Choice, _choice(True, "sigmoid")]
LossFunction = Annotated[Choice, _choice(True, "mean_squared_error")]
Optimiser = Annotated[Choice, _choice(False, "adam")]
Initialiser = Annotated[Choice, _choice(False, "glorot_uniform")]
