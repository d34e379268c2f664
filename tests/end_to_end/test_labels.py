"""Labels of files, of the API and of reviewers, over answers of a server that was killed."""

import json
import shutil
import time

import pytest

from .conftest import run
from .test_serve import get, post, serving

TEXTS = ["money back please refund 1", "where is my parcel order 2", "send the invoice bill 3", "my parcel 4"]
MORE = """
[log]
text = true
durability = "each"

[review]
per_day = 1
audit = 1.0
double = 0.0
"""


@pytest.fixture
def shop(trained, tmp_path):
    """A workspace of its own with a version that answers, and a reviewer."""
    root = shutil.copytree(trained, tmp_path / "shop")
    spec = root / "models" / "support.toml"
    spec.write_text(spec.read_text() + MORE)
    (root / "reviewers.toml").write_text('[[reviewers]]\nname = "ana"\nlanguages = ["en", "de", "ru"]\n')
    return root


def counted(url):
    quality = get(f"{url}/v1/models/support/monitor")["models"][0]["quality"]
    return (quality["right"], quality["wrong"]) if quality else (0, 0)


def wait_for(url, wanted):
    deadline = time.monotonic() + 30
    while counted(url) != wanted and time.monotonic() < deadline:
        time.sleep(0.2)
    return counted(url)


def test_labels_count_whoever_keeps_them_and_whichever_server_answered(shop, tmp_path):
    with serving("serve", "-w", shop) as (_, url):
        with serving("serve", "-w", shop) as (killed, other):
            _, answer = post(f"{other}/v1/models/support/predict", {"inputs": TEXTS})
            killed.kill()
            killed.wait()
        said = {one["id"]: one["labels"][0]["label"] for one in answer["predictions"]}
        made = run("labels", "queue", "support", "--make", "-w", shop)
        assert made.returncode == 0, made.stderr
        _, task = post(f"{url}/v1/models/support/review/next", {"reviewer": "ana"})
        wrong = next(one for one in task["labels"] if one != said[task["prediction_id"]])

        assert post(f"{url}/v1/review/{task['id']}/label", {"reviewer": "ana", "label": wrong})[0] == 200
        first, *others = [id for id in said if id != task["prediction_id"]]
        post(f"{url}/v1/models/support/labels", {"labels": [{"prediction_id": first, "label": said[first]}]})
        lines = [json.dumps({"prediction_id": id, "label": said[id]}) for id in others]
        (tmp_path / "labels.jsonl").write_text("\n".join(lines))
        added = run("labels", "add", "support", tmp_path / "labels.jsonl", "-w", shop)
        assert added.returncode == 0, added.stderr

        assert wait_for(url, (3, 1)) == (3, 1)
        run("labels", "add", "support", tmp_path / "labels.jsonl", "--source", "again", "-w", shop)
        _, answer = post(f"{url}/v1/models/support/predict", {"inputs": "wo ist mein paket 5"})
        last = {
            "prediction_id": answer["predictions"][0]["id"],
            "label": answer["predictions"][0]["labels"][0]["label"],
        }
        post(f"{url}/v1/models/support/labels", {"labels": [last]})
        assert wait_for(url, (4, 1)) == (4, 1)
