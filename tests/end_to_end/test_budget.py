"""What a training takes is measured and kept, and a budget that has no room for another one stops it."""

import pytest
from tests.end_to_end.conftest import run, write_workspace

from dragoman.app.ledger import executions_of, read_spent
from dragoman.app.workspace import open_workspace


def stop_at(epoch):
    """A report of progress that ends the process in an epoch, as Ctrl-C does."""

    def report(progress):
        if progress.stage == "train" and progress.done >= epoch:
            raise KeyboardInterrupt

    return report


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A workspace whose only training was stopped and went on; what the first attempt took."""
    place = open_workspace(write_workspace(tmp_path_factory.mktemp("budget") / "shop"))
    with pytest.raises(KeyboardInterrupt):
        place.train(report=stop_at(6))
    (stopped,) = place.catalog.runs()
    took = read_spent(place.state / "runs" / stopped.id)
    place.train(report=lambda progress: None)
    return place, stopped, took


def test_a_training_that_was_stopped_and_went_on_took_both_parts(trained):
    place, stopped, first = trained
    (done,) = place.catalog.runs()
    assert (stopped.status, stopped.spent, done.status) == ("running", None, "completed")
    assert 0 < first.cpu_seconds < done.spent.cpu_seconds
    assert 0 < first.gb_seconds < done.spent.gb_seconds
    assert [one.spent for one in executions_of(place, done)] == [done.spent]


def test_a_training_tells_the_bytes_that_it_stored(trained):
    place, _, _ = trained
    (done,) = place.catalog.runs()
    assert done.spent.stored_bytes == sum(path.stat().st_size for path in place.blobs.root.rglob("*") if path.is_file())
    assert not (place.state / "runs" / done.id).exists()


def test_a_training_over_the_budget_ends_with_1_and_what_to_do(trained):
    place, _, _ = trained
    spec = place.root / "models" / "support.toml"
    before = spec.read_text()
    spec.write_text(f"{before}\n[budget]\ndays = 30\ntrainings = 1\n")
    refused = run("train", "--again", "-w", place.root)
    spec.write_text(before)
    assert refused.returncode == 1
    assert "1 of 1 trainings began in the last 30 days." in refused.stderr
    assert "--over-budget REASON" in refused.stderr
    assert len(place.catalog.versions("support")) == 1
