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
    telegram tg line whatsapp messenger signal kakao(?:talk)? snapchat tiktok youtube skype instagram ins twitter
    facebook github linkedin discord paypal apple_id icloud alipay
    """,
)
GAMES = "游戏|战网|王者荣耀|原神|steam"
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
    pass(?:word|wd|code|phrase)? pwd psw pin(?:_code)? secret(?:_key)? client_secret app_secret api_key
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
