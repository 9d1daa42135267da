"""The layers of a file: one table of kinds, each a small model of its options.

A new kind of layer is a model here and its forward equations in the catalogue, nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, create_model, model_validator

from derive.file.errors import listed
from derive.file.fields import Activation, Checked, Choice, Name, Size, Strict, described, integer, wrong

MOST_REPEATS = 1000


class Options(Strict):
    """The options of one kind of layer; `short` names the one that may be written alone, as in `dense: 16`."""

    parameters: ClassVar[bool] = False  # whether it has weights, and so may have a bias
    several: ClassVar[bool] = False  # whether it reads several layers, which it names itself


class Dense(Options):
    """Every unit reads every feature: z[n,j] = sum(k, x[n,k]*W[k,j]) + b[j]."""

    short = "units"
    parameters = True
    units: Size = Field(description="how many units the layer has")


def _names(value: Any) -> Any:
    if not isinstance(value, list) or len(value) < 2:
        raise wrong(f"the names of at least two layers are expected here, not {described(value)}",
                    help="write a list, such as [trunk, previous]")
    return value


Several = Annotated[list[Name], BeforeValidator(_names)]


class Add(Options):
    """The sum of several layers of one shape, as in a residual connection."""

    short = "of"
    several = True
    of: Several = Field(description="the layers or inputs to add; 'previous' is the layer before", min_length=2)


class Concatenate(Options):
    """The features of several layers side by side."""

    short = "of"
    several = True
    of: Several = Field(description="the layers or inputs to put side by side; 'previous' is the layer before",
                        min_length=2)


KINDS: dict[str, type[Options]] = {
    "dense": Dense,
    "add": Add,
    "concatenate": Concatenate,
}


def _bias(value: Any) -> bool | Literal["shared"]:
    if isinstance(value, bool):
        return value
    if value != "shared":
        raise wrong(f"true, false or shared is expected here, not {described(value)}",
                    help="shared is one bias for the whole layer")
    return "shared"


Bias = Annotated[bool | Literal["shared"], Checked(_bias, {"enum": [True, False, "shared"]})]


class LayerKeys(Strict):
    """What every layer can say, whatever its kind; `activation` alone is a layer of its own."""

    name: Name | None = Field(default=None, description="the name that other layers refer to")
    reads: Name | None = Field(
        default=None, alias="from", description="the layer or input that it reads; the one before, if not given")
    activation: Activation | None = Field(
        default=None,
        description="applied to what the layer computes: a name, {name: {option: number}}, or a formula in z")
    bias: Bias | None = Field(
        default=None, description="true: one for each unit (the default); false: none; shared: one for the whole layer")
    repeat: Annotated[int, integer(1, MOST_REPEATS)] = Field(
        default=1, description="how many such layers follow each other, each with parameters of its own")

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
            raise wrong("this layer has no kind", help=f"give it one of: {listed([*KINDS, 'activation'])}")
        options = KINDS.get(kinds[0]) if kinds else None
        if "bias" in value and (options is None or not options.parameters):
            raise wrong(f"a layer of kind {(kinds or ['activation'])[0]} has no bias", "bias", key=True,
                        help="remove it")
        if "from" in value and options is not None and options.several:
            raise wrong(f"{kinds[0]} names the layers that it reads itself", "from", key=True, help="remove it")
        return value

    @property
    def kind(self) -> str:
        """A key of KINDS, or 'activation'."""
        return next((kind for kind in KINDS if getattr(self, kind) is not None), "activation")

    @property
    def options(self) -> Options | Choice:
        """The options of its kind."""
        options: Options | Choice = getattr(self, self.kind)
        return options


if TYPE_CHECKING:

    class Layer(LayerKeys):
        """One layer of a file."""

else:
    Layer = create_model(
        "Layer", __base__=LayerKeys, __doc__="One layer: one kind with its options, and what every layer can say.",
        **{kind: (options | None, Field(default=None, description=options.__doc__)) for kind, options in KINDS.items()})
