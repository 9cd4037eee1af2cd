"""Does a text ask about the world, or tell of somebody? Prices, defaults and serial numbers stay in the first kind."""

import re

from device_sim.privacy.name_words import SURNAMES, WEAK_SURNAMES

# 帮我写, 给我推荐, 你觉得: said to whom answers, of nobody.
_TO_ASSISTANT = re.compile(
    "[帮给][我咱](?=[推写讲算翻查介列生做起想解改看]|一[下个])|我国|我想(?:问|知道)|其他|吉他|你(?=觉得"
    "|认为|知道|说|能|会|帮|推荐|好)"
)
_SURNAMES = "".join(sorted(SURNAMES - WEAK_SURNAMES))
_PERSON = re.compile(
    r"[我咱他她您你]|客户|合同|(?<!最低)工资|薪|报价|欠|借|亏了|赔了|本人|[甲乙]方|老板|房东|同事|朋友|邻居"
    r"|亲戚|同学|老[婆公]|[儿女孩]子"
    rf"|女儿|媳妇|[男女]友|(?<![a-z])(?:i'\w|my|me|mine|we|our|he|she|his|her|him|they|their)(?![a-z])|"
    rf"(?<![大小])[爸妈奶爷姐哥弟妹叔舅姑姨婶嫂]|老[{_SURNAMES}](?!师)"
    rf"|[{_SURNAMES}](?:总(?!额|数|共|量)|师傅|老师|经理|医生|主任|先生|女士|小姐|某)"
)
_ASKS = re.compile(
    r"[吗呢?？]|多少|多[久大高]|怎么|谁|哪|什么|如何|几(?:[个位次天月年元块?？。]|$)|[不没]$|了没|值得|区别"
    r"|[够贵]不|值不值|是不是|能不能"
    r"|[写编](?:[一个段篇句]|文案)|翻译|概括|推荐(?!的)"
)


def tells_of_somebody(text: str) -> bool:
    """Whether a person is in it: the user, a relative, a customer."""
    return _PERSON.search(_TO_ASSISTANT.sub("", text)) is not None


def asks(text: str) -> bool:
    """Whether it is a question, or asks for a piece of writing."""
    return _ASKS.search(text) is not None
