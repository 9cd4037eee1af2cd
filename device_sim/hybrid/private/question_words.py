"""The words that questions are made of, and what some are in English."""

import re

# What questions are made of, besides what they are about.
_FRAME = """
    什么时候 啥时候 什么时间 什么地方 叫什么名字 叫什么 是什么 为什么 什么 多少钱 多少 多久 多长时间 哪一天
    哪一条 哪条 哪个月 哪个 哪天 哪里 哪儿 哪家 哪些 哪位 哪几 哪年 哪一 哪 几个 几点 几号 几次 几天 几月 几年
    几 怎么样 怎么说 怎么看 怎么办 怎么 如何 是谁 谁 有没有记 有没有写 有没有 是不是 能不能 要不要 没有 来着
    告诉我 帮我 给我 查一下 查查 查 看一下 看看 看下 找一下 找找 找出 找 搜一下 搜 翻翻 念 读一下 我记得 记过
    记在 记得 记了 记的 写过 写的 写了 写 我们 咱们 我 你 他 她 它 他们 自己 笔记 备忘录 日历 手机里 通讯录 里面
    一下 现在 目前 之前 以前 上次 上回 上一次 下次 最近 当时 刚才 到底 大概 具体 应该 需要 可以 那个 这个 那家
    那件 那条 那次 那天 那 这 个 的 了 吗 呢 吧 啊 呀 是 在 有 和 跟 与 对 把 被 给 从 向 让 要 都 也 还 就 不
    里 上 下 过 会 能 该 说 提 讲 叫 请 得 着 及 或 还是 请问 谈 定 电话 号码 手机号 手机 邮箱 下一次 开始 结束
    问题 注意事项 事项 事情 情况 东西 原因 事 告知 那两天 两天 一共 总共 分 选 想 干 做 次 到 出 去 来 没 多重
    多高 多长 多大 多远 多快
    """
_PARTICLES = "的了吗呢吧啊呀嘛"
_PHRASES = [word for word in _FRAME.split() if len(word) > 1]
# Long ones first: the pattern takes the first that fits.
FRAMED = re.compile("|".join(sorted(_PHRASES, key=len, reverse=True)) + f"|[{_PARTICLES}]")
# 查 asks, but is also half of 复查: a pair that holds such a character tells something only where it is found.
WEAK = frozenset(word for word in _FRAME.split() if len(word) == 1 and word not in _PARTICLES)
# Pairs that many notes hold and that say little of what one is about.
_GENERIC = """
    到期 时间 地点 费用 价格 开始 结束 报名 名字 公司 朋友 明年 今年 去年 每天 每年 一天 一个 老师 医生 项目
    计划 建议 需要 准备 安排 负责 最近 以后 重要 工作 联系 第一 最后 还要 大约 今天 明天 电话 号码 单位 手机
    喜欢 觉得 知道
    """
GENERIC = frozenset(_GENERIC.split())
# Notes in English are found by questions in Chinese; a|b are alternatives.
ENGLISH = {
    "估值": "valuation", "答应": "promise", "承诺": "promise", "数据": "data|numbers", "周会": "weekly",
    "例会": "weekly", "合同": "contract", "审计": "audit", "审核": "audit|review", "报价": "quote",
    "运费": "shipping|freight|container|quote", "集装": "container", "会议": "meeting|call", "发票": "invoice",
    "截止": "deadline|until|by ", "费用": "cost|fee|pay", "滞期": "demurrage", "条款": "terms|term sheet",
    "客户": "client|customer", "预算": "budget", "批次": "batches", "免费": "free", "返工": "rework",
    "更换": "replace", "流失": "churn", "有效": "valid", "镜片": "lens|pieces", "样品": "sample", "航班": "flight",
    "酒店": "hotel", "订单": "order", "付款": "pay", "上限": "capped|limit", "圣诞": "christmas",
}  # fmt: skip
