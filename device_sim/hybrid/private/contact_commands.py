"""Commands that change the address book: a number or address, another name, where somebody works, deleting."""

import re
from dataclasses import dataclass, replace

from device_sim.hybrid.private import telling
from device_sim.hybrid.private.desk import Command, Desk
from device_sim.hybrid.private.said import PrivateAnswer, no, source, yes
from device_sim.hybrid.private.wording import EMAIL, PHONE, Said, asks
from device_sim.personal.records import Contact

_KINDS = "电话号码|手机号码|备用号码?|电话|手机号?|座机|号码|邮箱地址|邮箱|邮件地址|email"
_DETAIL = re.compile(
    rf"(?:把|将)?(?P<name>[^,。:;\s把将]{{1,20}}?)的?(?:新)?(?:{_KINDS})"
    rf"(?:号码?)?\s?(?:存为|存成|保存为|记为|记成|改为|改成|更新为|更新成|更新到|换成|设为|设成|补上|补充|是|为|:|,|存|存一下|改){{0,4}}\s?(?P<value>{EMAIL}|{PHONE})"
)
_NEW_CONTACT = re.compile(
    rf"(?:新建|新增|添加|加个?|加一个|创建|保存|存个?|存一下)(?:一个|一位)?(?:新)?联系人[:,\s]*(?P<name>[^,。:;\d\s@]{{1,20}}?)[,:\s的]*(?:电话|手机号?|邮箱)?(?:是|:)?\s?(?P<value>{EMAIL}|{PHONE})"
)
_CHANGED = re.compile(
    rf"^(?P<name>[^,。:;\s把将]{{1,12}}?)的?(?:电话|手机|号码?|邮箱)?(?:换|改|变)(?:号码?|手机号?|电话|邮箱)?了?[,。\s]*(?:现在)?(?:他|她)?的?(?:新的?)?"
    rf"(?:号码?|手机号?|电话号?码?|邮箱)?(?:是|为|:)?\s?(?P<value>{EMAIL}|{PHONE})"
)
_KEEPS = re.compile("存|添|补|记|添加|新建|新增|加|保存|改|更新|换|设")
_NAME_FRAME = re.compile(
    "^(?:记一下|记下|记住|存一下|存个|存|添加|新建|加|保存|更新|修改|改|给|为|替)|"
    "的?(?:联系方式)?(?:加|添|存|添加|增加|补|补充)上?一?个?(?:备用|新|工作|家里|公司|办公|家庭)?$|的?(?:备用|新|工作|家里|公司|办公室?|家庭)$"
)
_NOT_A_NAME = re.compile(
    r"[打拨]$|提醒|上午|下午|早上|晚上|[今明后]天|\d[点号日]|[一二三四五六七八九十][点号日]|周[一二三四五六日]"
)
_WORKS = re.compile(r"^[,;，；]\s*(?:在|是)?(?P<organisation>[^,;，；\d@]{2,30}?)(?:的|工作|上班|任职)?[。.]?$")
_OTHER_NAME = re.compile(
    r"^(?:把|将)?(?P<who>.{1,20}?)的?(?P<kind>名字|姓名|称呼|备注名|备注|昵称|外号|叫法|别名|联系人名)(?:改|换|更新|设)(?:成|为|叫)\s?(?P<to>[^,。:;\s的]{1,20})$"
)
_ALIAS = re.compile(
    r"^(?:给|为|把)(?P<whose>.{1,20}?)的?(?:别名|昵称|称呼|外号|小名|备注名)(?:再)?(?:加|添|设|补)(?:上|成|为)?(?:一个|个)?(?:叫做?)?\s?:?(?P<name>[^,。:;\s]{1,20})$|"
    r"^(?:给|为)(?P<who>.{1,20}?)(?:加|添|设|起|添加|增加|取)一?个?(?:新的?)?(?:别名|昵称|称呼|外号|小名|叫法|备注名)\s?(?:叫|是|为|:|,)?\s?(?P<to>[^,。:;\s]{1,20})$"
)
_ORGANISATION = re.compile(
    r"^(?:(?P<before>[^,。]{1,12}?)(?:换|跳槽|离职|升职|去|调)[^,。]{0,10}[,。]\s*)?(?:把|将)?(?P<who>[^,。]{0,20}?)的?"
    r"(?:工作单位|单位|公司|工作)(?:改|换|更新|记|存|设|填)(?:成|为|到|上)\s?:?(?P<to>[^,。;:\s]{2,40})$"
)
_DELETE = re.compile(
    r"^(?:把|将)?(?:删除|删掉|删了|去掉|删)?(?:一下)?(?:我的?)?(?:通讯录里?的?|通讯录中的?)?(?:联系人|这个联系人)?(?:叫)?[:「]?(?P<who>[^,。:;]{1,20}?)」?"
    r"(?:这个|的)?(?:联系人|联系方式|名片)?(?:从通讯录里?)?(?:删除|删掉|删了|去掉)?(?:吧|了)?(?:[,。].{0,30})?$"
)
_DELETES = re.compile("删")
_OF_CONTACTS = re.compile("联系人|通讯录|名片|联系方式")
_DELETE_VALUE = re.compile(rf"删.{{0,20}}?(?P<a>{EMAIL}|{PHONE})|(?P<b>{EMAIL}|{PHONE}).{{0,8}}?删")


@dataclass(frozen=True)
class Detail:
    """A detail of a contact to be kept: `name` as it was said, `value` a number or an address."""

    name: str
    value: str
    organisation: str = ""

    @property
    def is_email(self) -> bool:
        return "@" in self.value

    def added_to(self, contact: Contact) -> Contact:
        """The newest first."""
        if self.is_email:
            return replace(contact, emails=(self.value, *contact.emails))
        return replace(contact, phones=(self.value, *contact.phones))


def read(said: Said) -> Command | None:
    """The command to change a contact."""
    if asks(said.plain):
        return None
    if _DELETES.search(said.plain):
        return _read_deletion(said)
    detail = detail_of(said)
    if detail is not None:
        return lambda desk: save_detail(desk, detail)
    if match := _OTHER_NAME.match(said.plain) or _ALIAS.match(said.plain):
        groups = match.groupdict()
        who = said.cut(match, "who") if groups["who"] else said.cut(match, "whose")
        to = said.cut(match, "to") if groups["to"] else said.cut(match, "name")
        renames = groups.get("kind") in ("名字", "姓名", "联系人名")
        return lambda desk: _call(desk, who, to, renames=renames)
    match = _ORGANISATION.match(said.plain)
    if match and (match["who"] or match["before"]):
        who, to = said.cut(match, "who"), said.cut(match, "to")
        who = said.cut(match, "before") if who in ("", "他", "她") and match["before"] else who
        return lambda desk: _employ(desk, who, to)
    return None


def detail_of(said: Said) -> Detail | None:
    """The detail of a contact that is to be kept."""
    match = _NEW_CONTACT.search(said.plain) or _CHANGED.match(said.plain)
    if match is None:
        match = _DETAIL.search(said.plain)
        if match is None or not _KEEPS.search(said.plain):
            return None
    name = _NAME_FRAME.sub("", said.cut(match, "name"))
    works = _WORKS.match(said.typed[match.end() :].strip())
    organisation = works["organisation"] if works and not re.search("存|记|加|谢|吧", works["organisation"]) else ""
    if not name.strip() or _NOT_A_NAME.search(name):
        return None
    return Detail(name.strip(), match["value"].strip(), organisation)


def save_detail(desk: Desk, detail: Detail) -> PrivateAnswer:
    """Keep a number or address of somebody: of a contact that is there, or of a new one."""
    known = desk.contacts_called(detail.name)
    label = "邮箱" if detail.is_email else "电话"
    if not known:
        new = Contact(0, detail.name, (), (), (), detail.organisation or None)
        added = desk.store.add_contact(detail.added_to(new))
        works = f"，单位 {detail.organisation}" if detail.organisation else ""
        told = f"已新建联系人{added.name}，{label} {detail.value}{works}。"
        return yes(told, source(added), changed=True, undo=f"说「删除联系人{added.name}」就删掉")
    found = desk.one_contact(detail.name, "改")
    if isinstance(found, PrivateAnswer):
        return found
    if _bare(detail.value) in map(_bare, (*found.phones, *found.emails)):
        wanted = "email" if detail.is_email else "phone"
        return yes(f"已经有了：{telling.say_contact(found, wanted)}", source(found))
    changed = desk.store.change_contact(detail.added_to(found))
    before = "、".join(found.emails if detail.is_email else found.phones)
    kept = f"，原来的 {before} 也还在" if before else ""
    told = f"已把{found.name}的{label}存为 {detail.value}{kept}。"
    return yes(told, source(changed), changed=True, undo=f"说「删除{found.name}的{detail.value}」就去掉")


def rename_contact(desk: Desk, who: str, to: str) -> PrivateAnswer:
    """Give a contact another name; the old one stays as an alias."""
    return _call(desk, who, to, renames=True)


def _call(desk: Desk, who: str, to: str, *, renames: bool) -> PrivateAnswer:
    found = desk.one_contact(who, "改")
    if isinstance(found, PrivateAnswer):
        return found
    others = [one for one in desk.contacts_called(to) if one.id != found.id and to in (one.name, *one.aliases)]
    if others:
        return no(f"「{to}」已经是{others[0].name}的名字，没有改。", source(others[0]))
    if renames:
        aliases = tuple(dict.fromkeys((*found.aliases, found.name)))
        changed = desk.store.change_contact(replace(found, name=to, aliases=tuple(a for a in aliases if a != to)))
        told = f"已把联系人{found.name}改名为{to}，原来的名字留作别名。"
        return yes(told, source(changed), changed=True, undo=f"说「把{to}的名字改成{found.name}」就改回去")
    if to in (found.name, *found.aliases):
        return yes(f"{found.name}已经有「{to}」这个称呼了。", source(found))
    changed = desk.store.change_contact(replace(found, aliases=(*found.aliases, to)))
    told = f"已给{found.name}加上称呼「{to}」" + (
        f"，原来的「{'」「'.join(found.aliases)}」也还在。" if found.aliases else "。"
    )
    return yes(told, source(changed), changed=True, undo="可以在通讯录里去掉它")


def _employ(desk: Desk, who: str, to: str) -> PrivateAnswer:
    found = desk.one_contact(who, "改")
    if isinstance(found, PrivateAnswer):
        return found
    changed = desk.store.change_contact(replace(found, organisation=to))
    before = f"（原来是 {found.organisation}）" if found.organisation else ""
    undo = f"说「把{found.name}的单位改成{found.organisation}」就改回去" if found.organisation else "可以在通讯录里去掉"
    return yes(f"已把{found.name}的单位存为 {to}{before}。", source(changed), changed=True, undo=undo)


def _read_deletion(said: Said) -> Command | None:
    if value := _DELETE_VALUE.search(said.plain):
        number = (value["a"] or value["b"]).strip()
        return lambda desk: _drop_value(desk, number)
    match = _DELETE.match(said.plain)
    if match is None or not _OF_CONTACTS.search(said.plain):
        return None
    who = said.cut(match, "who")
    return lambda desk: _delete(desk, who)


def _delete(desk: Desk, who: str) -> PrivateAnswer:
    found = desk.one_contact(who, "删")
    if isinstance(found, PrivateAnswer):
        return found
    if who not in (found.name, *found.aliases):
        return no(f"是要删{found.name}吗？没有删；是的话就说：删除联系人{found.name}", source(found))
    desk.store.delete_contact(found.id)
    told = f"已删除联系人 {telling.say_all(found)}"
    return yes(told, source(found), changed=True, undo="内容都在上面，可以照着再新建")


def _drop_value(desk: Desk, value: str) -> PrivateAnswer:
    bare = _bare(value)
    owners = [one for one in desk.store.contacts() if bare in map(_bare, (*one.phones, *one.emails))]
    if len(owners) != 1:
        return no(f"通讯录里有 {len(owners)} 位联系人存着 {value}，没有删。", *map(source, owners))
    owner = owners[0]
    kept = replace(
        owner,
        phones=tuple(one for one in owner.phones if _bare(one) != bare),
        emails=tuple(one for one in owner.emails if _bare(one) != bare),
    )
    desk.store.change_contact(kept)
    told = f"已从{owner.name}里删掉 {value}，{owner.name}这个联系人还在。"
    label = "邮箱" if "@" in value else "电话"
    return yes(told, source(kept), changed=True, undo=f"说「把{owner.name}的{label}存为 {value}」就加回来")


def _bare(value: str) -> str:
    return value.lower() if "@" in value else "".join(c for c in value if c.isdecimal())
