"""Support vectors, trees and lines fitted by scikit-learn. The only door to `sklearn`, which is an extra."""

import numpy as np

from gen.base import machine

try:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import GroupKFold, StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC
except ImportError:
    raise ValueError("svm, forest and probes need scikit-learn; pip install 'gen[analysis]'") from None

FOLDS = 5  # in which what they weren't trained on says how to read support vectors, and how to penalise lines
PENALTIES = 10.0 ** np.arange(-1, 6)  # on the squares of a line's weights, of columns of deviation 1


def support_vectors(rows, labels, weights, C: float, gamma: float, seed: int):
    """Return a calibrated SVM fitted to rows (N, D), as scikit-learn has it: RBF, one class against another.

    Its decisions become probabilities by a sigmoid for each class (Platt 1999), fitted to rows that the SVM of a fold
    wasn't trained on; a class of one row has that twice.
    """
    counts = np.bincount(labels)
    again = np.concatenate([np.arange(len(labels)), np.flatnonzero(counts[labels] == 1)])
    rows, labels, weights = rows[again], labels[again], None if weights is None else weights[again]
    fewest = max(2, int(counts[counts > 0].min()))
    folds = StratifiedKFold(min(FOLDS, fewest), shuffle=True, random_state=seed)
    fitted = CalibratedClassifierCV(SVC(C=C, gamma=gamma), cv=folds, ensemble=False)
    return fitted.fit(rows, labels, sample_weight=weights)


def vector_arrays(fitted, gamma: float) -> dict:
    """Return what `support_vectors` returned as arrays by name: see `gen.naming.svm`."""
    (calibrated,) = fitted.calibrated_classifiers_
    svc = calibrated.estimator
    return {
        "vectors": svc.support_vectors_,
        "counts": svc.n_support_.astype(np.int64),
        "coefficients": svc.dual_coef_,
        "intercepts": svc.intercept_,
        "gamma": np.array([gamma]),
        "slopes": np.array([each.a_ for each in calibrated.calibrators]),
        "offsets": np.array([each.b_ for each in calibrated.calibrators]),
    }


def forest(rows, labels, weights, trees: int, seed: int):
    """Return a random forest fitted to rows (N, D), as scikit-learn has it (Breiman 2001)."""
    made = RandomForestClassifier(trees, random_state=seed, n_jobs=machine.cores())
    return made.fit(rows, labels, sample_weight=weights)


def tree_arrays(fitted) -> dict:
    """Return a forest's trees as arrays by name, all of them one after the other: see `gen.naming.forest`."""
    trees = [each.tree_ for each in fitted.estimators_]
    values = np.concatenate([tree.value[:, 0] for tree in trees])
    return {
        "sizes": np.array([tree.node_count for tree in trees], np.int64),
        "left": np.concatenate([tree.children_left for tree in trees]).astype(np.int64),
        "right": np.concatenate([tree.children_right for tree in trees]).astype(np.int64),
        "feature": np.concatenate([tree.feature for tree in trees]).astype(np.int64),
        "threshold": np.concatenate([tree.threshold for tree in trees]).astype(np.float64),
        "shares": values / values.sum(1, keepdims=True),
    }


def line(rows, targets, groups):
    """Return ridge regression (Hoerl & Kennard 1970) fitted to rows (N, D), columns scaled, for targets (N, K).

    Of PENALTIES it has the one that is best where whole `groups` (N,) of rows, two or more, are left out in turn.
    """
    folds = GroupKFold(min(FOLDS, len(np.unique(groups))))
    made = make_pipeline(StandardScaler(), RidgeCV(PENALTIES, cv=list(folds.split(rows, groups=groups))))
    return made.fit(rows, targets)
