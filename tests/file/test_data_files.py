"""Data is read from the file itself, from CSV and from NumPy's files; what is wrong with it is shown where it is."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from derive.file.data import Needed, Table, read_data
from derive.file.errors import FileError
from derive.file.reading import validated
from derive.file.source import source_of_text
from derive.file.values import check_between, labels, one_hot

NETWORK = "inputs: 2\nlayers: [dense: 1]\nloss: l\n"
TWO = {"x": Needed((2,), "inputs: {x: 2} in line 1")}


def load(data: str, folder: Path, needed: dict[str, Needed] | None = None) -> dict[str, Table]:
    source = source_of_text(f"{NETWORK}data: {data}\n", folder=folder)
    return read_data(validated(source).data, "data", source, TWO if needed is None else needed)


def refused(data: str, folder: Path, needed: dict[str, Needed] | None = None) -> FileError:
    with pytest.raises(FileError) as caught:
        load(data, folder, needed)
    assert caught.value.place is not None and caught.value.help
    return caught.value


def spot(error: FileError) -> tuple[str, int, int]:
    assert error.place is not None
    return Path(error.place.file).name, error.place.line, error.place.column


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "train.csv").write_text('height, width,"class, or kind"\n1,2,0\n3.5, -4e-1,2\n')
    np.save(tmp_path / "x.npy", np.arange(6.0).reshape(3, 2))
    np.savez(tmp_path / "both.npz", x=np.arange(6).reshape(3, 2), y=np.array([0, 1, 2]), pictures=np.ones((3, 2, 2)))
    return tmp_path


# -- what can be read ---------------------------------------------------------------------------------------------


def test_rows_are_written_out(folder: Path) -> None:
    tables = load("{x: [[0.05, 0.10], [1, 2]], t: [[0.01], [0.99]]}", folder)
    assert tables["x"].values.tolist() == [[0.05, 0.1], [1, 2]] and tables["t"].values.shape == (2, 1)
    assert tables["x"].values.dtype == np.float64


def test_columns_of_a_csv_file_are_chosen_by_name(folder: Path) -> None:
    chosen = load("{x: {file: train.csv, columns: [width, height]}}", folder)["x"]
    assert chosen.values.tolist() == [[2, 1], [-0.4, 3.5]]
    assert load("{x: {file: train.csv}}", folder, {})["x"].values.shape == (2, 3)


def test_labels_become_one_hot_rows(folder: Path) -> None:
    found = load("{t: {file: train.csv, columns: ['class, or kind'], one_hot: 3}}", folder)["t"].values
    assert found.tolist() == [[1, 0, 0], [0, 0, 1]]


def test_arrays_come_from_numpy_files(folder: Path) -> None:
    assert load("{x: {file: x.npy, rows: [1, 3], scale: 0.5}}", folder)["x"].values.tolist() == [[1, 1.5], [2, 2.5]]
    both = load("{x: {file: both.npz, key: x}, t: {file: both.npz, key: y, one_hot: 3}}", folder)
    assert both["t"].values.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_pictures_fit_as_many_features(folder: Path) -> None:
    found = load("{x: {file: both.npz, key: pictures}}", folder, {"x": Needed((4,), "")})["x"]
    assert found.values.shape == (3, 4)


def test_a_column_fits_a_single_number(folder: Path) -> None:
    for shape in ((), (1,)):
        assert load("{t: {file: both.npz, key: y}}", folder, {"t": Needed(shape, "")})["t"].values.shape == (3, *shape)


def test_a_path_begins_at_the_folder_of_the_network_file(folder: Path) -> None:
    (folder / "nets").mkdir()
    assert load("{x: {file: ../x.npy}}", folder / "nets")["x"].values.shape == (3, 2)


# -- what can not -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("data", "column", "says", "helps"), [
    ("{x: [[1, 2, 3]]}", 11, "x has 3 columns here, and 2 columns by inputs: {x: 2} in line 1", "one row"),
    ("{x: [1, 2]}", 11, "1 column here, and 2 columns", "one row"),
    ("{x: 3}", 11, "single number", "list of rows"),
    ("{x: [[1, 2]], t: [[1], [2]]}", 24, "t has 2 rows, and x has 1", "one row for each sample"),
    ("{x: {file: missing.csv}}", 18, "there is no file", "check the name"),
    ("{x: {file: trian.csv}}", 18, "there is no file", "did you mean 'train.csv'?"),
    ("{x: {file: none/train.csv}}", 18, "there is no file", "there is no folder"),
    ("{x: {file: train.csv, columns: [height, widht]}}", 47, "no column 'widht'", "did you mean 'width'?"),
    ("{x: {file: train.csv, key: a}}", 29, "CSV file has no key", "remove it"),
    ("{x: {file: x.npy, columns: [a]}}", 25, "NPY file has no columns", "remove it"),
    ("{x: {file: both.npz}}", 18, "holds 3 arrays", "key: x, y, pictures"),
    ("{x: {file: both.npz, key: picture}}", 33, "no array 'picture'", "did you mean 'pictures'?"),
    ("{x: {file: x.npy, rows: [0, 4]}}", 31, "3 rows, and rows up to 4", "count from 0"),
    ("{t: {file: both.npz, key: y, one_hot: 2}}", 18, "label 2 of t in row 3 is out of range", "from 0 to 1"),
])
def test_a_mistake_is_shown_in_the_network_file(folder: Path, data: str, column: int, says: str, helps: str) -> None:
    error = refused(data, folder)
    assert spot(error) == ("network.yaml", 4, column)
    assert says in error.message and helps in str(error.help)


@pytest.mark.parametrize(("text", "line", "column", "says"), [
    ("a,b\n1,2\n3,four\n", 3, 3, "'four' is no number"),
    ("a,b\n1,2\n3, nan\n", 3, 4, "'nan' is no finite number"),
    ("a,b\n1,inf\n", 2, 3, "'inf' is no finite number"),
    ("a,b\n1,\n", 2, 3, "an empty cell is no number"),
    ("a,b\n1,2\n3\n", 3, 1, "1 columns, and the header has 2"),
    ("a,b\n1,2,3\n", 2, 3, "3 columns, and the header has 2"),
    ("1,2\n3,4\n", 1, 1, "no header"),
    ('a,b\n"1,2\n', 2, 1, "valid CSV"),
    ('a,b\n"1",x\n', 2, 5, "'x' is no number"),
    ("a,b\n1,2\n\n3,=cmd\n", 4, 3, "'=cmd' is no number"),
    ("a,b\n0x10,2\n", 2, 1, "'0x10' is no number"),
])
def test_a_mistake_in_a_csv_file_is_shown_at_its_cell(tmp_path: Path, text: str, line: int, column: int,
                                                      says: str) -> None:
    (tmp_path / "d.csv").write_text(text)
    error = refused("{x: {file: d.csv}}", tmp_path)
    assert spot(error) == ("d.csv", line, column) and says in error.message


@pytest.mark.parametrize("text", ["", "a,b\n", "\n\n"])
def test_a_csv_file_needs_a_header_and_rows(tmp_path: Path, text: str) -> None:
    (tmp_path / "d.csv").write_text(text)
    assert spot(refused("{x: {file: d.csv}}", tmp_path)) == ("network.yaml", 4, 18)


@pytest.mark.parametrize(("array", "says"), [
    (np.array([[1.0, np.nan]]), "nan in row 1"), (np.array([[1.0, 2.0], [np.inf, 1.0]]), "inf in row 2"),
    (np.array([["a", "b"]]), "numbers are needed"), (np.array([[1j, 2]]), "numbers are needed"),
    (np.array(3.0), "single number"),
    (np.empty((0, 2)), "no rows"), (np.array([[{}, None]], dtype=object), "cannot be read as NPY"),
])
def test_an_array_holds_finite_numbers(tmp_path: Path, array: Any, says: str) -> None:
    np.save(tmp_path / "a.npy", array)
    assert says in refused("{x: {file: a.npy}}", tmp_path).message


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "executed",))

    trap = np.array([[Trap(), Trap()]], dtype=object)
    np.save(tmp_path / "a.npy", trap)
    np.savez(tmp_path / "a.npz", x=trap)
    for name in ("a.npy", "a.npz"):
        assert "cannot be read" in refused(f"{{x: {{file: {name}}}}}", tmp_path).message
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.csv"])
@pytest.mark.parametrize("content", [
    b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"\x93NUMPY\x01\x00\xff\xff{'descr': 1", b"\xff\xfe"])
def test_a_damaged_file_is_an_error_and_no_crash(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    refused(f"{{x: {{file: {name}}}}}", tmp_path)


def test_an_archive_that_expands_without_end_is_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive, archive.open(
            "x.npy", "w", force_zip64=True) as entry:
        for _ in range(450):
            entry.write(b"\x00" * 1_000_000)
    assert "at most" in refused("{x: {file: bomb.npz}}", tmp_path).message


def test_labels_are_whole_numbers_in_range(folder: Path) -> None:
    good = load("{t: [[0], [2], [1]]}", folder)["t"]
    assert labels(good, 3).tolist() == [0, 2, 1] and one_hot(good, 3).values.sum() == 3
    for data, column in (("{t: [[0], [3]]}", 18), ("{t: [[-1]]}", 13), ("{t: [[0.5]]}", 13)):
        with pytest.raises(FileError, match="out of range") as caught:
            labels(load(data, folder)["t"], 3)
        assert spot(caught.value) == ("network.yaml", 4, column)


def test_probabilities_lie_between_0_and_1(folder: Path) -> None:
    check_between(load("{t: [[0], [1]]}", folder)["t"], 0, 1, "probability")
    for data, ends, column in (("{t: [[0.5], [1.5]]}", True, 20), ("{t: [[0.5], [1]]}", False, 20)):
        with pytest.raises(FileError, match="is no probability") as caught:
            check_between(load(data, folder)["t"], 0, 1, "probability", ends)
        assert spot(caught.value) == ("network.yaml", 4, column)
