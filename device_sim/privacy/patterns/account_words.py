"""The words that name an account, a secret or a number somebody was given; regular expressions, one a list."""


def _any(chinese: str, latin: str = "") -> str:
    """One expression for words parted by spaces; `_` stands for a space, a dash or nothing in a Latin one."""
    alternatives = chinese.split()
    if latin:
        alternatives.append(rf"(?<![a-z])(?:{'|'.join(latin.split()).replace('_', '[ _-]?')})(?![a-z])")
    return "|".join(alternatives)


CHATS = _any(
    r"""
    支付宝 v❤ 威❤ 薇❤ 绿泡泡 加微(?!信) [薇微](?=[\s:号]) 飞机号 纸飞机 微信 薇信 威信 维信 徽信 v信 加v wechat
    weixin (?<![a-z0-9])(?:wx|vx|wxid|v|加vx)(?=[\s:号\d是同])
    """,
)
QQ = "(?<![a-z])(?:qq|扣扣|企鹅|球球|加q|扣)"
NETWORKS = _any(
    r"""
    支付宝 抖音 快手 小红书 微博 b站 淘宝 京东 旺旺 钉钉 飞书 企业微信 陌陌 探探 知乎 豆瓣 贴吧 领英 推特 脸书 电报
    公众号 视频号
    """,
    r"""
    telegram tg ig insta line whatsapp messenger signal kakao(?:talk)? snapchat
    tiktok youtube skype instagram ins twitter
    facebook github linkedin discord paypal apple_id icloud alipay
    """,
)
GAMES = "游戏|战网|王者(?:荣耀)?|原神|steam|(?<![a-z])(?:lol|dota|csgo|pubg)(?![a-z])"
NAMES = _any(
    r"""
    (?:用户|会员|员工|客户|设备|商户|玩家|角色|企业)(?:id|编号) 登[录陆](?:账|帐)[号户] (?:账|帐|賬|帳)[号號户戶]名?
    用户名 登[录陆](?:名|id) 网名 昵称 id号 邮箱(?:账号|名|地址|前缀)?
    """,
    r"""
    user_name user_id user account login uid openid handle gmail
    """,
)
SECRETS = _any(
    r"""
    密码(?!学|器|箱|本) 密碼 提取码 解压码 分享码 口令 密钥 私钥 秘钥 令牌
    """,
    r"""
    pass(?:word|wd|code|phrase)? pwd pw psw pin(?:_code)? secret(?:_key)? client_secret app_secret api_key
    access_(?:key|token)(?:_id|_secret)? secret_access_key auth_token token credential bearer authorization
    """,
)
CODES = _any(
    r"""
    验证码 驗證碼 确认码 校验码 动态[码密]码? 短信码 取[件餐货票][码号] 提货[码号] 邀请码 激活码 兑换码 核销码
    核验码 安全码 识别码 提取码
    """,
    r"""
    otp pin verification_code code cvv2? cvc
    """,
)
# Numbers that a person was given by a school, an employer, an office, or that a device has.
GIVEN = _any(
    r"""
    工号 员工号 员工编号 学号 学籍号 准考证号? 考号 考生号 社保卡?号 社保(?=[\s:是]{0,2}\d{8}) 社会保障号码?
    医保卡?号 医保(?=[\s:是]{0,2}\d{8}) 公积金(?:账号|帐号|号) 病历号 病案号 住院号 门诊号 就诊卡?号? 登记号
    会员卡?号 客户号 客户编号 保单号? 合同编?号 发票号码? 发票代码 保险单号 税号 纳税人识别号 (?:统一)?社会信用代码
    驾驶[证證]号? 驾照号? 行驶证号? 档案编?号 军官证号? 士兵证号? 警官证号? 警号 房产证号 不动产权?证?号 车架号
    发动机号 序列号 设备号 设备码 机器码 户号 宽带号
    (?:检验|化验|检查|报销|处方|缴费|病理|体检|理赔|报案|申请|案件|标本|样本|工单)单?(?:编号|条码|号)
    (?:残疾|退休)[证證] (?:好友|玩家|游戏|角色)(?:代码|码|编号) 准考[证證] 宽带账号 票号 资格证号? 执业证号?
    教师证号? 学生证号? 记者证号? 护士证号? 毕业证编?号 学位证编?号 结婚证号? 出生证号? 组织机构代码
    车辆识别(?:代号|代码|码) 会议号 会议id 腾讯会议 预约号 挂号单号 案号 imei\d? imsi iccid meid
    """,
    r"""
    driver_license driving_licen[cs]e licen[cs]e_(?:no\.?|number) acct a/c account_(?:no\.?|number) sort_code
    routing_number policy vin s/?n ssn member_id employee_id student_id employee_number patient_id zoom meeting_id
    """,
)
CONFIRMATIONS = _any(
    r"""
    验证码 校验码 动态码 取件码
    """,
    r"""
    verification_code login_code
    """,
)
SEEDS = _any(
    r"""
    助记词
    """,
    r"""
    mnemonic seed_phrase
    """,
)
# Beside networks and games, what has accounts.
PLACES = _any(
    r"""
    网易 百度 腾讯 阿里 苹果 谷歌 华为 小米 论坛 社区 公众号 视频号 直播间 vpn 堡垒机 网盘 邮箱 吃鸡 王者 英雄联盟
    永劫 蛋仔 和平精英 闲鱼 转转 拼多多 美团 饿了么 携程 滴滴 得物 唯品会 优酷 爱奇艺 腾讯视频 网易云 喜马拉雅 keep
    csdn 掘金 码云 语雀 金山 wps 股票 证券 基金 后台 系统 平台 主播 店铺 xbox psn switch 任天堂 epic uplay ea
    """
)
HANDLES = _any(
    r"""
    [账帐][号户]名? 用户名 登[录陆]名 登[录陆](?=[:=]) 域账号 用户id 会员id 玩家id 员工id 客户id 企业id 商户id
    (?:我|他|她|的)(?:小号|大号|主号)
    """,
    r"""
    user_name user_id userid login_name screen_name gamertag uid
    """,
)
ENGLISH_NETWORKS = (
    "wechat|weixin|qq|telegram|whatsapp|line|instagram|insta|ig|ins|twitter|facebook|snapchat|tiktok|discord|github"
    "|skype|username|user name|login|handle|nickname|steam|psn|signal|kakao|linkedin|paypal|venmo"
)
NICKNAMES = _any(
    r"""
    昵称 网名 笔名 艺名 [游戏角]{1,2}[戏色]名字? 召唤师名? (?:游戏|玩家|角色)(?=叫|id|:) (?:游戏|吃鸡|王者)id 道号 花名
    """,
    r"""
    nickname screen_name id
    """,
)
WATCHWORDS = _any(
    r"""
    口令(?!红包|牌) 暗号 密语 接头话 密保答案 通关密语 暗语
    """
)
# What opens a door, a phone or a purse.
DOORS = _any(
    r"""
    [柜门锁取签款件送]码 [四五六]位码 (?:认证|身份|识别|核验|确认|会员)码 房间码
    (?:门[禁锁]|开[门锁机]|入户|大门|单元门|房门|锁屏|解锁|支付|取款|交易|保险[柜箱]|行李箱|柜子)(?:密码|码)
    收到的码 入场码 入园码 签到码 核验码 动态码 短信码 安全码 付款码 会议码 房间号码?(?=[\s:是]{0,2}\d{5})
    """
)
# Cards, meters and papers that are somebody's, with or without the word for a number.
HELD = _any(
    r"""
    (?:会员|就诊|医保|社保|门禁|饭|工|学生|校园|图书|借书|积分|储值)卡(?:号|编号)?
    (?:健身|水|电|燃气|公交|地铁|购物|礼品|油|房|etc)卡(?:号|编号)?
    (?:水|电|燃气|天然气|煤气|热量|暖气)表(?:号|编号|表号)?
    (?:车险|保险|人寿|意外险|重疾险|医疗险|寿险)(?:保?单)?(?:号|编号)
    会员(?=[是:]) (?:门诊|住院|病人|患者|病历|标本|影像)(?:id|号|编号|码) 保单(?:号|编号)? 合同(?:编?号) 协议编?号
    (?:学籍|国网|用电|用水|用气|客户|缴费|电力|电网)(?:户号|编号|号) 户号
    (?:合同|协议|保单|病历|档案|证书|工单|票据)(?=[\s:]{1,2}[a-z]{0,5}-?\d)
    (?:通知书|证书|报告|合同|协议|档案|病历|票据|收据|处方|标本|服务|资产|案件|房屋|租房|租赁)[^，。\n]?编号
    (?<=[\s(])编号(?=[^，。\n]{0,16}\)) 报案号 赔案号
    """
)
# After a value and `is`: what it is.
AFTER = _any(
    r"""
    微信号? qq号?码? 抖音号? 小红书号? 微博 快手号? 工号 学号 会员号 账号 帐号 用户名 登录名 密码 验证码 取件码 口令
    员工号 考号 准考证号? 保单号? 病历号 就诊卡?号? 医保卡?号 户号 合同号 序列号 提取码 门禁 门锁 网名 昵称 游戏名
    [小大]号
    飞机号 车架号 卡号 编号 pin码? wifi 支付宝 钉钉号? 邮箱 id
    """
)
# How any of these words begin, but NAMES and CODES: most characters of a text are done with by this alone.
BEGINS = (
    "[a-z"
    "不主五交京人他付令件任企优会住体保信借健储入公六军准出分加动化医华协单原发取口召号吃合后员和唯商喜四国图地场域基堡士处大天她好威学安"
    "客宽密寿小就工帐平序店开影得微徽快患意戏我战户房扣执抖护报拼挂换掘探接推提携支收教旺昵暖暗服机柜标校样核案档检款残毕水永油淘游滴热煤"
    "燃爱王玩球理用申电病登百的直知短码确礼社票私秘租积税笔签系纳纸组结统维绿编缴网美考股脸腾艺花英苹薇蛋行视角解警认记论设证识语请谷豆账"
    "货购贴资赔身车转退送通道邮重金钉锁门闲阿陌预领飞饭饿驾"
    "]"
)
