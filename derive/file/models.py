"""What a network file can say.  The JSON Schema, and so editor help and reference, are made from these models."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from derive.file.errors import quoted
from derive.file.fields import (
    LARGEST_SIZE,
    SHAPE,
    Checked,
    Flag,
    Initialiser,
    LossFunction,
    Name,
    Numbers,
    Optimiser,
    Positive,
    Real,
    Shape,
    Size,
    Strict,
    Text,
    described,
    good_name,
    integer,
    one_of,
    real,
    whole,
    wrong,
)
from derive.file.layers import Block, Layer
from derive.file.names import LONGEST_NAME, why_bad_file_name
from derive.file.numbers import Number

MOST_LAYERS = 10_000
MOST_EXPECTATIONS = 10_000
LARGEST_SEED = 2**32 - 1
LARGEST_COUNT = 10**9
ORDERS = ("simultaneous", "layer_by_layer")
SAMPLES = ("rows", "columns")

Count = Annotated[int, integer(1, LARGEST_COUNT)]
Seed = Annotated[int, integer(0, LARGEST_SEED)]


def _mapping(example: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        if not isinstance(value, dict):
            raise wrong(f"a mapping is expected here, not {described(value)}", help=f"write it as {example}")
        for key, part in value.items():
            if part is None:
                raise wrong(f"nothing follows {quoted(key)}", key, key=True, help=f"write it as {example}")
        return value

    return BeforeValidator(check)


def _list(example: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        if not isinstance(value, list):
            raise wrong(f"a list is expected here, not {described(value)}", help=f"write it as {example}")
        return value

    return BeforeValidator(check)


# -- regularisation -----------------------------------------------------------------------------------------------


class Penalty(Strict):
    """One term of the regularisation; a number alone is its strength."""

    short = "strength"
    strength: Positive = Field(description="the factor of the penalty")
    of: Annotated[list[Name], _list("[W1, W2]")] | None = Field(
        default=None, description="the parameters that it is over; every weight but no bias, if not given")


class Regularisation(Strict):
    """Penalties on the parameters that are added to the loss."""

    l1: Penalty | None = Field(default=None, description="strength · Σ|w|")
    l2: Penalty | None = Field(default=None, description="strength/2 · Σw²")


# -- data ---------------------------------------------------------------------------------------------------------


def _file(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > 1000:
        raise wrong(f"the path of a file is expected here, not {described(value)}",
                    help="write it as digits.npz or data/train.csv")
    if not value.lower().endswith((".csv", ".npy", ".npz")):
        raise wrong(f"{quoted(value)} is no CSV, NPY or NPZ file",
                    help="name a file that ends in .csv, .npy or .npz")
    return value


def _rows(value: Any) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise wrong("two numbers are expected here",
                    help="write the first row, counted from 0, and the row to stop before: [0, 1000]")
    first, stop = (whole(0, LARGEST_COUNT)(row, at) for at, row in enumerate(value))
    if first >= stop:
        raise wrong(f"there are no rows from {first} to {stop}", help="the first must be less than the second")
    return first, stop


Path = Annotated[str, Checked(_file, {"type": "string", "pattern": r"\.([cC][sS][vV]|[nN][pP][yYzZ])$"})]
Rows = Annotated[tuple[int, int], Checked(_rows, {
    "type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2})]


class DataFile(Strict):
    """Numbers that stand in another file."""

    file: Path = Field(
        description="a CSV file with a header, an NPY or an NPZ file; the path begins at the folder of this file")
    key: Text | None = Field(default=None, description="which array of an NPZ file")
    columns: Annotated[list[Text], _list("[height, width]")] | None = Field(
        default=None, description="which columns of a CSV file, by their names; all, if not given", min_length=1)
    rows: Rows | None = Field(default=None, description="the first row, counted from 0, and the row to stop before (a row "
                              "is a sample, also where samples are columns)")
    scale: Real | None = Field(
        default=None, description="a factor for every number, such as 0.0625 for pixels from 0 to 16")
    one_hot: Size | None = Field(
        default=None, description="the number of classes: labels 0, 1, … become rows such as 0 1 0")


def _by_form(value: Any) -> str:
    """Whether a parameter or a data set is written out or described."""
    return "(numbers)" if isinstance(value, (list, Number)) else "(described)"


Data = Annotated[
    Annotated[Numbers, Tag("(numbers)")] | Annotated[DataFile, Tag("(described)")], Discriminator(_by_form)]
Parameter = Annotated[
    Annotated[Numbers, Tag("(numbers)")] | Annotated[Initialiser, Tag("(described)")], Discriminator(_by_form)]
DataSet = Annotated[dict[Name, Data], _mapping("{x: [[0, 1], [1, 0]]} or {x: {file: train.csv}}")]


# -- training and expectations ------------------------------------------------------------------------------------


class Training(Strict):
    """How the parameters are fitted to the data."""

    epochs: Count = Field(default=1, description="how many times the data is gone through")
    batch_size: Count | None = Field(default=None, description="samples for each update; all, if not given")
    shuffle: Flag = Field(default=False, description="whether each epoch takes the samples in a new order")
    update_order: Annotated[str, Checked(one_of(*ORDERS), {"enum": list(ORDERS)})] = Field(
        default=ORDERS[0], description="simultaneous: all gradients are computed before any parameter changes; "
        "layer_by_layer: each layer is updated, the last one first, before the gradients below it are computed")
    stop_when_change_below: Positive | None = Field(
        default=None, description="stop when the loss changes by less in one epoch")
    seed: Seed | None = Field(default=None, description="for the order of the samples; the file's seed, if not given")


def _value(value: Any) -> Number | str:
    return value if isinstance(value, str) and value.strip() else real(value)


Value = Annotated[Number | str, Checked(_value, {"type": ["number", "string"]})]


class Expectation(Strict):
    """A number that the network must give, and where it is printed."""

    quantity: Text = Field(
        description="what is expected: net_h1, dE/dw5, w5 after 1, J after 20 epochs on test, accuracy on test")
    value: Value | None = Field(
        default=None, description="the right number, with the digits that are known, or a formula such as 1/3")
    at_least: Real | None = Field(default=None, description="the least right number")
    at_most: Real | None = Field(default=None, description="the greatest right number")
    where: Text | None = Field(default=None, description="where the document says it")
    printed: Value | None = Field(default=None, description="what the document prints, where that is off")
    because: Text | None = Field(default=None, description="why the document is off, or why the tolerance is needed")
    tolerance: Positive | None = Field(
        default=None, description="how far the number may be off; without it, one unit of the last printed digit")

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, value: Any) -> Any:
        known = cls.keys()
        if not isinstance(value, dict) or any(key not in known for key in value):
            return value
        bounds = [key for key in ("at_least", "at_most") if key in value]
        if "value" in value and bounds:
            raise wrong(f"'value' and '{bounds[0]}' exclude each other", bounds[0], key=True, help="write one of them")
        if "value" not in value and not bounds:
            raise wrong("this expectation has no value", help="add value: 0.75, or at_least or at_most")
        if "tolerance" in value and bounds:
            raise wrong("a bound needs no tolerance", "tolerance", key=True, help="remove it, and move the bound")
        for key in ("tolerance", "printed"):
            if key in value and "because" not in value:
                raise wrong(f"'{key}' needs a reason", key, key=True, help="add because: and say why")
        return value


# -- names --------------------------------------------------------------------------------------------------------


def _network_name(value: Any) -> str:
    name = good_name(value)
    reason = why_bad_file_name(name)
    if reason is not None:
        raise wrong(f"{quoted(name)} {reason}", help=f"choose another name, such as {name}_network")
    return name


def _inputs(value: Any) -> Any:
    return {"x": value} if isinstance(value, (Number, list)) else value


def _target(value: Any) -> dict[str, tuple[int, ...] | None]:
    if isinstance(value, dict) and len(value) == 1:
        [(name, size)] = value.items()
        return {good_name(name, name, key=True): (whole(1, LARGEST_SIZE)(size, name),)}
    if not isinstance(value, str):
        raise wrong(f"one name is expected here, not {described(value)}", help="write t, or {t: 2} to give its size")
    return {good_name(value): None}


def _tied(value: Any) -> tuple[str, bool]:
    if isinstance(value, str) and value.startswith("transpose(") and value.endswith(")"):
        return good_name(value[len("transpose(") : -1].strip()), True
    return good_name(value), False


def _entry(value: Any) -> str:
    if not isinstance(value, str):
        raise wrong(f"a quantity is expected here, not {described(value)}",
                    help="write W1, or an entry such as W1[1,2]")
    return value


Inputs = Annotated[dict[Name, Shape], _mapping("{x: 2}"), BeforeValidator(_inputs), WithJsonSchema({"anyOf": [
    SHAPE, {"type": "object", "additionalProperties": SHAPE, "minProperties": 1}]})]
ModuleName = Annotated[str, Checked(_network_name, {"type": "string", "maxLength": LONGEST_NAME})]
Target = Annotated[dict[str, tuple[int, ...] | None], Checked(_target, {"anyOf": [
    {"type": "string"},
    {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1, "maxProperties": 1}]})]
TiedTo = Annotated[tuple[str, bool], Checked(_tied, {"type": "string"})]
Entry = Annotated[str, Checked(_entry, {"type": "string"})]


# -- the whole ----------------------------------------------------------------------------------------------------


class NetworkFile(Strict):
    """A neural network, what is known about it, and the numbers that it must give."""

    elsewhere = dict.fromkeys(("claims", "network"), "a file of claims is read by: python -m derive check claims.yaml")

    name: ModuleName | None = Field(
        default=None, description="the name of the generated module; made from the file's name, if not given")
    title: Text = Field(default="", description="the title of the derivation")
    source: Text = Field(default="", description="the document that the network comes from")
    notes: Text = Field(default="", description="anything a reader should know")

    samples: Annotated[str, Checked(one_of(*SAMPLES), {"enum": list(SAMPLES)})] = Field(
        default=SAMPLES[0], description="rows: Z = X W + b, data is samples × features, and W[k,j] leads from k to j; "
        "columns: Z = W X + b, data is features × samples, and W[j,k] leads from k to j. With columns the samples are the "
        "last index everywhere: in names, in numbers written out, in NPY and NPZ files, and in formulas of your own; in a "
        "CSV file a sample is a line in any case")

    inputs: Inputs = Field(
        description="the inputs and how many features each has: {x: 2}; a number alone is the size of x", min_length=1)
    target: Target = Field(default={"t": None}, description="the name of the target, or {name: size}")
    layers: Annotated[list[Layer], _list("- dense: 16")] = Field(
        description="the layers, each reading the one before unless it says 'from'",
        min_length=1, max_length=MOST_LAYERS)
    blocks: Annotated[dict[Name, Block], _mapping("{pair: [dense: 8, dense: 8]}")] = Field(
        default={}, description="lists of layers under a name, to be used with block: as often as wanted; inside a block "
        "'input' is what it reads")
    loss: LossFunction = Field(
        description="a name, {name: {option: number}}, or a formula in y (prediction) and t (target)")
    regularisation: Regularisation | None = Field(
        default=None, description="penalties that are added to the loss: {l2: 1e-4}")
    optimiser: Optimiser | None = Field(default=None, description="a name, or {adam: {learning_rate: 0.001}}")

    second_order: Flag = Field(
        default=False, description="whether second derivatives are derived too: the Hessian and the Gauss–Newton matrix, "
        "and each times a direction")

    initialiser: Initialiser | None = Field(
        default=None, description="for every weight without numbers of its own")
    seed: Seed | None = Field(
        default=None, description="for everything random: initial parameters, order of the samples")
    parameters: Annotated[dict[Name, Parameter], _mapping("{W1: [[0.1, 0.2]], b1: zeros}")] = Field(
        default={}, description="numbers or an initialiser for single parameters, by our names or the document's")
    frozen: Annotated[list[Name], _list("[b1, b2]")] = Field(
        default=[], description="the parameters that are not updated")
    tied: Annotated[dict[Name, TiedTo], _mapping("{W4: transpose(W1)}")] = Field(
        default={}, description="a parameter that is another one, or its transpose: {W4: transpose(W1)}")
    constants: Annotated[dict[Name, Real], _mapping("{beta: 1.5}")] = Field(
        default={}, description="numbers that formulas may mention")
    names: Annotated[dict[Name, Entry], _mapping('{w1: "W1[1,1]"}')] = Field(
        default={}, description='the document\'s own names: {w1: "W1[1,1]", E: J}; positions count from 1')

    data: DataSet = Field(
        default={}, description="the numbers to train on, for each input and the target, a row for each sample "
        "(with samples: columns a column)")
    test: DataSet = Field(default={}, description="the numbers to test on")
    training: Training = Field(default_factory=Training, description="how the parameters are fitted to the data")
    expect: Annotated[list[Expectation], _list("- {quantity: E, value: 0.298371109}")] = Field(
        default=[], description="numbers that the network must give, checked at the end", max_length=MOST_EXPECTATIONS)
