"""`attune device` and `attune schedule`: the simulated phone's state, and when it trains by itself."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from app.cli.options import Json, Url, session
from app.cli.output import print_fields, print_json, say


class Thermal(StrEnum):
    """Heat."""

    NOMINAL = "nominal"
    FAIR = "fair"
    SERIOUS = "serious"
    CRITICAL = "critical"


class SamplesAfter(StrEnum):
    """What becomes of samples that were learnt."""

    KEEP = "keep"
    KEEP_FEATURES = "keep_features"
    DELETE = "delete"


Battery = Annotated[float | None, typer.Option(min=0, max=1, help="Charge of the battery, from 0 to 1.")]


def device(
    charging: Annotated[bool | None, typer.Option(help="Is it charging?")] = None,
    wifi: Annotated[bool | None, typer.Option(help="Is it on Wi-Fi?")] = None,
    idle: Annotated[bool | None, typer.Option(help="Is it idle?")] = None,
    battery: Battery = None,
    thermal: Annotated[Thermal | None, typer.Option(help="How hot it is.")] = None,
    now: Annotated[str | None, typer.Option(help="Set its clock: ISO 8601 with an offset.")] = None,
    real_clock: Annotated[bool, typer.Option("--real-clock", help="Follow the real clock again.")] = False,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Show the phone's conditions, or change those that are given."""
    if now is not None and real_clock:
        raise typer.BadParameter("give either --now or --real-clock")
    given = {"charging": charging, "wifi": wifi, "idle": idle, "battery": battery, "thermal": thermal, "now": now}
    change: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if real_clock:
        change["now"] = None
    with session(url) as api:
        state = api.call("PUT", "/v1/device", change) if change else api.call("GET", "/v1/device")
    if as_json:
        print_json(state)
    else:
        print_fields(state)


schedule = typer.Typer(help="See and set when the device trains by itself.", no_args_is_help=True)


@schedule.command("get")
def schedule_get(as_json: Json = False, url: Url = None) -> None:
    """Show the policy, the next look and the last decision."""
    with session(url) as api:
        _show(api.call("GET", "/v1/schedule"), as_json)


@schedule.command("set")
def schedule_set(
    enabled: Annotated[bool | None, typer.Option(help="Train by itself at all.")] = None,
    every_seconds: Annotated[int | None, typer.Option(help="How often to look.")] = None,
    min_new_samples: Annotated[int | None, typer.Option(help="How many new samples it takes.")] = None,
    require_charging: Annotated[bool | None, typer.Option(help="Only while charging.")] = None,
    require_wifi: Annotated[bool | None, typer.Option(help="Only on Wi-Fi.")] = None,
    require_idle: Annotated[bool | None, typer.Option(help="Only while idle.")] = None,
    min_battery: Battery = None,
    max_thermal: Annotated[Thermal | None, typer.Option(help="The most heat it may have.")] = None,
    samples_after: Annotated[SamplesAfter | None, typer.Option(help="What becomes of learnt samples.")] = None,
    retention_days: Annotated[int | None, typer.Option(help="How long samples are kept.")] = None,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Change what is given of the policy."""
    given = {
        "enabled": enabled,
        "every_seconds": every_seconds,
        "min_new_samples": min_new_samples,
        "require_charging": require_charging,
        "require_wifi": require_wifi,
        "require_idle": require_idle,
        "min_battery": min_battery,
        "max_thermal": max_thermal,
        "samples_after": samples_after,
        "retention_days": retention_days,
    }
    change = {name: value for name, value in given.items() if value is not None}
    if not change:
        raise typer.BadParameter("say what to set")
    with session(url) as api:
        _show(api.call("PUT", "/v1/schedule", change), as_json)


@schedule.command("tick")
def schedule_tick(as_json: Json = False, url: Url = None) -> None:
    """Let the device look now, and train if its conditions allow."""
    from app.cli.learning import watch

    with session(url) as api:
        decision = api.call("POST", "/v1/schedule/tick")
        # The process that trains may be this one: it stays until the training is over.
        for update_id in decision["update_ids"]:
            watch(api, api.call("GET", f"/v1/updates/{update_id}"))
    if as_json:
        print_json(decision)
    else:
        say(f"{decision['action']}: {'; '.join(decision['reasons'])}")


def _show(state: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(state)
        return
    last = state["last_decision"]
    decided = f"{last['action']} at {last['at']}: {'; '.join(last['reasons'])}" if last else None
    print_fields({**state["policy"], "next_look": state["next_look"], "last_decision": decided})
