"""Questions about the address book: numbers, whose they are, who works where, how many, whether somebody is in it."""

import re
from collections.abc import Sequence

from device_sim.hybrid.private import telling
from device_sim.hybrid.private.asked import organisations_named
from device_sim.hybrid.private.desk import Desk
from device_sim.hybrid.private.facts import quote
from device_sim.hybrid.private.reading import Reading, likeness, words_of
from device_sim.hybrid.private.said import PrivateAnswer, no, source, yes
from device_sim.hybrid.private.wording import EMAIL, PHONE, said
from device_sim.personal.mentions import surname
from device_sim.personal.numerals import half_width
from device_sim.personal.records import Contact

VALUE = (
    rf"(?P<value>{EMAIL}|{PHONE})\s?(?:是|这个|的?主人|存的是|对应)?.{{0,6}}谁|"
    rf"谁的(?:电话|号码|手机号?|邮箱)是\s?(?P<last>{EMAIL}|{PHONE})"
)
ENDING = r"(?:尾号|后四位|末四位|最后四位)(?:是|为)?\s?(?P<ending>\d{3,6})"
_WORKS_AT = re.compile(
    r"^(?:我)?(?:认识的?|通讯录里|联系人里)?(?:面|中)?(?:有)?(?:都有)?(?:谁|哪些人|哪个人|什么人|哪些联系人|哪位|哪几个人?|哪几位)(?:是)?在\s?(?P<a>.{2,30}?)(?:上班|工作|任职|干活|做事|的)?[?。吗呢]*$|"
    r"^(?:我)?(?:在)?(?P<b>.{2,30}?)(?:那边|那里|里面|里|公司)?(?:我)?(?:一共|总共|都|认识)?有(?:谁|哪些人|哪些联系人|什么人|几个人|多少人|几位|哪几个)|"
    r"^(?:我)?认识(?:谁|哪些人|的人里谁)(?:是)?在?(?P<c>.{2,30}?)(?:上班|工作|任职|的)?[?。吗呢]*$|"
    r"^(?:我)?(?:有|认识)?(?:几个|多少)(?:人|联系人|个人)?(?:是)?在(?P<d>.{2,30}?)(?:上班|工作|任职|的)?[?。吗呢]*$|"
    r"(?:几个|多少|哪些|哪几个|谁)(?:人|联系人)?是(?P<e>[^,。在]{2,20}?)的(?:人)?[?。吗呢]*$"
)
_SURNAME = re.compile(r"姓([\u4e00-\u9fff]{1,2}?)的")
_COUNTS = re.compile("几[个位]|多少")
_IS_KEPT = re.compile(
    r"(?:存过|存了|有没有存过?|加过|记过|有没有|存没存)(?P<a>[^,。?的]{1,12}?)(?:的?(?:电话|号码|联系方式|手机号?|邮箱|名片))?(?:没有?|吗|在(?:我的?)?通讯录里)?[?。]*$|"
    r"^(?P<b>[^,。?]{1,12}?)(?:在不在|在|是不是在|有没有存进|存进|存在)(?:我的?)?(?:通讯录|联系人)(?:里|中)?(?:面)?(?:吗|没有?)?[?。]*$|"
    r"(?:通讯录|联系人)(?:里|中)?(?:面)?有没有(?:存过?|加过?|叫做?)?(?P<c>[^,。?]{1,12}?)(?:这个人|的?(?:电话|号码|联系方式))?[?。]*$|"
    r"(?:通讯录|联系人)(?:里|中)?(?:面)?有(?P<d>[^,。?]{1,12}?)(?:这个人)?(?:吗|没有)[?。]*$"
)
_SAME = re.compile(
    r"^(?P<a>[^,。]{1,12}?)(?:和|跟|与|同|是不是就是)(?P<b>[^,。]{1,12}?)(?:是不是|是|到底是)?(?:不是)?(?:同)?一个人"
)
_WHICH = re.compile(r"(?:哪个|哪位|谁)是(?P<what>[^,。?]{1,10})")


def whose(desk: Desk, _reading: Reading) -> PrivateAnswer:
    """Whose number or address it is; a note may know it too."""
    match = re.search(VALUE, half_width(desk.text))
    value = (match["value"] or match["last"]).strip() if match else ""
    found = desk.store.search_contacts(value)
    if found:
        return yes("\n".join(telling.say_contact(one, "all") for one in found), *map(source, found))
    noted = quote(desk, desk.read(value, command=False), only_notes=True)
    if noted is not None:
        return yes(f"通讯录里没有 {value}。\n{noted.answer.text}", *noted.answer.sources)
    return no(f"通讯录里没有 {value}。")


def whose_ends(desk: Desk, _reading: Reading) -> PrivateAnswer | None:
    """Whose number ends so."""
    match = re.search(ENDING, half_width(desk.text))
    ending = match["ending"] if match else ""
    found = [one for one in desk.store.contacts() if any(re.sub(r"\D", "", tel).endswith(ending) for tel in one.phones)]
    if not found:
        return no(f"通讯录里没有尾号 {ending} 的号码。")
    return yes("\n".join(telling.say_contact(one, "phone") for one in found[:5]), *map(source, found[:5]))


def kept(desk: Desk, reading: Reading) -> PrivateAnswer | None:
    """How many contacts there are, or of a surname; whether somebody is among them."""
    plain = said(desk.text).plain
    everybody = desk.store.contacts()
    works = _organisation(plain)
    if works is not None and not _SURNAME.search(plain):
        return _who_is_at(desk, works)
    if match := _SURNAME.search(plain):
        found = [one for one in everybody if surname(one.name) == match[1]]
        if not found:
            return no(f"通讯录里没有姓{match[1]}的联系人。")
        if _COUNTS.search(plain) or not re.search("电话|号码|邮箱|手机", plain):
            names = "、".join(one.name for one in found)
            return yes(f"有 {len(found)} 位姓{match[1]}的联系人：{names}", *map(source, found[: telling.MOST_SHOWN]))
        return _details(found, telling.detail_asked(plain), several=len(found) > 1)
    if match := _IS_KEPT.search(plain):
        name = re.sub(
            "^(?:叫做?|名叫|姓名是)|(?:的|这个人|这个联系人)$",
            "",
            next(value for value in match.groupdict().values() if value),
        )
        if not re.search("谁|哪|什么|几|多少|联系人|笔记|会|安排|约|空", name):
            return _is_kept(desk, desk.text[desk.text.lower().find(name.strip()) :][: len(name.strip())] or name)
    if _COUNTS.search(plain) and not reading.mentions and not _beyond_contacts(plain):
        return yes(f"通讯录里有 {len(everybody)} 位联系人。")
    return None


def _beyond_contacts(plain: str) -> bool:
    """Whether more was said than 我有多少联系人, so that the number of all is no answer."""
    rest = re.sub(
        "我的?|现在|目前|一共|总共|通讯录|联系人|手机|里面|里|上|中|有|存了?|几|多少|个|位|人|了|[?。吗呢]", "", plain
    )
    return bool(rest.strip())


def _is_kept(desk: Desk, name: str) -> PrivateAnswer:
    found = desk.contacts_called(name) or desk.store.find_contacts(name)
    if found:
        return yes(
            "存了。\n" + "\n".join(telling.say_contact(one, "all") for one in found[:5]), *map(source, found[:5])
        )
    noted = quote(desk, desk.read(name, command=False), only_notes=True)
    told = f"通讯录里没有「{name}」。"
    if noted is not None and noted.covered >= 1:
        return yes(f"{told}\n{noted.answer.text}", *noted.answer.sources)
    return no(f"{told}可以说「把{name}的电话存为……」来添加。")


def same_person(desk: Desk, _reading: Reading) -> PrivateAnswer | None:
    """Whether two names are of one contact."""
    match = _SAME.search(half_width(desk.text))
    if match is None:
        return None
    names = [desk.text[match.start(group) : match.end(group)].strip() for group in ("a", "b")]
    people = [desk.contacts_called(name) for name in names]
    told = [
        f"「{name}」是{'、'.join(map(telling.say_all, who))}" if who else f"通讯录里没有「{name}」"
        for name, who in zip(names, people, strict=True)
    ]
    sources = [source(one) for who in people for one in who]
    if all(len(who) == 1 for who in people):
        verdict = "是同一位联系人" if people[0] == people[1] else "不是，在通讯录里是两位"
        return yes(f"{verdict}：{'；'.join(told)}。", *sources)
    return (yes if sources else no)(f"看不出来：{'；'.join(told)}。", *sources)


def which_of(_desk: Desk, reading: Reading) -> PrivateAnswer | None:
    """Which of those named is what is said: by their other names and where they work."""
    match = _WHICH.search(reading.plain)
    if match is None or len(reading.mentions) < 2:
        return None
    what = match["what"].rstrip("的吗呢")
    people = reading.contacts
    fits = [one for one in people if any(what in text for text in (one.name, *one.aliases, one.organisation or ""))]
    told = "\n".join(f"· {telling.say_all(one)}" for one in people)
    if len(fits) == 1:
        return yes(f"通讯录里{fits[0].name}写着「{what}」：\n{told}", *map(source, people))
    return yes(f"通讯录里看不出哪位是「{what}」，写着的是：\n{told}", *map(source, people))


def _organisation(plain: str) -> str | None:
    match = _WORKS_AT.search(plain)
    found = (match["a"] or match["b"] or match["c"] or match["d"] or match["e"]) if match else None
    return found.strip() if found else None


def who_works_at(desk: Desk, reading: Reading) -> PrivateAnswer | None:
    """Who of the contacts is of an organisation; None where the question is another one."""
    wanted = _organisation(said(desk.text).plain)
    if wanted is None or reading.span is not None or reading.mentions or re.search("会|那天|场|聚|局|课", wanted):
        return None
    return _who_is_at(desk, wanted)


def _who_is_at(desk: Desk, wanted: str) -> PrivateAnswer | None:
    terms = words_of(wanted) or (wanted,)
    scored = [(likeness(terms, one.organisation or ""), one) for one in desk.store.contacts()]
    best = max((score for score, _ in scored), default=0)
    found = [one for score, one in scored if best and score == best]
    if not found:
        return no(f"通讯录里没有人的单位写着「{wanted}」。")
    told = "\n".join(f"· {one.name}（{one.organisation}）" for one in found)
    return yes(f"{len(found)} 位：\n{told}", *map(source, found))


def detail(desk: Desk, reading: Reading) -> PrivateAnswer | None:
    """The number, address or organisation of somebody; notes may know it where the address book does not."""
    plain = said(desk.text).plain
    wanted = telling.detail_asked(plain)
    contacts: Sequence[Contact] = reading.contacts
    if not contacts:
        name = _guessed_name(desk.text)
        contacts = desk.store.find_contacts(name) if name else ()
        if not contacts:
            contacts = [one for who in organisations_named(plain, desk.store.contacts()).values() for one in who]
        if not contacts:
            return _not_a_contact(desk, reading, name)
    several = len(contacts) > 1 and len(reading.mentions) < 2
    lacking = (wanted == "phone" and not any(one.phones for one in contacts)) or (
        wanted == "email" and not any(one.emails for one in contacts)
    )
    told = _details(contacts, wanted, several=several)
    noted = quote(desk, reading, only_notes=True) if lacking else None
    return yes(f"{told.text}。\n{noted.answer.text}", *told.sources, *noted.answer.sources) if noted else told


def _details(contacts: Sequence[Contact], wanted: str, *, several: bool) -> PrivateAnswer:
    told = "\n".join(telling.say_contact(one, wanted) for one in contacts[: telling.MOST_SHOWN])
    heading = f"有 {len(contacts)} 位对得上：\n" if several else ""
    return yes(heading + told, *map(source, contacts))


def _not_a_contact(desk: Desk, reading: Reading, name: str) -> PrivateAnswer | None:
    if reading.span is not None:
        return None
    noted = quote(desk, reading)
    if noted is not None and (not name or half_width(name) in half_width(noted.answer.text)):
        return noted.answer
    whom = f"「{name}」" if name else "这个人"
    return no(f"通讯录里没有{whom}。可以说「把某人的电话存为……」来添加。")


def _guessed_name(text: str) -> str:
    for mark in ("的", "电话", "手机", "号码", "邮箱", "联系"):
        before, found, _ = text.partition(mark)
        if found and before.strip():
            words = words_of(before)
            return words[-1] if words else ""
    return ""
