"""A device that somebody has used for some days, made over HTTP as an app would make it."""

import json
from collections.abc import Sequence
from importlib import resources
from typing import Any

import httpx

_GOOD = "正面"
_RAIN = (
    "下雨了，窗外滴滴答答", "又是一个雨天", "早上出门就碰上大雨", "雨下了一整夜", "伞没带，淋着雨回家",
    "今天的雨一直没停",
    "周末两天都有雨", "雷阵雨把操场浇透了", "坐在窗边听雨", "天气预报说明天下雨", "雨点打在车顶上", "绵绵细雨下到傍晚",
    "刚晾的衣服又赶上下雨", "雨天的街上没什么人", "梅雨季节到了", "雨大得看不清路", "阳台上全是雨水", "春天的第一场雨",
    "雨停了一会儿又下起来", "下班路上淋了一场雨",
)  # fmt: skip
_TRAFFIC = (
    "地铁晚点了十分钟", "高架上堵成一片", "公交车又没赶上", "换乘走了好久", "打车排队排到三十位", "早高峰挤得站不稳",
    "出租车绕了远路", "停车场转了三圈", "限行忘了换车", "导航把我带进了小巷", "末班车刚刚开走", "桥上一动不动",
    "红灯等了四个来回", "电动车没电推回家", "地铁口排到了马路上", "大巴在服务区停了很久", "车厢里空调坏了",
    "路口又在修路", "下高速就开始堵", "骑车碰上逆风",
)  # fmt: skip
_DAYS = ("2026-12-01T09:20:00+08:00", "2026-12-02T08:50:00+08:00", "2026-12-04T21:40:00+08:00")


def use(device: httpx.Client) -> None:
    """Consent, three days of corrections, two versions and a rollback, thoughts, a calendar, contacts and notes."""
    _set(device, now=_DAYS[0])
    _call(device, "PUT", "/v1/consent", {"personalization": True})
    _personal(device)
    lesson = json.loads(resources.files("app.cli").joinpath("overtime.json").read_text("utf-8"))
    _correct(device, lesson["taught"])
    _train(device)
    _set(device, now=_DAYS[1])
    _correct(device, _RAIN)
    _train(device)
    _call(device, "POST", "/v1/models/sentiment/rollback", {"to": 0})
    _call(device, "POST", "/v1/models/sentiment/activate", {"version": 2})
    _set(device, now=_DAYS[2])
    _thoughts(device)
    _call(device, "POST", "/v1/models/sentiment/rollback", {})
    _correct(device, _TRAFFIC[:12])


def ask_cloud(device: httpx.Client) -> None:
    """Consent to a cloud model, and one request that goes to it."""
    _call(device, "PUT", "/v1/consent", {"cloud_assist": True})
    _call(device, "POST", "/v1/assist", {"text": "给王总写一封道歉邮件"})


def want_training(device: httpx.Client) -> None:
    """Enough new samples, and a phone at rest."""
    _correct(device, _TRAFFIC[12:])
    _set(device, charging=True, wifi=True, idle=True)


def _correct(device: httpx.Client, texts: Sequence[str]) -> None:
    for text in texts:
        _call(device, "POST", "/v1/feedback", {"text": text, "task": "sentiment", "label": _GOOD})


def _train(device: httpx.Client) -> None:
    update = _call(device, "POST", "/v1/updates", {"force": True})
    device.get(f"/v1/updates/{update['id']}/events").raise_for_status()  # until it has finished


def _thoughts(device: httpx.Client) -> None:
    for text, reaction in (
        ("我希望提升我的演讲能力", "like"),
        ("最近总是睡不好", "like"),
        ("这个月花钱太多了", "dismiss"),
    ):
        thought = _call(device, "POST", "/v1/insights", {"text": text})
        if thought["insights"]:
            body = {"insight_id": thought["insights"][0]["id"], "reaction": reaction}
            _call(device, "POST", f"/v1/insights/{thought['id']}/reaction", body)


def _personal(device: httpx.Client) -> None:
    contact = {"name": "王建国", "aliases": ["王总"], "phones": ["13800138000"], "organisation": "云杉智联"}
    _call(device, "POST", "/v1/personal/contacts", contact)
    event = {"title": "产品评审", "start": "2026-12-10T10:00", "end": "2026-12-10T11:30", "place": "三号会议室"}
    _call(device, "POST", "/v1/personal/calendar", {**event, "people": ["王建国"]})
    note = {"title": "和王总开会", "body": "海雀项目的报价定在三十万。", "at": "2026-11-26"}
    _call(device, "POST", "/v1/personal/notes", note)


def _set(device: httpx.Client, **conditions: object) -> None:
    _call(device, "PUT", "/v1/device", conditions)


def _call(device: httpx.Client, method: str, path: str, body: object) -> Any:
    answer = device.request(method, path, json=body)
    if answer.is_error:
        raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text}")
    return answer.json()
