"""A training that begins from a trained model's weights, so that what another learned needn't be learned again."""

from gen.models.base import Label
from gen.run import checkpoint
from gen.run.resume import different, flat


def start_from(path, learner, settings: dict, classes: list, curves) -> str:
    """Give a learner the weights of the model in `path`, a run, a file or the name of one that comes with gen.

    Labels and curves keep their first weights where those of that model were others. Returns a line about it. Raises
    ValueError where models, codecs or rates differ.
    """
    loaded = checkpoint.open_model(path)
    theirs = {"model": loaded.header["model"], "codec": loaded.header["codec"], "data": {"rate": loaded.rate}}
    ours = {"model": settings["model"], "codec": settings["codec"], "data": {"rate": settings["data"]["rate"]}}
    theirs, ours = flat(theirs), flat(ours)
    if key := different(theirs, ours):
        given = key if key.count(".") < 2 and not key.endswith("_target_") else key.partition(".")[0]
        raise ValueError(
            f"start={path}: it has {key}={theirs.get(key)}, and this training {ours.get(key)}; give the same {given}="
        )
    weights = loaded.model.state_dict()
    labels = [f"{name}." for name, part in loaded.model.named_modules() if isinstance(part, Label)]
    other = []
    if loaded.classes != classes or loaded.header.get("any", False) != bool(settings.get("unlabelled")):
        other += labels
    if loaded.header.get("control") != (curves and curves.described()):
        other.append("told.")
    own = learner.net.state_dict()
    taken = {name: w for name, w in weights.items() if name in own and not name.startswith(tuple(other))}
    for net in (learner.net, learner.average):
        net.load_state_dict(taken, strict=False)
    numbers = sum(w.numel() for w in taken.values())
    return f"starts with {numbers:,} of {sum(w.numel() for w in own.values()):,} weights of {path}"
