"""Commands that change a note: append a line, rename, delete. Only one that is certainly meant is touched."""

import re
from dataclasses import replace

from device_sim.hybrid.private import telling
from device_sim.hybrid.private.contact_commands import rename_contact
from device_sim.hybrid.private.desk import Command, Desk
from device_sim.hybrid.private.event_changes import set_title
from device_sim.hybrid.private.note_commands import BOOKS, asks_a_value, nothing_to_keep
from device_sim.hybrid.private.note_finding import note_meant
from device_sim.hybrid.private.said import PrivateAnswer, source, yes
from device_sim.hybrid.private.wording import Said, asks

_NOTE = "笔记|备忘录?|便签|日记|纪要"
_RENAME = re.compile(
    r"^(?:把|将)?(?P<which>.{1,60}?)(?:的?(?:标题|名字|题目))?(?:改名|重命名|更名|改)(?:叫做?|成|为|作)+\s*[《「“\"]?(?P<to>[^《》「」”\"]{1,80})[》」”\"]?$"
)
_IN_IT = rf"(?:那|这)(?:一)?(?:条|篇|个|份|则)(?:{_NOTE})?|的?(?:{_NOTE})"
_APPEND_TO = re.compile(
    rf"^(?:把|将)?(?P<what>.{{2,400}}?)[,，。;\s]*(?:都)?(?:记|加|写|补|添|补充|追加|放|存)(?:到|进|在|入)\s*(?P<which>[^,。;:]{{1,30}}?(?:{_IN_IT}|[》」]))(?:里面|里|上|中|后面|末尾|下面)?[。!]?$",
    re.DOTALL,
)
_APPEND_IN = re.compile(
    rf"^(?:给|在|往|向|到|把)(?P<which>[^,。;:]{{1,30}}?(?:{_IN_IT}|[》」]))(?:里面|里|上|中|后面|末尾|下面)?(?:再)?(?:补充|追加|补|加|添|记|写)(?:上|进|入|下)?(?:一?[行条句笔段])?\s*[:,]?\s*(?P<what>.{{1,}})$",
    re.DOTALL,
)
_APPEND_TITLE = re.compile(
    r"^(?:给|在|往|向|到)(?P<which>[^,。;:]{1,30}?)(?:里面|里|上|中|后面|末尾|下面)?(?:再)?(?:补充|追加|[补加添记写]一?[句行条])(?:一下|一?[句行条])?\s*[:,]\s*(?P<what>.{1,})$",
    re.DOTALL,
)
_DELETE = re.compile(r"^(?:把|将)?(?P<which>.{1,80}?)(?:给我)?(?:删除|删掉|删了|去掉|清掉|扔掉)(?:吧|了)?[。!]?$")
_DELETE_FIRST = re.compile(r"^(?:删除|删掉|删了|去掉|删)(?P<which>.{1,80})$")
_NEW_BOOK = re.compile(r"(?:我的?)?(?P<title>[^《》那这条篇]{1,12})的?(?:笔记|备忘录?|日记)")
_OF_NOTES = re.compile(rf"{_NOTE}|[《》]|那条.{{0,6}}记|记的?那条")


def read(said: Said) -> Command | None:
    """The command to change a note."""
    if asks(said.plain) and not re.search("[:,]", said.plain):
        return None
    for pattern in (_APPEND_IN, _APPEND_TO, _APPEND_TITLE):
        match = pattern.match(said.plain)
        if match and not re.fullmatch(f"(?:我的?)?(?:{BOOKS})", match["which"]):
            which, what = said.cut(match, "which"), said.cut(match, "what")
            if not re.search("日程|日历|通讯录|待办", which):
                return lambda desk: _append(desk, which, what)
    match = _RENAME.match(said.plain)
    if match and (_OF_NOTES.search(match["which"]) or re.search("改名|重命名|更名", said.plain)):
        which, to = said.cut(match, "which"), said.cut(match, "to")
        return lambda desk: _rename(desk, which, to)
    match = _DELETE_FIRST.match(said.plain) or _DELETE.match(said.plain)
    if match and _OF_NOTES.search(match["which"]):
        which = said.cut(match, "which")
        return lambda desk: _delete(desk, which)
    return None


def _rename(desk: Desk, which: str, to: str) -> PrivateAnswer:
    plainly = _OF_NOTES.search(which) is not None
    if not plainly and desk.contacts_called(which):
        return rename_contact(desk, which, to)
    note = note_meant(desk, which, "改")
    if isinstance(note, PrivateAnswer):
        return note if plainly else set_title(desk, which, to)
    kept = desk.store.change_note(replace(note, title=to))
    undo = f"说「把笔记《{to}》改名为{note.title}」就改回去"
    return yes(f"已把笔记《{note.title}》改名为《{kept.title}》。", source(kept), changed=True, undo=undo)


def _append(desk: Desk, which: str, what: str) -> PrivateAnswer:
    if asks_a_value(what):
        return nothing_to_keep(what)
    note = note_meant(desk, which, "记")
    if isinstance(note, PrivateAnswer):
        named = _NEW_BOOK.fullmatch(which)
        if note.sources or named is None:
            return note
        kept_new = desk.keep_note(what, named["title"])
        return replace(kept_new, text=f"没有叫「{named['title']}」的笔记，{kept_new.text}")
    if what in note.body:
        return yes(f"《{note.title}》里已经有这句话了。", source(note))
    kept = desk.store.change_note(replace(note, body=f"{note.body}\n{what}"))
    return yes(f"已在笔记《{kept.title}》末尾加上：{what}", source(kept), changed=True, undo="可以在笔记里删掉这一行")


def _delete(desk: Desk, which: str) -> PrivateAnswer:
    note = note_meant(desk, which, "删")
    if isinstance(note, PrivateAnswer):
        return note
    desk.store.delete_note(note.id)
    told = f"已删除笔记《{note.title}》（{telling.say_day(note.at.date(), desk.now)}）。内容是：\n{note.body}"
    return yes(told, source(note), changed=True, undo=f"要恢复就说：记个笔记：{note.body}")
