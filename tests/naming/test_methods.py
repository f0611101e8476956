"""Each method against an independent one, and what it takes back from a file."""

import numpy as np
import pytest
import torch
from sklearn.calibration import CalibratedClassifierCV
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

from gen.models.rnn import CELLS
from gen.naming import fitting
from gen.naming.figures import confusion, figures, interval, macro_f1
from gen.naming.method import Scale, Shown, evenly, weights_of
from gen.naming.networks import Stack, batches, stacked
from gen.naming.training import make
from tests.naming.sounds import node

RANDOM = np.random.default_rng


def rows(classes=3, count=60, features=5, seed=0):
    """Return overlapping clouds: looks (D,), and labels, the first class four times as frequent."""
    random = RANDOM(seed)
    shares = np.array([4] + [1] * (classes - 1)) / (classes + 3)
    labels = np.concatenate([np.arange(classes), np.arange(classes), random.choice(classes, count, p=shares)])
    centres = 1.5 * RANDOM(7).standard_normal((classes, features))
    return Shown(list((centres[labels] + random.standard_normal((len(labels), features))).astype(np.float32)), labels)


def sequences(count=24, seed=0):
    """Return looks (n, 3) of several lengths, of two classes that rise or fall."""
    random, labels = RANDOM(seed), np.arange(count) % 2
    lengths = random.integers(5, 20, count)
    made = [
        np.linspace(0, 2 * label - 1, n)[:, None] + 0.1 * random.standard_normal((n, 3))
        for label, n in zip(labels, lengths, strict=True)
    ]
    return Shown([look.astype(np.float32) for look in made], labels)


NONE = Shown([], np.zeros(0, np.int64))


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("balance", ["none", "weights", "sampling"])
def test_support_vectors_name_as_scikit_learn_does(classes, balance):
    method, shown, others = make(node("svm", gamma=0.2), classes, balance, 0), rows(classes), rows(classes, 200, seed=1)
    method.fit(shown, NONE, balance, 0)
    theirs = fitting.support_vectors(*method.shown(shown, balance, 0), method.C, 0.2, 0)
    assert isinstance(theirs, CalibratedClassifierCV)
    told = theirs.predict_proba(method.rows(others.looks))
    assert np.allclose(method.probabilities(others.looks), told, atol=1e-9)
    assert (told.argmax(1) == others.labels).mean() > 1.5 / classes


@pytest.mark.parametrize("classes", [2, 4])
def test_forests_name_as_scikit_learn_does(classes):
    method, shown, others = make(node("forest"), classes, "weights", 0), rows(classes), rows(classes, 200, seed=1)
    method.fit(shown, NONE, "weights", 3)
    theirs = fitting.forest(*method.shown(shown, "weights", 3), method.trees, 3)
    told = theirs.predict_proba(method.rows(others.looks))
    assert np.allclose(method.probabilities(others.looks), told, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_a_stack_is_its_cells_one_after_the_other(cell):
    torch.manual_seed(0)
    net = Stack(3, 2, cell, [5, 4], 0.5).eval()
    x = torch.randn(2, 7, 3)
    states = [tuple(torch.zeros(2, r.hidden_size) for _ in range(r.parts)) for r in net.layers]
    logits, hidden = net(x)
    for t in range(7):
        h = x[:, t]
        for depth, rnn in enumerate(net.layers):
            h, states[depth] = rnn.step(h, states[depth])
        assert torch.allclose(hidden[:, t], h, atol=1e-6)
        assert torch.allclose(logits[:, t], net.out(h), atol=1e-6)


@pytest.mark.trains
@pytest.mark.parametrize("decision", ["last", "every"])
@pytest.mark.parametrize("cell", CELLS)
def test_networks_learn_whether_something_rises_whatever_stands_beside_it(cell, decision):
    """Two classes that no frame tells apart from noise alone; of 24 others not one in 20 seeds was named wrong."""
    method = make(node(cell, decision=decision, epochs=25), 2, "none", 0)
    method.fit(sequences(), NONE, "none", 0)
    others = sequences(seed=1)
    sure = method.probabilities(others.looks)
    assert (sure.argmax(1) == others.labels).mean() > 0.8
    assert np.allclose(sure.sum(1), 1)
    alone = np.concatenate([method.probabilities([look]) for look in others.looks])
    assert np.allclose(sure, alone, atol=1e-5)  # what a batch is padded with isn't heard
    assert method.embed(others.looks).shape == (24, 8)


def test_every_frame_has_its_say_where_every_one_is_asked():
    shown = sequences()
    method = make(node("gru", decision="every", epochs=1), 2, "none", 0)
    method.fit(shown, NONE, "none", 0)
    look = shown.looks[0]
    logits, _ = method.net(torch.from_numpy(method.scale.of(look))[None])
    told = torch.log_softmax(logits[0].double(), -1).sum(0).detach().numpy()
    sure = method.probabilities([look])[0]
    assert np.log(sure[1] / sure[0]) == pytest.approx((told[1] - told[0]) / len(look), abs=1e-5)


def test_the_same_seed_gives_the_same_network_and_leaves_torchs_own_numbers_alone():
    shown, before = sequences(), torch.get_rng_state()
    made = []
    for seed in (0, 0, 1):
        method = make(node("lstm", epochs=2), 2, "sampling", 0)
        method.fit(shown, shown, "sampling", seed)
        made.append(method.probabilities(shown.looks))
    assert np.array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])
    assert torch.equal(before, torch.get_rng_state())


def test_the_best_epoch_for_the_valid_part_is_kept(monkeypatch):
    """The score is told to fall after the third epoch: what is kept is what three epochs make."""
    shown, scores = sequences(), iter([(0.2, 0.0), (0.5, 0.0), (0.9, 0.0), (0.9, -1.0), (0.1, 0.0)])
    five, three = (make(node("gru", epochs=epochs), 2, "none", 0) for epochs in (5, 3))
    monkeypatch.setattr(five, "score", lambda valid: next(scores))
    five.fit(shown, shown, "none", 0)
    three.fit(shown, NONE, "none", 0)
    assert np.array_equal(five.probabilities(shown.looks), three.probabilities(shown.looks))


def test_figures_are_those_of_scikit_learn():
    labels, named = RANDOM(0).integers(0, 4, (2, 100))
    matrix = confusion(labels, named, 4)
    assert np.array_equal(matrix, confusion_matrix(labels, named))
    f = figures(matrix)
    assert f.accuracy == pytest.approx(accuracy_score(labels, named))
    assert f.macro_f1 == pytest.approx(f1_score(labels, named, average="macro"))
    assert f.worst_recall == pytest.approx(min(np.diag(matrix) / matrix.sum(1)))
    assert macro_f1([[3, 0, 0], [0, 0, 0], [1, 0, 2]]) == pytest.approx((6 / 7 + 4 / 5) / 2)


def test_wilsons_interval_is_as_published():
    low, high = interval(81, 263)  # Newcombe 1998, table I: 81 of 263
    assert (low, high) == (pytest.approx(0.2553, abs=1e-4), pytest.approx(0.3662, abs=1e-4))
    assert interval(20, 20)[1] == pytest.approx(1.0)


def test_balance_counts_each_class_the_same():
    labels = np.array([0] * 8 + [1] * 2 + [2])
    weights = weights_of(labels, 3)
    assert [weights[labels == c].sum() for c in range(3)] == pytest.approx([11 / 3] * 3)
    drawn = evenly(labels, RANDOM(0))
    assert np.bincount(labels[drawn]).tolist() == [8, 8, 8]
    assert {*drawn} == set(range(11))


def test_batches_hold_each_row_once_and_what_they_pad_is_zero():
    lengths = RANDOM(0).integers(1, 100, 70).tolist()
    made = list(batches(RANDOM(1).permutation(70), lengths, 8, RANDOM(2)))
    assert sorted(i for some in made for i in some) == list(range(70))
    x, n = stacked([torch.ones(3, 2), torch.ones(5, 2)])
    assert (x.sum((1, 2)).tolist(), n.tolist()) == ([6, 10], [3, 5])


def test_a_feature_that_never_changes_is_left_at_zero():
    scale = Scale.fitted([np.array([[1.0, 5.0]]), np.array([[3.0, 5.0]])])
    assert scale.of(np.array([[3.0, 5.0]])).tolist() == [[1.0, 0.0]]


@pytest.fixture(scope="module")
def learned():
    """What each kind of method has learned: its name, the looks it takes, and its arrays."""
    out = {}
    for name, shown, classes in (("svm", rows(), 3), ("forest", rows(), 3), ("lstm", sequences(), 2)):
        method = make(node(name, **({"epochs": 1} if name == "lstm" else {})), classes, "none", 0)
        method.fit(shown, NONE, "none", 0)
        out[name] = (classes, shown.looks, method)
    return out


@pytest.mark.parametrize("name", ["svm", "forest", "lstm"])
def test_what_was_learned_is_taken_back_whole(learned, name):
    classes, looks, method = learned[name]
    again = make(node(name), classes, "none", 0)
    again.restore(method.arrays())
    assert np.array_equal(again.probabilities(looks), method.probabilities(looks))
    for missing in method.arrays():
        less = {k: v for k, v in method.arrays().items() if k != missing}
        with pytest.raises(ValueError, match=r"is not of shape|scale"):
            make(node(name), classes, "none", 0).restore(less)


def test_several_name_by_the_mean_of_what_each_would():
    shown, others = sequences(), sequences(seed=1)
    nodes = {"one": node("lstm", epochs=1), "two": node("gru", epochs=1)}
    several = make({"_target_": "gen.naming.several.Several", "members": nodes}, 2, "none", 0)
    several.fit(Shown([(look, look) for look in shown.looks], shown.labels), NONE, "none", 0)
    alone = []
    for own in nodes.values():
        method = make(own, 2, "none", 0)
        method.fit(shown, NONE, "none", 0)
        alone.append(method.probabilities(others.looks))
    pairs = [(look, look) for look in others.looks]
    assert np.allclose(several.probabilities(pairs), np.mean(alone, 0), atol=1e-6)
    assert several.embed(pairs).shape == (24, 16)
    again = make({"_target_": "gen.naming.several.Several", "members": nodes}, 2, "none", 0)
    again.restore(several.arrays())
    assert np.array_equal(again.probabilities(pairs), several.probabilities(pairs))
    with pytest.raises(ValueError, match="its member two: its net"):
        again.restore({k: v for k, v in several.arrays().items() if k != "two.net.out.bias"})


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({}, "one or more"), ({"a": "svm"}, "members.a=svm"), ({"a": node("svm", C=0.0)}, "classifier.C=0.0"),
        ({"a": node("svm"), "b": node("svm_robust")}, "other speeds"),
        ({"a": {"_target_": "gen.naming.several.Several", "members": {}}}, "none of them several"),
    ],
)  # fmt: skip
def test_members_that_cannot_name_together_are_refused(members, told):
    with pytest.raises(ValueError, match=told):
        make({"_target_": "gen.naming.several.Several", "members": members}, 2, "none", 0)


HOSTILE = [
    ("forest", "left", lambda a: np.zeros_like(a), "children"),  # a way that leads back to where it began
    ("forest", "left", lambda a: np.where(a < 0, a, 10**12), "children"),
    ("forest", "right", lambda a: np.full_like(a, -1), "children"),
    ("forest", "feature", lambda a: np.full_like(a, 99), "features"),
    ("forest", "sizes", lambda a: a * 0 + 1, "sizes"),
    ("forest", "sizes", lambda a: a.astype(np.float64), "whole"),
    ("forest", "threshold", lambda a: a * np.nan, "finite"),
    ("forest", "shares", lambda a: a * 2, "shares"),
    ("svm", "counts", lambda a: a * 0, "counts"),
    ("svm", "counts", lambda a: a - 10**6, "counts"),
    ("svm", "vectors", lambda a: a[:, :2], "shape"),
    ("svm", "gamma", lambda a: -a, "gamma"),
    ("svm", "coefficients", lambda a: a + np.inf, "finite"),
    ("svm", "scale.deviation", lambda a: a * 0, "scale"),
    ("lstm", "net.out.weight", lambda a: a[:, :3], "shape"),
    ("lstm", "net.layers.0.weight_ih_l0", lambda a: a * np.nan, "finite"),
    ("lstm", "net.out.bias", lambda a: a.astype(np.int64), "finite"),
]


@pytest.mark.parametrize(("name", "key", "change", "told"), HOSTILE)
def test_arrays_that_no_method_learns_are_refused(learned, name, key, change, told):
    classes, _, method = learned[name]
    arrays = {**method.arrays(), key: change(method.arrays()[key])}
    with pytest.raises(ValueError, match=told):
        make(node(name), classes, "none", 0).restore(arrays)


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("lstm", {"cell": "linear"}, "classifier.cell=linear"), ("lstm", {"hidden": []}, "hidden"),
        ("lstm", {"decision": "first"}, "decision=first"), ("lstm", {"epochs": 0}, "epochs"),
        ("lstm", {"features": ["smell"]}, "smell"), ("lstm", {"features": []}, "families"),
        ("svm", {"C": -1.0}, "classifier.C=-1.0"), ("svm", {"gamma": "auto"}, "gamma"), ("svm", {"parts": -1}, "parts"),
        ("svm", {"trim": 500.0}, "classifier.trim=500.0"), ("forest", {"trees": 0}, "classifier.trees=0"),
        ("forest", {"branches": 3}, "classifier.branches: Forest has no such key"),
        ("svm", {"_target_": "os.system"}, "no such Method"),
        ("svm", {"_target_": "gen.naming.svm.Pooled"}, "classifier"),
    ],
)  # fmt: skip
def test_a_setting_out_of_range_is_named(name, changes, told):
    with pytest.raises(ValueError, match=told):
        make(node(name, **changes), 3, "none", 0)


def test_a_class_of_one_row_has_a_probability_too():
    looks = rows(2).looks
    method = make(node("svm"), 2, "none", 0)
    method.fit(Shown(looks, np.array([1] + [0] * (len(looks) - 1))), NONE, "weights", 0)
    sure = method.probabilities(looks)
    assert np.isfinite(sure).all()
    assert sure[0, 1] == sure[:, 1].max()
