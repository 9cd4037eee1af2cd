"""The words of money; regular expressions."""


def _any(*rows: str) -> str:
    """One expression for words parted by spaces."""
    return "|".join(word for row in rows for word in row.split())


# A number after one of these is a sum unless something counts it.
NAMES = _any(
    r"[底年月日时周起]薪 薪[水资酬金] 基本(?=[: ]?\d) 岗位(?=[: ]?\d) 绩效 [实应]发 [实应][付收缴] 工资 税[前后]",
    r"[月年]入 年包 收入 奖金 年终奖? 红包 压岁钱 份子钱? 礼金 随了?礼? 彩礼 嫁妆 [房车网]贷 月供 贷款 借款 欠款",
    r"还款 首付 存款 存折 余额 理财 股票(?!\s?\d{6}) 基金(?!\s?\d{6}) 营收 营业额 利润 净利 毛利 估值 融资 注资",
    r"投资 入股 出资 预算 报价 (?:合同)?金?额 (?<![房股金油物评])价[格钱]? 款(?!式|型)",
    r"(?<![基黄白五合积])金(?![属融牌山庸字星华沙门陵色刚鱼银丝价毛]) 钱(?!包|塘) 房租 [月年转]租 租出去 补偿 赔偿",
    r"遗产 到手 消费 报销 款项 提成 差价 退税 违约金 注册资本 销售额 债务? 账上 日结 总包 标的 补贴 津贴",
    r"[津餐房]补 中奖 [保年车]险 车损险 零花钱 利息 本金 支[出取] 开[销支] 成本 自[费付] 统筹 [合总小共]计 现金",
    r"人均 均摊 市?手里 花呗 白条 损失 基数 工钱 报酬 稿酬 提现 充值 会费 代垫",
    r"(?<![免经浪耗收消])费(?![解心神力劲时用])用? 费用 [租薪税息]",
    (
        r"(?<![a-z])(?:salary|budget|income|package|offer|base|bonus|comp|rent|deposit|fee|total|invoice"
        r"|settlement|price|cost|loan)(?![a-z\d_])"
    ),
)
# How these begin.
NAMES_BEGIN = (
    "[a-z"
    "中人代价份会估余保借债充入共净出利到压合周均基奖嫁存实小岗工差市年应底开彩总息成房手投报损提支收日时月本标欠款毛注津消现理白礼租税稿"
    "红统绩网股自花营薪融补账贷费赔起车转还违退遗金钱销随零预额餐首"
    "]"
)
# After these only a large number, or one that ends a phrase.
VERBS = _any(
    r"[借欠]了?(?:[我你他她]|人家)?",
    (
        r"[还付给赔罚退补转汇投捐收塞贷存亏赚挣报花掏垫拿剩差缴交凑当扣出扫](?:[了我你他她给到掉去入])*"
        r"(?:[一-鿿]{0,3}?(?=[\d一二两三四五六七八九]))?"
    ),
    r"打[了给](?:[我你他她])? 卖了? 买了? 每人出? 自己掏 手[里头](?:就|只|还)?[剩有] [只还]有 打车",
    r"一共(?:是|要|花)? 加起来 说是 大概 涨[到了] 降[到了] 压到 谈到 砍到 才",
    r"(?<![a-z])(?:owes?|paid|pay|lent|makes?|earns?|spent|costs?|wire|wired|sent|send)(?:\s(?:me|him|her|us|them))?",
)
# What a sum before it is for.
FOR = _any(
    (
        r"房[子租贷] 车"
        r"(?!次) 合同 项目 工程 单子 资金 贷款 债 存款 大单 生意 预算 投资 彩礼 [年月]薪 工资 奖金 红包 转账 押金"
    ),
)
# How often a sum is paid.
PERIODS = r"(?:一个?|每个?|整)(?:月|季度?|年|天|周|次|晚|小时|学期|节课?|人|户|箱)"
COIN = _any(
    r"元整? 圆整? 块钱? 人民币 美[元金刀] 刀(?![具片]) 欧元 英镑 港[币元纸] 日[元圆] 韩[元币] 卢布 新?台币",
    r"[澳加]元 卢比 比特币 里拉 比索 新[币元] 泰铢 法郎 [澳葡]币 [毛角分]钱 毛(?![巾衣笔发孩毛利]) kw",
    r"(?:rmb|cny|usdt?|eur|hkd|sgd|jpy|gbp|krw|aud|cad|btc|eth|yuan|dollars?|euros?|pounds?|bucks|quid|grand)(?![a-z])",
)
CURRENCY = (
    r"(?:(?<![a-z])(?:人民币|新?台币|[港新]币|港元|美[元金]|欧元|英镑|日元|澳元|rmb|cny|usd|hkd|sgd|eur|gbp|jpy|aud|cad|mop)"
    r"|(?<![a-z])(?:us|hk|nt|sg|s|a|c)?\$|[¥€£₩₽])"
)
# What is counted is no sum.
COUNTERS = (
    "年月日号份位人台件个步次字天点时分秒岁届期层楼单室户栋幢斤克吨公里升瓶箱包袋盒张条本页周平股倍折名家所辆支只间座门集章节题"
    "级度环码兆瓦伏安米毫厘英寸篇首遍种粒针片尺亩例场头匹棵朵行列声句桶杯碗对双套排颗代卡粉英夜小像火"
)
# A public figure, in a text that tells of nobody; a price only where it is asked about.
PUBLIC = _any(
    r"票价 门票 起步 油价 (?<!现)金价 [股房]价 市值 首富 身家 票房 gdp 生产总值 汇率 换算 兑换 等于",
    r"满\s?\d+\s?[减送] 兑(?!现) 包邮 优惠券 起征点 个税 最低工资 发售 预售 首发价 性价比 如何看待 如何评价 热议",
    r"[一每/]斤 公斤 面值 彩票 一等奖 奖池 限额 财政 国债 指数 世界纪录 诺贝尔 外汇储备 人口 面积 海拔 播放量 粉丝",
    r"个人所得税 [进出]口 纸币 硬币 政策 元起 我国 全国 全球",
)
PRICES = _any(
    r"[售定标均市单原现]价 降价 直降 涨价 贵 值 便宜 能买 买 元/ 起送 套餐 邮费 运费 快递费",
    r"[\d一二三四五六七八九]\s?折 合理 抢购 真的吗 文章 预算能 [够算]吗 一[件台部辆杯碗瓶只双套本支顿晚] 入手 购入",
    r"卖 划算 推荐 左右 以[内下上] 哪个 有哪些 怎么选 还剩 [一总]共 每[支本个只张盒箱件千] 定期 利[息率] 年化",
)
# Sums of school tell of somebody who is nobody.
SCHOOL = _any(r"小[明红华刚丽强芳军亮兰](?!星) 某(?:商品|人|商店) 应?找回(?:多少|几) [甲乙丙](?:有|的|比)")
ENGLISH = (
    "an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fifteen|sixteen|eighteen|twenty|thirty"
    "|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|few|couple|of|and"
)
# 67W are watts in a text that speaks of these.
POWER = _any(
    r"快充 充电 功[率耗] 瓦 电[源池器视饭] 空调 显卡 灯 适配器 太阳能 音[响箱]",
    r"热水 电机 tdp 耗电 度电 吹风机 [微烤]箱 光伏",
)
