"""The crisis guard: what it notices, what it leaves alone, and which files it refuses."""

import tomllib
from pathlib import Path

import pytest

from device_sim.insights import crisis
from device_sim.insights.crisis import CrisisGuard, InvalidCrisisFile, Resource
from model_store.grams import GramModel

FILE = Path(crisis.__file__).with_name("crisis.toml")
SMALL = f"""
answer = "{"你不是一个人，请现在就联系身边的人。" * 6}"
[[resources]]
name = "急救"
contact = "120"
when = "有生命危险时"
[fold]
traditional = "殺杀 電电"
[words]
act = "(自杀|轻生)"
[signs]
certain = ["要不要<act>"]
acts = ["<act>", "想死"]
[everyday]
denial = ["没想过<act>"]
stories = ["电影…<act>"]
"""


@pytest.fixture(scope="module")
def guard() -> CrisisGuard:
    return CrisisGuard.load(FILE)


@pytest.mark.parametrize(
    "text",
    [
        "我不想活了",
        "有时候真希望自己没有出生过",
        "要是我不在了，爸妈会不会轻松一点",
        "如果明天不用醒来就好了",
        "活着好累，不想再撑了",
        "世界没有我会更好",
        "遗书写好了，后事也安排好了",
        "我攒了一瓶安眠药",
        "又割手腕了，不敢告诉妈妈",
        "昨晚站在天台上，差点跳下去",
        "想紫砂",
        "去世算了",
        "朋友说她不想活了，我该怎么办",
        "撑不下去了，永别了",
        "I just want to die",
    ],
)
def test_signs_of_any_wording_are_noticed(guard: CrisisGuard, text: str) -> None:
    assert guard.notices(text)


@pytest.mark.parametrize(
    "text",
    [
        "要是明早醒不过来就好了",
        "真想查出个绝症，那样就解脱了",
        "站在站台边总有往下跳的冲动",
        "药一直攒着，没人知道",
        "拖累了儿女这么多年，早点走省得你们受罪",
        "这可能是我写的最后一封了",
        "为什么要把我救回来",
        "又有zs的念头",
        "外婆在天上等我，我要去找她",
        "日子选好了，心里很平静",
        "妹妹手臂上都是划痕，袖子不敢卷",
    ],
)
def test_families_of_veiled_wording_are_noticed(guard: CrisisGuard, text: str) -> None:
    assert guard.notices(text)


@pytest.mark.parametrize(
    "text",
    [
        "还好不是绝症就好",
        "婚礼日子选好了，心里很平静",
        "骑车摔了，手臂上都是伤口",
        "多亏医生把我救回来",
    ],
)
def test_the_same_words_of_everyday_life_are_left_alone(guard: CrisisGuard, text: str) -> None:
    assert not guard.notices(text)


@pytest.mark.parametrize(
    "text",
    [
        "累死了，终于下班了",
        "笑死，这个视频绝了",
        "想死你了，什么时候回来",
        "想死外婆做的红烧肉了",
        "游戏里又死了，队友太坑",
        "这个报价简直是自杀式的",
        "deadline 要到了",
        "手机死机了，想死磕到底",
        "尴尬得想原地去世",
        "热得想死，空调还坏了",
        "没有空调活不下去",
        "去玩了跳楼机，买了紫砂壶",
        "辞职一了百了",
    ],
)
def test_idioms_and_other_words_are_left_alone(guard: CrisisGuard, text: str) -> None:
    assert not guard.notices(text)


@pytest.mark.parametrize(
    "text",
    [
        "今天好累，什么都不想做",
        "感觉快撑不下去了，论文又被打回",
        "考研没考上，觉得没有希望",
        "外婆走了，我哭了一整天",
        "爷爷去世三年了，还是很想他",
        "狗狗去世了，心里空落落的",
        "失恋了，整晚睡不着",
        "没有人懂我，好孤独",
        "生活好难，活得好累",
        "我讨厌自己，一事无成",
        "被裁员了，不知道怎么告诉家里",
        "想逃离这座城市",
    ],
)
def test_sorrow_grief_and_exhaustion_are_left_alone(guard: CrisisGuard, text: str) -> None:
    assert not guard.notices(text)


@pytest.mark.parametrize(
    "text",
    [
        "电影里男主最后自杀了",
        "读完《自杀论》做了笔记",
        "新闻里说有个歌手自杀了",
        "小说里女主跳楼那段看哭了",
        "论文选题是青少年自杀率",
        "林觉民的遗书读哭了",
        "历史课讲了崇祯上吊",
        "爷爷立了遗嘱",
        "给外公办后事，忙了三天",
        "Suicide Squad was fun",
        "在游戏里自杀回城了",
        "辩论赛的题目是安乐死合法化",
    ],
)
def test_stories_of_others_are_left_alone(guard: CrisisGuard, text: str) -> None:
    assert not guard.notices(text)


@pytest.mark.parametrize(
    "denied",
    [
        "我没想过轻生",
        "我从来没有想过自杀",
        "我不会自杀的，放心",
        "我绝对不会伤害自己",
        "我不想死，我想好好活着",
        "并没有轻生的念头",
        "我没有想不开",
        "医生问我有没有自残，我说没有自残",
        "我不会去跳楼的",
        "没有自杀倾向",
        "我没想过自杀，也没想过自残",
        "I never thought about suicide",
    ],
)
def test_a_denial_is_left_alone_and_hides_nothing_beside_it(guard: CrisisGuard, denied: str) -> None:
    assert not guard.notices(denied)
    assert guard.notices(f"{denied}。可是今天真的不想活了")
    assert guard.notices(f"我想死，{denied}")


@pytest.mark.parametrize(
    "text",
    [
        "无时无刻不想死",
        "我不是不想死，是不敢",
        "没有一天不想自杀",
        "上次没死成",
        "为了孩子我才没自杀",
        "要不要自杀呢",
        "该不该去跳楼",
        "要不自杀吧",
        "没有死的勇气",
        "我为什么不去死",
        "是不是死了就好了",
        "忍不住想自残",
    ],
)
def test_a_negation_that_denies_nothing_is_a_sign(guard: CrisisGuard, text: str) -> None:
    assert guard.notices(text)


@pytest.mark.parametrize(
    "text",
    [
        "想 死",
        "想-死",
        "想。死",
        "我 不 想 活 了",
        "不*想*活*了",
        "自\u200b杀",
        "想…死",
        "想\n死",
        "想死死死死",
        "不想活活活了",
        "我想自殺",
        "活著好累，想結束這一切",
        "ｗａｎｔ　ｔｏ　ｄｉｅ",
        "K.M.S",
        "w a n t to d i e",
        "WANT TO DIE",
        "I don’t want to live",
        "今天又 want to die",
        "想kms",
        "自🔪杀",
    ],
)
def test_obfuscated_signs_are_noticed(guard: CrisisGuard, text: str) -> None:
    assert guard.notices(text)


@pytest.mark.parametrize("mark", ["。", "！", "？", "；", "\n", "!", "?", "，", "……", " ", "🙂"])
@pytest.mark.parametrize("idiom", ["笑死", "累死了", "电影里他自杀了", "想死你了", "游戏里又死了", "我没想过轻生"])
def test_an_everyday_phrase_does_not_hide_a_sign_beside_it(guard: CrisisGuard, idiom: str, mark: str) -> None:
    assert not guard.notices(f"{idiom}{mark}今天天气不错")
    assert guard.notices(f"{idiom}{mark}我不想活了")
    assert guard.notices(f"我想自杀{mark}{idiom}")


def test_the_first_person_is_not_taken_for_the_story(guard: CrisisGuard) -> None:
    assert not guard.notices("电影里他想自杀")
    assert guard.notices("看完电影我想自杀")
    assert guard.notices("游戏也不想玩了，想自杀")


@pytest.mark.parametrize("text", ["", " ", "。", "，，，", "😀", "\u200b", "死", "a" * 300, "123"])
def test_texts_without_words_are_left_alone(guard: CrisisGuard, text: str) -> None:
    assert not guard.notices(text)


def test_a_sign_at_the_end_of_a_long_text_is_noticed(guard: CrisisGuard) -> None:
    assert guard.notices("今天天气不错，" * 2_000 + "我不想活了")


def test_the_answer_and_the_resources_are_fit_to_show(guard: CrisisGuard) -> None:
    assert 80 <= len(guard.answer) <= 200
    assert "\n" not in guard.answer
    assert [resource.contact for resource in guard.resources] == ["12356", "120", "110", "12355"]
    assert not guard.notices(guard.answer.replace("伤害", ""))


def test_a_small_file_is_enough() -> None:
    guard = CrisisGuard.load(SMALL)
    assert guard.resources == (Resource(name="急救", contact="120", when="有生命危险时"),)
    assert [guard.notices(text) for text in ("想死", "没想过自殺", "電影里他自杀", "要不要自杀", "你好")] == [
        True,
        False,
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("old", "new", "entry"),
    [
        ('answer = "', 'reply = "', "answer"),
        ("请现在就联系身边的人。", "", "answer"),
        ('contact = "120"', 'contact = " "', r"resources\[0\]\.contact"),
        ('contact = "120"', "contact = 120", r"resources\[0\]\.contact"),
        ('when = "有生命危险时"', "", r"resources\[0\]\.when"),
        ('"殺杀 電电"', '"殺杀 電"', "fold.traditional: '電'"),
        ('["<act>", "想死"]', "[]", "signs.acts"),
        ('"想死"', '"想.*死"', r"signs\.acts\[1\]: .*no bound"),
        ('"想死"', '"想.{2,}死"', r"signs\.acts\[1\]: .*no bound"),
        ('"想死"', '"想(死"', r"signs\.acts\[1\]: not a regular expression"),
        ('"想死"', '"(想)?死"', r"signs\.acts\[1\]: begin with"),
        ('"想死"', '"…死"', r"signs\.acts\[1\]: begin with"),
        ('"想死"', '"想死死"', r"signs\.acts\[1\]: a doubled character"),
        ('"想死"', '"想<die>"', r"signs\.acts\[1\]: unknown word <die>"),
        ('"想死"', '"自殺"', r"signs\.acts\[1\]: .*folded away"),
        ('"想死"', '"Die"', r"signs\.acts\[1\]: .*folded away"),
        ('"电影…<act>"', '"电影+"', r"everyday\.stories\[0\]"),
        ("[everyday]", "[every day]", "can't be read"),
        ("[everyday]", "[idioms]", "everyday"),
    ],
)
def test_a_bad_file_is_refused_and_its_entry_named(old: str, new: str, entry: str) -> None:
    assert old in SMALL
    with pytest.raises(InvalidCrisisFile, match=entry):
        CrisisGuard.load(SMALL.replace(old, new))


def test_wordings_that_no_pattern_foresees_are_left_to_the_model(guard: CrisisGuard) -> None:
    veiled = "风从天台灌进袖子里，我脱了鞋，摆整齐，给你们打最后这几个字"
    assert not CrisisGuard.load(FILE.read_text("utf-8")).notices(veiled)
    assert guard.notices(veiled)
    assert guard.notices("今天在食堂吃了面，味道还不错。" * 100 + veiled)


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 not a model"])
def test_without_a_usable_model_the_guard_is_refused(tmp_path: Path, content: bytes | None) -> None:
    (tmp_path / "crisis.toml").write_text(SMALL, "utf-8")
    if content is not None:
        (tmp_path / "crisis.npz").write_bytes(content)
    with pytest.raises(InvalidCrisisFile, match=r"crisis model: crisis\.npz can't be read"):
        CrisisGuard.load(tmp_path / "crisis.toml")


def test_what_an_everyday_phrase_explains_is_kept_from_the_model(tmp_path: Path) -> None:
    (tmp_path / "crisis.toml").write_text(SMALL, "utf-8")
    GramModel({"轻生": 10.0}, bias=-1.0, threshold=0.0).write(tmp_path / "crisis.npz")
    small = CrisisGuard.load(tmp_path / "crisis.toml")
    assert not small.notices("没想过轻生")
    assert small.notices("没想过轻生，但我轻生")


def test_a_missing_or_undecodable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidCrisisFile, match="can't be read"):
        CrisisGuard.load(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes("answer = 'é'".encode("latin-1"))
    with pytest.raises(InvalidCrisisFile, match="can't be read"):
        CrisisGuard.load(tmp_path / "latin.toml")


def texts(name: str) -> dict[str, list[str]]:
    """Texts of others, by kind."""
    lines = (Path(__file__).parents[1] / "support" / name).read_text("utf-8").splitlines()[1:]
    found: dict[str, list[str]] = {"crisis": [], "sad": []}
    for kind, text in (line.split("\t") for line in lines):
        found[kind].append(text)
    return found


def test_texts_of_others_that_it_was_widened_with_are_all_noticed(guard: CrisisGuard) -> None:
    known = texts("crisis_texts.tsv")
    assert [text for text in known["crisis"] if not guard.notices(text)] == []
    assert sum(guard.notices(text) for text in known["sad"]) <= 1
    assert [len(known[kind]) for kind in ("crisis", "sad")] == [130, 260]


def test_texts_that_it_has_never_seen_are_mostly_noticed(guard: CrisisGuard) -> None:
    unseen = texts("crisis_unseen.tsv")
    assert sum(guard.notices(text) for text in unseen["crisis"]) == 40
    assert sum(guard.notices(text) for text in unseen["sad"]) <= 4, "of 80"


GOALS = [
    "学游泳", "存钱", "早起", "跳舞", "把字练好看", "把英语学好", "把身体养好", "把房间收拾干净", "结束单身",
    "一个人静静", "去旅行", "把工作辞了",
]  # fmt: skip


@pytest.mark.parametrize("frame", ["我想{}", "我想把自己的{}", "我想要{}", "我打算{}", "想{}", "我要{}", "今年想{}"])
def test_plain_wishes_are_left_alone(guard: CrisisGuard, frame: str) -> None:
    assert not [goal for goal in GOALS if guard.notices(frame.format(goal))]


def test_later_texts_that_nothing_was_made_in_view_of_are_all_told_apart(guard: CrisisGuard) -> None:
    unseen = texts("crisis_unseen_later.tsv")
    assert (len(unseen["crisis"]), len(unseen["sad"])) == (40, 80)
    assert all(guard.notices(text) for text in unseen["crisis"])
    assert not any(guard.notices(text) for text in unseen["sad"])


def test_every_group_of_the_file_says_what_it_means() -> None:
    source = FILE.read_text("utf-8")
    for table in ("signs", "everyday"):
        for group in tomllib.loads(source)[table]:
            before = source[: source.index(f"\n{group} = [")].rstrip().splitlines()[-1]
            assert before.startswith("# "), f"{table}.{group} has no comment"
