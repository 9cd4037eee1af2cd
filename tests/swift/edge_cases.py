"""Texts that a tokenizer gets wrong first: what a phone's strings fold together, what Unicode hides, and limits."""

_WORD = "abcdefghij" * 10

NOTHING = [
    "", " ", "   ", "\t", "\n", "\r\n", "\u3000", "\u00a0\u2003", "\x00", "\u200b", "\ufeff", "\u00ad",
]  # fmt: skip

WIDTHS = [
    "ＡＢＣ１２３", "ａｂｃ，。！？", "ﾊﾝｶｸ ｶﾀｶﾅ", "１００％", "（你好）", "价格￥１２８．５０",
    "ABC，abc,ＡＢＣ", "～＠＃＄",
]  # fmt: skip

# Each accent in one code point and in two, and letters that Unicode takes for one though they are two code points.
COMPOSED = [
    "é", "e\u0301", "café", "cafe\u0301", "Ångström", "\u212bngstro\u0308m", "A\u030angstrom",
    "\u212aelvin Kelvin", "\u2126 Ω Ω\u0301", "ñ n\u0303", "q\u0323\u0307", "q\u0307\u0323", "\u0301alone",
    "a\u0301\u0302\u0303\u0304b", "ﬁ ﬂ ﬀ", "ʼn ŉ", "ǆ ǅ Ǆ", "ậ a\u0323\u0302", "\u1e9b\u0323", "ÀÉÎÕÜ àéîõü",
    "Việt Nam", "Zu\u0308rich Zürich", "\u0344", "x\u20ddy",
]  # fmt: skip

CASES = [
    "İstanbul", "ISTANBUL ıstanbul", "İ", "ΣΊΣΥΦΟΣ", "Σ", "ὈΔΥΣΣΕΎΣ ς", "STRASSE straße ẞ", "Ǆ", "ЙОД йод",
    "Ⅷ ⅷ", "ⓐ Ⓐ", "Привет МИР", "HeLLo WORLD", "ᾳ ᾼ", "𝐀𝐁𝐂", "𐐀𐐨",
]  # fmt: skip

EMOJI = [
    "😀", "好😀的", "👨‍👩‍👧‍👦", "👩🏽‍💻写代码", "🇨🇳", "🇨🇳🇯🇵", "❤️", "❤", "1️⃣", "☺︎ ☺️", "🏳️‍🌈", "a‍b",
    "a\u200cb", "😀😀😀", "🫠",
]  # fmt: skip

CJK = [
    "今天加班到十点", "𠀀𠀁", "㐀㐁䶵",
    "\uf900豈", "r\uf927b", "\uf914 \uf95c 樂", "\ufa0e\ufa0f\ufa11", "\U0002f800丽",
    "〇零", "々〆ヶ", "⼀⼆ 一二", "㊀㊁㈠", "㎏ ㏄", "繁體中文與简体中文", "日本語のテキスト",
    "カタカナ ひらがな", "が か\u3099", "パ ハ\u309a", "ㄅㄆㄇ", "東京タワー", "我love你", "用Python3写AI",
    "iPhone15Pro", "3.14倍", "2024年1月1日", "100%好", "A股涨了1.5%", "\u31c0\u2e80", "葛\U000e0100",
]  # fmt: skip

HANGUL = [
    "한국어", "가", "\u1100\u1161", "각 \u1100\u1161\u11a8", "안녕하세요 세계", "ㄱㄴㄷ", "한글과中文",
    "\ud7a3\uac00",
]  # fmt: skip

CONTROLS = [
    "a\x00b", "你\x00好", "a\x07b", "a\x1fb", "a\x7fb", "a\x85b", "a\x9fb", "a\u200bb", "a\u200eb\u200f",
    "a\u202eb\u202c", "a\u2028b\u2029c", "a\ufeffb", "a\ufffdb", "\ufffd", "a\u00adb", "a\tb\nc\rd",
    "a\x0bb\x0cc", "a\u2060b", "a\ufff9b", "a\U000e0041b", "a\u180eb",
]  # fmt: skip

SIGNS = [
    "≠", "a≠b", "=\u0338", "≮≯", "“引号”‘单’", "—破折号——", "……", "、。〈〉《》「」", "a-b_c.d", "C++ C# .NET",
    "foo@bar.com", "http://a.b/c?d=e&f", "^_^ T_T", "~!@#$%^&*()", "`code`", "§¶†", "½ ¼", "x² H₂O", "´ ¨ ¸",
    "·・•", "£€¥₿", "°C ℃", "™ ® ©", "→←", "∑∫∞", "''\"\"", "\\n",
]  # fmt: skip

SPECIAL = [
    "[MASK]", "我[MASK]你", "[SEP]", "a[SEP]b", "[CLS][SEP]", "[PAD][UNK]", "[mask]", "[MASK", "MASK]",
    "[[MASK]]", "[MASK][MASK]", " [MASK] ", "[MA SK]", "[MA\u0301SK]", "[MASK]\u0301", "ab[UNK]cd", "##ing",
    "a##b", "# #", "［MASK］", "[ＭASK]",
]  # fmt: skip

UNKNOWN = [
    "\ue000", "好\ue000的", "abc\ue000def", "\U000f0000", "\U0010fffd", "helloꙮworld", "ꙮ", "ༀ ཀ", "ᚠᚢᚦ", "𓀀",
    "hello世ꙮ界", "\u0378", "\U0001fbff", "xꙮ xyz",
]  # fmt: skip

SCRIPTS = [
    "שלום עולם", "שָׁלוֹם", "مرحبا بالعالم", "مَرْحَبًا", "١٢٣", "हिन्दी", "ภาษาไทย", "ไทย中文", "தமிழ்",
    "ქართული", "አማርኛ", "Ελληνικά ά", "Русский ё е\u0308", "abc עברית 中文 123", "ᠮᠣᠩᠭᠣᠯ", "བོད་ཡིག", "ខ្មែរ",
]  # fmt: skip

LIMITS = [
    _WORD, _WORD + "k", _WORD[:99] + "é", _WORD + "e\u0301"[1:], "a" * 100, "a" * 101, "\u0301" * 150,
    "a" + "\u0301" * 150, "İ" * 51, "好" * 253, "好" * 254, "好" * 255, "好" * 300, "今天天气不错，" * 60,
    "a " * 400, _WORD * 5, "好" * 253 + "unbelievable", "好" * 253 + "[MASK][MASK]", "好" * 254 + " ",
    ("x" * 90 + " ") * 30, "，" * 500, "[MASK]" * 300, "好\ue000" * 200,
]  # fmt: skip

EDGE_CASES = [
    *NOTHING, *WIDTHS, *COMPOSED, *CASES, *EMOJI, *CJK, *HANGUL, *CONTROLS, *SIGNS, *SPECIAL, *UNKNOWN,
    *SCRIPTS, *LIMITS,
]  # fmt: skip
