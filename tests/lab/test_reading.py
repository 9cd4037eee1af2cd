"""Scenario files: what is refused, and in which words."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from device_sim.audit import Action
from lab.errors import ScenarioInvalid, UnknownScenario
from lab.expectations import Audited
from lab.reading import find, read, read_all, shipped
from lab.scenario import Scenario

jsonschema: Any = pytest.importorskip("jsonschema")  # schemathesis brings it
GOOD = 'name: mine\nabout: it\nsteps:\n  - at: "08:00"\n    do: look\n'


def mistakes(folder: Path, text: str) -> str:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioInvalid) as caught:
        read(path)
    return str(caught.value).replace(f"{path}:", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must be a mapping that begins with name, about and steps"),
        ("- 1", "must be a mapping that begins with name, about and steps"),
        ("name: [", "1: is no YAML: "),
        ("name: a\nname: b", "2: is no YAML: the key name is given twice"),
        (GOOD.replace("about: it\n", ""), "1: about: is missing"),
        (GOOD + "sped: 3", "6: sped: is not known here; known are: about, first_day, name, seed, settings, steps"),
        (GOOD.replace("mine", "Not A Name"), "1: name: string should match pattern"),
        (GOOD.replace("08:00", "8:00"), '4: steps[0].at: is no time: write "08:30", or "day 2 02:00"'),
        (GOOD.replace('"08:00"', "8"), '4: steps[0].at: must be text: write it in quotes, as "8"'),
        (
            GOOD.replace("look", "fly"),
            "5: steps[0].do: is no action: write one verb, and what it takes; verbs are",
        ),
        (GOOD.replace("look", "{kill: , stop: }"), "5: steps[0].do: is no action: write one verb"),
        (GOOD.replace("look", "{look: {until: noon}}"), "5: steps[0].do.look.until: string should match pattern"),
        (GOOD.replace("look", "{phone: {wlan: true}}"), "known are: battery, charging, idle, thermal, wifi"),
        (
            GOOD.replace("look", "{phone: {battery: 3}}"),
            "5: steps[0].do.phone.battery: should be less than or",
        ),
        (GOOD.replace("look", "{phone: {wifi: 1}}"), "5: steps[0].do.phone.wifi: should be a valid boolean"),
        (GOOD.replace("look", "{clock: 3 days}"), "5: steps[0].do.clock: is no span of time: write days, hours or"),
        (GOOD.replace("look", "{correct: rian}"), "the step at 08:00 uses the texts rian, which are none of: everyday"),
        (GOOD.replace("do: look", "why: so"), "4: steps[0]: needs do, expect or both"),
        (GOOD.replace("do: look", "expect: {accuracy: {texts: rain}}"), "needs at_least, at_most or both"),
        (GOOD.replace("do: look", "expect: {state: fine}"), "5: steps[0].expect.state: should be 'base', 'trying'"),
        (
            GOOD.replace("do: look", "expect: {version: }"),
            "steps[0].expect: version says nothing: write what is expected",
        ),
        (GOOD.replace("do: look", "expect: {never: []}"), "5: steps[0].expect.never: must not be empty"),
        (
            GOOD.replace("do: look", "expect: {never: publsh}"),
            "5: steps[0].expect.never: should be 'consent', 'publish'",
        ),
        (GOOD.replace("do: look", "expect: {states: {}}"), "5: steps[0].expect.states: must not be empty"),
        (
            GOOD.replace("do: look", "expect: {update: {}}"),
            "steps[0].expect.update: needs one at least of: state, outcome",
        ),
        (GOOD + '  - {at: "07:00", do: look}', "steps follow each other in time, and 07:00 comes after 08:00"),
        (GOOD + "settings: {timezone: Mars/Base}", "is no time zone: write its IANA name, as Asia/Shanghai"),
        (GOOD + "first_day: soon", "6: first_day: is no date: write it as 2026-03-02"),
    ],
)
def test_a_mistake_is_told_with_its_line_its_path_and_what_is_allowed(tmp_path: Path, text: str, said: str) -> None:
    assert said in mistakes(tmp_path, text)


def test_the_lab_knows_every_action_that_a_device_records() -> None:
    assert set(get_args(Audited)) == set(get_args(Action))


def test_every_mistake_of_a_file_is_told(tmp_path: Path) -> None:
    said = mistakes(tmp_path, GOOD.replace("about: it\n", "").replace("look", "fly"))
    assert len(said.splitlines()) == 2


def test_times_and_words_need_no_quotes(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace('"08:00"', "12:30").replace("about: it", "about: no"), encoding="utf-8")
    scenario = read(path)
    assert (scenario.steps[0].at, scenario.about) == ("12:30", "no")


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(ScenarioInvalid, match="No such file"):
        read(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(ScenarioInvalid, match="not text in UTF-8"):
        read(tmp_path / "bytes.yaml")


def test_what_is_to_run_is_a_file_a_folder_or_a_name(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(GOOD, encoding="utf-8")
    assert find([str(tmp_path), "erased"]) == [tmp_path / "b.yaml", *(one for one in shipped() if one.stem == "erased")]
    assert find([]) == shipped()
    with pytest.raises(UnknownScenario, match=r"shipped are: .*erased"):
        find(["erasd"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnknownScenario, match=r"holds no \.yaml file"):
        find([str(tmp_path / "empty")])


def test_two_scenarios_need_two_names(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(GOOD, encoding="utf-8")
    with pytest.raises(ScenarioInvalid, match="the name mine is that of"):
        read_all(find([str(tmp_path)]))


def test_at_least_twenty_two_scenarios_ship_named_as_their_files() -> None:
    found = read_all(shipped())
    assert len(found) >= 22
    assert [one.name for one in found] == [path.stem for path in shipped()]
    assert len({one.about for one in found}) == len(found)


def test_the_schema_accepts_what_ships_and_refuses_what_is_wrong() -> None:
    validator = jsonschema.Draft202012Validator(Scenario.model_json_schema())
    for path in shipped():
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        validator.validate(json.loads(json.dumps(content)))  # keys of JSON are strings
    wrong = yaml.safe_load(GOOD)
    wrong["steps"][0]["do"] = "fly"
    assert not validator.is_valid(wrong)
