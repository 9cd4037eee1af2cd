"""Questions about the phone's own data: which of them a text asks, and who answers it."""

import re
from collections.abc import Callable, Sequence

from device_sim.hybrid.private import availability, spans_between, telling
from device_sim.hybrid.private import calendar_questions as calendar
from device_sim.hybrid.private import contact_questions as contacts
from device_sim.hybrid.private import note_questions as notes
from device_sim.hybrid.private.desk import Desk
from device_sim.hybrid.private.facts import quote
from device_sim.hybrid.private.reading import Reading
from device_sim.hybrid.private.said import PrivateAnswer, no, source
from device_sim.hybrid.private.wording import asks, said

Answerer = Callable[[Desk, Reading], PrivateAnswer | None]

UNKNOWN = (
    "这个手机上答不了：这里只有你的日历、通讯录和笔记，也没有把它发到别处。"
    "可以这样问：「我下周四有什么安排」「张伟的电话是多少」「上次和王总开会说了什么」。"
)
# What the phone's data does not hold at all, by its name.
_NOT_HELD = (
    (re.compile("漏接|未接|通话记录|来电|打过几个电话|打来的电话|短信|聊天记录|微信消息"), "通话和消息的记录"),
    (re.compile("步数|多少步|走了.{0,4}步|心率|睡了多久|睡眠"), "步数、睡眠这样的健康数据"),
    (re.compile("分享给|谁看过|被谁看|转发给谁|谁已读"), "分享的记录"),
    (re.compile("^(?:标记|标为|标成|设为)?(?:为)?(?:已)?完成|打勾|打个勾|勾掉"), "能打勾的待办"),
    (re.compile("天气(?:怎么样|如何|好)|会下[雨雪]|下[雨雪]吗|气温|多少度|空气质量"), "天气"),
    (re.compile("电量|流量|内存|余额|验证码|快递到哪|定位|照片|相册|截图|闹钟响"), "这样的数据"),
)
_CAN_NOT_DO = re.compile(
    "清空|全删|都删|打个?电话|拨(?:打|号|通)|发(?:给|到|送到?)(?!我).{1,20}$|发(?:个|条|封).{0,4}(?:短信|消息|微信|邮件)|退(?:票|款|订)|退了$|转账|付款|下单"
)
_LIST = re.compile(
    "安排|日程|行程|日历|会议|开会|(?:做|干)(?:了|过)?(?:什么|啥)|(?:有|的|个|场|么|些)会|会(?=[?。]|$)|活动|(?<![违预合节大])约(?![定束])|计划|"
    "(?:有|要|得)(?:什么|啥|哪些|没有)?(?:事|做|干)|有事|什么事|干什么|干嘛|忙什么|忙啥|提醒|待办|去哪|"
    "(?:我|咱).{0,8}(?:还)?(?:要|用|得|需要)(?:去|见|开|上|交|接).{0,12}[吗?]"
)
_CONTACT = re.compile(
    "电话(?!会|里|沟通|聊)|手机号?|号码|座机|邮箱|邮件地址|e-?mail|联系方式|怎么联系|微信号?|在哪(?:里|儿|个公司|家公司)?(?:上班|工作|任职)|(?:哪个?|哪家|什么)(?:公司|单位)|上班的?地方|工作单位|"
    "全名|本名|真名|别名|名片"
)
_NOTES = re.compile(
    "(?:说|聊|讲|谈|定|讨论|商量|提|决定|答应|承诺|约定|吩咐|交代|嘱咐|建议)(?:了|过|的)?(?:是)?(?:些|点)?(?:什么|啥|哪些)|笔记|纪要|会议记录|备忘|"
    "(?:我)?(?:记|写)过|怎么说的?|怎么定的?|结论|说的(?:什么|是)"
)
_COUNT = re.compile("几[个场次条件位]|多少[个场次条件位]?(?:会|安排|日程|活动|约|联系人|笔记|人)|有多少")
_FREE = re.compile(
    "有空|没事(?![的儿做])|没安排的|空不空|忙不忙|忙吗|有时间|空闲|得空|没空|方便吗|空着|是空的|能安排|什么时候.{0,4}空|腾得出"
)
_NEXT = re.compile(
    "下一[个场次]|(?:下|接下来)(?:一|的)?(?:个|场|次|件)?(?:会议?|安排|日程|活动|行程|约会?|事)|下次(?:见|和|跟|与)|接下来(?:有|要|我|是|的)|马上(?:有|要)"
)
_WHEN = re.compile(
    "几点|什么时候|啥时候|什么时间|哪天|哪一天|几号|星期几|周几|多久|多长时间|几个小时|在哪|哪里|哪儿|什么地方|地点|地址|跟谁|和谁|有谁|谁参加|谁去|哪些人|还有谁|谁来"
)
_MONEY = re.compile(
    "(?:今天|昨天|前天|这周|本周|上周|这个月|本月|上个月|一共|总共).{0,6}(?:花了|开销|支出|花费|消费)|记的?账|账单|(?:没|未|要|该|还得?|待)(?:付|交|还|缴)的?(?:钱|款|费|账)|欠.{0,4}钱"
)

_PATTERNS: tuple[tuple[re.Pattern[str], Answerer], ...] = (
    (re.compile(contacts.VALUE), contacts.whose),
    (re.compile(contacts.ENDING), contacts.whose_ends),
    (_MONEY, notes.money),
    (re.compile("联系人|通讯录|姓[\u4e00-\u9fff]{1,2}的|存过|存了|有没有存"), contacts.kept),
    (re.compile("是(?:不是)?同?一个人|同一个人"), contacts.same_person),
    (re.compile("哪个是|哪位是|谁是"), contacts.which_of),
    (re.compile("几[条篇个]笔记|多少[条篇个]?(?:笔记|备忘)"), notes.count),
    (re.compile("谁|哪些人|什么人|几个人|多少人|哪位"), contacts.who_works_at),
    (re.compile("撞车|冲突|重叠|打架|撞上|撞期|时间重了"), availability.clashes),
    (re.compile("几天|多少天|多久|同一天|隔"), spans_between.between),
    (re.compile("第一|最早|最后一[个场]|最晚"), calendar.first_or_last),
    (_NEXT, calendar.next_one),
    (re.compile("微信|记在哪"), notes.written),
    (_NOTES, notes.about),
    (_CONTACT, contacts.detail),
    (_COUNT, calendar.listed),
    (_FREE, availability.free),
    (_WHEN, calendar.when),
    (_LIST, calendar.listed),
)  # fmt: skip


def answer_question(desk: Desk) -> PrivateAnswer:
    """The answer of the first who understands the question; else what notes and events say of it; else that nothing
    was found.
    """
    text = desk.text
    reading = desk.read(text, command=False)
    plain = said(text).plain
    refused = _refused(text, plain, reading)
    if refused is not None:
        return refused
    for pattern, answerer in _PATTERNS:
        if pattern.search(plain) and (answer := answerer(desk, reading)) is not None:
            return answer
    wants_to_know = asks(plain) or _looks_up(plain)
    if wants_to_know and (found := quote(desk, reading)) is not None:
        return found.answer
    if reading.span is not None and (reading.mentions or ("我" in text and not reading.terms())):
        return calendar.listed(desk, reading)
    terms = reading.terms()
    if reading.mentions and wants_to_know:
        return _who_they_are(reading, terms)
    if terms and wants_to_know:
        return no(f"日历、通讯录和笔记里都没有找到「{'」「'.join(terms[:3])}」，所以{UNKNOWN}")
    return no(UNKNOWN)


def _who_they_are(reading: Reading, terms: Sequence[str]) -> PrivateAnswer:
    """Of those who are named, what the address book holds: it may be what was meant."""
    told = "\n".join(f"· {telling.say_all(one)}" for one in reading.contacts[:3])
    about = f"「{'」「'.join(terms[:3])}」" if terms else "要问的事"
    return no(f"日历和笔记里没有找到{about}。通讯录里有：\n{told}", *map(source, reading.contacts[:3]))


def _refused(text: str, plain: str, reading: Reading) -> PrivateAnswer | None:
    """What can't be asked of this phone, or not in these words."""
    for pattern, name in _NOT_HELD:
        if pattern.search(plain):
            return no(f"手机里没有{name}，这里只有日历、通讯录和笔记。「{text.strip()[:40]}」答不了，也没有改什么。")
    if not asks(plain) and _CAN_NOT_DO.search(plain):
        return no("这里只查和改日历、通讯录和笔记：不打电话，不发消息，不下单，也不一次清空。什么都没有改。")
    if reading.unclear is not None and (_LIST.search(plain) or _COUNT.search(plain) or _FREE.search(plain)):
        return no(f"{telling.say_unclear(reading.unclear)}没有查。可以说「12月3日」「下周四」这样的时间。")
    if _states(plain) and reading.span is not None and reading.span.moment:
        return no(f"要记到日历里就说：帮我记一下{text.strip()}")
    return None


def _states(plain: str) -> bool:
    """Whether the text tells something, rather than asks."""
    return not (asks(plain) or _looks_up(plain) or re.search("(?:安排|日程|行程|日历|的会议?)[。!]?$", plain))


def _looks_up(plain: str) -> bool:
    """Whether it is to be looked for, though not worded as a question."""
    return re.search("看|找|查|告诉|念|读|搜|列|重复一遍", plain) is not None
