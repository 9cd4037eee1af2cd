"""Metrics, and the dashboard and alerts that are made of them."""

import json
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from app.metrics import Metrics
from app.settings import Settings
from device_sim.runtime import Runtime
from tests.support.changed_bundle import changed
from tests.support.cloud_peer import cloud_peer
from tests.support.http_service import RunningService, running
from tests.support.phone import TAUGHT, phone, teach
from tests.support.tiny_bundle import TinyBundle

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "observability/grafana/dashboards/attune.json"
GUIDE = ROOT / "docs/observability.md"
ALERTS = ROOT / "observability/prometheus/alerts.yml"
_MANY_LABELS = {
    "attune_build_info": {"version", "bundle", "python"},
    "attune_http_requests": {"method", "route", "status"},
    "attune_http_request_duration_seconds": {"method", "route", "le"},
    "attune_update_duration_seconds": {"task", "outcome", "le"},
}
_METRIC = re.compile(r"\b(?:attune|process|python)_[a-z_]+\b")


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


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What a device tells after it has done a bit of everything."""
    state_dir = tmp_path_factory.mktemp("lived") / "state"
    with cloud_peer() as peer:
        settings = {"state_dir": state_dir, "cloud_model": "tiny", "cloud_base_url": peer.base_url}
        with running(Settings.model_validate(settings)) as service, service.client() as client:
            _live(service, client)
            yield client.get("/metrics").text


def _live(service: RunningService, client: httpx.Client) -> None:
    client.put("/v1/consent", json={"personalization": True, "cloud_assist": True})
    client.post("/v1/predict", json={"text": "今天又加班到十点"})
    client.post("/v1/feedback", json={"text": "今天又加班", "task": "sentiment", "label": "负面"})
    update = client.post("/v1/updates", json={"task": "sentiment", "force": True}).json()
    assert service.runtime.updates.wait(update["id"], 60).outcome == "published"
    client.post("/v1/assist", json={"text": "帮我给王建国13800138000写一封邮件", "route": "mixed"})
    client.post("/v1/assist", json={"text": "我明天有什么安排", "route": "private"})
    client.post("/v1/schedule/tick")
    client.post("/v1/models/sentiment/rollback").raise_for_status()
    client.post("/v1/models/sentiment/activate", json={"version": 1}).raise_for_status()


def _lived(lived: str, name: str, **labels: str) -> float:
    families = text_string_to_metric_families(lived)
    found = [
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return sum(found)


def test_what_the_device_did_is_counted_and_timed(lived: str) -> None:
    told = {
        ("attune_feedback_total", "sentiment"): 1,
        ("attune_update_duration_seconds_count", "sentiment"): 1,
        ("attune_training_seconds_count", "sentiment"): 1,
        ("attune_updates_total", "sentiment"): 1,
        ("attune_rollbacks_total", "sentiment"): 1,
        ("attune_samples", "sentiment"): 1,
    }
    assert {(name, task): _lived(lived, name, task=task) for name, task in told} == told
    assert _lived(lived, "attune_rollbacks_total", cause="manual") == 1
    assert _lived(lived, "attune_versions", state="trying") == 1
    assert _lived(lived, "attune_active_version_state", task="sentiment", state="trying") == 1
    assert _lived(lived, "attune_encoder_seconds_count") > 3
    assert _lived(lived, "attune_assist_requests_total", route="mixed", fault="none") == 1
    assert _lived(lived, "attune_assist_requests_total", route="private", fault="none") == 1
    assert _lived(lived, "attune_redactions_total", type="PHONE") == 1
    assert _lived(lived, "attune_egress_requests_total", outcome="answered") == 1
    assert _lived(lived, "attune_egress_bytes_total", outcome="answered") > 100
    assert _lived(lived, "attune_schedule_decisions_total", action="wait") >= 1
    assert _lived(lived, "attune_http_requests_in_flight") == 1
    assert _lived(lived, "attune_consent", purpose="cloud_assist") == 1
    assert _lived(lived, "attune_database_bytes") + _lived(lived, "attune_database_wal_bytes") > 4096
    assert _lived(lived, "attune_build_info", python=platform.python_version()) == 1
    assert _lived(lived, "process_resident_memory_bytes") > 1e7


def test_how_long_feedback_waited_for_its_version_is_told(client: httpx.Client, service: RunningService) -> None:
    client.put("/v1/device", json={"now": "2030-01-01T00:00:00+00:00"})
    teach(service.runtime, TAUGHT[:1], "正面")
    client.put("/v1/device", json={"now": "2030-01-01T01:00:00+00:00"})
    update = service.runtime.updates.start("sentiment", {"epochs": 1, "learning_rate": 1e-5}, force=True)
    assert service.runtime.updates.wait(update.id, 30).outcome == "published"
    assert 3590 <= _value(client, "attune_time_to_version_seconds", task="sentiment") < 3700


def test_conditions_are_told(client: httpx.Client) -> None:
    assert _value(client, "attune_training_allowed") == 0
    device = {"charging": True, "wifi": True, "idle": True, "battery": 0.5, "thermal": "fair"}
    client.put("/v1/device", json=device)
    names = ("charging", "wifi", "idle", "battery_ratio", "thermal_level")
    assert [_value(client, f"attune_device_{name}") for name in names] == [1, 1, 1, 0.5, 1]
    assert _value(client, "attune_training_allowed") == 1


def test_tasks_of_another_bundle_make_no_series_of_their_own(client: httpx.Client, service: RunningService) -> None:
    with service.runtime.state.transaction() as connection:
        for task in ("hush", "hush-hush"):
            connection.execute(
                "INSERT INTO samples (task, text_digest, label, source, state, features, base_id, created_at) "
                "VALUES (?, x'00', '好', 'text', 'new', x'', 'x', '2026-01-01T00:00:00+00:00')",
                (task,),
            )
    assert _value(client, "attune_samples", task="other", state="new") == 2
    assert "hush" not in client.get("/metrics").text


def test_names_and_labels_follow_the_conventions(lived: str) -> None:
    for family in text_string_to_metric_families(lived):
        name = family.name
        assert family.documentation.endswith(".") or not name.startswith("attune_"), name
        assert not name.endswith(("_count", "_sum", "_bucket", "_ms", "_milliseconds", "_kb")), name
        if family.type == "counter":
            assert {sample.name for sample in family.samples} <= {f"{name}_total"}, name
        elif family.type == "histogram":
            assert name.endswith("_seconds"), name
        else:
            assert not name.endswith("_total"), name
        for sample in family.samples:
            assert len(sample.labels) <= 2 or set(sample.labels) == _MANY_LABELS[name]
    assert "_created" not in lived


def test_the_dashboard_and_the_alerts_ask_for_metrics_that_there_are(lived: str) -> None:
    there = {sample.name for family in text_string_to_metric_families(lived) for sample in family.samples}
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    panels = {panel["title"]: [target["expr"] for target in panel.get("targets", [])] for panel in dashboard["panels"]}
    rules = [rule for group in yaml.safe_load(ALERTS.read_text("utf-8"))["groups"] for rule in group["rules"]]
    asked = {**panels, **{rule["alert"]: [rule["expr"]] for rule in rules}}
    missing = {
        (title, name) for title, queries in asked.items() for query in queries for name in _METRIC.findall(query)
    } - {(title, name) for title in asked for name in there}
    assert missing == set()
    assert sum(bool(_METRIC.search(query)) for queries in asked.values() for query in queries) > 50
    identities = [panel["id"] for panel in dashboard["panels"]]
    assert len(identities) == len(set(identities))
    assert [panel["title"] for panel in dashboard["panels"] if panel["type"] == "row"] == [
        "Serving", "Learning", "Versions and rollbacks", "Schedule and device", "Privacy and egress", "Process",
    ]  # fmt: skip


def test_every_metric_is_documented(lived: str) -> None:
    documented = set(_METRIC.findall(GUIDE.read_text("utf-8")))
    counted = {f"{family.name}_total" if family.type == "counter" else family.name for family in _families(lived)}
    assert {name for name in counted if name.startswith("attune_")} == {
        name for name in documented if name.startswith("attune_")
    }


def _families(lived: str) -> list[Metric]:
    return list(text_string_to_metric_families(lived))


def test_the_provisioned_files_name_each_other() -> None:
    def parsed(path: str) -> Any:
        return yaml.safe_load((ROOT / path).read_text("utf-8"))

    services = parsed("docker-compose.yml")["services"]
    for name in ("prometheus", "grafana"):
        assert services[name]["profiles"] == ["observability"]
        assert all(str(port).startswith("127.0.0.1:") for port in services[name]["ports"])
        for volume in services[name]["volumes"]:
            source = volume.split(":")[0]
            assert not source.startswith("./") or (ROOT / source).is_dir()
    scrape = parsed("observability/prometheus/prometheus.yml")
    assert scrape["rule_files"] == [ALERTS.name]
    (job,) = scrape["scrape_configs"]
    assert job["authorization"]["credentials_file"] == f"/run/secrets/{services['prometheus']['secrets'][0]}"
    assert job["static_configs"][0]["targets"] == [f"{services['attune']['environment']['ATTUNE_ALLOWED_HOSTS']}:8000"]
    (source,) = parsed("observability/grafana/provisioning/datasources/prometheus.yml")["datasources"]
    assert source["url"] == "http://prometheus:9090"


@pytest.mark.skipif(shutil.which("promtool") is None, reason="Prometheus's own checker is not installed")
def test_prometheus_itself_agrees(lived: str) -> None:
    for command, given in (
        (["promtool", "check", "metrics"], lived),
        (["promtool", "check", "rules", "alerts.yml"], ""),
        (["promtool", "test", "rules", "alerts_test.yml"], ""),
    ):
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, cwd=ALERTS.parent)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
