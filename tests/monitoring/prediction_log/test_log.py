from __future__ import annotations

import asyncio
import logging
import threading

import pytest
from tests.monitoring.prediction_log.world import FailingDisk, MemoryOnce, ids_in, open_log, row, rows
from tests.store.children import output_of

from dragoman.errors import Conflict, InvalidInput, StorageFull
from dragoman.monitoring.prediction_log import home, rows_of, sink, verify_wal
from dragoman.monitoring.prediction_log import log as log_module
from dragoman.monitoring.prediction_log.query import read_predictions
from dragoman.monitoring.prediction_log.segment import segments_in
from dragoman.records import PredictionRow
from dragoman.store.files import FileLock
from dragoman.store.tables import DeltaTables


def test_rows_are_in_the_table_when_the_log_is_closed(tmp_path):
    log = open_log(tmp_path)
    given = [row(str(number), text="größer", labels=["a"], scores=[0.5], features={"x": [1]}) for number in range(5)]
    log.append(given)
    log.close()
    assert rows_of(read_predictions(DeltaTables(tmp_path / "tables"))) == given
    assert log.stats == (5, 5, 5, 0, 0, 0, 0, 0, "")
    assert segments_in(tmp_path / "log" / "0") == []


def test_a_durable_row_is_in_a_file_before_the_table_has_it(tmp_path):
    log = open_log(tmp_path)
    assert log.append(rows(1)).wait() == "durable"
    assert DeltaTables(tmp_path / "tables").names() == []
    assert ids_in(tmp_path) == ["1"]
    assert log.stats.pending_bytes > 0
    log.close()


def test_rows_of_many_threads_and_a_loop_share_syncs_and_all_arrive(tmp_path):
    disk = FailingDisk()
    log = open_log(tmp_path, MemoryOnce(), disk=disk, flush_seconds=60)

    async def each(start: int) -> list[bool]:
        return await asyncio.gather(*(log.append(rows(start + number)).durable() for number in range(50)))

    threads = [threading.Thread(target=lambda at=at: asyncio.run(each(at))) for at in (100, 200, 300)]
    for thread in threads:
        thread.start()
    assert all(asyncio.run(each(0)))
    for thread in threads:
        thread.join()
    assert log.stats.durable == 200
    assert disk.count < 200
    log.close()


def test_complete_segments_are_moved_while_the_log_goes_on(tmp_path):
    tables = MemoryOnce()
    log = open_log(tmp_path, tables, segment_bytes=1)
    for number in range(4):
        assert log.append(rows(number)).wait() == "durable"
    log.close()
    assert tables.ids == ["0", "1", "2", "3"]
    assert list(tables.done.values()) == [4]


def test_an_old_segment_is_moved_without_another_row(tmp_path):
    tables = MemoryOnce()
    log = open_log(tmp_path, tables, segment_seconds=0.01)
    log.append(rows(1))
    while log.stats.committed < 1:
        threading.Event().wait(0.01)
    assert tables.ids == ["1"]
    log.close()


def test_what_cannot_be_moved_is_moved_by_the_next_process(tmp_path, monkeypatch):
    monkeypatch.setattr(sink, "LOCK_SECONDS", 0.05)
    log = open_log(tmp_path)
    with FileLock(tmp_path / "tables" / "predictions.lock"):
        log.append(rows(1, 2))
        log.close()
    assert "predictions.lock is held by process" in log.stats.last_error
    assert (log.stats.committed, log.stats.pending_segments) == (0, 1)
    open_log(tmp_path).close()
    assert ids_in(tmp_path) == ["1", "2"]


def test_a_damaged_table_leaves_segments_waiting(tmp_path):
    log = open_log(tmp_path)
    log.append(rows(1))
    log.close()
    commit = tmp_path / "tables" / "predictions" / "_delta_log" / f"{0:020}.json"
    content = commit.read_bytes()
    commit.write_bytes(b"")
    log = open_log(tmp_path)
    log.append(rows(2))
    log.close()
    assert "'predictions' cannot be read" in log.stats.last_error
    commit.write_bytes(content)
    open_log(tmp_path).close()
    assert ids_in(tmp_path) == ["1", "2"]


def test_a_segment_whose_commit_was_not_heard_of_is_not_committed_again(tmp_path):
    tables = MemoryOnce({1: True})
    log = open_log(tmp_path, tables, segment_bytes=1)
    log.append(rows(1)).wait()
    while not log.stats.last_error:
        threading.Event().wait(0.01)
    log.close()
    assert tables.ids == ["1"]
    assert segments_in(tmp_path / "log" / "0") == []


def test_two_processes_are_never_the_same_replica(tmp_path, monkeypatch):
    monkeypatch.setattr(home, "WAIT_SECONDS", 0.05)
    log = open_log(tmp_path, MemoryOnce(), replica="pod-1")
    with pytest.raises(Conflict, match=r"pod-1\.lock is held"):
        open_log(tmp_path, MemoryOnce(), replica="pod-1")
    log.close()
    open_log(tmp_path, MemoryOnce(), replica="pod-1").close()


def test_unnamed_replicas_take_the_first_free_number(tmp_path):
    logs = [open_log(tmp_path, MemoryOnce()) for _ in range(3)]
    logs[1].close()
    logs.append(open_log(tmp_path, MemoryOnce()))
    assert [log._home.replica for log in logs] == ["0", "1", "2", "1"]
    for log in logs:
        log.close()


def test_what_another_replica_left_behind_is_adopted(tmp_path):
    dead = open_log(tmp_path, MemoryOnce(is_held=True), replica="dead")
    dead.append(rows(1)).wait()
    dead.close()
    tables = MemoryOnce()
    open_log(tmp_path, tables, replica="alive").close()
    assert tables.ids == ["1"]
    assert segments_in(tmp_path / "log" / "dead") == []


def test_a_living_replica_keeps_its_segments(tmp_path):
    living = open_log(tmp_path, MemoryOnce(), replica="living")
    living.append(rows(1)).wait()
    tables = MemoryOnce()
    open_log(tmp_path, tables, replica="other").close()
    assert tables.ids == []
    living.close()


@pytest.mark.parametrize("name", ["../up", ".hidden", "a/b", "a" * 65, "é"])
def test_a_replica_that_is_no_folder_name_is_refused(name, tmp_path):
    with pytest.raises(InvalidInput, match="cannot be the name of a replica"):
        open_log(tmp_path, replica=name)


def test_rows_beyond_the_memory_are_shed_together(tmp_path, caplog):
    log = open_log(tmp_path, MemoryOnce(), flush_seconds=60, max_waiting_bytes=1_000)
    kept, shed = log.append(rows(1)), log.append(rows(2, 3, 4))
    assert (shed.wait(), kept.wait()) == ("shed", "durable")
    assert (log.stats.appended, log.stats.durable, log.stats.shed) == (4, 1, 3)
    assert [(one.levelno, one.getMessage()) for one in caplog.records] == [
        (
            logging.ERROR,
            "3 predictions were answered but NOT recorded: too many rows wait for the disk, or the log is closed.",
        ),
        (logging.WARNING, "Predictions are recorded again; 3 were not."),
    ]
    log.close()


def test_rows_beyond_the_bytes_of_the_disk_are_shed_until_the_table_has_some(tmp_path, caplog):
    tables = MemoryOnce(is_held=True)
    log = open_log(tmp_path, tables, max_bytes=1_400, segment_bytes=1)
    fates = [log.append(rows(number)).wait() for number in range(4)]
    assert fates == ["durable", "durable", "shed", "shed"]
    assert "wait to be moved to the table, of at most 1400" in caplog.text  # the mover may have said more since
    tables.is_held = False
    log._backlog.add(log._backlog.paths()[0], 1)  # wakes the mover
    while log.stats.committed < 2:
        threading.Event().wait(0.01)
    assert log.append(rows(9)).wait() == "durable"
    log.close()
    assert tables.ids == ["0", "1", "9"]


def test_a_closed_log_sheds(tmp_path):
    log = open_log(tmp_path, MemoryOnce())
    log.close()
    assert log.append(rows(1)).wait() == "shed"
    assert not asyncio.run(log.append(rows(2)).durable())


def test_no_rows_are_durable_at_once(tmp_path):
    log = open_log(tmp_path, MemoryOnce())
    assert log.append([]).fate == "durable"
    log.close()


def test_a_row_that_cannot_be_encoded_is_shed(tmp_path):
    log = open_log(tmp_path, MemoryOnce())
    assert log.append([row("\ud800")]).fate == "shed"
    assert "cannot be encoded" in log.stats.last_error
    log.close()


def test_a_server_starts_on_a_full_disk_and_records_when_there_is_space(tmp_path, monkeypatch, caplog):
    is_full = True

    def enter(self: home.Home) -> None:
        if is_full:
            raise StorageFull("No space left to write here.")
        really_enter(self)

    really_enter = home.Home.enter
    monkeypatch.setattr(home.Home, "enter", enter)
    tables = MemoryOnce()
    log = open_log(tmp_path, tables)
    assert log.append(rows(1)).wait() == "shed"
    is_full = False
    assert log.append(rows(2)).wait() == "durable"
    log.close()
    assert tables.ids == ["2"]
    assert "NOT recorded until there is space" in caplog.text


def test_a_damaged_segment_is_kept_aside_and_its_good_rows_go_on(tmp_path, caplog):
    log = open_log(tmp_path, MemoryOnce(is_held=True))
    log.append(rows(1, 2, 3)).wait()
    log.close()
    (path,) = segments_in(tmp_path / "log" / "0")
    path.write_bytes(path.read_bytes().replace(b'"id":"2"', b'"id":"7"'))
    tables = MemoryOnce()
    again = open_log(tmp_path, tables)
    again.close()
    assert tables.ids == ["1", "3"]
    assert again.stats.damaged == 1
    assert path.with_name(path.name + ".damaged").exists()
    assert f"The prediction log {path} was changed: " in caplog.text
    assert "are not what was written" in verify_wal(tmp_path / "log")[0]


def test_closing_twice_is_closing_once(tmp_path):
    log = open_log(tmp_path, MemoryOnce())
    log.append(rows(1))
    log.close()
    log.close()
    assert log.stats.committed == 1


def test_an_opening_never_uses_the_name_of_another():
    names = [log_module._new_app() for _ in range(1000)]
    assert len(set(names)) == 1000
    assert [name[:12] for name in names] == sorted(name[:12] for name in names)


def test_naming_a_log_imports_nothing_heavy(tmp_path):
    script = (
        "import sys, dragoman.monitoring.prediction_log; print(*{'pyarrow', 'deltalake', 'numpy'} & set(sys.modules))"
    )
    assert output_of(script).strip() == ""


def test_the_rows_hold_every_field(tmp_path):
    log = open_log(tmp_path)
    log.append([row("1")]).wait()
    log.close()
    columns = set(read_predictions(DeltaTables(tmp_path / "tables")).column_names)
    assert columns == {*PredictionRow.__struct_fields__, "date"}
