"""Amounts of money."""

import re
from collections.abc import Iterator

from device_sim.privacy.findings import SensitiveType
from device_sim.privacy.patterns.matches import Match

_NUMBER = r"(?:\d{1,4}[百千万亿]){0,3}(?:\d{1,3}(?:,\d{3})++(?!\d)|\d++)(?:\.\d++)?"
_ZH = r"[几数零〇一二两三四五六七八九十百千万亿半壹贰叁肆伍陆柒捌玖拾佰仟萬]"
_SCALE = r"(?: ?(?:[十百千万亿]{1,2}|百万|千万|k(?![a-z])|w(?![a-z])|m(?![a-z])|million|billion|thousand))?"
_ABOUT = r"(?:多|来|余|几)?"
_COIN = (
    r"(?:元整?|圆整?|块(?:钱)?|人民币|rmb(?![a-z])|cny(?![a-z])|usd(?![a-z])|eur(?![a-z])|hkd(?![a-z])|yuan|dollars?|euros?"
    r"|美元|美金|美刀|刀(?![具片])|欧元|英镑"
    r"|港[币元]|日[元圆]|韩[元币]|卢布|台币|新台币|澳元|加元|jpy|gbp|krw|btc|eth|usdt|bucks|卢比|比特币|里拉|比索|新[币元]|泰铢|法郎|毛钱|角钱|分钱"
    r"|毛(?![巾衣笔发孩毛利])|kw)"
)
# 三元 and 一块 are also parts of words: a lone numeral needs the end of a phrase, or 钱, after its unit.
_PHRASE_ENDS = r"(?=$|[，。；！？、 \n,.;!?:)）”\"\]]|左右|以[上下内]|[的了吗呢吧啊多和与或到/]|之间|整|起|/)"
_DIGITS = re.compile(
    rf"(?<![\d.])(?<!\d,)(?:人民币|[港台新]币|港元|美[元金]|欧元|英镑|日元|澳元|rmb|cny|usd|hkd|sgd|us\$|hk\$"
    rf"|[¥$€£₩₽])? ?{_NUMBER}{_SCALE}{_ABOUT} ?{_COIN}(?:\d毛?"
    rf"|\d分)?(?!件|素|音|宵|旦|数|组|法|气)"
    rf"|(?:(?<![a-z])(?:人民币|[港台新]币|港元|美[元金]|欧元|英镑|日元|澳元|rmb|cny|usd|hkd|sgd|us\$|hk\$|eur)"
    rf"|[¥$€£₩₽]) ?{_NUMBER}{_SCALE}(?![\d.,]*\d)"
)
_WORDS = re.compile(
    rf"(?<!{_ZH})(?:人民币)?{_ZH}{{2,14}}+{_ABOUT}{_COIN}(?:{_ZH}毛?|{_ZH}角{_ZH}分)?(?!一次|二次|件|素|一分|一货)"
    rf"|(?<!{_ZH}){_ZH}{_ABOUT}(?:(?:块|毛|分|角)钱(?!一分)|(?:元|块|万|百万|千万|亿元|美元|美金|欧元|英镑|港币|日元){_PHRASE_ENDS})"
)
_MONEY = (
    r"年薪|月薪|日薪|时薪|底薪|薪水|薪资|薪酬|工资|收入|奖金|年终奖?|房贷|车贷|月供|贷款|借款|欠款|欠了?|借了?|还款|首付|存款|余额|存了|理财|股票|基金|亏了|赚了|营收|营业额|利润|净利|估值"
    r"|融资|注资|投资|预算|报价|合同(?:金)?额|成交价|总价|货款|尾款|定金|订金|押金|房租|租金|补偿|赔偿|罚款|彩礼|遗产|到手|花了|转账|转了|打了|汇了|付了|消费|报销|金额|款项|医药费|学费"
    r"|佣金|提成|差价|退税|随礼|份子钱|礼金|手术费|保证金|违约金|注册资本|销售额|债务|账上|网贷|打赏|日结|总包|package|offer"
    r"|标的|投了|捐了?|罚了|赔了|卖了|缴|交了?|税[前后]|补贴|津贴|餐补|房补|中奖|嫁妆|生活费|零花钱|抚养费|赡养费|保费|年费|手续费|利息|本金|支出|开销|成本|给了|salary|budget"
    r"|income"
)
_PLAIN = r"(?:\d{1,3}(?:,\d{3})++|\d++)(?:\.\d++)?"
_LARGE = rf"{_PLAIN}(?: ?[-~到至] ?\d++(?:\.\d++)?)?{_ABOUT} ?(?:[百千]?万\d?|亿|千|k|w)"
_NO_MONEY = r"(?![a-z]|公里|人|次|台|字|名|个|吨|件|户|步|平|里|种|股|粉|米)"
_NAMED = re.compile(
    rf"(?:{_MONEY})(?:[^\d，。；！？\n]{{0,6}}?)"
    rf"({_LARGE}{_NO_MONEY}|(?:\d{{1,3}}(?:,\d{{3}})++|\d{{4,10}})(?:\.\d++)?(?![\d年月日号:\-.a-z%份位人台件个步次字天]|/\d)"
    rf"|{_ZH}{{1,8}}[百千万亿]{_ZH}{{0,3}})"
)
# Only a large number is money after these.
_EARNED = re.compile(
    rf"(?:一个月|每个?月|一年|每年|月入|年入|挣了?|赚|到账|拿到?了?|卖了|买了|花了|收了?|付|给了?[他她你我]?|房子|车子)[^\d，。；！？\n]{{0,3}}({_LARGE})"
    rf"{_NO_MONEY}|(?<![\d.])({_LARGE})(?=的?(?:房|车(?!次)|合同|项目|工程|单子|资金|贷款|债|存款|大单|生意|预算|投资|彩礼|年薪))"
    r"|(?:转账|转了?|红包|借了?|欠了?|还了?|付了?)(?:[我你他她]|给[我你他她])?(\d{2,6})(?=给|过去|[，。]|$|[吧呢])"
)
# A small number is money only right after these, and at the end of a phrase.
_SMALL = re.compile(
    r"(?:人均|每人|时薪|日薪|日结|红包|随礼|份子钱|礼金|罚款?|打赏|差价|房租|租金|学费|补贴|生活费|零花钱|话费|餐费|小费"
    r"|押金|定金|退款?|退税|报销|总包"
    rf"|花了|付了|给了|转了|收了|还了|赔了|借了|欠了)"
    rf"(?:了|是|为|约|大概|他|她|我|[: ]){{0,2}}(\d{{2,10}}(?:\.\d++)?){_PHRASE_ENDS}"
)
# Large numbers by themselves, and sums to the cent.
_BARE = re.compile(
    rf"(?<![\d.])((?:\d++(?:\.\d++)?(?:万|亿)? ?[-~到至] ?)?\d++(?:\.\d++)?(?:[百千]?万|亿|w)\d?){_PHRASE_ENDS}"
    rf"|(?<![\d.])(?<!\d,)(\d{{1,3}}(?:,\d{{3}})++\.\d\d)(?!\d)|((?:(?<![\d.])\d++(?:\.\d++)?|{_ZH}{{1,4}}|半)个(?:亿"
    rf"|w)){_PHRASE_ENDS}"
    rf"|(?<!{_ZH})({_ZH}{{1,4}}块{_ZH}(?!{_ZH}))|(?<!{_ZH})([一二两三四五六七八九]{{1,2}}[万毛][一二三四五六七八九]){_PHRASE_ENDS}"
    rf"|(?<![\d.])(\d{{2,7}})(?:左右|多|上下)?的(?:工资|月薪|薪水|房租|奖金|红包|预算|转账|押金)|(?<![\d.])(\d++万[一二三四五六七八九])(?!{_ZH}|\w)"
    rf"|(?<!{_ZH})([几数十两二三四五六七八九一]{{1,4}}多?来?[万亿])(?=的?(?:存款|贷款|债|房贷|车|年薪|彩礼)|[，。！？]|$)"
)
# A price in a shop is no secret, unless somebody's.
_SHOP = re.compile(
    r"售价|定价|标价|票价|门票|起步价|原价|现价|单价|市价|均价|油价|金价|邮费|运费|包邮|快递费|满\d+减|优惠券|打折|能买|推荐|划算|[贵值]吗|值不值|便宜|降价|直降|入手|购入|发售|预售|市值"
    r"|股价|首富|如何看待|如何评价|值得|买吗|生产总值|gdp|热议|性价比|一斤|每斤|/斤|公斤|起送|套餐"
    r"|卖\d|多少钱|汇率|等于|换算|兑换"
)
_SOMEBODY = re.compile(r"[我咱他她们您你]|客户|公司|合同|工资|薪|报价|贷|欠|借|[王李张刘陈杨赵黄周吴]总")


def amounts(text: str) -> Iterator[Match]:
    """The amounts of money of a plain text, but for prices that anybody may know."""
    if _SHOP.search(text) and not _SOMEBODY.search(text):
        return
    for pattern in (_DIGITS, _WORDS, _NAMED, _EARNED, _SMALL, _BARE):
        for found in pattern.finditer(text):
            start, end = found.span(found.lastindex or 0)
            start += len(text[start:end]) - len(text[start:end].lstrip())
            if start < end:
                yield Match(start, end, SensitiveType.AMOUNT)
