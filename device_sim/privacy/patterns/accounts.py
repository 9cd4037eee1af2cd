"""Accounts, passwords, codes and keys: values that a word before them names, and keys known by their form."""

import re
from collections.abc import Iterator
from re import Match as Found

from device_sim.privacy.findings import SensitiveType
from device_sim.privacy.patterns.matches import Match

_SAYS = r"[ ]{0,2}(?:[:=]|(?:就|都|还)?[是为叫]|改成了?|改为|设成了?|设为|设置为|换成了?|换为|->)[ ]{0,2}[“\"'‘【\[(]?"
_BRACKET = r"(?: ?[(（][^)）\n]{1,8}[)）])?"
_MINE = r"(?:我|你|他|她|您|本人|老公|老婆|妈妈|爸爸|儿子|女儿)的?"
_HANDLE = r"[a-z0-9_][a-z0-9_.\-]{2,40}"
_END = r"(?![a-z0-9_])"

# Each: words, then the value, in group 1. Bounded throughout, so that a search takes linear time.
_CHAT = (
    r"微信|薇信|威信|维信|徽信|微❤|卫星号|v信|wechat|weixin|(?<![a-z0-9])(?:wx|vx|wxid|v|➕v|加v|加vx)(?=[ :号\d是])"
)
_NETWORKS = (
    r"支付宝|抖音|快手|小红书|微博|b站|淘宝|京东|旺旺|钉钉|飞书|企业微信|陌陌|探探|知乎|豆瓣|贴吧|领英|推特|脸书|电报|游戏|steam|"
    r"(?<![a-z])(?:telegram|tg|line|skype|instagram|ins|twitter|facebook|github|linkedin|discord|paypal|apple ?id"
    r"|icloud|alipay)"
)
_NAMES = (
    r"(?:登[录陆])?(?:账|帐|賬|帳)[号號户戶](?:名)?|用户名|登[录陆]名|(?<![a-z])(?:user ?name|user|account|login|user ?id|uid|openid"
    r"|handle)(?![a-z])|网名|昵称|id号"
)
_SECRETS = (
    r"密码|密碼|口令|密钥|私钥|秘钥|(?<![a-z])(?:pass(?:word|wd|code|phrase)?|pwd|psw|pin(?: ?code)?|secret(?:[ _-]?key)?"
    r"|client[ _-]?secret|app[ _-]?secret"
    r"|api[ _-]?key|access[ _-]?(?:key|token)(?:[ _-]?(?:id|secret))?|secret[ _-]?access[ _-]?key|auth[ _-]?token"
    r"|token|credential|bearer|authorization)(?![a-z])|令牌"
)
_CODES = (
    r"验证码|驗證碼|校验码|动态[码密]码?|短信码|取件码|提货码|取货码|取餐码|邀请码|激活码|兑换码|核销码|核验码|安全码|识别码|提取码|cvv2?|cvc|(?<![a-z])(?:otp|pin"
    r"|verification code|code)(?![a-z])"
)
_PAPERS = (
    r"工号|员工号|员工编号|学号|学籍号|准考证号?|考号|考生号|社保卡?号?|社会保障号码?|医保卡?号?|公积金(?:账号|帐号|号)?|病历号|病案号|住院号|门诊号|就诊卡?号?|登记号"
    r"|会员卡?号|客户号|客户编号|保单号?|合同编?号|发票号码?|税号|纳税人识别号|(?:统一)?社会信用代码|驾驶[证證]号?|驾照号?|行驶证号?|档案编?号|军官证号?|士兵证号?|警官证号?|警号"
    r"|房产证号|不动产权?证?号|车架号|发动机号|imei|imsi|iccid|meid|序列号|设备号|设备码|机器码|户号|宽带号|宽带账号|票号|资格证号?|执业证号?|教师证号?|学生证号?|记者证号?"
    r"|港澳台居住证号?"
    r"|(?<![a-z])(?:vin|s/?n|ssn|member ?id|employee ?id|student ?id|employee number|patient id)(?![a-z])|预约号|挂号单号"
    r"|案号|护士证号?|毕业证编?号|学位证编?号|结婚证号?|出生证号?"
)
_ASKS = r"(?![^，。；！？\n]{0,2}(?:位|个字|种|次|年|月份|天|分钟|小时|版|元|块|万))"
_PATTERNS = [
    # A handle after a colon or a verb, or with digits in it right after the name.
    rf"(?:{_CHAT})(?:账号|帐号|号码?|id)?{_BRACKET}(?:[ ]?[:=][ ]?|{_SAYS}(?=[^ ]{{0,40}}[\d_\-])"
    rf"|[ ]?(?=[a-z][a-z_\-]{{0,18}}\d)(?!iphone|android|windows|ios|mac|pc|v\d))([a-z0-9_][a-z0-9_\-]{{3,29}}){_END}",
    rf"(?:{_CHAT})(?:账号|帐号|号码?|id){_BRACKET}(?:{_SAYS}|[ ]?)([a-z0-9_][a-z0-9_\-]{{3,29}}){_END}",
    rf"(?<![a-z])(?:qq|扣扣|企鹅|球球|加q|扣)(?:群|号|账号|号码|群号|邮箱)*{_BRACKET}(?:{_SAYS}|[ :]{{0,2}})(\d{{5,12}})(?!\d)",
    rf"(?:{_NETWORKS})(?:的)?(?:账号|帐号|账户|用户名|号码?|id|名|昵称|uid){_BRACKET}(?:{_SAYS}|[ ]?)@?({_HANDLE}){_END}",
    rf"(?:{_NETWORKS}){_BRACKET}[ ]?[:=][ ]?@?({_HANDLE}){_END}",
    rf"(?:{_NAMES}){_BRACKET}(?:{_SAYS}|[ ](?=[^ ]{{0,40}}\d))@?({_HANDLE}(?:@[a-z0-9.\-]{{3,40}})?){_END}",
    rf"(?:{_NAMES})(?=[a-z0-9_]{{0,20}}\d)([a-z0-9_]{{4,30}}){_END}{_ASKS}",
    # A secret: whatever is no space and no Chinese character; alone, without a verb, it must hold a digit or a mark.
    rf"(?:{_SECRETS})(?:码|号)?{_BRACKET}(?:(?:现在|目前|还)?{_SAYS}|[ ]{{0,2}}(?:is"
    rf"|was)[ ]{{1,2}}(?=[^ ]{{0,40}}[\d!@#$%^&*_]))(?:bearer )?([!-~]{{3,512}})",
    rf"(?:{_SECRETS})(?:码|号)?{_BRACKET}[ ]{{0,2}}(?=[!-~]{{0,40}}\d)(?![\d\-~]{{1,6}}(?:位|个|种|次|年|条"
    rf"|分钟))([a-z0-9!@#$%^&*_+.\-]{{4,200}})",
    rf"(?:{_CODES})(?:号码?|编号)?{_BRACKET}(?:{_SAYS}|[ ]{{0,2}}(?:is )?)(?=[a-z]{{0,8}}[\-]?\d)([a-z0-9](?:[a-z0-9]"
    rf"|[ \-](?=[a-z0-9])){{2,19}}){_END}{_ASKS}",
    rf"(?<![\d.])(\d{{4,8}})(?!\d)[ ]?(?:[(（\[【]|(?:是|为|即为?|is)[ ]?)(?:你|您|我|本次|your|[^\d，。；\n]{{1,8}})?的?[ ]?(?:登录"
    rf"|登陆|动态|短信|手机|支付|注册|本次)*(?:验证码|校验码|动态码|verification code|login code|取件码)",
    rf"(?:{_PAPERS})(?:码|号|编号|号码)*{_BRACKET}(?:{_SAYS}|[ #]{{0,2}}(?:no\.?"
    rf"|number)?[ :]{{0,2}})(?=[a-z\-]{{0,8}}\d)([a-z0-9](?:[a-z0-9]|[\-/ ](?=[a-z0-9])){{3,30}}){_END}{_ASKS}",
    rf"(?:手机号?|电话|卡号?|银行卡|信用卡|储蓄卡|身份证号?|账户|后四位|末四位|尾)(?:的)?(?:尾号|后[四4六6]位|末[四4]位|后[四4]位数字)(?:{_SAYS}"
    rf"|[ ]?)(\d{{3,6}}x?)(?!\d){_ASKS}",
    # Keys known by their form.
    r"(?<![a-z0-9_\-])((?:sk|pk|rk)[-_](?:[a-z0-9]{2,12}[-_]){0,3}[a-z0-9_\-]{16,200})",
    r"(?<![a-z0-9_])((?:gh[pousr]_|github_pat_|glpat-|hf_|npm_|pypi-|xox[abpr]-|ltai|akia|asia|akid|aiza|ya29\.|eaac"
    r"|dop_v1_|shpat_|sq0csp-)[a-z0-9_\-]{14,200})",
    r"(?<![a-z0-9_])(eyj[a-z0-9_\-]{8,2000}\.[a-z0-9_\-]{8,2000}(?:\.[a-z0-9_\-]{1,2000})?)",
    r"(?<![a-z0-9])(bc1[a-z0-9]{25,60}|0x[a-f0-9]{40}|0x[a-f0-9]{64})(?![a-z0-9])",
    r"(-----begin [a-z ]{0,20}private key-----[^-]{1,8000}(?:-----end [a-z ]{0,20}private key-----)?)",
    r"(?:助记词|mnemonic|seed phrase)[^a-z\n]{0,6}((?:[a-z]{3,8} ){11,23}[a-z]{3,8})",
]
_COMPILED = [re.compile(pattern) for pattern in _PATTERNS]
# What a value, after all, is a word for.
_NO_VALUE = re.compile(
    r"(?:https?|http|null|none|true|false|string|int|str|text|password|xxx+|\*+|\.\.\.+|[-=_.]+|incorrect|wrong"
    r"|required|expired|invalid|admin后台"
    r"|os\.environ.*|process\.env.*|getenv.*|input\(.*)$"
)


def accounts(text: str) -> Iterator[Match]:
    """The accounts, passwords, codes and keys of a plain text."""
    for pattern in _COMPILED:
        for found in pattern.finditer(text):
            if not _NO_VALUE.match(found[1]):
                yield Match(found.start(1), _end(found), SensitiveType.ACCOUNT)


def _end(found: Found[str]) -> int:
    """The end of the value without the stop or bracket of the sentence around it."""
    value = found[1]
    trimmed = value.rstrip(".,;:)]\"'")
    return found.start(1) + (len(trimmed) or len(value))
