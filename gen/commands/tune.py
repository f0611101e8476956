"""Find the size of a model that suits recordings, this machine and your patience."""

from gen.commands import Argument
from gen.commands.train import complete as complete_training

GROUP = "Before training"
ARGUMENT = Argument("the folder of recordings", "~/recordings", key="data.path")
PATHS = ("data.path", "data.valid", "data.test")
HELP = """gen tune FOLDER [key=value ...]

Which size of a model should you train, for how long you are willing to? Small trainings of many sizes and learning
rates begin; the better half goes on twice as long, and again, for tuning= minutes in all. From what they came to, on
recordings held out, follows what each size would come to in the minutes= that you plan, and the command to run. What is
said is printed, and written to runs/NAME with a page. The same command again goes on where it was stopped.

  gen tune ~/recordings
  gen tune ~/words data.rate=8000 model=gru minutes=8 tuning=40
  gen tune ~/piano -m model=tiered,gru minutes=120
  gen tune ~/piano sizes=[0.5,1,2] rates=[1]
"""


def complete(settings: dict, choices: dict, swept: dict):
    """Name the search after its folder, its model and, in a sweep, the values that it has."""
    settings["choice"] = choices["model"]
    if settings["name"] is None:
        complete_training(settings, choices, swept)
        settings["name"] = f"{settings['name']}-tuned"


def run(
    data: dict,
    codec: dict,
    model: dict,
    name: str | None,
    minutes: float,
    tuning: float,
    sizes: list[float],
    rates: list[float],
    control: str | None,
    untold: float,
    unlabelled: float,
    hear_noise: float | None,
    vary: str | None,
    seed: int,
    device: str,
    lanes: int,
    window: int,
    learning_rate: float,
    optimizer: str,
    warmup: int,
    clip: float,
    precision: str,
    valid_every: int,
    choice,
):
    from gen.base import streams, terminal
    from gen.pages import template, tuned
    from gen.run.folder import run_folder
    from gen.training import tuning as halving
    from gen.training.loop import train

    home, folder = run_folder(name or ""), data["path"]
    page = home / "tune.html"
    template.spare(page, tuned.MAKER)
    tried = halving.candidates(model, learning_rate, sizes, rates)
    halving.check(data["valid"], minutes=minutes, tuning=tuning)
    shared: dict = {"data": data, "codec": codec, "control": control, "untold": untold, "hear_noise": hear_noise}
    shared |= {
        "unlabelled": unlabelled,
        "vary": vary,
        "seed": seed,
        "lanes": lanes,
        "window": window,
        "optimizer": optimizer,
        "warmup": warmup,
        "clip": clip,
    }
    shared |= {"precision": precision, "valid_every": valid_every}
    told = {"model": model, "learning_rate": learning_rate, "tuning": tuning, "sizes": sizes, "rates": rates}

    def one(**settings):
        return train(**shared, **settings, device=device, steps=None, patience=None, start=None)

    done = halving.search(one, home.name, tried, tuning, shared | told, terminal.say)
    found, law = halving.answer(done, minutes)
    said = tuned.lines(found, minutes, law, tuned.command(data, choice))
    terminal.table(tuned.COLUMNS, tuned.rows(found))
    tuned.write(page, str(folder), said, found, done, law)
    for line in said:
        streams.show(line)
    streams.show(str(page))
