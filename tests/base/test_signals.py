import pickle

from gen.base.signals import Interrupted


def test_that_it_was_asked_to_stop_comes_whole_from_another_process():
    told = Interrupted(15, "runs/a")
    again = pickle.loads(pickle.dumps(told))
    assert (str(again), again.number) == (str(told), 15)
    assert str(again) == "stopped and saved in runs/a; to go on, run the same command again"
