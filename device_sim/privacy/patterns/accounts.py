"""Accounts, passwords, codes and keys: values that a word before them names, and keys known by their form."""

import re
from collections.abc import Iterator

from stdnum import iban
from stdnum.cn import uscc

from device_sim.privacy.findings import SensitiveType
from device_sim.privacy.patterns import account_words as words
from device_sim.privacy.patterns.matches import Match
from device_sim.privacy.patterns.named_values import PROGRAM
from device_sim.privacy.patterns.public import asks, tells_of_somebody

# Between the word and its value: a colon or a verb; before that, perhaps a remark: 密码（6位）是, 验证码一共六位是.
_SAYS = (
    r"[\"']?[ ]{0,2}(?:[:=]|(?:就|都|还)?[是为叫]|(?:已经?|被|我)?(?:改|设|换|设置|改设)[成为]了?|->|is(?=[ :])){1,2}"
    r"[ ]{0,2}[“\"'‘【\[(]?"
)
_REMARK = r"(?:[ ]?\([^)\n]{1,8}\)|(?:一共|共|有)*[四五六七八\d]位(?:数字|数)?)?"
_ACCOUNT = r"(?:的)?(?:账号|帐号|账户|用户名|号码?|[ ]?id|名|昵称|uid)"
_END = r"(?![a-z0-9_])"
# What is counted is no value: 密码8-16位, 验证码5分钟内有效.
_UNCOUNTED = r"(?![^，。；！？\n床单学]{0,2}(?:位|个字|种|次|年|月份|天|分钟|小时|版|元|块|万))"
_HOLDS_DIGIT = r"(?=[!-~]{0,40}\d)"
_HANDLE = r"(?:[a-z]{2,20}\\)?[a-z0-9_][a-z0-9_.\-]{2,40}(?:\#\d{3,6})?"
_WECHAT = r"[a-z0-9_][a-z0-9_\-]{3,29}"  # WeChat itself allows 6 to 20; a phone or QQ number serves too
_SERIAL = r"[a-z0-9](?:[a-z0-9]|[\-/ ](?=[a-z0-9])){2,30}"
_CODE = r"[a-z0-9](?:[a-z0-9]|[ \-](?=[a-z0-9])){2,19}"

# Before 号: goods, transport, places, issues, marks of punctuation.
_COUNTED = (
    "订运货款书型版批单条股期刊文区房门楼座路线色尺邮车航班品物题图准端口次流水快递公信符引括逗句问感分顿冒等编料略星月日"
    "一二三四五六七八九十"
)

# The values are the groups. Repetition is bounded, so that a search takes linear time. `(?x)`: layout means nothing.
_NAMED = [
    # A handle after a colon or a verb; right after the name only with a digit in it.
    rf"""(?x)(?:{words.CHATS}) (?:账号|帐号|号码?|[ ]?id)? {_REMARK}
        (?: [ ]?[:=][ ]? | {_SAYS}(?=[^ ]{{0,40}}[\d_\-])
          | [ ]?(?=[a-z][a-z_\-]{{0,18}}\d)(?!iphone|android|windows|ios|mac|pc|v\d) )
        ({_WECHAT}){_END}""",
    rf"(?x)(?:{words.CHATS}) (?:搜索?|搜一搜|添加) [ :]{{0,2}} ([a-z][a-z0-9_\-]{{4,29}}){_END}",
    rf"(?x)(?:{words.CHATS}) (?:名片|好友|的)?(?:账号|帐号|号码?|[ ]?id) {_REMARK} (?:{_SAYS}|[ ]?) ({_WECHAT}){_END}",
    rf"""(?x)[我他她加您] (?:的|我的?)? (?:{words.CHATS}) [ ]?
        (?!app|pay|web|pc|wechat|id) ([a-z][a-z0-9_\-]{{4,29}}){_END}""",
    rf"(?x){words.QQ} (?:我|群|号|账号|号码|群号|邮箱){{0,3}} {_REMARK} (?:{_SAYS}|[ :]{{0,2}}) (\d{{5,12}})(?!\d)",
    rf"(?x)(?:{words.NETWORKS}|{words.GAMES}) {_ACCOUNT} {_REMARK} (?:{_SAYS}|[ ]?) (@?{_HANDLE}){_END}",
    rf"(?x)(?:{words.NETWORKS}) {_REMARK} [ ]?(?:[:=]|(?=@)|找我|是|上[叫是]) [ ]? (@?{_HANDLE}){_END}",
    rf"""(?x)(?:{words.NETWORKS}|{words.CHATS}) (?:id|号|名|昵称|同号)? [ :是叫为]{{0,3}}
        ((?=[a-z_\-.]*\d|[a-z]*[_\-])[a-z][a-z0-9_.\-]{{5,30}}
          | [a-z][a-z0-9_.\-]{{2,30}}\#\d{{3,6}} | [一-鿿]{{1,8}}(?<![a-z是的叫])[_\-]?\d{{2,8}}){_END}{_UNCOUNTED}""",
    # An invitation: 加我xiaolu_99, 找我@bob.
    rf"""(?x)[加找搜] (?:我|他|她|俺|[一]?下|这个)* 的? (?:[小大]号|好友|号)? [ :]{{0,2}}
        (@[a-z0-9_.]{{3,30}} | (?=[a-z]{{1,20}}[\d_\-])[a-z][a-z0-9_\-]{{5,29}}){_END}""",
    rf"""(?x)(?:(?<![a-z])(?:wi-?fi|ssid)|热点|无线网?络?) (?:名字?|名称|账号)? (?:{_SAYS}|[ ]{{0,2}})
        (?!802|\d(?:\.\d)?g|密码|[a-z]{{1,10}}[ ]?$)
        ((?=[a-z]*[\d@_\-])[a-z0-9_@.\-]{{4,40}} | [a-z0-9_]{{3,20}}(?=[ ，,]{{0,2}}密码)){_END}""",
    rf"""(?x)(?:{words.NAMES}) {_REMARK} (?:{_SAYS}|[ ](?=[^ ]{{0,40}}\d)|(?=@))
        @?({_HANDLE}(?:@[a-z0-9.\-]{{3,40}})?){_END}{_UNCOUNTED}""",
    rf"(?x)(?:{words.NAMES}) (?=[a-z0-9_]{{0,20}}\d) ([a-z0-9_@.\-]{{4,40}}){_END}{_UNCOUNTED}",
    rf"(?x)(?:账号|帐号|用户名|登录名) [ ] (?!login|app|id|bug|api|vip|pro) ([a-z][a-z0-9_.\-]{{3,30}}){_END}",
    # A number that somebody was given, whatever it is called; not what shops, catalogues and maps count by.
    rf"""(?x)(?: [一-鿿](?<![{_COUNTED}])(?<!零件|部件|物件|版本|专利|准文)(?:编号|证号|卡号|牌号|号)
          | 串[号码] | (?:注册|登记|会员)码 | [证證]书?[编字]?号 | [证卡]书?(?=[\s:是为]{{0,3}}[a-z]{{0,3}}\d{{6}}) )
        {_REMARK} (?:{_SAYS}|[ ]?) (?=[a-z\-]{{0,8}}\d) (?=[a-z\-]*(?:\d[a-z/ \-]{{0,3}}){{4}})
        ({_SERIAL}){_END}{_UNCOUNTED}""",
    r"""(?x)(?:(?<![a-z])wi-?fi(?![a-z])|热点|无线网?络?) [^!-~\n，。]{0,4} [ :]{0,2}
        ([!-~]{3,40}) [ ]?[/|][ ]? ([!-~]{6,40})""",
    rf"""(?x)(?:[证證]书?(?:编号|字号|号)|编号) {_REMARK} [ :是]{{0,3}}
        ([一-鿿]{{1,4}}[ ]?\d{{5,14}}){_END}{_UNCOUNTED}""",
    r"""(?x)(?:后台|登[录陆]|账号密码|(?<![a-z])(?:login|log[ ]in|credentials|creds))
        (?:[ :是为]{0,3}|[ ]is[ ]) ([a-z0-9_.@\-]{2,40})
        (?:[ ]?[/|][ ]?|[ ](?=[!-~]{0,20}[\d!@\#$%^&*])(?![\d.]+[ ]?[^!-~])) ([!-~]{3,40})""",
    # Both together need nothing between: 账号admin密码admin.
    rf"""(?x)(?:{words.NAMES}) (?:{_SAYS}|[ ]{{0,2}}) ([!-+\--~]{{2,60}}) [ ,，、;；/]{{0,3}}
        (?:{words.SECRETS}) (?:{_SAYS}|[ ]{{0,2}}) ([!-~]{{3,60}})""",
    rf"(?x)(?:{words.SECRETS}) [ ]?从[ ]? ([!-~]{{3,60}}) [ ]?(?:改|换)[成为到]了?[ ]? ([!-~]{{3,60}})",
    rf"""(?x)(?:{words.SECRETS}) (?:{_SAYS}) (?![什多忘几怎哪不没])
        ([一-鿿]{{1,6}}[!-~]{{3,40}})""",
    (
        r"(?x)(?:门禁|门锁|开锁|大门|单元门|密码锁) [码号]? [ :是]{0,3} ([*\#]?\d{3,8}[*\#]{0,2})"
        r"(?![\d元块万年月日号位个])"
    ),
    # In English: member no, health card number.
    rf"""(?x)(?<![a-z]) (?!order|track|model|part|item|product|version|serial|build|issue|ticket|flight|train|room
        |phone|page)
        [a-z]{{2,12}} [ ](?:id|no\.?|number)[ :\#]{{1,3}}(?:is[ ])? ([a-z]{{0,4}}-?\d[\da-z\-]{{4,20}}){_END}""",
    r"(?x)(?<![a-z0-9])(?:root|admin|administrator|ubuntu|guest) [ ]?[/|][ ]? ((?=[a-z!-/]{0,20}\d)[!-~]{4,40})",
    r"(?x)(?<![\d\-])(\d[\d\-]{3,12}) [ ]? [取提][件货]码",
    # With words between, where digits follow: 密码还是老样子 zm92.
    rf"""(?x)(?:{words.SECRETS}) (?![多几怎太]) [一-鿿 ，,]{{1,9}} (?<![至到少少于第超])
        ((?=[!-~]{{0,20}}\d)[a-z0-9!@\#$%^&*_.\-]{{4,60}})(?![a-z0-9]|[^，。；！？\n]?(?:位|个|种|次|年|天|分钟|元|块|万|字))""",
    rf"(?x)(?:{words.SECRETS}) [^:=\n。；]{{1,14}} [:=] [ ]{{0,2}} {_HOLDS_DIGIT} ([!-~]{{3,60}}){_UNCOUNTED}",
    # A secret is whatever is no space and no Chinese character; alone, or after `is`, it holds a digit or a mark.
    rf"""(?x)(?:{words.SECRETS}) (?:码|号)? {_REMARK}
        (?: (?:现在|目前|还)?{_SAYS} | [ ]{{0,2}}(?:is|was)[ ]{{1,2}}(?=[^ ]{{0,40}}[\d!@\#$%^&*_]) )
        (?:bearer[ ])? ((?<=")[^"\n]{{3,200}}(?=") | \d{{1,3}}(?:[ ]\d{{1,3}}){{2,11}}(?!\d)
          | [!-~]{{3,512}} (?:[ ][\d!@\#$%^&*]{{1,8}}(?![a-z0-9])){{0,3}})""",
    rf"""(?x)(?:{words.SECRETS}) (?:码|号)? {_REMARK} [ ]{{0,2}} {_HOLDS_DIGIT}
        (?![_\-.+]|[\d\-~]{{1,6}}(?:位|个|种|次|年|条|分钟)) ([a-z0-9!@\#$%^&*_+.\-]{{4,200}})""",
    rf"""(?x)(?:{words.CODES}) (?:号码?|编号)? {_REMARK} (?:{_SAYS}|[ ]{{0,2}}(?:is[ ])?)
        (?=[a-z]{{0,8}}-?\d) ({_CODE}[\#*]?){_END}{_UNCOUNTED}""",
    rf"""(?x)(?<![\d.]) (\d{{4,8}}) (?!\d) [ ]? (?:[(\[【]|(?:是|即?为|is)[ ]?) (?:[^\d，。；\n]{{1,8}})?的?[ ]?
        (?:登录|登陆|动态|短信|手机|支付|注册|本次){{0,3}} (?:{words.CONFIRMATIONS})""",
    rf"""(?x)(?:{words.GIVEN}) (?:码|号|编号|号码){{0,2}} {_REMARK} (?:{_SAYS}|[ \#]{{0,2}}(?:no\.?|number)?[ :]{{0,2}})
        (?=[a-z\-]{{0,8}}\d) ({_SERIAL}){_END}{_UNCOUNTED}""",
    # The part of a number that is used to tell whose it is.
    rf"""(?x)(?:手机号?|电话|卡号?|银行卡|信用卡|储蓄卡|身份证号?|账户)?的?
        (?:尾号|[前后末][四4六6三3八8两]位(?:数字)?) (?:{_SAYS}|[ ]?) (\d{{3,6}}x?)(?!\d){_UNCOUNTED}""",
]
_KEYS = [
    r"(?<![a-z0-9_])((?:wxid|gh)_[a-z0-9]{8,32})(?![a-z0-9])",
    r"(?<![a-z0-9_\-])((?:sk|pk|rk)[-_](?:[a-z0-9]{2,12}[-_]){0,3}[a-z0-9_\-]{16,200})",
    r"""(?x)(?<![a-z0-9_]) ((?:gh[pousr]_|github_pat_|glpat-|hf_|npm_|pypi-|xox[abpr]-|ltai|akia|asia|akid|aiza
        |ya29\.|eaac|dop_v1_|shpat_|sq0csp-) [a-z0-9_\-]{14,200})""",
    r"(?<![a-z0-9_])(eyj[a-z0-9_\-]{8,2000}\.[a-z0-9_\-]{8,2000}(?:\.[a-z0-9_\-]{1,2000})?)",
    r"(?<![a-z0-9])(bc1[a-z0-9]{25,60}|0x[a-f0-9]{40}|0x[a-f0-9]{64})(?![a-z0-9])",
    r"(-----begin [a-z ]{0,20}private key-----[^-]{1,8000}(?:-----end [a-z ]{0,20}private key-----)?)",
    r"(?<![a-z0-9])(l[a-hj-npr-z0-9]{10,12}\d{4,6})(?![a-z0-9])(?<=[a-z0-9]{17})(?<![a-z0-9]{18})",  # a vehicle's
    # Cases in court, title deeds, papers of soldiers.
    r"([(\[]?(?:19|20)\d\d[)\]]? ?[一-鿿]\d{0,4}[民刑行执知商仲财破赔][一-鿿]{0,3}\d{1,6}号)",
    r"([一-鿿][(\[](?:19|20)\d\d[)\]][一-鿿]{2,10}第 ?\d{4,12} ?号)",
    r"([一-鿿]{2,10}字第? ?\d{4,14} ?号)",
    r"(?:密保|安全问题)(?:问题|答案)?[ :是为]{1,3}([一-鿿a-z0-9]{2,20})",
    r"(?:产权|字)第 ?(\d{5,12}) ?号",
    rf"(?:{words.SEEDS})[^a-z\n]{{0,6}}((?:[a-z]{{3,8}} ){{11,23}}[a-z]{{3,8}})",
]


def _guarded(pattern: str) -> str:
    """The same pattern, asked only where one of its words may begin."""
    for lists in (words.CHATS, words.NETWORKS, words.SECRETS, words.GIVEN):
        begin = f"(?x)(?:{lists}"
        if pattern.startswith(begin):
            return f"(?x)(?={words.BEGINS}){pattern.removeprefix('(?x)')}"
    return pattern


_PATTERNS = [re.compile(_guarded(pattern)) for pattern in (*_NAMED, *_KEYS)]
_IBAN = re.compile(r"(?<![a-z0-9])[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,3})?(?![a-z0-9])")
_COMPANY = re.compile(r"(?<![a-z0-9])[0-9a-z][1-9]\d{6}[0-9a-z]{10}(?![a-z0-9])")  # GB 32100: a check digit
# Words that stand where a value would.
_NO_VALUE = re.compile(
    r"(?:https?|http|null|none|true|false|string|int|str|text|password|xxx+|\*+|\.\.\.+|[-=_.]+|incorrect|wrong"
    r"|required|not$"
    r"|expired|invalid|[_ -]?access[_ -]?key.*|[_ -]?key|os\.environ.*|process\.env.*|getenv.*|input\(.*)$"
)

# Asked about by anybody: what a thing has, or everybody's first guess.
_THINGS = re.compile(r"(?:序列号|设备[号码]|机器码|发票代码|发票号码?|型号|前[六6]位|s/?n)[^，。]{0,3}$")
_GUESSES = re.compile(r"(?:admin|root|test)?\d{0,3}|1234\d{0,5}|password\d{0,3}|(\d)\1{3,7}|qwerty|abc123")


def accounts(text: str) -> Iterator[Match]:
    """The accounts, passwords, codes and keys of a plain text."""
    for pattern in _PATTERNS:
        for found in pattern.finditer(text):
            for group, value in enumerate(found.groups(), start=1):
                start = found.start(group)
                if value[0] == "@" and PROGRAM.search(text):
                    continue
                if not _NO_VALUE.match(value) and not _is_asked_about(text, start, value):
                    yield Match(start, start + _length(value), SensitiveType.ACCOUNT)
    for found in _IBAN.finditer(text):
        if iban.is_valid(found[0]):
            yield Match(found.start(), found.end(), SensitiveType.CARD)
    for found in _COMPANY.finditer(text):
        if not found[0].isdigit() and uscc.is_valid(found[0].upper()):
            yield Match(found.start(), found.end(), SensitiveType.ACCOUNT)


def _length(value: str) -> int:
    """Of the value without the stop or bracket of the sentence around it."""
    return len(value.rstrip(".,;:)]\"'")) or len(value)


def _is_asked_about(text: str, start: int, value: str) -> bool:
    if not _GUESSES.fullmatch(value) and not _THINGS.search(text, max(0, start - 12), start):
        return False
    return asks(text) and not tells_of_somebody(text)
