"""E-mail addresses, also where people hide them from robots, and addresses on the network."""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv6Address

from device_sim.privacy.findings import SensitiveType
from device_sim.privacy.patterns.matches import Match

_AT = re.compile(r" ?[(\[{<【](?:at|@|艾特)[)\]}>】] ?| ?(?:@|艾特|圈a) ?| at |#")
_LOCAL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._%+-'")
_DOT = r" ?(?:\.|[(\[{](?:dot|\.|点)[)\]}]|点| dot ) ?"
_DOMAIN = re.compile(
    rf"[a-z0-9][a-z0-9\-]{{0,62}}+(?:{_DOT}[a-z0-9][a-z0-9\-]{{0,62}}+){{0,4}}{_DOT}[a-z]{{2,18}}+"
    rf"(?![a-z0-9])"
)
_WIDE_DOMAIN = re.compile(r"[a-z0-9\-\u4e00-\u9fff]{1,20}\.(?:中国|公司|网络|cn|com|net)(?![a-z0-9])")
_HOST = re.compile(r"[a-z0-9][a-z0-9\-]{1,62}+(?![a-z0-9])")
# Where `#` or ` at ` stands for @, the domain must be a mail provider's.
_PROVIDER = re.compile(
    r"(?:(?:vip|foxmail|mail)\W{1,3})?(?:qq|163|126|yeah|139|189|wo|sina|sohu|aliyun|foxmail|gmail|hotmail|outlook"
    r"|live|icloud|yahoo"
    r"|proton(?:mail)?|msn|me|tom|21cn|263)(?![a-z0-9])"
)
_MISTYPED = re.compile(rf"(?:{_PROVIDER.pattern})[。,，] ?(?:com|cn|net)(?![a-z0-9])")
_MAIL = re.compile(r"邮箱|邮件|e-?mail|信箱|mailto")
_REACH = 254  # the longest address, RFC 5321

_TOPS = (
    "com|cn|net|org|edu|gov|io|top|xyz|vip|hk|tw|jp|uk|us|ru|de|fr|me|tv|info|biz|ai|co|app|dev|site|club|tech|shop"
    "|online|fun|icu"
)
_TOPS += (
    "|link|store|cloud|ltd|wang|ren|work|ly|gl|mo|sg|eu|im|la|one|pro|page|live|blog|news|wiki|local|lan|internal"
    "|corp|intranet|cc|gg|fm|au|ca|nl|kr|th|my|vn|ch|se|no|dk|pl|br|mobi|asia|art|design|space|website"
    "|group|ink|team|chat"
)
_PLAIN_TOPS_WRITTEN = (
    "com cn net org edu gov hk tw jp uk ru top xyz vip ltd wang ren icu local lan internal corp intranet"
)
_PLAIN_TOPS = frozenset(_PLAIN_TOPS_WRITTEN.split())
_SCHEME = re.compile(r"(?<![a-z0-9])[a-z][a-z0-9+.\-]{1,15}://[^\s，。；！？、“”‘’《》【】\u4e00-\u9fff<>\"]++")
# Schemes without slashes.
_OPAQUE = re.compile(
    r"(?<![a-z0-9])(?:magnet|data|bitcoin|skype|facetime|intent|urn|spotify|ws|market):(?=[?a-z0-9])"
    r"[^\s，。；！？、“”‘’《》【】\u4e00-\u9fff<>\"]{12,}+"
)
# Any ending, where a path or a port follows that names something; no files of programs.
_ANY_HOST = re.compile(
    r"(?<![a-z0-9@.\-_/])(?:[a-z0-9][a-z0-9\-]{0,62}+\.){1,5}(?!(?:js|jsx|ts|tsx|py|md|java|c|h|cpp|go|rs|html?|css|json|txt"
    r"|php|rb|sh|sql|xml|yml|yaml|vue|swift|kt|exe|zip|pdf|docx?|xlsx?|pptx?|png|jpe?g|gif|net)[/:])"
    r"[a-z]{2,14}(?::\d{2,5}(?!\d)(?:/[^\s，。；！？、“”‘’《》【】\u4e00-\u9fff<>\"]*+)?"
    r"|/(?=[^/\s]{0,60}[\d_\-/?=]|[a-z]{5,})[^\s，。；！？、“”‘’《》【】\u4e00-\u9fff<>\"]++)"
)
_NAMED_HOST = re.compile(r"(?<![a-z0-9@.\-_/:])(?=[a-z0-9]{0,20}[\d\-])[a-z][a-z0-9\-]{2,40}+:\d{4,5}(?![\d:.])")
_CHINESE_HOST = re.compile(
    r"(?<![一-鿿a-z0-9])(?:www\.)?[一-鿿a-z0-9\-]{2,12}\.(?:中国|公司|网络|网址|集团|在线|商城)(?![一-鿿])(?:/\S{1,60})?"
)
_SPOKEN_HOST = re.compile(
    r"(?<![a-z0-9])(?:(?:www|三w|3w|[a-z0-9\-]{2,40}) ?(?:点|dot|\[\.\]|\(dot\)|\[dot\]) ?){1,4}"
    r"(?:com|cn|net|org|top|vip|xyz|io|cc|me)(?: ?点 ?cn)?(?![a-z0-9])(?:(?:/|斜杠)[a-z0-9/_\-]{1,60})?"
)
_FILE = re.compile(r"(?<![a-z])(?:file|smb|afp|nfs|cifs|webdav)://[^\s，。；！？“”<>\"]{3,200}")
_FOLDER = re.compile(r"(?<![:/\w])//[a-z0-9][a-z0-9.\-]{2,40}(?:/[^\s/，。；\"']{1,40}){1,8}")
_GIT = re.compile(r"(?<![a-z0-9])git@[a-z0-9.\-]{4,60}:[a-z0-9_.\-/]{3,80}")
_BARE = re.compile(
    rf"(?<![a-z0-9@.\-_])(?:[a-z0-9][a-z0-9\-]{{0,62}}+\.){{1,6}}(?<=\.)(?:{_TOPS})(?![a-z0-9\-_(]"
    rf"|\.[a-z0-9])(?::\d{{2,5}})?"
    r"(?:[/?#][^\s，。；！？、“”‘’《》【】\u4e00-\u9fff<>\"]*+)?"
)
_ADDRESS = re.compile(
    r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?!\d"
    r"|\.\d)(?::\d{2,5}(?!\d))?(?:/\d{1,2}(?!\d))?"
    r"(?:/[a-z0-9_\-./?=&%#~]++)?"
)
_ADDRESS_6 = re.compile(r"(?<![a-z0-9:.])[a-f0-9]{0,4}(?::[a-f0-9]{0,4}){2,7}+(?![a-z0-9:])")
_MAC = re.compile(r"(?<![a-z0-9:\-])[0-9a-f]{2}([:\-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}(?![a-z0-9:\-])")
_VERSION = re.compile(r"(?:v|ver|version|版本号?|固件|升级到?|release)[ .:是为到]{0,3}$")
_MACHINE = re.compile(r"(?<![a-z])ip|服务器|主机|地址|网关|内网|端口|ssh|ping|host|server|路由|登[录陆]|访问|机器|节点")
# What routers come with, and the blocks themselves.
_DEFAULT = re.compile(r"192\.168\.\d+\.(?:0|1|254)(?:/\d+)?|10\.0\.0\.[01](?:/\d+)?|172\.16\.0\.(?:1|0/12)|255\.[\d.]+")
_SHARE = re.compile(r"\\\\[a-z0-9.\-_]{2,60}(?:\\[^\s\\，。；\"']{1,60}){1,8}")
_SITE = re.compile(r"官网|网[站址]|博客|域名|主页|链接|部署|打开|访问|浏览器")
_HOME = re.compile(r"(?:/home/|/users/|\\users\\)([^\\/\s，。；\"']{2,32})")
# Everybody's: they tell nothing of the one who writes them. Names of software look like hosts.
_COMMON_WRITTEN = (
    "127.0.0.1 0.0.0.0 255.255.255.0 255.255.255.255 8.8.8.8 8.8.4.4 1.1.1.1 114.114.114.114 223.5.5.5 "
    "baidu.com taobao.com tmall.com jd.com qq.com weibo.com zhihu.com bilibili.com douyin.com 163.com github.com "
    "google.com "
    "youtube.com wikipedia.org stackoverflow.com amazon.com apple.com microsoft.com 12306.cn csdn.net openai.com "
    "asp.net ado.net vb.net ml.net paint.net socket.io draw.io system.net example.com example.org"
)
_COMMON = frozenset(_COMMON_WRITTEN.split())


def network(text: str) -> Iterator[Match]:
    """E-mail addresses and links of a plain text."""
    for at in _AT.finditer(text):
        if match := _email(text, at):
            yield match
    if "." in text or ":" in text or "-" in text or "/" in text or "\\" in text:
        yield from _links(text)
    if "点" in text or "dot" in text or "[.]" in text:
        yield from (Match(*found.span(), SensitiveType.LINK) for found in _SPOKEN_HOST.finditer(text))


def _email(text: str, at: re.Match[str]) -> Match | None:
    left = max(0, at.start() - _REACH)
    near = text[left : at.start()]
    tail = len(near)
    while tail and near[tail - 1] in _LOCAL:
        tail -= 1
    local = near[tail:]
    if not local:
        return None
    obvious = "@" in at[0] or at[0].strip() not in ("at", "#")
    named = _MAIL.search(near[-24:]) is not None
    if not obvious and not named and not _PROVIDER.match(text, at.end()):
        return None
    domain = _DOMAIN.match(text, at.end()) or (_WIDE_DOMAIN.match(text, at.end()) if obvious else None)
    domain = domain or _MISTYPED.match(text, at.end())
    if domain is None and named and obvious:
        domain = _HOST.match(text, at.end())
    if domain is None:
        return None
    return Match(left + tail, domain.end(), SensitiveType.EMAIL)


def _links(text: str) -> Iterator[Match]:
    for found in _SCHEME.finditer(text):
        yield Match(found.start(), _without_stop(found), SensitiveType.LINK)
    for found in _BARE.finditer(text):
        named = _SITE.search(text, max(0, found.start() - 12), found.end() + 12) is not None
        if _is_host(found[0], named=named):
            yield Match(found.start(), _without_stop(found), SensitiveType.LINK)
    for found in _ADDRESS.finditer(text):
        if not _is_everybodys(found[0]) and not _is_version(text, found):
            yield Match(found.start(), found.end(), SensitiveType.LINK)
    yield from (
        Match(found.start(), found.end(), SensitiveType.LINK)
        for found in _ADDRESS_6.finditer(text)
        if _is_address_6(found[0])
    )
    for pattern in (_MAC, _SHARE, _OPAQUE, _ANY_HOST, _NAMED_HOST, _CHINESE_HOST, _FOLDER, _FILE, _GIT):
        for found in pattern.finditer(text):
            yield Match(found.start(), found.end(), SensitiveType.LINK)
    for found in _HOME.finditer(text):
        yield Match(found.start(1), found.end(1), SensitiveType.ACCOUNT)


def _is_everybodys(address: str) -> bool:
    return address in _COMMON or _DEFAULT.fullmatch(address) is not None


def _without_stop(found: re.Match[str]) -> int:
    """The end of a link without the stop of the sentence that it closes."""
    return found.start() + max(len(found[0].rstrip(".,;:!?)'")), 1)


def _is_version(text: str, found: re.Match[str]) -> bool:
    """Whether four numbers are a release or a price rather than an address: MIUI 12.5.8.0, 1.8.8.8."""
    before = text[max(0, found.start() - 12) : found.start()]
    if _VERSION.search(before):
        return True
    parts = re.findall(r"\d+", found[0])[:4]
    if len(found[0]) > len("19.19.19.19") or _MACHINE.search(text):
        return False
    return max(map(len, parts)) == 1 or (parts[0] != "10" and max(map(int, parts)) < 20 and before[-1:] == " ")


def _is_host(written: str, *, named: bool) -> bool:
    host, path, _ = re.match(r"([^:/?#]+)(.*)()", written, re.DOTALL).groups()  # type: ignore[union-attr]
    if len(path) > 1:
        return True
    if host.removeprefix("www.") in _COMMON:
        return False
    labels = host.split(".")
    if labels[0].isdigit() and labels[1:] == ["hk"]:
        return False  # a share: 0700.hk
    # A short word and a fashionable ending may as well be code: user.info, self.app.
    return named or labels[-1] in _PLAIN_TOPS or (len(labels) > 2 and len(labels[-2]) > 1) or labels[0] == "www"


def _is_address_6(written: str) -> bool:
    groups = [group for group in written.split(":") if group]
    if not any(map(str.isdigit, written)) or (len(groups) < 3 and not (groups and len(groups[0]) == 4)):
        return False  # std::vector, a::b
    try:
        IPv6Address(written)
    except AddressValueError:
        return False
    return True
