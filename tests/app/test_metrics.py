"""Metrics."""

from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from app.metrics import Metrics
from device_sim.runtime import Runtime
from tests.support.changed_bundle import changed
from tests.support.http_service import RunningService
from tests.support.phone import TAUGHT, phone, teach
from tests.support.tiny_bundle import TinyBundle


def _value(client: httpx.Client, name: str, **labels: str) -> float:
    families = text_string_to_metric_families(client.get("/metrics").text)
    samples = (sample for family in families for sample in family.samples)
    (value,) = (sample.value for sample in samples if sample.name == name and sample.labels == labels)
    return value


def test_answers_are_counted_by_route_not_by_path(client: httpx.Client) -> None:
    for number in range(3):
        client.get(f"/v1/updates/secret-{number}")
        client.get(f"/secret-{number}")
    labels = {"method": "GET", "status": "404"}
    assert _value(client, "attune_http_requests_total", route="/v1/updates/{update_id}", **labels) == 3
    assert _value(client, "attune_http_requests_total", route="none", **labels) == 3
    assert "secret" not in client.get("/metrics").text


def test_a_method_that_nobody_knows_makes_no_new_series(client: httpx.Client) -> None:
    client.request("SECRET", "/v1/models")
    assert "SECRET" not in client.get("/metrics").text


def test_predictions_are_counted_by_version_and_timed(client: httpx.Client) -> None:
    client.post("/v1/predict", json={"texts": ["一", "二", "三"]})
    client.post("/v1/predict", json={"text": "一"})
    assert _value(client, "attune_predictions_total", task="sentiment", version="0") == 4
    assert _value(client, "attune_predict_seconds_count") == 2


def test_the_device_is_told_of(service: RunningService, client: httpx.Client) -> None:
    client.put("/v1/consent", json={"personalization": True})
    client.post("/v1/feedback", json={"text": "一", "task": "sentiment", "label": "正面"})
    update = service.runtime.updates.start("sentiment", {"epochs": 1, "learning_rate": 1e-5}, force=True)
    assert service.runtime.updates.wait(update.id, 30).outcome == "published"
    client.post("/v1/feedback", json={"text": "二", "task": "sentiment", "label": "正面"})
    assert _value(client, "attune_active_version", task="sentiment") == 1
    assert _value(client, "attune_serving_version", task="sentiment") == 1
    assert _value(client, "attune_pending_samples", task="sentiment") == 1
    assert _value(client, "attune_ready") == 1
    assert _value(client, "attune_updates_total", task="sentiment", outcome="published") == 1
    service.runtime.state.database.close()
    assert _value(client, "attune_state_readable") == 0


def test_samples_that_no_update_would_learn_from_do_not_wait(bundle: TinyBundle, tmp_path: Path) -> None:
    def renamed(manifest: dict[str, Any]) -> None:
        manifest["tasks"]["sentiment"]["labels"] = ["差", "一般", "好"]
        del manifest["tasks"]["route"]

    with phone(bundle, tmp_path / "state") as runtime:
        teach(runtime, TAUGHT[:2], "负面")
        teach(runtime, TAUGHT[:2], "private", task="route")
        assert _pending(runtime) == {"sentiment": 2, "route": 2}
    with phone(changed(bundle, tmp_path / "renamed", renamed), tmp_path / "state") as runtime:
        teach(runtime, TAUGHT[2:3], "好")
        assert _pending(runtime) == {"sentiment": 1}


def _pending(runtime: Runtime) -> dict[str, float]:
    metrics = Metrics()
    with metrics.watching(runtime):
        families = text_string_to_metric_families(metrics.exposition().decode())
    (family,) = (family for family in families if family.name == "attune_pending_samples")
    return {sample.labels["task"]: sample.value for sample in family.samples if sample.value}


def test_two_services_do_not_share_counters(client: httpx.Client, shared: httpx.Client) -> None:
    client.post("/v1/predict", json={"text": "一"})
    assert _value(shared, "attune_predict_seconds_count") == 0
