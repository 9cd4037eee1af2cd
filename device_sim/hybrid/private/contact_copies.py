"""The command that copies a number from the notes into the address book: 把小童的电话从笔记里抄进通讯录."""

import re

from device_sim.hybrid.material import sentences
from device_sim.hybrid.private.contact_commands import Detail, save_detail
from device_sim.hybrid.private.desk import Command, Desk
from device_sim.hybrid.private.said import PrivateAnswer, no, source
from device_sim.hybrid.private.wording import EMAIL, PHONE, Said, asks
from device_sim.personal.numerals import half_width

_COPY = re.compile(
    r"^(?:把|将)?(?:(?:从)?笔记(?:里|中|上)的?)?(?P<who>[^,。:;\s]{1,20}?)的?(?P<kind>电话|手机号?|号码|邮箱)(?:号码?)?(?:从)?(?:笔记(?:里|中|上)?)?(?:里)?"
    r"(?:抄|存|加|录|复制|拷贝|转|搬)(?:一下)?(?:到|进|在|入)(?:我的?)?(?:通讯录|联系人)(?:里|中)?$"
)
_NEAR = 12  # characters between a name and the number that belongs to it
_MOST = 20


def read(said: Said) -> Command | None:
    """The command to copy."""
    match = _COPY.match(said.plain)
    if match is None or asks(said.plain):
        return None
    who, wants_mail = said.cut(match, "who"), match["kind"] == "邮箱"
    return lambda desk: _copy(desk, who, EMAIL if wants_mail else PHONE)


def _copy(desk: Desk, who: str, value_form: str) -> PrivateAnswer:
    belongs = re.compile(rf"{re.escape(half_width(who))}[^,，。;；]{{0,{_NEAR}}}?[,，]?(?P<value>{value_form})")
    values = {}
    for note in desk.store.search_notes(who, _MOST):
        for sentence in sentences(note.body):
            for match in belongs.finditer(half_width(sentence)):
                values[match["value"].strip()] = note
    if not values:
        return no(f"笔记里没有找到「{who}」的号码或邮箱，没有存。")
    if len(values) > 1:
        return no(f"笔记里「{who}」旁边有 {len(values)} 个：{'、'.join(values)}，没有存。请说要存哪一个。")
    value, note = next(iter(values.items()))
    saved = save_detail(desk, Detail(who, value))
    return PrivateAnswer(
        f"{saved.text}（抄自笔记《{note.title}》）",
        (*saved.sources, source(note)),
        saved.changed,
        saved.understood,
        saved.undo,
    )
