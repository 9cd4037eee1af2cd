"""The OpenAPI document tells the truth: generated calls get documented answers, and never a fault."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.http_service import RunningService

# 200 make more than 5,000 cases.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "10"))
CASES_AN_EXAMPLE = 25


def test_every_call_documents_the_refusals_that_any_call_may_get(shared: httpx.Client) -> None:
    document = shared.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            missing = {"401", "403", "421", "500", "503"} - set(call["responses"])
            assert not missing, (method, path)
            if "requestBody" in call:
                assert not {"400", "413", "415", "422"} - set(call["responses"]), (method, path)


def test_every_call_says_in_a_line_what_it_does(shared: httpx.Client) -> None:
    paths = shared.get("/openapi.json").json()["paths"]
    lines = [call["summary"] for methods in paths.values() for call in methods.values()]
    assert paths["/v1/device"]["put"]["summary"] == "Change conditions or the clock; what is left out stays"
    assert len(set(lines)) == len(lines)
    assert max(map(len, lines)) < 120


def test_every_refusal_is_documented_as_a_problem(shared: httpx.Client) -> None:
    document = shared.get("/openapi.json").json()
    for methods in document["paths"].values():
        for call in methods.values():
            for status, answer in call["responses"].items():
                if status >= "400":
                    assert list(answer["content"]) == ["application/problem+json"]
    assert document["components"]["schemas"]["Problem"]["required"] == ["type", "title", "status", "detail"]


@pytest.fixture
def used(client: httpx.Client) -> httpx.Client:
    """A client of a device that holds samples, two updates and a version."""
    client.put("/v1/consent", json={"personalization": True})
    for prediction in client.post("/v1/predict", json={"texts": ["一句", "两句", "三句"]}).json()["predictions"]:
        client.post("/v1/feedback", json={"prediction_id": prediction["id"], "label": prediction["label"]})
    for _ in range(2):
        client.post("/v1/updates", json={"force": True, "parameters": {"epochs": 1, "learning_rate": 1e-5}})
    return client


def test_generated_calls_get_documented_answers_and_no_fault(
    service: RunningService, used: httpx.Client, tmp_path: Path
) -> None:
    command = Path(sys.executable).with_name("schemathesis")
    run = subprocess.run(
        [command, "run", f"{service.url}/openapi.json", "--max-examples", str(EXAMPLES), "--seed", "1",
         # What the document leaves open depends on the bundle: names of tasks and labels, bounds of parameters.
         "--exclude-checks", "positive_data_acceptance", "--suppress-health-check", "all"],
        cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    generated = re.search(r"(\d+) generated, (\d+) passed", run.stdout)
    assert run.returncode == 0, run.stdout[-5000:]
    assert generated is not None, run.stdout[-5000:]
    print(generated[0])
    assert generated[1] == generated[2]
    assert int(generated[1]) >= EXAMPLES * CASES_AN_EXAMPLE
    assert used.get("/readyz").json() == {"status": "ready", "reasons": []}
