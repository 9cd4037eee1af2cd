"""Traditional characters of labels, numbers and money read as Simplified ones, so that one expression meets both."""

_TRADITIONAL = (
    "萬億兩圓塊錢幣個還給賣買費資獎匯預報價總計壓歲貸額電話號碼賬戶護證駕駛車門員會學單編險醫療銀儲轉帳繳稅實發紅標薦後沒讓誰麼嗎為樣產倆簽"
    "約訂餘債務經歷貼補償賠損虧賺負擔攤傭遺產養課習點臺陸參貳幾間網連鏈結飛機聯絡繫傳熱線們這說認為帶錄級師範園區設"
)
_SIMPLIFIED = (
    "万亿两圆块钱币个还给卖买费资奖汇预报价总计压岁贷额电话号码账户护证驾驶车门员会学单编险医疗银储转帐缴税实发红标荐后没让谁么吗为样产俩签"
    "约订余债务经历贴补偿赔损亏赚负担摊佣遗产养课习点台陆参贰几间网连链结飞机联络系传热线们这说认为带录级师范园区设"
)
_TABLE = str.maketrans(_TRADITIONAL, _SIMPLIFIED)


def simplified(text: str) -> str:
    """The text with these characters replaced, of the same length."""
    return text.translate(_TABLE)
