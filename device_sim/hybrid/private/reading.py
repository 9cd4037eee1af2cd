"""A private request, read: the times and persons it names, and the words that are left."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from device_sim.personal.mentions import Certainty, Mention, People
from device_sim.personal.numerals import half_width
from device_sim.personal.records import Contact, Event
from device_sim.personal.times import Times, TimeSpan, read_times

REMINDS = "提醒："  # how the title of a reminder of another event begins
_MOST_WORDS = 12
_LONGEST_WORD = 40
_PAST = re.compile(
    "上次|上回|上一次|刚才|昨[天日晚]|前天|上个?(?:周|星期|礼拜|月)|去年|(?:^|我|们)之前|(?:说|聊|讲|定|谈|见|开|去|做|写|记)[了过]|"
    "(?:了|过)(?:吗|没有?)?[?。!]?$"
)
# What a request is made of, besides what it is about.
_FRAME_WORDS = """
    帮我 请问 请 麻烦 看看 看一下 查一下 查查 查 告诉我 想知道 我们 咱们 我 你 您 他 她 一下 有没有 有什么
    有哪些 有几个 有多少 有无 没有 有 什么时候 啥时候 什么时间 什么 啥 哪些 哪天 哪里 哪儿 哪个 在哪 几点钟 几点
    几号 几个 几场 几次 多少 多久 星期几 周几 安排 日程表 日程 行程 日历 会议 开会 会面 见面 约会 约 活动 事情
    事儿 事 要 得 要做 要去 参加 是 的 吗 呢 吧 啊 呀 嘛 了 过 和 跟 与 同 在 到 从 给 把 将 那个 那场 那次 那
    这个 这场 这次 个 场 次 条 一个 一场 还 都 也 能 可以 能不能 下一个 下一场 下个 下场 接下来 最近 今后 以后
    上次 上回 上一次 之前 说 聊 讲 谈 定 提到 提 关于 内容 有关 相关 笔记 纪要 记录 备忘录 备忘 地点 地方 时间
    空闲 有空 空不空 空 忙不忙 忙 闲 工作 重要 别的 其他 所有 全部 一共 总共 谁 人 取消 删除 删掉 去掉 推掉 不去
    改到 改成 改为 挪到 推迟到 推迟 提前 延后 调到 移到 换到 找一下 找找 找 翻翻 记 吃饭 一起 什么事 电话 手机号
    手机 号码 邮箱 公司 单位 开始 结束 开 去 几件 没做完 做完 没完成 完成 第一个 第一场 第一 最后一个 最后一场
    最早 最晚 会议室 叫什么 时长 大概 大约 一通 那通 通 多长时间 下一次 下次 哪个月 哪个厅 整天 全天 一整天 面
    门 重新 早点 正好 那天 那会儿 告诉 列出 列一下 列
    """
# Long words go first.
_FRAME = re.compile("|".join(sorted(_FRAME_WORDS.split(), key=len, reverse=True)) + r"|[\s,。;:!?、()\"'“”‘’《》「」]")


@dataclass(frozen=True)
class Reading:
    """`text` as it was typed, `plain` in half width (same places); `mentions` overlap no time."""

    text: str
    plain: str
    now: datetime
    past: bool
    times: Times
    mentions: tuple[Mention, ...]

    @property
    def span(self) -> TimeSpan | None:
        """The first time that is named."""
        return self.times.spans[0] if self.times.spans else None

    @property
    def unclear(self) -> str | None:
        """What names a time and could not be understood."""
        if not self.times.unclear:
            return None
        begin, stop = self.times.unclear[0]
        return self.text[begin:stop]

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """Everybody whom the mentions may mean."""
        return tuple(dict.fromkeys(one for mention in self.mentions for one in mention.contacts))

    def terms(self) -> tuple[str, ...]:
        """The words that are neither a time, nor a person, nor part of every request."""
        return words_of(self.without_times_and_people())

    def without_times_and_people(self) -> str:
        """The text, with one space for each of them."""
        places = [(span.begin, span.stop) for span in self.times.spans]
        places += [(mention.begin, mention.stop) for mention in self.mentions]
        return blanked(self.plain, places)


def read_request(text: str, now: datetime, people: People, *, command: bool = False) -> Reading:
    """Read one request; a `command` is about what is to come, however it is worded."""
    plain = half_width(text)
    mentions = people.find(text)
    named = [(one.begin, one.stop) for one in mentions if one.certainty is Certainty.NAMED]
    masked = list(plain)
    for begin, stop in named:  # 张三三点到: three o'clock, not 33
        masked[begin:stop] = "\ufffc" * (stop - begin)
    past = not command and _PAST.search(plain) is not None
    times = read_times("".join(masked), now, past=past)
    taken = [(span.begin, span.stop) for span in times.spans]
    apart = tuple(one for one in mentions if all(one.stop <= begin or one.begin >= stop for begin, stop in taken))
    return Reading(text, plain, now, past, times, apart)


def words_of(text: str) -> tuple[str, ...]:
    """What is left of a text without the frame of a request: the first words, for a request has few; single characters
    tell too little.
    """
    words = (word[:_LONGEST_WORD] for word in _FRAME.sub(" ", text).split() if len(word) >= 2)
    return tuple(islice(dict.fromkeys(words), _MOST_WORDS))


def blanked(text: str, places: Sequence[tuple[int, int]]) -> str:
    """The text with a space for each of the places."""
    parts, at = [], 0
    for begin, stop in sorted(places):
        if begin >= at:
            parts += [text[at:begin], " "]
            at = stop
    return "".join(parts) + text[at:]


def about(reading: Reading, events: Sequence[Event], people: People, *, exact: bool = False) -> list[Event]:
    """Of the events, those with everybody whom the request names, about what it names: the best match of its words.
    `exact`: each of the words must be there in full, because something is to be changed.
    """
    chosen = [one for one in events if not one.title.startswith(REMINDS)] if "提醒" not in reading.plain else events
    with_them = [one for one in chosen if names_all(reading.mentions, one, people)]
    terms = reading.terms()
    if not terms:
        return with_them
    scored = [(_event_likeness(terms, event, people, exact), event) for event in with_them]
    best = max((score for score, _ in scored), default=0)
    found = [event for score, event in scored if score == best] if best else []
    # 海雀发布会 is not 海雀发布会彩排, though both hold it.
    titled = [event for event in found if half_width(event.title) in reading.plain]
    longest = max((len(event.title) for event in titled), default=0)
    return [event for event in titled if len(event.title) == longest] or found


def in_pieces(terms: Sequence[str], events: Sequence[Event]) -> list[Event]:
    """Events of one title that hold each of the words, in title or place, whole or in two pieces: 年终汇报 means
    年终总结汇报.
    """

    def held(term: str, text: str) -> bool:
        return term in text or any(term[:at] in text and term[at:] in text for at in range(2, len(term) - 1))

    found = [
        one for one in events if terms and all(held(t, half_width(f"{one.title} {one.place or ''}")) for t in terms)
    ]
    return found if len({event.title for event in found}) == 1 else []


def _event_likeness(terms: Sequence[str], event: Event, people: People, exact: bool) -> int:
    """As `likeness`; a part of a name is no word: 马云 is not in 司马云飞."""
    title = blanked(event.title, [(one.begin, one.stop) for one in people.find(event.title)])
    texts = (half_width(title), half_width(event.place or ""))
    names = [half_width(name) for name in event.people]
    scores = []
    for term in terms:
        score = max(_held(term, text) for text in texts)
        if any(name.startswith(term) or name.endswith(term) for name in names):
            score = len(term)
        scores.append(score)
    if exact and any(score < len(term) for score, term in zip(scores, terms, strict=True)):
        return 0
    return sum(scores)


def names_all(mentions: Sequence[Mention], event: Event, people: People) -> bool:
    """Whether an event is with everybody who is mentioned."""
    if not mentions:
        return True
    named = people.find(f"{event.title} {' '.join(event.people)}")
    present = {contact.id for found in named for contact in found.contacts}
    return all(present & {contact.id for contact in mention.contacts} for mention in mentions)


def likeness(terms: Sequence[str], text: str) -> int:
    """How many characters of the terms the text holds in one piece: two at least, and most of the term."""
    plain = half_width(text)
    return sum(_held(term, plain) for term in terms)


def _held(term: str, text: str) -> int:
    for size in range(len(term), max(2, (len(term) + 1) // 2) - 1, -1):
        if any(term[at : at + size] in text for at in range(len(term) - size + 1)):
            return size
    return 0
