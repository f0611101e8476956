"""What rank 0 does beside training: it judges the model, tells the person, keeps the log, and saves."""

import contextlib
import copy
import time

from gen.base import terminal
from gen.corpus.splits import spread
from gen.judging.score import score
from gen.run import checkpoint
from gen.run.folder import LOG, MODEL, RESUME
from gen.run.log import Journal, cut_log
from gen.survey.findings import lines
from gen.training.ear import Ear
from gen.training.verdict import verdict

VALID_SYMBOLS = 200_000  # held-out symbols scored during training, and twenty times as many at its end
NOTHING = -1.0  # held-out bits where nothing is held out


class Chief:
    """Of the training in `run` with `settings`, of a `learner` on a `corpus` in symbols of `codec`, told `curves`."""

    def __init__(self, run, settings: dict, corpus, codec, learner, curves=None):
        self.run, self.settings, self.corpus, self.codec, self.learner = run, settings, corpus, codec, learner
        self.curves = curves
        self.rate = settings["data"]["rate"]
        self.few = spread(corpus.valid, VALID_SYMBOLS)
        self.held_out: float | None = None  # bits per sample of the last validation
        self.bits = float("nan")

    def introduce(self, progress, plan):
        """Say what is trained on what, and from where."""
        corpus, run = self.corpus, self.run
        for note in corpus.notes:
            terminal.say(note)
        held = f", {len(corpus.valid)} parts held out" if corpus.valid else ""
        held += f", {len(corpus.test)} for gen evaluate" if corpus.test else ""
        labels = f", labels {' '.join(corpus.classes)}" if corpus.classes else ""
        terminal.say(f"{corpus.files} recordings, {terminal.clock(corpus.seconds)} min{held}{labels}")
        terminal.say(f"{run}: {sum(p.numel() for p in self.learner.net.parameters()):,} parameters")
        if plan.over(progress):
            more = "give more steps=, minutes= or patience=, or another name="
            terminal.say(f"{run}: already done ({progress.step} steps); {more}")
        elif progress.step:
            terminal.say(f"{run}: goes on from step {progress.step}")

    @contextlib.contextmanager
    def at_work(self, progress):
        """Keep the log of a training that goes on from `progress` inside the block; tell at its end that it is done."""
        cut_log(self.run / LOG, progress.step or -1)
        self.ear = Ear(self.corpus.train, self.few, self.codec, self.rate, len(self.corpus.classes), self.curves)
        self.first, self.started = progress.seen, time.monotonic()
        with terminal.TrainingBar(self.run.name) as self.bar, Journal(self.run, progress.step) as self.journal:
            if not progress.step:
                path = self.settings["data"]["path"]
                for found in lines(self.corpus, path, self.rate) if path else ():
                    terminal.say(found)
                self.journal.write({"step": 0, "baselines": self.ear.baselines, "data": self.ear.data._asdict()})
            yield
        if progress.best_step < progress.step:
            terminal.say(f"{self.run}: kept is the best model, of step {progress.best_step}")
        told = f"done after {progress.step} steps, {terminal.clock(progress.spent)} min"
        speed = f"{self.speed(progress):,.0f} samples/s"
        terminal.say(f"{self.run}: {told}, {speed}; listen with: gen sample {self.run}")

    def score(self) -> list:
        """Return the bits per sample of the average for a part of what is held out, or NOTHING; and how hard it is."""
        bits = score(self.learner.average, self.few, self.codec, told=self.curves) if self.few else NOTHING
        return [bits, self.ear.harder]

    def validate(self, progress, over: bool) -> tuple:
        """Judge the model at a validation; return what to log, and the model to ship, None where one before was better.

        Where the training is `over` that is the best one, scored on more.
        """
        last, shipped = progress.history[-1], None
        heard = self.ear.listen(self.learner.average, self.settings["seed"], terminal.say)
        word, why = verdict(progress.history, heard.heard, self.ear.data, self.ear.baselines)
        if progress.best_step == progress.step:
            shipped = self.learner.average
        elif over:
            shipped = copy.deepcopy(self.learner.average)
            shipped.load_state_dict(checkpoint.read(self.run / MODEL, checkpoint.HEADER).tensors)
        line = {"verdict": word, "why": why, "heard": heard.figures()}
        self.held_out = last.held_out
        if over and self.few:
            self.held_out = score(shipped, spread(self.corpus.valid, 20 * VALID_SYMBOLS), self.codec, told=self.curves)
        if self.few:
            line["valid_bits"] = self.held_out
        told = "" if self.held_out is None else f", held out {self.held_out:.3f}"
        spent = terminal.clock(progress.spent)
        terminal.say(f"step {progress.step}, {spent} min: {last.bits:.3f} bits/sample{told}. {word}: {why}")
        line["takes"] = self.journal.preview(progress.step, heard.waves, self.rate, self.corpus.classes)
        return line, shipped

    def log(self, line: dict, progress, plan):
        """Move the bar, and write a line of the log that holds more than its step and the seconds."""
        self.bits, speed, share = line.get("bits", self.bits), self.speed(progress), plan.share(progress)
        self.bar.show(share, self.bits, speed, progress.spent / max(share, 1e-9) * (1 - share))
        if len(line) > 2:
            self.journal.write(line, samples_per_second=speed)

    def speed(self, progress) -> float:
        """Return the samples a second since this process began to train."""
        return (progress.seen - self.first) / (time.monotonic() - self.started)

    def save(self, tensors: dict, progress, shipped):
        """Save what resuming needs, and with it the model `shipped`, or before any validation the average."""
        self.journal.sync()
        book = {**progress.book(), "settings": self.settings, "corpus": self.corpus.identity}
        files = {RESUME: (tensors, book)}
        if shipped or not progress.history:  # else the model of the best validation is there already
            files[MODEL] = (shipped or self.learner.average).state_dict(), self.header(progress)
        order = sorted(files, reverse=not (self.run / RESUME).exists())
        for name in order:  # the model first, so that killed between the two a training comes here once more
            checkpoint.save(self.run / name, *files[name])

    def header(self, progress) -> dict:
        """Return all that sampling needs to know of the model, and how it was trained."""
        settings, corpus = self.settings, self.corpus
        trained = {
            "steps": progress.step,
            "samples": progress.seen,
            "minutes": round(progress.spent / 60, 2),
            "valid_bits": self.held_out,
            "best_step": progress.best_step,
            "data": self.ear.data._asdict(),
            "loudest": self.ear.loudest,
            "files": corpus.files,
            "seconds": round(corpus.seconds, 1),
            "settings": settings,
        }
        described = {key: settings[key] for key in ("model", "codec")}
        if self.curves:
            described["control"] = self.curves.described()
        if settings.get("unlabelled"):
            described["any"] = True  # there is a class behind those that have names
        return {**described, "rate": self.rate, "classes": corpus.classes, "trained": trained}
