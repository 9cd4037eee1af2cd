"""Scenario files: what is refused, and in which words."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from device_sim.audit import Action
from lab.actions import VERBS
from lab.errors import ScenarioInvalid, UnknownScenario
from lab.expectations import Audited, Expect
from lab.reading import find, read, read_all, read_each, shipped
from lab.scenario import Scenario
from tests.support.command_line import CommandLine

jsonschema: Any = pytest.importorskip("jsonschema")  # schemathesis brings it
GOOD = 'name: mine\nabout: it\nsteps:\n  - at: "08:00"\n    do: look\n'


def mistakes(folder: Path, text: str) -> str:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioInvalid) as caught:
        read(path)
    return str(caught.value).replace(f"{path}:", "")


LATER = GOOD + "  - at: day 2 08:00\n    do: "


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must be a mapping that begins with name, about and steps"),
        ("- 1", "must be a mapping that begins with name, about and steps"),
        ("name: [", "1: is no YAML: "),
        ("name: a\nname: b", "2: is no YAML: the key name is given twice"),
        (GOOD.replace("about: it\n", ""), "1: the scenario: about is missing"),
        (GOOD + "sped: 3", "6: sped: is not known here; known are: about, first_day, name, seed, settings, steps"),
        (GOOD.replace("mine", "Not A Name"), "1: name: is no name: write small letters, digits and hyphens"),
        (GOOD + "texts: {🎉: {正面: [好]}}", "6: texts.🎉: is no name: write small letters, digits and hyphens"),
        (GOOD.replace("08:00", "8:00"), '4: step 1, at: is no time: write "08:30", or "day 2 02:00"'),
        (GOOD.replace("08:00", "08:00" * 9), '4: step 1, at: is no time: write "08:30"'),
        (GOOD.replace('"08:00"', "8"), '4: step 1, at: must be text: write it in quotes, as "8"'),
        (GOOD.replace("look", "fly"), "5: step 1, do: is no action: write one verb, and what it takes; verbs are"),
        (
            GOOD.replace("look", "{kill: , stop: }"),
            "5: step 1, do: kill and stop are 2 verbs: write a list of actions, one verb each",
        ),
        (
            GOOD.replace("look", "{correct: rain, first: 3}"),
            "5: step 1, do: first stands beside the verb correct: write inside it what it takes",
        ),
        (GOOD.replace("look", "{look: {until: epoch 0}}"), "5: step 1, do.look.until: must be end, start, or an epoch"),
        (GOOD.replace("look", "{cancel: 3}"), "5: step 1, do.cancel: takes nothing"),
        (
            GOOD.replace("look", "[look, {phone: {wlan: true}}]"),
            "5: step 1, do[2].phone.wlan: is not known here; known",
        ),
        (
            GOOD.replace("look", "{phone: sleeping}"),
            "5: step 1, do.phone: must be resting, in use, or a mapping; known",
        ),
        (GOOD.replace("look", "{phone: {}}"), "5: step 1, do.phone: changes nothing: write one at least of: battery"),
        (
            GOOD.replace("look", "{schedule: {enabled: }}"),
            "5: step 1, do.schedule: changes nothing: write one at least",
        ),
        (
            GOOD.replace("look", "{schedule: {min_new_samples: 0, retention_days: -5}}"),
            "5: step 1, do.schedule.min_new_samples: must be 1 at least",
        ),
        (GOOD.replace("look", "{phone: {battery: 3}}"), "5: step 1, do.phone.battery: must be 1 at most"),
        (GOOD.replace("look", "{phone: {battery: .5e999}}"), "5: step 1, do.phone.battery: must be 1 at most"),
        (
            GOOD.replace("look", "{update: {learning_rate: 1.0e999}}"),
            "5: step 1, do.update.learning_rate: must be a finite number",
        ),
        (GOOD.replace("look", "{phone: {wifi: 1}}"), "5: step 1, do.phone.wifi: must be true or false"),
        (GOOD.replace("look", "{clock: 3 days}"), "5: step 1, do.clock: is no span of time: write days, hours or"),
        (GOOD.replace("do: look", "why: so"), "4: step 1: needs do, expect or both"),
        (GOOD.replace("do: look", "expect: [{version: 0}]"), "5: step 1, expect: must be a mapping; known in it are: "),
        (GOOD.replace("do: look", "expect: {accuracy: {texts: rain}}"), "needs at_least, at_most or both"),
        (GOOD.replace("do: look", "expect: {state: fine}"), "5: step 1, expect.state: must be base, trying, good"),
        (
            GOOD.replace("do: look", "expect: {version: }"),
            "step 1, expect: version says nothing: write what is expected",
        ),
        (GOOD.replace("do: look", "expect: {version: []}"), "5: step 1, expect.version: must not be empty"),
        (GOOD.replace("do: look", "expect: {never: []}"), "5: step 1, expect.never: must not be empty"),
        (GOOD.replace("do: look", "expect: {never: publsh}"), "5: step 1, expect.never: must be consent, publish"),
        (GOOD.replace("do: look", "expect: {states: {}}"), "5: step 1, expect.states: must not be empty"),
        (
            GOOD.replace("do: look", "expect: {update: {}}"),
            "step 1, expect.update: needs one at least of: state, outcome",
        ),
        (GOOD + '  - {at: "09:00", do: look}\n' * 500, "3: steps: must hold 500 at most"),
        (GOOD + "settings: {timezone: Mars/Base}", "is no time zone: write its IANA name, as Asia/Shanghai"),
        (GOOD + "first_day: soon", "6: first_day: is no date: write it as 2026-03-02"),
        (GOOD + "first_day: 1969-01-01", "6: first_day: a device's clock shows the years 2000 to 2999 only"),
    ],
)
def test_a_mistake_is_told_with_its_line_its_path_and_what_is_allowed(tmp_path: Path, text: str, said: str) -> None:
    assert said in mistakes(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            GOOD + '  - {at: "07:00", do: look}',
            "6: step 2, at: steps follow each other in time, and 07:00 comes after 08:00",
        ),
        (GOOD.replace("look", "{correct: rian}"), "5: step 1, do.correct: the texts rian are none of: everyday"),
        (
            GOOD.replace("do: look", "expect:\n      accuracy:\n        - {texts: rian, at_least: 1}"),
            "7: step 1, expect.accuracy[1].texts: the texts rian are none of",
        ),
        (
            GOOD.replace("do: look", "expect: {no_trace: rian}"),
            "5: step 1, expect.no_trace: the texts rian are none of",
        ),
        (
            GOOD.replace("look", "{traffic: {texts: rain, during: [{correct: rian}]}}"),
            "5: step 1, do.traffic.during[1].correct: the texts rian are none of",
        ),
        (LATER + "{import: file}", "7: step 2, do.import: nothing is exported to file before"),
        (LATER + "[{import: file}, {export: file}]", "7: step 2, do[1].import: nothing is exported to file before"),
        (LATER + "[stop, {put_back: old}]", "7: step 2, do[2].put_back: no files of the device phone are saved as old"),
        (
            LATER + "[stop, {save_files: old}]\n  - {at: day 3 08:00, device: second, do: {put_back: old}}",
            "8: step 3, do.put_back: no files of the device second are saved as old before",
        ),
        (LATER + "[stop, {repair: bundle}]", "7: step 2, do[2].repair: the bundle of the device phone is not damaged"),
        (
            LATER + "look\n    expect: {answers: {like: no-one}}",
            "8: step 2, expect.answers: no answers are remembered as",
        ),
        (
            LATER + "{correct: {texts: overtime, skip: 20}}",
            "7: step 2, do.correct: the set overtime holds 20: after the first 20 none is left",
        ),
        (
            LATER + "{correct: {texts: two, skip: 2}}\ntexts: {two: {正面: [好, 棒]}}",
            "7: step 2, do.correct: the set two holds 2: after the first 2 none is left",
        ),
        (
            LATER + "look\n    expect: {traffic: {failures: 0}}",
            "8: step 2, expect.traffic: there is no traffic in this",
        ),
        (GOOD + "texts: {overtime: {正面: [好]}}", "6: texts.overtime: is a set that ships: give yours another name"),
        (
            GOOD.replace('"08:00"', "day 9999 10:00") + "first_day: 2999-12-31",
            "4: step 1, at: a device's clock shows the years 2000 to 2999 only",
        ),
        (
            GOOD.replace("look", "{clock: -99999d}"),
            "5: step 1, do.clock: a device's clock shows the years 2000 to 2999",
        ),
        (
            GOOD.replace('"08:00"', "day 2 02:30") + "first_day: 2026-03-28\nsettings: {timezone: Europe/Berlin}",
            "4: step 1, at: there is no 02:30 on 2026-03-29 in Europe/Berlin: clocks are put forward",
        ),
    ],
)
def test_what_no_device_can_carry_out_is_told_before_it_is_played(tmp_path: Path, text: str, said: str) -> None:
    assert said in mistakes(tmp_path, text)


def test_what_an_earlier_step_keeps_may_be_brought_back(tmp_path: Path) -> None:
    keep = "[{export: file}, {remember: {as: then, texts: rain}}, stop, {save_files: old}, {damage: bundle}]"
    back = "[{put_back: old}, {repair: bundle}, start]\n    expect: {answers: {like: then}, affected: []}"
    (tmp_path / "mine.yaml").write_text(
        f"{GOOD.replace('look', keep)}  - at: day 2 08:00\n    do: {back}\n"
        "  - {at: day 2 08:00, device: second, do: {import: file}}\n"
        "  - {at: day 3 08:00, do: {schedule: {parameters: {}}}}",
        encoding="utf-8",
    )
    assert len(read(tmp_path / "mine.yaml").steps) == 4


def test_a_step_that_cannot_be_read_may_have_kept_what_a_later_one_brings_back(tmp_path: Path) -> None:
    said = mistakes(tmp_path, LATER.replace("look", "{exprot: file}") + "[{import: file}, {correct: rian}]")
    assert [line.partition(":")[0] for line in said.splitlines()] == ["5", "7"]
    assert "the texts rian are none of" in said


def test_all_mistakes_are_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = GOOD.replace("about: it\n", "").replace("look", "{correct: rian}")
    said = mistakes(tmp_path, text + '  - {at: "07:00", do: fly}\n  - {at: "06:00", do: look}\nfirst_day: soon\n')
    assert [line.partition(":")[0] for line in said.splitlines()] == ["1", "4", "5", "6", "7"]


def test_no_word_of_the_library_that_checks_is_told(tmp_path: Path) -> None:
    wrong = ("3", "x", "[]", "{}", "[3]", "{x: 1}", "{3: 4}", "1.5", "true", "", "[[x]]", "9" * 400)
    said: set[str] = set()
    for what, names in (("do", VERBS), ("expect", tuple(Expect.model_fields))):
        for value in wrong:
            steps = "".join(f'  - {{at: "08:00", {what}: {{{name}: {value}}}}}\n' for name in names)
            said.update(mistakes(tmp_path, GOOD + steps).splitlines())
    leaked = [
        line for line in said if re.search(r"[Ii]nput|instance|valid |dictionary|should|[Kk]eys |pattern|items", line)
    ]
    assert not leaked


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (GOOD.replace("it", "i\0t").encode(), "2: holds the character U+0000, which is none of a text"),
        (GOOD.replace("it", "i\x07t").encode(), "2: holds the character U+0007"),
        (GOOD.encode("utf-16-le"), "1: holds the character U+0000"),
        (b"a: " + b"[" * 5000, " lists and mappings lie too deep in each other"),
        (b"steps:\n  - " + b"[" * 3000 + b"]" * 3000, " lists and mappings lie too deep in each other"),
        (GOOD.encode() + b"seed: " + b"1" * 5000, "6: is no YAML: 1111"),
        (GOOD.encode() + b"seed: !!int x", "6: is no YAML: x can't be read as int"),
        (GOOD.encode() + b"first_day: !!timestamp 2026-13-45", "6: is no YAML: 2026-13-45 can't be read as timestamp"),
        (GOOD.encode() + b"first_day: !!timestamp soon", "6: is no YAML: soon can't be read as timestamp"),
        (GOOD.encode() + b"seed: !!bool soon", "6: is no YAML: soon can't be read as bool"),
        (GOOD.encode() + b"seed: !!python/name:os.system x", "6: is no YAML: could not determine a constructor"),
    ],
)
def test_no_content_is_an_accident(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(ScenarioInvalid) as caught:
        read(path)
    assert said in str(caught.value).replace(f"{path}:", "")


def test_a_number_may_begin_with_a_zero(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD + "seed: 09", encoding="utf-8")
    assert read(tmp_path / "mine.yaml").seed == 9


def test_the_lab_knows_every_action_that_a_device_records() -> None:
    assert set(get_args(Audited)) == set(get_args(Action))


def test_every_word_that_may_be_expected_is_documented() -> None:
    document = (Path(__file__).parents[2] / "docs" / "lab.md").read_text(encoding="utf-8")
    words = {
        word
        for definition in Scenario.model_json_schema()["$defs"].values()
        for given in definition.get("properties", {}).values()
        for word in re.findall(r"'enum': (\[.*?\])", str(given))
    }
    listed = {word for given in words for word in re.findall(r"'(.+?)'", given)}
    assert {"cancelling", "automatic-rollback", "keep_features", "critical"} < listed
    assert not {word for word in listed if not re.search(rf"[`\s]{re.escape(word)}[`,\s;]", document)}


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


def test_what_is_to_run_is_a_file_a_folder_or_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "b.yaml").write_text(GOOD, encoding="utf-8")
    assert find([str(tmp_path), "erased"]) == [tmp_path / "b.yaml", *(one for one in shipped() if one.stem == "erased")]
    assert find([]) == shipped()
    with pytest.raises(UnknownScenario, match=r"nor a shipped scenario; is erased meant\?$"):
        find(["erasd"])
    with pytest.raises(UnknownScenario, match=r"nor a shipped scenario \(attune lab list names those\)$"):
        find(["something else"])
    with pytest.raises(UnknownScenario, match="File name too long"):
        find(["a" * 5000])
    (tmp_path / "erased").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownScenario, match=r"holds no \.yaml file; it goes before the shipped scenario of its name"):
        find(["erased"])


def test_a_folder_means_its_yaml_files_but_hidden_ones_and_folders(tmp_path: Path) -> None:
    for name in ("D.YAML", "c.yml", ".hidden.yaml", "notes.txt"):
        (tmp_path / name).write_text(GOOD.replace("mine", name[0].lower()), encoding="utf-8")
    (tmp_path / "inner.yaml").mkdir()
    (tmp_path / "inner.yaml" / "e.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "gone.yaml")
    found = find([str(tmp_path)])
    assert [path.name for path in found] == ["D.YAML", "c.yml", "link.yaml"]
    assert read_each(found)[1] == [f"{tmp_path / 'link.yaml'}: No such file or directory"]
    assert find([str(tmp_path / "link.yaml")]) == [tmp_path / "link.yaml"]


def test_what_is_right_is_told_beside_what_is_wrong(attune: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "wrong.yaml").write_bytes(b"name: \0")
    checked = attune("lab", "check", tmp_path)
    assert (checked.code, checked.out) == (2, "mine: 1 step, fine\n")
    assert checked.err.startswith(f"attune: {tmp_path / 'wrong.yaml'}:1: holds the character U+0000")
    document = json.loads(attune("lab", "check", tmp_path, "--json").out)
    assert (document["ok"], document["scenarios"], len(document["mistakes"])) == (False, ["mine"], 1)


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
