"""What is drawn is what the equations say, and it can be read."""

from __future__ import annotations

from itertools import combinations, pairwise
from math import hypot

import pytest
from pictures import BLOCKS, NEURONS, box, drawing, network, overlap

from derive.drawing import Drawing, layout
from derive.drawing.folding import folded
from derive.drawing.layered import nearest
from derive.drawing.words import breadth
from derive.instantiate import instantiate, outer_accesses
from derive.language.equations import Recurrence, Role

every = pytest.mark.parametrize("name", [*NEURONS, *BLOCKS])
small = pytest.mark.parametrize("name", NEURONS)
large = pytest.mark.parametrize("name", BLOCKS)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("networks")


@every
def test_small_dense_networks_are_drawn_as_neurons_and_others_as_blocks(name, folder):
    assert drawing(name, folder).style == ("neurons" if name in NEURONS else "blocks")


@every
def test_no_two_nodes_overlap_and_all_is_inside(name, folder):
    drawn = drawing(name, folder)
    solid = [node for node in drawn.nodes if node.kind != "port"]
    assert not [(one.name, other.name) for one, other in combinations(solid, 2) if overlap(box(one), box(other))]
    points = [point for edge in drawn.edges for point in edge.points]
    points += [(x, y) for node in drawn.nodes for x, y in (box(node)[:2], box(node)[2:])]
    assert all(0 <= x <= drawn.width and 0 <= y <= drawn.height for x, y in points)


@every
def test_the_words_fit_into_their_nodes(name, folder):
    for node in drawing(name, folder).nodes:
        beside = node.kind == "unit"
        room = node.width / max(1, len(node.labels)) if beside else node.width
        assert all(breadth(label) <= room for label in node.labels), node


@small
def test_labels_of_weights_lie_on_their_lines_and_not_on_each_other(name, folder):
    drawn = drawing(name, folder)
    labels = []
    for edge in drawn.edges:
        if edge.label is not None:
            (x, y), half = edge.label_at, breadth(edge.label) / 2
            labels.append((x - half, y - 0.17, x + half, y + 0.17))
            assert _distance((x, y), *edge.points) < 1e-2
    assert labels and not [pair for pair in combinations(labels, 2) if overlap(*pair)]
    assert not [label for label in labels for node in drawn.nodes if overlap(label, box(node))]


def _distance(point, start, end):
    """From a point to the line through two others."""
    (x, y), (a, b), (c, d) = point, start, end
    return abs((c - a) * (y - b) - (d - b) * (x - a)) / hypot(c - a, d - b)


@every
def test_lines_end_at_the_borders_of_what_they_connect(name, folder):
    drawn = drawing(name, folder)
    for edge in drawn.edges:
        for key, (x, y) in ((edge.source, edge.points[0]), (edge.target, edge.points[-1])):
            node = drawn.node(key)
            across, down = abs(x - node.at[0]), abs(y - node.at[1])
            if node.round:
                assert hypot(across, down) == pytest.approx(node.width / 2, abs=0.01)
            else:
                assert across == pytest.approx(node.width / 2, abs=0.01) and down <= node.height / 2 + 0.01 or (
                    down == pytest.approx(node.height / 2, abs=0.01) and across <= node.width / 2 + 0.01)


@large
def test_no_arrow_runs_through_a_box(name, folder):
    drawn = drawing(name, folder)
    for edge in drawn.edges:
        for node in drawn.nodes:
            if node.key not in (edge.source, edge.target) and node.kind != "port":
                left, top, right, bottom = box(node)
                inside = (left + 0.01, top + 0.01, right - 0.01, bottom - 0.01)
                assert not any(_crosses(*part, inside) for part in pairwise(edge.points)), (edge, node)


@large
def test_what_enters_a_node_and_what_leaves_it_do_not_touch(name, folder):
    drawn = drawing(name, folder)
    entered = {(edge.target, edge.points[-1]) for edge in drawn.edges if drawn.node(edge.target).kind != "port"}
    assert not entered & {(edge.source, edge.points[0]) for edge in drawn.edges}


def _crosses(start, end, inside):
    """Whether a straight line enters a box (Liang and Barsky 1984)."""
    (x, y), (to_x, to_y) = start, end
    enters, leaves = 0.0, 1.0
    for at, way, low, high in ((x, to_x - x, inside[0], inside[2]), (y, to_y - y, inside[1], inside[3])):
        if way == 0:
            if not low < at < high:
                return False
            continue
        first, second = sorted(((low - at) / way, (high - at) / way))
        enters, leaves = max(enters, first), min(leaves, second)
    return enters < leaves


@small
def test_every_entry_of_a_parameter_is_drawn_once(name, folder):
    drawn, made = drawing(name, folder), network(name, folder)
    places = [edge.place for edge in drawn.edges if edge.place] + [place for node in drawn.nodes for place in node.places]
    wanted = {(entry.name, tuple(map(int, entry.indices)))
              for parameter in made.parameters for entry in instantiate(made.system, made.sizes).entries(parameter)}
    assert sorted(place for place in places if place[0] in made.parameters) == sorted(wanted)


@small
def test_every_line_is_a_term_of_an_equation(name, folder):
    """A weight goes from what it multiplies to the sum that the product is a term of, and there is one for each."""
    drawn, made = drawing(name, folder), network(name, folder)
    at = {place: node.key for node in drawn.nodes for place in node.places}
    terms = set()
    for equation in instantiate(made.system, made.sizes).equations:
        for term in equation.body.args if equation.body.is_Add else (equation.body,):
            reads = {read.name: (read.name, tuple(map(int, read.indices))) for read in outer_accesses(term)}
            weights = [place for quantity, place in reads.items() if quantity in made.parameters]
            others = [place for place in reads.values() if place in at and place[0] not in made.parameters]
            if len(weights) == len(others) == 1 and term.is_Mul:
                terms.add((at[others[0]], weights[0], at[equation.name, tuple(map(int, equation.target.indices))]))
    assert {(edge.source, edge.place, edge.target) for edge in drawn.edges if edge.kind == "weight"} == terms


@large
def test_arrows_between_blocks_are_what_the_equations_read(name, folder):
    drawn, made = drawing(name, folder), network(name, folder)
    at = {quantity: node for node in drawn.nodes for quantity, _ in node.places}
    whole = {edge.target: edge for edge in drawn.edges if drawn.node(edge.target).kind == "port"}
    drawn_pairs = set()
    for edge in drawn.edges:
        if edge.kind == "flow" and edge.target not in whole:
            source = edge.source
            while source in whole:
                source = whole[source].source
            drawn_pairs.add((source, edge.target))
    read_pairs = {(at[read].key, at[equation.name].key) for equation in made.system.equations for read in equation.reads
                  if read in at and equation.name in at and read not in made.parameters
                  and made.system.quantities[read].role is not Role.CONSTANT and at[read] is not at[equation.name]}
    assert drawn_pairs <= read_pairs
    again = {(one, other) for one, other in read_pairs - drawn_pairs}  # what one copy of a block hands on to the next
    assert all(frame_of(drawn, one) & frame_of(drawn, other) for one, other in again)
    assert not again or any(frame.copies > 1 for frame in drawn.frames)


def frame_of(drawn: Drawing, key: str) -> set[int]:
    """The repeated frames that a node stands in."""
    (x, y) = drawn.node(key).at
    return {number for number, frame in enumerate(drawn.frames) if frame.copies > 1
            and abs(x - frame.at[0]) < frame.width / 2 and abs(y - frame.at[1]) < frame.height / 2}


@large
def test_every_parameter_is_in_one_block(name, folder):
    drawn, made = drawing(name, folder), network(name, folder)
    places = [quantity for node in drawn.nodes for quantity, _ in node.places]
    assert all(places.count(parameter) == 1 for parameter in made.parameters)


@large
def test_a_recurrence_has_a_loop(name, folder):
    drawn, made = drawing(name, folder), network(name, folder)
    at = {quantity: node.key for node in drawn.nodes for quantity, _ in node.places}
    loops = {at[block.equations[0].name] for block in made.system.blocks() if isinstance(block, Recurrence)}
    assert {edge.source for edge in drawn.edges if edge.kind == "loop"} == loops


def test_tied_weights_are_connected():
    drawn = drawing("autoencoder")
    tied = {(drawn.node(edge.source).name, drawn.node(edge.target).name) for edge in drawn.edges if edge.kind == "tied"}
    assert tied == {("layer wide (wide: dense, tanh)", "layer picture (picture: dense, sigmoid)"),
                    ("layer code (code: dense, tanh)", "layer restored (restored: dense, tanh)")}


def test_a_repeated_block_is_drawn_once_and_says_how_often(folder):
    drawn = drawing("branches", folder)
    assert [(frame.label.plain, frame.copies) for frame in drawn.frames] == [("residual × 12", 12), ("× 3", 3)]
    assert len([node for node in drawn.nodes if node.kind == "join"]) == 3
    assert sorted(frame.copies for frame in drawing("nested", folder).frames) == [2, 2, 3]


def test_a_shared_bias_is_one_node_and_others_are_labels():
    shared = [node.places for node in drawing("worked_example").nodes if node.kind == "bias"]
    assert shared == [(("b1", ()),), (("b2", ()),)]
    own = drawing("two_layer_network")
    assert [node.labels[0].plain for node in own.nodes if node.kind == "bias"] == ["1", "1"]
    assert [edge.place for edge in own.edges if edge.kind == "bias"] == [("b1", (0,)), ("b1", (1,)), ("b1", (2,)),
                                                                        ("b2", (0,))]


def test_units_have_the_documents_names():
    drawn = drawing("worked_example")
    assert [node.name for node in drawn.nodes if node.kind in ("input", "unit")] == ["i1", "i2", "h1", "h2", "o1", "o2"]
    assert [[label.plain for label in node.labels] for node in drawn.nodes if node.kind == "unit"][0] == ["net_h1", "out_h1"]
    assert sorted(edge.label.plain for edge in drawn.edges if edge.label) == [f"w{number}" for number in range(1, 9)]


@pytest.mark.parametrize(("name", "labels"), [
    ("three_layer_network", ["C"]), ("branches", ["loss: cross entropy", "J"]), ("custom_formulas", ["loss", "J"])])
def test_the_loss_is_called_what_the_file_calls_it(name, labels, folder):
    losses = [node for node in drawing(name, folder).nodes if node.kind == "loss"]
    assert [label.plain for label in losses[-1].labels] == labels


@every
def test_the_same_network_gives_the_same_drawing(name, folder):
    made = network(name, folder)
    assert layout(made) == drawing(name, folder)


def test_places_are_the_nearest_that_keep_their_distances():
    assert nearest([0, 0, 9], [1, 1, 1], [0, 2, 2]) == pytest.approx([-1, 1, 9])
    assert nearest([5, 0], [3, 1], [0, 1]) == pytest.approx([3.5, 4.5])


def test_a_tall_drawing_goes_on_in_a_second_column():
    drawn = drawing("sorting_transformer")
    page = folded(drawn, 16)
    assert page.height < 17 < drawn.height and page.width > 2 * drawn.width
    assert [node.key for node in page.nodes] == [node.key for node in drawn.nodes]
    solid = [node for node in page.nodes if node.kind != "port"]
    assert not [(one.name, other.name) for one, other in combinations(solid, 2) if overlap(box(one), box(other))]
    for edge, before in zip(page.edges, drawn.edges, strict=True):  # each begins and ends where it did on its nodes
        for end, node in ((0, edge.source), (-1, edge.target)):
            for axis in (0, 1):
                assert edge.points[end][axis] - page.node(node).at[axis] == pytest.approx(
                    before.points[end][axis] - drawn.node(node).at[axis], abs=0.01)
    assert folded(drawn, 50) == drawn
