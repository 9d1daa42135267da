"""The layers of a file: one key for each kind of the catalogue, with its options.

A new kind of layer is an entry of the catalogue, nothing else: what may be said of it here is read off from there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, create_model, model_validator

from derive.catalogue import layers as catalogue
from derive.catalogue.layers import LAYERS, Option
from derive.catalogue.layers import Layer as Entry
from derive.file.errors import listed, quoted, suggestion
from derive.file.fields import (
    LARGEST_SIZE,
    Activation,
    Checked,
    Choice,
    Name,
    Strict,
    Text,
    described,
    flag,
    good_name,
    integer,
    one_of,
    real,
    whole,
    wrong,
)
from derive.file.numbers import Number

MOST_REPEATS = 1000


def _reader(option: Option) -> tuple[Callable[..., Any], dict[str, Any]]:
    """The check of an option's value, and the JSON Schema that says the same."""
    match option:
        case catalogue.Whole(least=least, axes=axes, words=known):
            one = whole(least, LARGEST_SIZE)
            number = {"type": "integer", "minimum": least, "maximum": LARGEST_SIZE}
            forms = [number] + [{"enum": list(known)}] * bool(known) + [
                {"type": "array", "items": number, "minItems": axes, "maxItems": axes}] * (axes > 1)

            def several(value: Any, *path: str | int) -> Any:
                if isinstance(value, str) and known:
                    if value not in known:
                        raise wrong(f"{described(value)} is none of the choices", *path,
                                    help=f"write a whole number, or one of: {listed(known)}")
                    return value
                if axes == 1:
                    return one(value, *path)
                if not isinstance(value, list):
                    return (one(value, *path),) * axes
                if len(value) != axes:
                    raise wrong(f"{axes} numbers are expected here, one for each axis", *path,
                                help="write one number for all axes, or a list such as [3, 3]")
                return tuple(one(part, *path, place) for place, part in enumerate(value))

            return several, forms[0] if len(forms) == 1 else {"anyOf": forms}
        case catalogue.Real(least=lowest, below=highest):

            def inside(value: Any, *path: str | int) -> float:
                found = real(value, *path)
                if (lowest is not None and found < lowest) or (highest is not None and found >= highest):
                    bounds = [f"at least {lowest:g}"] * (lowest is not None) + [f"below {highest:g}"] * (highest is not None)
                    raise wrong(f"a number {' and '.join(bounds)} is expected here, not {found.text[:30]}", *path,
                                help="choose a number in this range")
                return float(found)

            limits = {"minimum": lowest, "exclusiveMaximum": highest}
            return inside, {"type": "number", **{key: limit for key, limit in limits.items() if limit is not None}}
        case catalogue.Flag():
            return flag, {"type": "boolean"}
        case catalogue.Word(words=words):
            check = one_of(*words)

            def word(value: Any, *path: str | int) -> str:
                if not isinstance(value, str) or value not in words:
                    raise wrong(f"{described(value)} is none of the choices", *path,
                                help=suggestion(value if isinstance(value, str) else "", words))
                return check(value)

            return word, {"enum": list(words)}
    return _layer_name, {"type": "string"}


def _kind(kind: str, entry: Entry) -> Checked:
    """The annotation of the options of one kind of layer, which may be written as one value alone."""
    readers = {name: _reader(option) for name, option in entry.options.items()}
    needed = [name for name, option in entry.options.items()
              if isinstance(option, catalogue.Whole) and option.default is None]

    def check(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            if entry.short is None:
                raise wrong(f"the options of {kind} are expected here, not {described(value)}",
                            help=f"write {kind}: {{}}" + (f"; its options are: {listed(readers)}" if readers else ""))
            return {**_usual(entry), entry.short: readers[entry.short][0](value)}
        for option in value:
            if option not in readers:
                raise wrong(f"there is no key {quoted(option)} here", option, key=True,
                            help=suggestion(str(option), readers, "the keys are") if readers else f"{kind} has no options")
            if value[option] is None:
                raise wrong(f"nothing follows '{option}'", option, key=True, help=f"write a value after '{option}:'")
        for option in needed:
            if option not in value:
                raise wrong(f"'{option}' is missing", help=f"add {option}:")
        return {**_usual(entry), **{option: readers[option][0](given, option) for option, given in value.items()}}

    full = {"type": "object", "additionalProperties": False, "properties": {
        name: {**schema, **({"description": option.help} if option.help else {})}
        for (name, option), (_, schema) in zip(entry.options.items(), readers.values(), strict=True)}}
    if needed:
        full["required"] = needed
    return Checked(check, {"anyOf": [readers[entry.short][1], full]} if entry.short else full)


def _usual(entry: Entry) -> dict[str, Any]:
    """The options that have a value when nothing is said of them."""
    usual: dict[str, Any] = {}
    for name, option in entry.options.items():
        if isinstance(option, catalogue.Whole) and option.default is not None:
            usual[name] = option.default if option.axes == 1 or isinstance(option.default, str) else (
                option.default,) * option.axes
        elif isinstance(option, catalogue.Real):
            usual[name] = option.default
        elif isinstance(option, catalogue.Flag):
            usual[name] = False
        elif isinstance(option, catalogue.Word):
            usual[name] = option.words[0]
    return usual


# -- layers that read several layers ------------------------------------------------------------------------------

JOINS = {
    "add": "The sum of several layers of one shape, as in a residual connection.",
    "multiply": "The product of several layers of one shape, entry by entry, as in a gate.",
    "concatenate": "The features of several layers side by side.",
}


def _names(value: Any) -> dict[str, Any]:
    if isinstance(value, dict) and list(value) == ["of"]:
        return {"of": [_layer_name(name, "of", place) for place, name in enumerate(_two(value["of"], "of"))]}
    return {"of": [_layer_name(name, place) for place, name in enumerate(_two(value))]}


def _layer_name(value: Any, *path: str | int) -> str:
    """The name of a layer; `input` is what a block reads."""
    return "input" if value == "input" else good_name(value, *path)


def _two(value: Any, *path: str) -> list[Any]:
    if not isinstance(value, list) or len(value) < 2:
        raise wrong(f"the names of at least two layers are expected here, not {described(value)}", *path,
                    help="write a list, such as [trunk, previous]")
    return value


NAMES = {"type": "array", "items": {"type": "string"}, "minItems": 2}
Several = Checked(_names, {"anyOf": [NAMES, {"type": "object", "additionalProperties": False,
                                             "properties": {"of": NAMES}, "required": ["of"]}]})


# -- a layer of the user's own ------------------------------------------------------------------------------------


def _own_sizes(value: Any) -> dict[str, int | str]:
    if not isinstance(value, dict):
        raise wrong(f"a mapping is expected here, not {described(value)}", help="write it as {j: 16}")
    check = whole(1, LARGEST_SIZE)
    return {good_name(name, name, key=True): size if isinstance(size, str) else check(size, name)
            for name, size in value.items()}


def _own_parameters(value: Any) -> dict[str, str]:
    """The parameters of a layer of the user's own, with their indices: {W: [k, j], alpha: []}."""
    if not isinstance(value, dict):
        raise wrong(f"a mapping is expected here, not {described(value)}", help="write it as {W: [k, j], alpha: []}")
    found = {}
    for name, indices in value.items():
        if not isinstance(indices, list):
            raise wrong(f"a list of indices is expected here, not {described(indices)}", name, help="write it as [k, j]")
        good_name(name, name, key=True)
        found[name] = ",".join(index.text if isinstance(index, Number) else good_name(index, name, place)
                               for place, index in enumerate(indices))
    return found


def _reads(value: Any) -> str | dict[str, str]:
    if not isinstance(value, dict):
        return _layer_name(value)
    return {good_name(mine, mine, key=True): _layer_name(theirs, mine) for mine, theirs in value.items()}


OwnSizes = Annotated[dict[str, Any], Checked(_own_sizes, {
    "type": "object", "additionalProperties": {"type": ["integer", "string"]}})]
OwnParameters = Annotated[dict[str, Any], Checked(_own_parameters, {
    "type": "object", "additionalProperties": {"type": "array", "items": {"type": ["string", "integer"]}}})]
Reads = Annotated[Any, Checked(_reads, {"anyOf": [
    {"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]})]


# -- what every layer can say -------------------------------------------------------------------------------------


def _bias(value: Any) -> bool | Literal["shared"]:
    if isinstance(value, bool):
        return value
    if value != "shared":
        raise wrong(f"true, false or shared is expected here, not {described(value)}",
                    help="shared is one bias for the whole layer")
    return "shared"


Bias = Annotated[bool | Literal["shared"], Checked(_bias, {"enum": [True, False, "shared"]})]
BIAS = re.compile(r"\bb[A-Za-z]*\[")  # a parameter that begins with b is a bias
OWN = ("sizes", "parameters")


class LayerKeys(Strict):
    """What every layer can say, whatever its kind; `activation` alone is a layer of its own."""

    name: Name | None = Field(default=None, description="the name that other layers refer to")
    reads: Reads | None = Field(
        default=None, alias="from", description="the layer or input that it reads; the one before, if not given; a layer "
        "of equations may read several, by its own names for them: {x: previous, s: trunk}")
    activation: Activation | None = Field(
        default=None,
        description="applied to what the layer computes: a name, {name: {option: number}}, or a formula in z")
    bias: Bias | None = Field(
        default=None, description="true: one for each unit (the default); false: none; shared: one for the whole layer")
    repeat: Annotated[int, integer(1, MOST_REPEATS)] = Field(
        default=1, description="how many such layers follow each other, each with parameters of its own")
    equations: Text | None = Field(
        default=None, description="a layer of your own: equations, one a line, such as "
        "y[n,j] = sum(k, x[n,k]*W[k,j])*g[j] + b[j]; x is what it reads, n counts the samples, and the left side of the "
        "last equation is what it hands on")
    sizes: OwnSizes | None = Field(
        default=None, description="how far an index of the equations runs that stands in nothing that is read: {j: 16}")
    parameters: OwnParameters | None = Field(
        default=None, description="the parameters of the equations with their indices, where these don't show from the "
        "equations: {E: [10, j], alpha: []}")
    block: Name | None = Field(default=None, description="the layers of a block of this file, here once more")

    @model_validator(mode="before")
    @classmethod
    def _one_kind(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            raise wrong(f"a layer is expected here, not {described(value)}", help="write a mapping, such as dense: 16")
        kinds = [key for key in value if key in KINDS]
        if len(kinds) > 1:
            raise wrong(f"this layer is both {kinds[0]} and {kinds[1]}", kinds[1], key=True,
                        help="begin each layer with a '-' of its own")
        known = cls.keys()
        if not kinds and "activation" not in value and all(key in known for key in value):
            raise wrong("this layer has no kind", help=f"give it one of: {listed([*KINDS, 'activation'], 60)}")
        kind = (kinds or ["activation"])[0]
        if "bias" in value and not (kind in LAYERS and BIAS.search(LAYERS[kind].equations)):
            raise wrong(f"a layer of kind {kind} has no bias", "bias", key=True, help="remove it")
        if "from" in value and kind in JOINS:
            raise wrong(f"{kind} names the layers that it reads itself", "from", key=True, help="remove it")
        if isinstance(value.get("from"), dict) and kind != "equations":
            raise wrong("one layer is read here", "from", key=True, help="write from: and one name")
        for key in OWN:
            if key in value and kind != "equations":
                raise wrong(f"'{key}' belongs to a layer of equations", key, key=True, help="remove it")
        if "activation" in value and kind == "block":
            raise wrong("a block ends with its own last layer", "activation", key=True,
                        help="add a layer - activation: after it")
        return value

    @property
    def kind(self) -> str:
        """A key of KINDS, or 'activation'."""
        return next((kind for kind in KINDS if getattr(self, kind) is not None), "activation")

    @property
    def options(self) -> Mapping[str, Any] | Choice:
        """The options of its kind."""
        options: Mapping[str, Any] | Choice = getattr(self, self.kind)
        return options


KINDS = (*LAYERS, *JOINS, "equations", "block")

if TYPE_CHECKING:

    class Layer(LayerKeys):
        """One layer of a file."""

else:
    Layer = create_model(
        "Layer", __base__=LayerKeys, __doc__="One layer: one kind with its options, and what every layer can say.",
        **{kind: (Annotated[dict[str, Any], _kind(kind, entry)] | None, Field(default=None, description=entry.help))
           for kind, entry in LAYERS.items()},
        **{kind: (Annotated[dict[str, Any], Several] | None, Field(default=None, description=about))
           for kind, about in JOINS.items()})


def _layers(value: Any) -> Any:
    if not isinstance(value, list):
        raise wrong(f"a list of layers is expected here, not {described(value)}", help="write - dense: 16")
    return value


Block = Annotated[list[Layer], BeforeValidator(_layers)]
