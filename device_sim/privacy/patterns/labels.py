"""What the words just before or after a number say it is."""

import re
from enum import StrEnum


class Label(StrEnum):
    """What a number is called; `ORDER` is any number that means nothing outside a shop or a catalogue."""

    ID = "id"
    PHONE = "phone"
    CARD = "card"
    PASSPORT = "passport"
    DEVICE = "device"
    ORDER = "order"


_LABELS = re.compile(
    r"(?P<id>身份[证證]|身分[证證]|公民身份|证件号|證件號|居民[证證]|(?<![a-z])(?:id ?card|id ?number|identity)|sfz)"
    r"|(?P<passport>护照|護照|passport|通行[证證]|回乡[证證]|台胞[证證])"
    r"|(?P<device>imei|imsi|iccid|meid|序列号|设备号|会员卡?号|学号|工号|(?:社保|医保|公积金)(?:账号|帐号"
    r"|编号|电脑号|卡|号|(?=[ :是]{0,3}$))|保单号|户号|客户号|病历号|住院号|(?<![a-z])qq)"
    r"|(?P<phone>电话|電話|手机(?!卡)|手機|(?<![证證卡q])号码是|联系方式|聯繫方式|座机|固话|传真|热线|分机"
    r"|(?:[泰日韩英美法德]国|越南|台湾|新加坡|马来西?亚?|印尼|菲律宾|澳洲|澳大利亚|加拿大|俄罗斯|印度|海外|国外|当地|日本)(?:的|手机)?号码?|打(?![款钱])[给到通]?|拨[打通]?|致电|回电|总机|前台|手提|来电|打来|呼叫|骚扰|值班|护士站|门[卫岗]室?"
    r"|保安室|传达室|服务台|办公室|驿站|接线|联系我"
    r"|联系他|联系她"
    r"|(?<![a-z])(?:tel|phone|mobile|cell|fax|whatsapp|call|text me)(?:ephone|phone)?(?![a-z]))"
    r"|(?P<card>卡号|卡號|银行卡|銀行卡|信用卡|储蓄卡|借记卡|工资卡|收款(?:账|帐)|(?:账|帐|賬|帳)[号號户戶]"
    r"|打款|汇款|转账到?|银行|[工建农中交招]行"
    r"|(?<![a-z])(?:card|bank|visa|mastercard|account))"
    r"|(?P<order>订单|訂單|運單|运单|单号|流水|交易号|编号|编码|序号|货号|型号|款号|条形?码|书号|商品"
    r"|批[次号]|(?:快递|物流|追踪|跟踪|查询)[单号]"
    r"|版本|时间戳|(?<![a-z])(?:isbn|issn|sku|order|tracking|timestamp|build|version|ean|upc|no\.?|id)(?![a-z]))"
)
_AFTER = re.compile(
    r"[ ,，()（）]{0,2}(?:(?:这|就)?[是为])?(?:我|他|她|你|您|本人|老公|老婆|妈妈|爸爸)?的?(?:新|那张|这张)?"
    r"(?:(?P<id>身份[证證]|证件号)|(?P<passport>护照|護照|passport|通行[证證])|(?P<phone>电话|手机号?|座机)"
    r"|(?P<card>卡号|银行卡|信用卡|储蓄卡|工资卡)|(?P<order>订单|运单|单号|流水号|编号))"
)
_REACH = 18  # characters before a number that may name it
_BRACKETS = re.compile(r"\([^()\n]{1,8}\)")
_CUTS = frozenset("0123456789。;；！？\n")
# What may stand between a word and the number it names, and hardly anything else.
_CONNECTORS = re.compile(
    r"[ :=()\-+\[\]【】“”\"是为的号號码碼就换成改了在]*(?:no\.?|number|is|我|您|他|她|你|中国)?[ :=()\-+\[\]【】是为]*"
)


def label_before(text: str, start: int) -> Label | None:
    """The nearest word before the number at `start` that says what it is, in the same clause."""
    found, _ = _nearest(text, start)
    return Label(str(found.lastgroup)) if found else None


def names_directly(text: str, start: int) -> Label | None:
    """Like `label_before`, with nothing but connecting words between."""
    found, clause = _nearest(text, start)
    return Label(str(found.lastgroup)) if found and _CONNECTORS.fullmatch(clause, found.end()) else None


def _nearest(text: str, start: int) -> tuple[re.Match[str] | None, str]:
    near = text[max(0, start - _REACH) : start]
    if ")" in near:
        near = _BRACKETS.sub("", near)
    begin = len(near)
    while begin and near[begin - 1] not in _CUTS:
        begin -= 1
    clause, found = near[begin:], None
    if len(clause) > 1:
        for found in _LABELS.finditer(clause):  # noqa: B007 - the last one is what is looked for
            pass
    return found, clause


def label_after(text: str, end: int) -> Label | None:
    """What the words right after a number say that it is."""
    found = _AFTER.match(text, end, end + _REACH)
    return Label(str(found.lastgroup)) if found else None
