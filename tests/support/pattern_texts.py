"""Texts with and without structured sensitive values, as developed against. `⟨TYPE:value⟩` marks a value."""

import re

from device_sim.privacy.findings import SensitiveType

_MARK = re.compile(r"⟨([A-Z]+):(.*?)⟩", re.DOTALL)


def parse(marked: str) -> tuple[str, list[tuple[int, int, SensitiveType]]]:
    """The text without marks, and where its values are. `\\u200b`, `\\n` and `\\t` stand for the characters."""
    marked = marked.replace(r"\u200b", "\u200b").replace(r"\n", "\n").replace(r"\t", "\t")
    text, spans, end = "", [], 0
    for mark in _MARK.finditer(marked):
        text += marked[end : mark.start()]
        spans.append((len(text), len(text) + len(mark[2]), SensitiveType(mark[1])))
        text += mark[2]
        end = mark.end()
    return text + marked[end:], spans


SENSITIVE = r"""
我的手机号是⟨PHONE:13800138000⟩，有事打给我
打给李娜⟨PHONE:199 8765 4321⟩
他换号了，新号⟨PHONE:19012345678⟩
联系人⟨PHONE:19187654321⟩、⟨PHONE:19287654321⟩、⟨PHONE:19387654321⟩
⟨PHONE:19587654321⟩和⟨PHONE:19687654321⟩都是他的
⟨PHONE:19787654321⟩
电话：⟨PHONE:+8613912345678⟩
电话 ⟨PHONE:+86 139 1234 5678⟩
⟨PHONE:0086-13912345678⟩ 国外打这个
⟨PHONE:86-13912345678⟩
⟨PHONE:8613912345678⟩是他的号
⟨PHONE:+86-139-1234-5678⟩
（⟨PHONE:+86)13912345678⟩
⟨PHONE:138-0013-8000⟩晚上再打
⟨PHONE:138.0013.8000⟩
⟨PHONE:138·0013·8000⟩
⟨PHONE:1380013 8000⟩
⟨PHONE:１３８００１３８０００⟩
⟨PHONE:１３８ ００１３ ８０００⟩
⟨PHONE:138\u200b0013\u200b8000⟩
⟨PHONE:①③⑧⓪⓪①③⑧⓪⓪⓪⟩
⟨PHONE:١٣٨٠٠١٣٨٠٠٠⟩
①⟨PHONE:13800138000⟩②⟨PHONE:13900139000⟩
1.⟨PHONE:13800138000⟩ 2.⟨PHONE:13900139000⟩
⟨PHONE:1 3 8 0 0 1 3 8 0 0 0⟩
⟨PHONE:1-3-8-0-0-1-3-8-0-0-0⟩
⟨PHONE:一三八零零一三八零零零⟩
记一下：⟨PHONE:幺三八零零幺三八零零零⟩
⟨PHONE:幺三八 零零幺三 八零零零⟩
⟨PHONE:壹叁捌零零壹叁捌零零零⟩
⟨PHONE:138零零138000⟩
座机⟨PHONE:010-62770001⟩
座机⟨PHONE:(010)62770001⟩
⟨PHONE:（010）6277 0001⟩
⟨PHONE:01062770001⟩
⟨PHONE:010 6277 0001⟩
⟨PHONE:0755-86013388转8001⟩
⟨PHONE:0755-86013388 转 8001⟩
⟨PHONE:021-58888888-802⟩
⟨PHONE:021-58888888 ext. 802⟩
公司总机⟨PHONE:0571-85022088⟩，分机另说
⟨PHONE:+86 10 6277 0001⟩
⟨PHONE:+86-755-86013388⟩
⟨PHONE:0086 21 58888888⟩
老家电话⟨PHONE:0731-2345678⟩
电话⟨PHONE:62770001⟩没人接
办公室电话：⟨PHONE:8888-6666⟩
客服⟨PHONE:400-820-8820⟩
拨⟨PHONE:4008208820⟩转人工
⟨PHONE:400 8208 820⟩
⟨PHONE:800-810-1234⟩
⟨PHONE:+1 (415) 555-2671⟩
⟨PHONE:+1-650-253-0000⟩
⟨PHONE:+44 20 7946 0958⟩
⟨PHONE:+852 9123 4567⟩是香港的号码
⟨PHONE:852-91234567⟩
⟨PHONE:+81 3-1234-5678⟩
⟨PHONE:+886 912 345 678⟩
⟨PHONE:0044 20 7946 0958⟩
my cell: ⟨PHONE:(650) 253-0000⟩
call me at ⟨PHONE:650-253-0000⟩
张三⟨PHONE:13912345678⟩李四⟨PHONE:13812345678⟩
Tom⟨PHONE:13912345678⟩
tel:⟨PHONE:13912345678⟩
手机：⟨PHONE:13912345678⟩/⟨PHONE:13812345678⟩
⟨DATE:2023-11-25⟩打的⟨PHONE:13912345678⟩
电话是⟨PHONE:1391234567⟩，少了一位
手机号⟨PHONE:139123456789⟩好像多了一位
⟨PHONE:13912345678⟩，就这个
收货人王五，⟨PHONE:17012345678⟩，快递放门口
发短信到⟨PHONE:16612345678⟩
⟨PHONE:14712345678⟩帮我存一下
⟨PHONE:013912345678⟩
他的联系方式：⟨PHONE:139 1234 5678⟩ 或 ⟨PHONE:0755 8601 3388⟩
传真：⟨PHONE:010-62770002⟩
邮箱是⟨EMAIL:zhangsan@qq.com⟩
发到⟨EMAIL:zhang.san+work@mail.example.com.cn⟩谢谢
我的邮箱⟨EMAIL:123456789@qq.com⟩记一下
联系⟨EMAIL:Li_Na@163.com⟩或⟨EMAIL:li-na@corp.cn⟩
⟨EMAIL:zhangsan＠qq.com⟩
⟨EMAIL:ｚｈａｎｇ＠ｑｑ．ｃｏｍ⟩
⟨EMAIL:zhangsan at gmail dot com⟩
⟨EMAIL:zhangsan(at)gmail.com⟩
⟨EMAIL:zhangsan[at]gmail[dot]com⟩
⟨EMAIL:zhangsan#qq.com⟩，把#换成@
⟨EMAIL:zhangsan @ 163.com⟩
邮箱：⟨EMAIL:zhangsan艾特qq点com⟩
⟨EMAIL:13800138000@139.com⟩
抄送<⟨EMAIL:wang@company.io⟩>和<⟨EMAIL:li@company.ai⟩>
请回复到⟨EMAIL:hr@abc-tech.com⟩。谢谢
mailto:⟨EMAIL:boss@corp.net⟩
Email: ⟨EMAIL:a@b.co⟩
⟨EMAIL:zhang@北京公司.中国⟩
身份证⟨ID:11010519491231002X⟩
身份证号：⟨ID:11010519491231002x⟩
⟨ID:110101199003071233⟩
⟨ID:110101 19900307 1233⟩
⟨ID:110101-19900307-1233⟩
⟨ID:110105 1949 1231 002X⟩
⟨ID:110105 19491231 002 X⟩
⟨ID:１１０１０５１９４９１２３１００２Ｘ⟩
⟨ID:11010519491231002×⟩
⟨ID:440308\u200b19991110\u200b1516⟩
张三，男，⟨ID:510124197801012334⟩，汉族
我身份证⟨ID:330106200002290010⟩你帮我订票
身份证⟨ID:330106200102290018⟩
身份证号码是⟨ID:110101199003071234⟩
身份证号码（18位）：⟨ID:110101199003071239⟩
⟨ID:110101199003071239⟩是我的身份证号
身份证⟨ID:11010119900307123⟩少了一位
⟨ID:110101900307123⟩
老身份证⟨ID:310104850612004⟩
ID card ⟨ID:420106196609304418⟩
港澳居民居住证⟨ID:810000199508080024⟩
⟨ID:一一零一零一一九九零零三零七一二三三⟩
身份证⟨ID:1 1 0 1 0 1 1 9 9 0 0 3 0 7 1 2 3 3⟩
香港身份证⟨ID:A123456(7)⟩
身份证号A和⟨ID:310104198506120043⟩
证件号码:⟨ID:440308199911101516⟩手机⟨PHONE:13912345678⟩
卡号⟨CARD:6222021001123456789⟩
⟨CARD:6212261234567890128⟩是我的工资卡
建行⟨CARD:6217 0012 3456 7890 122⟩
⟨CARD:6228-4800-1234-5678-903⟩
⟨CARD:6225880012345675⟩招行的
⟨CARD:622588 0012345675⟩
visa ⟨CARD:4111 1111 1111 1111⟩
信用卡⟨CARD:5432123456789012⟩
Amex: ⟨CARD:3782 822463 10005⟩
⟨CARD:378282246310005⟩
⟨CARD:3566002020360505⟩
⟨CARD:9558801234567890128⟩
⟨CARD:6013821234567890123⟩中行
打款到⟨CARD:6222021234567890123⟩，工行
银行卡号：⟨CARD:6222 0212 3456 7890⟩
收款账号⟨CARD:6217001234567890123⟩
⟨CARD:６２２２０２１００１１２３４５６７８９⟩
转账到⟨CARD:6222021001123456788⟩
账户：⟨CARD:622202100112345⟩ 开户行工行
卡号是⟨CARD:6222\u200b0210\u200b0112\u200b3456\u200b789⟩
⟨CARD:六二二二零二一零零一一二三四五六七八九⟩
护照⟨PASSPORT:E12345678⟩
护照号：⟨PASSPORT:EA1234567⟩
⟨PASSPORT:G12345678⟩是我的护照
⟨PASSPORT:E98765432⟩
passport no. ⟨PASSPORT:e12345678⟩
公务护照⟨PASSPORT:SE1234567⟩
外交护照⟨PASSPORT:D12345678⟩
护照号码⟨PASSPORT:P12345678⟩作废，新护照⟨PASSPORT:E23456789⟩
港澳通行证⟨PASSPORT:C12345678⟩
通行证号：⟨PASSPORT:CA1234567⟩
回乡证⟨PASSPORT:H12345678⟩
回乡证号⟨PASSPORT:H1234567890⟩
台胞证⟨PASSPORT:12345678⟩
大陆居民往来台湾通行证⟨PASSPORT:T12345678⟩
US passport ⟨PASSPORT:123456789⟩
护照是⟨PASSPORT:Ｅ１２３４５６７８⟩
车牌⟨PLATE:京A12345⟩
⟨PLATE:京A·12345⟩
⟨PLATE:京A 12345⟩
⟨PLATE:粤B123AB⟩停在楼下
⟨PLATE:粤BD12345⟩
⟨PLATE:京AD12345⟩新能源
⟨PLATE:沪A12345D⟩
⟨PLATE:沪C1234学⟩
⟨PLATE:京A1234警⟩
⟨PLATE:粤Z1234港⟩
⟨PLATE:粤Z1234澳⟩
⟨PLATE:苏A1234挂⟩
⟨PLATE:川A·8B888⟩
⟨PLATE:浙a66666⟩
⟨PLATE:鲁B-12345⟩
车是⟨PLATE:新A12345⟩
⟨PLATE:豫ＡＤ１２３４５⟩
⟨PLATE:闽D·F12345⟩
车牌号是⟨PLATE:A88888⟩
我的车⟨PLATE:津C3F520⟩被贴条了
微信号：⟨ACCOUNT:zhang_san88⟩
加我微信⟨ACCOUNT:abc123456⟩
微信⟨ACCOUNT:wxid_abc123def456⟩
微信：⟨ACCOUNT:lisisi⟩
我的微信号是⟨ACCOUNT:LiSiSi-2020⟩
wx: ⟨ACCOUNT:zs19900101⟩
VX：⟨ACCOUNT:zs_1990⟩
vx ⟨ACCOUNT:zs1990a⟩
薇信⟨ACCOUNT:hello2020⟩
v信：⟨ACCOUNT:hello2020⟩
wechat id: ⟨ACCOUNT:tommy_lee⟩
QQ号⟨ACCOUNT:123456789⟩
QQ：⟨ACCOUNT:123456⟩
qq ⟨ACCOUNT:1234567890⟩
加Q⟨ACCOUNT:987654321⟩
QQ群⟨ACCOUNT:123456789⟩
扣扣⟨ACCOUNT:123456789⟩
支付宝账号：⟨ACCOUNT:zhang2020⟩
支付宝⟨PHONE:13800138000⟩
抖音号：⟨ACCOUNT:dy_12345⟩
小红书号⟨ACCOUNT:4567891230⟩
账号⟨ACCOUNT:zhangsan01⟩密码⟨ACCOUNT:Zs@19900101⟩
账号：⟨ACCOUNT:admin⟩，密码：⟨ACCOUNT:P@ssw0rd!⟩
用户名⟨ACCOUNT:lisi88⟩，口令是⟨ACCOUNT:hunter2⟩
WiFi密码是⟨ACCOUNT:88888888⟩
密码改成了⟨ACCOUNT:qwe123!@#⟩
取款密码⟨ACCOUNT:135790⟩
支付密码:⟨ACCOUNT:246810⟩
my password is ⟨ACCOUNT:Tr0ub4dor&3⟩
password: ⟨ACCOUNT:correcthorse⟩
pwd=⟨ACCOUNT:abcDEF123⟩
门禁密码⟨ACCOUNT:1234#⟩
开机密码是：⟨ACCOUNT:abc⟩，好记
验证码⟨ACCOUNT:837462⟩
验证码是 ⟨ACCOUNT:8374⟩
验证码：⟨ACCOUNT:G-837462⟩
【淘宝】⟨ACCOUNT:837462⟩（登录验证码）请勿泄露
⟨ACCOUNT:837462⟩是您的验证码
⟨ACCOUNT:837462⟩ is your verification code
取件码⟨ACCOUNT:5-2-3041⟩
取件码：⟨ACCOUNT:12-3-4567⟩
动态码⟨ACCOUNT:556677⟩
CVV ⟨ACCOUNT:123⟩
提取码：⟨ACCOUNT:x7k2⟩
验证码一共六位是⟨ACCOUNT:837462⟩
工号⟨ACCOUNT:A00123⟩
工号：⟨ACCOUNT:10086⟩
学号是⟨ACCOUNT:2019011234⟩
准考证号⟨ACCOUNT:1101012345⟩
社保号⟨ACCOUNT:1234567890⟩
社保卡号：⟨ACCOUNT:A12345678⟩
公积金账号⟨ACCOUNT:210012345678⟩
病历号⟨ACCOUNT:00123456⟩
住院号:⟨ACCOUNT:ZY20230001⟩
会员卡号⟨ACCOUNT:88001234⟩
保单号⟨ACCOUNT:P123456789012⟩
合同编号：⟨ACCOUNT:HT-2023-0156⟩
统一社会信用代码⟨ACCOUNT:91110108551385082Q⟩
驾驶证号⟨ACCOUNT:123456789012⟩
档案编号⟨ACCOUNT:440300123456⟩
车架号⟨ACCOUNT:LSVAA4182E2123456⟩
IMEI：⟨ACCOUNT:356938035643809⟩
序列号⟨ACCOUNT:C02XK1ABJGH5⟩
OPENAI_API_KEY=⟨ACCOUNT:sk-proj-abcdefghijklmnop1234567890⟩
⟨ACCOUNT:sk-abcdefghijklmnopqrstuvwxyz012345⟩
token是⟨ACCOUNT:ghp_abcdefghijklmnopqrstuvwxyz0123456789⟩
⟨ACCOUNT:AKIAIOSFODNN7EXAMPLE⟩
Authorization: Bearer ⟨ACCOUNT:eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc_DEF-123⟩
⟨ACCOUNT:eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc_DEF-123⟩
secret_key: ⟨ACCOUNT:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY⟩
appsecret=⟨ACCOUNT:0123456789abcdef0123456789abcdef⟩
银行卡尾号⟨ACCOUNT:8888⟩
手机尾号⟨ACCOUNT:1234⟩
助记词是⟨ACCOUNT:apple banana cherry delta eagle forest grape honey island jungle kite lemon⟩
以太坊地址⟨ACCOUNT:0x52908400098527886E0F7030069857D2E4169EE7⟩
文件在 /home/⟨ACCOUNT:zhangsan⟩/docs
C:\Users\⟨ACCOUNT:zhangsan⟩\Desktop
链接⟨LINK:https://pan.baidu.com/s/1abcDEF?pwd=x7k2⟩
看⟨LINK:http://192.168.1.10:8080/admin⟩
⟨LINK:https://docs.qq.com/doc/DABCdef⟩，里面有
服务器⟨LINK:192.168.1.10⟩
IP是⟨LINK:10.20.30.40:3306⟩
⟨LINK:172.16.0.0/16⟩
网址⟨LINK:www.mycompany.com.cn⟩
⟨LINK:git.internal.corp/team/repo⟩
⟨LINK:zhangsan.github.io⟩
官网⟨LINK:abc-tech.com⟩
⟨LINK:ftp://files.abc-tech.com/x⟩
MAC地址⟨LINK:00:1A:2B:3C:4D:5E⟩
⟨LINK:00-1A-2B-3C-4D-5E⟩
⟨LINK:2001:0db8:85a3:0000:0000:8a2e:0370:7334⟩
⟨LINK:fe80::1ff:fe23:4567:890a⟩
会议链接：⟨LINK:https://meeting.tencent.com/dm/AbCdEf⟩（密码⟨ACCOUNT:123456⟩）
⟨LINK:t.cn/A6abcdE⟩
工资是⟨AMOUNT:3000元⟩
尾款⟨AMOUNT:十二万⟩月底结清
合同金额⟨AMOUNT:五万块⟩
⟨AMOUNT:￥1,200.50⟩已到账
我年薪⟨AMOUNT:30万⟩
欠他⟨AMOUNT:$5,000⟩
月薪⟨AMOUNT:25k⟩
预算⟨AMOUNT:50w⟩
报价是⟨AMOUNT:120万元⟩
借了我⟨AMOUNT:两千块钱⟩
房贷还剩⟨AMOUNT:一百二十万⟩
营收⟨AMOUNT:3.5亿⟩
奖金⟨AMOUNT:8,000⟩
转了⟨AMOUNT:500块⟩给他
⟨AMOUNT:100美元⟩
⟨AMOUNT:USD 1,500⟩
融资⟨AMOUNT:2000万美元⟩
押金⟨AMOUNT:三千⟩
我爸给了我⟨AMOUNT:一万块⟩
月薪⟨AMOUNT:2万5⟩
到手⟨AMOUNT:12000⟩
彩礼⟨AMOUNT:十八万八⟩
还差他⟨AMOUNT:三百五十元⟩没还
客户报价⟨AMOUNT:￥98万⟩，利润率保密
人均⟨AMOUNT:200元⟩
合同日期⟨DATE:2023年11月25日⟩
⟨DATE:2023-11-25⟩签的
⟨DATE:2023/11/25⟩
⟨DATE:2023.11.25⟩入职
⟨DATE:二零二三年十一月二十五日⟩
⟨DATE:二〇二三年五月三号⟩
我生日是⟨DATE:5月3日⟩
生日：⟨DATE:1990-05-03⟩
出生日期⟨DATE:19900503⟩
他⟨DATE:1990年5月⟩出生
⟨DATE:1990年⟩生的
孩子生日⟨DATE:农历八月十五⟩
born on ⟨DATE:May 3, 1990⟩
⟨DATE:25 November 2023⟩
出生于⟨DATE:1990年⟩
⟨DATE:2023 年 11 月 25 日⟩
妈妈生日⟨DATE:十月初三⟩
⟨DATE:3月8号⟩是她生日
生日 ⟨DATE:0503⟩
密码从⟨ACCOUNT:abc123⟩改成了⟨ACCOUNT:def456⟩
"password": "⟨ACCOUNT:hunter2⟩"
我微信⟨ACCOUNT:zhangsan⟩
腾讯会议号 ⟨ACCOUNT:123-456-789⟩
公司代码⟨ACCOUNT:91110108551385082Q⟩
案号⟨ACCOUNT:（2023）京01民终1234号⟩
⟨PHONE:138OO138OOO⟩
⟨PHONE:138/0013/8000⟩
电话:⟨PHONE:010-62770001⟩/⟨PHONE:62770002⟩
身份证⟨ID:一一零一零五一九四九一二三一零零二叉⟩
我一个月⟨AMOUNT:15k⟩
转账⟨AMOUNT:500⟩给他
他家有⟨AMOUNT:几万块⟩存款
战网号 ⟨ACCOUNT:Zhang#1234⟩
⟨LINK:fe80::1⟩
（⟨PHONE:010）62770001（分机801）⟩
⟨PHONE:(+86) 138 0013 8000⟩
⟨PHONE:幺三八，零零幺三，八零零零⟩
⟨PHONE:么三八洞洞么三八洞洞洞⟩
分机⟨PHONE:8012⟩
⟨PHONE:138*0013*8000⟩
⟨DATE:9月9日⟩要给奶奶过生日
广东⟨PLATE:B12345⟩的车牌号
⟨PLATE:粵B12345⟩
⟨PASSPORT:P12345678⟩
海员证 ⟨PASSPORT:A1234567⟩
德国护照 ⟨PASSPORT:C01X00T47⟩
IBAN ⟨CARD:DE89 3704 0044 0532 0130 00⟩
燃气编号 ⟨ACCOUNT:12345678⟩
校园卡号⟨ACCOUNT:20190112⟩
房租⟨AMOUNT:4500⟩/月
两人均摊，人均⟨AMOUNT:85⟩
给了他⟨AMOUNT:八百⟩
手术费⟨AMOUNT:三万二⟩
⟨AMOUNT:1.2个亿⟩
首付凑了⟨AMOUNT:两万三⟩
邮箱是⟨EMAIL:zhangsan@qq。com⟩
""".strip("\n").split("\n")

HARMLESS = r"""
订单号2023112512345678901什么时候发货
订单号：202311251234567890
订单编号 13800138000
运单号SF1234567890123
SF1234567890123到哪了
YT1234567890123456
JD0012345678901
物流单号773123456789012
快递单号75123456789012
110101199003071234
123456789012345678
110101199013071233
ISBN 978-7-111-54742-6
ISBN9787111547426
书号9787302423287
这个多少钱
iPhone15多少钱
Python 3.11.7怎么安装
升级到10.0.19045.3803
版本号1.2.3.4
v10.0.0.1发布了
2023年有什么大事
1998年长江洪水
2023年11月的天气
11月25日是星期几
明天下午3点开会
下周四有什么安排
14:30到15:45
比分3-1
3:2赢了
圆周率3.14159265358979323846
圆周率是3.14159265358
根号二是1.41421356237
e是2.718281828459045
iPhone15和RTX4090
新GT1030显卡
新mate60怎么样
新iPhone15Pro
G1234次列车
D3105到站时间
坐K1234去北京
航班CA1234
MU5678延误
300路公交
地铁10号线
颜色#FF5733
#1a2b3c
rgb(255,128,0)
0xDEADBEEF
1204房间
305教室
3号楼2单元501
123456789012345678901234567890
99138001380001234567
4532101380013800023
abc13800138000def
a1b2c3d4e5f6a7b8
e10adc3949ba59abbe56e057f20f883e
da39a3ee5e6b4b0d3255bfef95601890afd80709
commit 9faf7ef
1700917200
1700917200000
时间戳1700917200123
人口1400000000
销量13800138000台
国内生产总值1260000亿
地球到太阳149600000公里
光速299792458米每秒
一二三四五六七八九十
一五一十
三三两两
一元二次方程怎么解
二元函数求导
三元里在哪
多元文化
一块去吃饭吧
两块表哪个好
五块蛋糕怎么分
十块砖
一毛不拔
一刀两断
两万五千里长征
万一下雨呢
千万别忘了
百万雄师过大江
十万个为什么
三十六计
九牛一毛
八九不离十
零零后喜欢什么
九零后和八零后
一九九八年的世界杯
一三五七九十二是什么数列
1 2 3 4 5 6 7 8 9 10
1, 1, 2, 3, 5, 8, 13, 21, 34, 55
2, 3, 5, 7, 11, 13, 17, 19, 23, 29
100-200之间的质数
1+2+3+...+100
15*12345678等于多少
192*168是多少
1/3+1/4
密码多少位安全
密码是多少位的
密码怎么设置才安全
密码忘记了怎么办
密码至少8位
密码要8-16位
wifi密码怎么改
如何重置password
password is incorrect怎么办
验证码收不到
验证码是什么
验证码一般6位
短信验证码有效期5分钟
微信怎么注销账号
微信8.0.40更新了什么
微信支付限额
微信是腾讯的产品
微信群怎么建
微信小程序开发
QQ空间怎么关
QQ2023版下载
支付宝怎么还款
支付宝2023年账单
账号被封了怎么办
账号和密码有什么区别
账户余额怎么查
工号是什么意思
学号怎么编
社保号是什么
车牌号怎么选
京A是哪里的车牌
粤B是深圳
云A是昆明吗
护照怎么办理
护照有效期10年
护照办理要15个工作日
港澳通行证多久能办下来
身份证号码一共18位
身份证丢了怎么办
15位身份证升级到18位
银行卡号一般是16到19位
信用卡逾期3天
手机号一共11位
电话110
拨打120
打12306订票
10086怎么转人工
95588是哪个银行
12345热线
手机2999左右推荐
小米14怎么样
华为P60
尺寸1920x1080
1920*1080*60
4K 3840x2160
温度36.5
血压120/80
体重65.5kg
身高175cm
北纬39.9042东经116.4074
39.904200, 116.407396
2:30:45
2023-2024学年
1368-1644年是明朝
1914-1918
公元前221年
1949年10月1日新中国成立
1945年8月15日日本投降
2008年8月8日北京奥运会开幕
1840年6月28日鸦片战争
第3章第5节
GB/T 2260-2007
ISO 9001:2015
RFC 2822
HTTP 404怎么办
端口8080被占用
localhost:3000打不开
127.0.0.1是什么
255.255.255.0
8.8.8.8是谁的DNS
socket.io怎么用
node.js和vue.js
ASP.NET Core
README.md怎么写
main.py报错
a.b.c
config.yaml
System.out.println
user.info是什么
std::vector<int>
a::b
@property怎么用
react@18.2.0
@张三
meet at noon
look at this
C#和Java
F#语言
第一名和第十三名
一百二十个人
五十六个民族
一千零一夜
三十八度
12英寸
85折
50%的概率
3个月
1.5倍
10万公里保养
100平米
0.618黄金分割
0731是哪个区号
021开头的号码
400电话怎么申请
SKU 6222021001123456789
条形码6901234567892
6901028075862
编号622588
型号SM-S9180
料号BOM-2023-0001
CVE-2021-44228
KB5034441
10 000 000
1,234,567,890
1.234.567
123 456 789
满300减40
9.9包邮
这款手机卖5999元贵吗
3000元左右的手机推荐
100元等于多少日元
油价8元一升
北京地铁起步价3元
一斤苹果5块钱贵吗
门票120元值不值
猪肉15元一斤
比亚迪汉20万左右值得买吗
1美元等于多少人民币
UTC+8
GMT+08:00
c++17
A4纸
B2B和B2C
P2P
4S店
5G
7-11便利店
502胶水
007
996工作制
520是什么意思
1314
双11
618
高兴
王朝
点com是什么
点赞
新A股
新能源车
MIUI 12.5.8.0更新了什么
价格从1.8.8.8降到1.6.9.9
01169.HK怎么了
U.S.News世界大学排名
国外账号 200 万粉丝
公积金4000算高吗
2020 年发生的哪些事
拥有一块还不错的表
社保交多少年
用阿卡835两星期了
主板2600，3988的电话就贵一点
一分钱一分货
2020年人口出生率
短信卡1368
王者荣耀：S11亚瑟怎么出装
鲁迅
京东
川菜
""".strip("\n").split("\n")

# Other registers: dictated, banks' and hospitals' notes, resumes, tables, English.
SENSITIVE += r"""
我手机号换了新的是⟨PHONE:幺五九零二八三七七四六⟩你记一下
他说打⟨PHONE:一八六 二一八七 零九三四⟩就行
姓名|电话|床位\n刘桂芬|⟨PHONE:13693847205⟩|12
王一\t⟨PHONE:137-2044-9981⟩\t市场部
call my mom at ⟨PHONE:+86 159 0284 7716⟩ if I don't pick up
Phone ⟨PHONE:(86) 13590284771⟩ WeChat same
急诊科值班⟨PHONE:6213 4478⟩，护士站⟨PHONE:62134479⟩
老家座机⟨PHONE:0717 6238841⟩妈在家
⟨PHONE:０２１－５４３３ ８８２１⟩找前台转我
孙律师（⟨PHONE:138 1122 3344⟩）周五出庭
刚刚有个⟨PHONE:0571-28837712⟩打来说是法院的
有个骚扰电话⟨PHONE:95187334421⟩老打
⟨PHONE:+65 9123 4567⟩ 是新加坡同事
澳门那边打⟨PHONE:+853 6612 3344⟩
香港客户手提⟨PHONE:6123 4567⟩
台湾舅舅⟨PHONE:0912-345-678⟩
我爸号码后来改成⟨PHONE:15902837746⟩了老的那个停了
联系电话⟨PHONE:159-0283-7746⟩/⟨PHONE:0571-88223344⟩
⟨PHONE:1590283 7746⟩老马
⟨PHONE:159 02 83 77 46⟩
紧急联系人：妻 ⟨PHONE:18602187093⟩；公司 ⟨PHONE:010-84556677*8801⟩
来电显示 ⟨PHONE:0086 571 8822 3344⟩
我车⟨PLATE:苏E·3H92Z⟩停在地库
车牌⟨PLATE:苏E三H九二Z⟩帮我报备
临时车 ⟨PLATE:浙A F5821⟩ 进小区
⟨PLATE:粤S·D12345⟩绿牌
⟨PLATE:京NJ8Q62⟩违停
⟨PLATE:沪·A12345⟩
⟨PLATE:川AF12345⟩|王五|东门
⟨PLATE:鄂 A 12345⟩
⟨PLATE:湘A-D88170⟩
车主李四 号牌⟨PLATE:辽B7K2M9⟩ 小型轿车
⟨PLATE:贵Ａ·１２３４５⟩
车辆号牌：⟨PLATE:陕A7H2M9⟩，时间⟨DATE:2025-03-04⟩
⟨PLATE:晋A12345⟩剐蹭
我们公司两台⟨PLATE:赣A88Q21⟩和⟨PLATE:赣AD22817⟩
⟨PLATE:闽C·2K88M⟩ 18:20入场
挂车⟨PLATE:冀B1234挂⟩
教练车⟨PLATE:皖A1234学⟩
⟨PLATE:青A·R2281⟩是我姐夫的
⟨PLATE:宁A·D0281K⟩新能源
滴滴司机车牌尾号⟨PLATE:7K2M⟩
plate ⟨PLATE:粤B·7Q2F0⟩ parked here
生日⟨DATE:一九九二年三月十一⟩
我是⟨DATE:一九九二年三月十一号⟩生的
出生年月：⟨DATE:1992.03⟩
出生年月日 ⟨DATE:1992/3/11⟩
入院日期⟨DATE:2025-11-06⟩ 出院日期⟨DATE:2025-11-12⟩
入职 ⟨DATE:2021.07.01⟩ 离职 ⟨DATE:2024.06.30⟩
DOB: ⟨DATE:11/03/1992⟩
Born ⟨DATE:11 Mar 1992⟩
⟨DATE:March 11th, 1992⟩ is her birthday
⟨DATE:20250306⟩入院，⟨DATE:20250312⟩出院
交易日期：⟨DATE:20250306⟩
⟨DATE:2025年3月6日⟩尾号⟨ACCOUNT:8726⟩账户支出⟨AMOUNT:3,000.00⟩元
⟨DATE:25年3月6日⟩签的字
合同有效期至⟨DATE:2027年2月28日⟩
⟨DATE:２０２５年３月６日⟩
⟨DATE:2025年3月6号⟩那天
我妈属羊⟨DATE:1967年腊月初八⟩生
生日是⟨DATE:三月十一⟩别忘了
老婆的生日⟨DATE:0311⟩做密码
张三|男|⟨DATE:1992-03-11⟩|未婚
李四\t⟨DATE:1988/12/01⟩\t本科
签发日期：⟨DATE:2020.05.06⟩-⟨DATE:2040.05.06⟩
宝宝⟨DATE:2023.8.9⟩出生的
⟨DATE:2025 年 12 月 5 日⟩前搬走
领证⟨DATE:2019-05-20⟩
第一次手术是⟨DATE:2022年十月八号⟩
毕业时间 ⟨DATE:2015-06-30⟩
加我小号⟨ACCOUNT:zhou_mi_88⟩
vx同号 ⟨ACCOUNT:Lily_1102x⟩
ins：⟨ACCOUNT:@lily.wang⟩
tg找我⟨ACCOUNT:@bob_ma99⟩
路由器管理密码⟨ACCOUNT:Tp-link@2024⟩
wifi⟨ACCOUNT:Home_5G⟩密码⟨ACCOUNT:hm2024hm⟩
wifi名字 ⟨ACCOUNT:Lanhai⟩ 密码 ⟨ACCOUNT:lh88888888⟩
保险箱密码左三圈⟨ACCOUNT:28-14-39⟩
网银登录名 ⟨ACCOUNT:zhou1992⟩ 登录密码 ⟨ACCOUNT:Zm@920311⟩
密码还是老样子 ⟨ACCOUNT:zm920311⟩
acct no. ⟨ACCOUNT:0044-1782-9963⟩
Account number: ⟨ACCOUNT:78219934⟩ sort code ⟨ACCOUNT:20-11-43⟩
户名王五 账号⟨ACCOUNT:33050161624700000123⟩
病案号 ⟨ACCOUNT:B20250306⟩ 床号 12
门诊号：⟨ACCOUNT:0009283746⟩
检验单号⟨ACCOUNT:LS20250306017⟩
社保电脑号⟨ACCOUNT:629384756⟩
医保编号 ⟨ACCOUNT:3301928374⟩
退休证号 ⟨ACCOUNT:浙退20110283⟩
残疾证 ⟨ACCOUNT:33010419670201002843⟩
警号⟨ACCOUNT:023841⟩
执业证书编号：⟨ACCOUNT:1101201810038472⟩
电费户号⟨ACCOUNT:3309128374⟩
宽带账号⟨ACCOUNT:hz057188223344⟩密码⟨ACCOUNT:223344⟩
验证码⟨ACCOUNT:幺三五七九二⟩
验证码⟨ACCOUNT:一三五七九二⟩
取件码 ⟨ACCOUNT:8-3-2291⟩ 在菜鸟
支付密码跟门锁一样⟨ACCOUNT:920311⟩
my login is ⟨ACCOUNT:zhou.mi⟩ / ⟨ACCOUNT:Zm!2024⟩
username ⟨ACCOUNT:zhoumi⟩ password ⟨ACCOUNT:Passw0rd1⟩
PIN is ⟨ACCOUNT:4471⟩
b站id ⟨ACCOUNT:周米米_1102⟩
Steam好友代码⟨ACCOUNT:182736455⟩
邀请码⟨ACCOUNT:X7KQ29⟩
锁屏密码⟨ACCOUNT:2580⟩
视频监控 用户名⟨ACCOUNT:admin⟩ 密码⟨ACCOUNT:abc12345⟩
投影仪密码：⟨ACCOUNT:room8⟩
老周借了我⟨AMOUNT:八千五⟩到现在没还
一个月房租⟨AMOUNT:三千二⟩水电另算
我工资才⟨AMOUNT:六千⟩
他给了个报价⟨AMOUNT:四十五万⟩
随了⟨AMOUNT:一千二⟩的礼
卖菜收入⟨AMOUNT:一百八十六块五⟩
您尾号⟨ACCOUNT:8726⟩的储蓄卡已挂失
您尾号⟨ACCOUNT:8726⟩卡于3月6日支出人民币⟨AMOUNT:3,000.00元⟩，余额⟨AMOUNT:12,837.55元⟩
【工商银行】收入(工资)⟨AMOUNT:8,726.50⟩，余额⟨AMOUNT:20,391.12⟩
住院押金⟨AMOUNT:5000⟩ 自费⟨AMOUNT:1827.3⟩
合计：⟨AMOUNT:1,827.30⟩
期望薪资：⟨AMOUNT:15k-20k⟩
期望月薪 ⟨AMOUNT:15-20K⟩
current base ⟨AMOUNT:35k⟩ plus bonus
项目|预算|负责人\n装修|⟨AMOUNT:120000⟩|老王
费用\t物业费\t⟨AMOUNT:1872⟩\t未缴
I lent him ⟨AMOUNT:5000 RMB⟩ last year
we agreed on ⟨AMOUNT:£2,300⟩ a month
she makes ⟨AMOUNT:120k a year⟩
工资条：基本⟨AMOUNT:4500⟩ 绩效⟨AMOUNT:2300⟩ 实发⟨AMOUNT:6127.44⟩
他炒股赔进去⟨AMOUNT:二十来万⟩
手里就剩⟨AMOUNT:三百多⟩了
赔偿⟨AMOUNT:￥５，０００⟩
欠条：今欠张三⟨AMOUNT:人民币伍仟元整⟩（⟨AMOUNT:5000元⟩）
医保报了⟨AMOUNT:六千八⟩自己掏⟨AMOUNT:两千一⟩
保费一年⟨AMOUNT:4360⟩
这个单子利润15个点
成交价⟨AMOUNT:326万⟩，首付⟨AMOUNT:一百万⟩
租金按季付，每季⟨AMOUNT:12600⟩
我拿⟨AMOUNT:三十万⟩入股
阿姨一天⟨AMOUNT:两百⟩
微信转你⟨AMOUNT:88⟩
爸住院花了⟨AMOUNT:一万多⟩
家教一小时⟨AMOUNT:150⟩
我和老婆月入⟨AMOUNT:两万出头⟩
先付三成⟨AMOUNT:9万⟩，验收后再付⟨AMOUNT:21万⟩
内网⟨LINK:10.8.3.21:8443⟩登不上
NAS地址 ⟨LINK:nas.zhoumi.me:5001⟩
我博客⟨LINK:blog.zhoumi.cc⟩
⟨LINK:https://u.wechat.com/EAbCdEfGh⟩扫这个加
⟨LINK:ssh://git@git.hengtuo.net:22/a.git⟩
⟨LINK:weixin://dl/business/?t=abcd⟩
简历⟨LINK:https://www.linkedin.com/in/zhoumi⟩
打印机 ⟨LINK:192.168.3.77⟩
⟨LINK:\\192.168.3.9\share⟩
⟨LINK:rtsp://admin:a123@192.168.1.64/h264⟩
⟨LINK:zhoumi.feishu.cn/docx/AbCd⟩
喂你记一下啊我新号码是⟨PHONE:一七七六二一五零零九三⟩
他号是⟨PHONE:幺八九六二零三三幺五七⟩微信同号
找物业就打⟨PHONE:8823 4417⟩
⟨PHONE:(0512)6815-2940⟩转8012吴主任
保安室⟨PHONE:57283391⟩
| 李梅 | ⟨PHONE:187 0192 3345⟩ | 三班 |
刚才⟨PHONE:0311-86052219⟩打来说医保断缴了
推销的⟨PHONE:95138827364⟩
My HK number is ⟨PHONE:9187 2635⟩
HK mobile ⟨PHONE:+852-6138-4402⟩
Reach me on ⟨PHONE:+61 412 345 678⟩ or ⟨PHONE:(415) 555-2671⟩
家属联系方式 子 ⟨PHONE:15810293847⟩ 女 ⟨PHONE:13020481937⟩
手机⟨PHONE:１８６－２１８７－０９３４⟩
电话⟨PHONE:0571.8765.4312⟩
台湾客户 ⟨PHONE:0933 221 445⟩
⟨PHONE:86 139 1265 7708⟩（微信）
M: ⟨PHONE:136 9384 7205⟩ T: ⟨PHONE:021 5433 8821⟩
工地老张一三九的那个号⟨PHONE:一三九 二二八八 七七六六⟩
小区门岗座机⟨PHONE:2273845⟩
派出所回电 ⟨PHONE:0710-3512884⟩
老赵那个车⟨PLATE:鄂A7QF20⟩还没年审
⟨PLATE:豫 A·5D73K⟩ 入 08:12 出 18:40
京牌车⟨PLATE:京QL7K05⟩
⟨PLATE:京A·DM3901⟩电车
帮我挪下⟨PLATE:浙B·D02817⟩
⟨PLATE:粤B·F1K88Q⟩看着像假牌
苏州那台⟨PLATE:苏U·8821F⟩
⟨PLATE:蒙A 8K37Q⟩，黑色大众
车牌⟨PLATE:川a幺二三四五⟩
号牌号码|⟨PLATE:川A62K9P⟩|小型汽车
⟨PLATE:WJ粤1234X⟩
⟨PLATE:渝A·7N619⟩和⟨PLATE:渝AD77120⟩都登记一下
⟨PLATE:桂A、77219⟩
湖南⟨PLATE:湘A.88D17⟩
⟨PLATE:新A·F8821⟩拖走了
我老婆生日⟨DATE:五月二十七⟩
⟨DATE:八四年五月二十七⟩的
孩子是⟨DATE:二零一八年五月二十一⟩生的
出生日期|⟨DATE:1982-10-10⟩
D.O.B. ⟨DATE:17/02/1990⟩
born in ⟨DATE:Feb 1990⟩
手术日期：⟨DATE:20251106⟩
末次月经⟨DATE:2025.11.30⟩，预产期⟨DATE:2026.9.6⟩
⟨DATE:2019.09⟩-⟨DATE:2023.06⟩ 浙江大学 本科
有效期限 ⟨DATE:2015.03.09-2035.03.09⟩
退房日期 ⟨DATE:2026/1/3⟩
⟨DATE:2025年9月18号⟩生效
账单日 ⟨DATE:2025-11-05⟩ 还款日 ⟨DATE:2025-11-25⟩
上次体检是二〇二四年三月
爷爷⟨DATE:1941年3月19日⟩的生人
我俩⟨DATE:2016年10月2日⟩办的婚礼
生日：⟨DATE:92年3月11⟩
周岁宴⟨DATE:12月25日⟩，宝宝满周岁
⟨DATE:2028/04/15⟩到期
她身份证上是⟨DATE:1975年10月4日⟩
⟨DATE:2003.1.8⟩出生
搜我微信⟨ACCOUNT:lantian-0108⟩
加下薇❤⟨ACCOUNT:mxr0921⟩
你加我 ⟨ACCOUNT:xiaolu_9912⟩ 备注租房
whatsapp id ⟨ACCOUNT:karen_yip88⟩
推特 ⟨ACCOUNT:@kangwei_2⟩
discord: ⟨ACCOUNT:feiyu#3092⟩
无线网⟨ACCOUNT:CMCC-8F2A⟩，密码⟨ACCOUNT:a1b2c3d4⟩
热点名 ⟨ACCOUNT:xiaomi13⟩ 密码 ⟨ACCOUNT:12344321⟩
网盘提取码⟨ACCOUNT:k3fm⟩
智能锁密码⟨ACCOUNT:903177#⟩
行李箱密码 ⟨ACCOUNT:0-7-1⟩
登录密码还是那个⟨ACCOUNT:Qz7781⟩
a/c no ⟨ACCOUNT:012-345678-9⟩
银行账户 ⟨ACCOUNT:755920183610802⟩ 招行科苑
汇款到⟨ACCOUNT:3901 1200 0920 0417 65⟩
样本号⟨ACCOUNT:XJ2511060032⟩
就诊号：⟨ACCOUNT:2918374650⟩
住院号⟨ACCOUNT:0001938274⟩床位12
毕业证书编号⟨ACCOUNT:103351201505001234⟩
学生证号 ⟨ACCOUNT:S2023310457⟩
结婚证字号 ⟨ACCOUNT:J330106-2019-001823⟩
准考证：⟨ACCOUNT:330125110928⟩
报销单号 ⟨ACCOUNT:BX20251106-013⟩
税号⟨ACCOUNT:91330106MA2B1XQ47K⟩
机顶盒卡号 ⟨ACCOUNT:8512003948271⟩
天然气表号⟨ACCOUNT:20039182⟩
user: ⟨ACCOUNT:root⟩ pass: ⟨ACCOUNT:toor123⟩
账号是手机号 密码⟨ACCOUNT:mm920311⟩
otp ⟨ACCOUNT:482915⟩ expires soon
验证码⟨ACCOUNT:四八二九一五⟩快填
你的验证码为：⟨ACCOUNT:73 90 14⟩
锁屏密码⟨ACCOUNT:六个8⟩
企业微信号：⟨ACCOUNT:LiuJiaHui⟩
游戏ID⟨ACCOUNT:8827361⟩
快手⟨ACCOUNT:ks_dongbei⟩搜一下
后台 ⟨ACCOUNT:admin⟩/⟨ACCOUNT:Ht@2025⟩
他欠我⟨AMOUNT:一万八⟩
每月给我妈⟨AMOUNT:两千⟩
奶奶塞给我⟨AMOUNT:六百六⟩红包
⟨AMOUNT:五万六⟩买的二手车
这趟出差报了⟨AMOUNT:两千三百八⟩
份子钱⟨AMOUNT:600⟩，你垫一下
工资发了⟨AMOUNT:7823.5⟩
贷了⟨AMOUNT:120万⟩，月供⟨AMOUNT:6380⟩
押一付三一共⟨AMOUNT:14000⟩
亏了⟨AMOUNT:二十三万⟩
存折上还有⟨AMOUNT:四万三千二百⟩
账户余额⟨AMOUNT:￥9,382.11⟩
您卡于11月6日消费⟨AMOUNT:1,299.00元⟩
支取现金⟨AMOUNT:2000.00⟩
项目费用 床位费 ⟨AMOUNT:320⟩ 护理费 ⟨AMOUNT:96⟩ 西药费 ⟨AMOUNT:1,028.40⟩
姓名,工资\n张伟,⟨AMOUNT:8600⟩
年终奖估计五个月
底薪⟨AMOUNT:4500⟩加提成
目前年包⟨AMOUNT:42w⟩，期望⟨AMOUNT:50w+⟩
total comp is ⟨AMOUNT:$210k⟩
he owes me ⟨AMOUNT:300 bucks⟩
rent is ⟨AMOUNT:1,850 per month⟩
invoice total ⟨AMOUNT:EUR 4.250,00⟩
报价从⟨AMOUNT:18万⟩谈到⟨AMOUNT:15万5⟩
给孩子报班花了⟨AMOUNT:九千多⟩
这单挣⟨AMOUNT:五千⟩
保姆工资⟨AMOUNT:六千五⟩一个月
⟨AMOUNT:八万八⟩的彩礼
花呗还有⟨AMOUNT:三千四⟩没还
赔我⟨AMOUNT:五百⟩
先转⟨AMOUNT:三千⟩过来
车损险⟨AMOUNT:4321⟩
房子卖了⟨AMOUNT:三百二十万⟩
基金亏15%差不多⟨AMOUNT:两万⟩
收据：今收到李四⟨AMOUNT:人民币贰仟叁佰元整⟩
我们合伙每人出⟨AMOUNT:10万⟩
⟨AMOUNT:3k⟩一个月包吃住
转租⟨AMOUNT:2800⟩/月
餐费⟨AMOUNT:86⟩ 打车⟨AMOUNT:43.5⟩
⟨LINK:172.18.4.9⟩ 连不上，⟨LINK:172.18.4.1⟩能ping通
⟨LINK:http://zhoumi.top:8080/a?b=c⟩
云盘⟨LINK:pan.quark.cn/s/8f3a29c1⟩
⟨LINK:songta.cc⟩是我们官网
群晖⟨LINK:192.168.50.88:5000⟩
⟨LINK:t.me/zhoumi1102⟩
邀请链接⟨LINK:discord.gg/AbC123⟩
ssh root@⟨LINK:47.98.22.119⟩
那个我手机号啊是⟨PHONE:幺八零幺七二九四四五三⟩你打过来就行
电话号码⟨PHONE:一五八 一零二九 三八四七⟩别打错
患者家属 ⟨PHONE:159 2207 3381⟩ 床号8
⟨PHONE:0755-26713390-206⟩成工
值班手机⟨PHONE:13588290417⟩ 内线⟨PHONE:6206⟩
联系：⟨PHONE:189.6203.3157⟩
宽带装维⟨PHONE:0577 6582 9301⟩
Mobile / 手机: ⟨PHONE:+86-136-0834-7712⟩
⟨PHONE:００８５２ ６１３８ ４４０２⟩
他留的电话少一位：⟨PHONE:1589921347⟩
给⟨PHONE:17751420386⟩充100话费
学校总机 ⟨PHONE:85551234⟩ 转 ⟨PHONE:3021⟩
香港公司 Tel: ⟨PHONE:2736 9910⟩ Fax: ⟨PHONE:2736 9911⟩
微信和手机同号⟨PHONE:15300982714⟩
短信来自106575258192说我中奖
催收电话 ⟨PHONE:0731-88447766⟩、⟨PHONE:0731-88447767⟩
姓名：赵六 手机：⟨PHONE:１７３８９２０１５４６⟩ 职务：采购
⟨PHONE:+49 151 2345 6789⟩ in Berlin
日本の携帯 ⟨PHONE:+81 90-1234-5678⟩
⟨PHONE:1-8-9-0-1-2-3-4-5-6-7⟩
收件：周女士 ⟨PHONE:13011112222⟩，分机⟨PHONE:7788⟩
车子⟨PLATE:浙A8K37Q⟩刚买半年
爱车⟨PLATE:粤A·F12D8⟩保险到期
⟨PLATE:沪B·5K882⟩ 超速 50%以下
访客：王五，⟨PLATE:苏A·BD883⟩，蓝色
牌号 ⟨PLATE:鲁Q·7M2K1⟩ 已缴停车费
摩托车⟨PLATE:琼A·3721⟩
⟨PLATE:京·N8Q62K⟩没这种牌吧
驾驶⟨PLATE:冀R72K10⟩小型普通客车
这辆⟨PLATE:黑A·D99211⟩充电桩占位
⟨PLATE:陕A五八八六零⟩是我爸的车
⟨PLATE:浙J 82M91⟩丨到期⟨DATE:2026-08-31⟩
⟨PLATE:吉Ａ５Ｋ８８２⟩
我俩的车分别是⟨PLATE:云A2U910⟩、⟨PLATE:云AD31827⟩
⟨PLATE:藏A·A2188⟩
使馆车 ⟨PLATE:使224578⟩
出生：⟨DATE:1968年农历七月初九⟩
我爸⟨DATE:五八年七月初九⟩生的
她是⟨DATE:95年6月18号⟩的生日
儿子⟨DATE:16年3月8日⟩出生的
借款日期 ⟨DATE:2024-3-1⟩，还款日期 ⟨DATE:2025-3-1⟩
就诊时间：⟨DATE:2025-11-06⟩ 14:32
⟨DATE:06/11/2025⟩ admitted
Date of birth ⟨DATE:27 May 1984⟩
birthday is ⟨DATE:Aug 8, 2012⟩
入学 ⟨DATE:20110901⟩ 毕业 ⟨DATE:20150630⟩
劳动合同期限自⟨DATE:2023年9月18日⟩起至⟨DATE:2026年9月17日⟩
⟨DATE:二零二三年九月十八⟩签的约
孩子预产期⟨DATE:2026年9月6号⟩
过户时间⟨DATE:2022/7/15⟩
疫苗第一针⟨DATE:2021.6.30⟩
我女儿生日⟨DATE:腊月二十三⟩
⟨DATE:1990-2-17⟩ 女 汉族
结婚纪念日是⟨DATE:2012年8月8日⟩
死亡日期 ⟨DATE:2024年12月3日⟩
工作经历 ⟨DATE:2018/07-2021/12⟩ 恒拓机电 工程师
有事加微 ⟨ACCOUNT:xiexd_ly⟩
薇 ⟨ACCOUNT:sunny_choi9⟩ 备注来意
我的wx是⟨ACCOUNT:nj02598⟩
小红书搜⟨ACCOUNT:tangtang_bread⟩
qq小号 ⟨ACCOUNT:2847561093⟩
LINE ID: ⟨ACCOUNT:karen.yip⟩
github 用户名 ⟨ACCOUNT:lijunfang⟩
路由器后台 ⟨ACCOUNT:admin⟩ ⟨ACCOUNT:Lh@8888⟩
家里wifi叫⟨ACCOUNT:TP-LINK_5G_8F⟩
wifi: ⟨ACCOUNT:Guest-Lanhai⟩ / ⟨ACCOUNT:lh2025lh⟩
vpn 账号 ⟨ACCOUNT:chengm⟩ 密码 ⟨ACCOUNT:Cm!77120⟩
邮箱密码忘了好像是⟨ACCOUNT:wqh617617⟩
手机解锁密码⟨ACCOUNT:1-4-7-8⟩
密码⟨ACCOUNT:六个8⟩加一个a：⟨ACCOUNT:888888a⟩
保险柜密码是⟨ACCOUNT:36 18 77⟩
支付宝登录密码：⟨ACCOUNT:Song1988⟩
passcode ⟨ACCOUNT:771204⟩
The door code is ⟨ACCOUNT:4471#⟩
CVV2: ⟨ACCOUNT:917⟩ exp 08/27
SSN ⟨ACCOUNT:123-45-6789⟩
Policy No. ⟨ACCOUNT:PA-7720193846⟩
routing number ⟨ACCOUNT:021000021⟩
对公账户 ⟨ACCOUNT:1102 0284 0900 0123 456⟩
公积金个人账号：⟨ACCOUNT:21003847562⟩
医疗证号⟨ACCOUNT:YL330106882⟩
病人ID：⟨ACCOUNT:P00918273⟩
处方编号 ⟨ACCOUNT:CF202511060071⟩
员工编号：⟨ACCOUNT:HT-00731⟩
律师执业证号 ⟨ACCOUNT:13301201810038472⟩
教师资格证 ⟨ACCOUNT:20193300142000381⟩
护士执业证书 ⟨ACCOUNT:201833010293⟩
不动产权证 ⟨ACCOUNT:浙(2019)杭州市不动产权第0123456号⟩
车架 ⟨ACCOUNT:LSVNV2182E2100001⟩
水表号：⟨ACCOUNT:SB20039182⟩
快递柜取件码⟨ACCOUNT:88291037⟩
会议号：⟨ACCOUNT:882 910 377⟩
报名序号⟨ACCOUNT:3301182736⟩
老张上个月借走⟨AMOUNT:一万五⟩
我妈的退休金⟨AMOUNT:四千一百多⟩
房租涨到⟨AMOUNT:五千二⟩了
给我打⟨AMOUNT:三百⟩
他一年能挣⟨AMOUNT:四五十万⟩
家里存款就⟨AMOUNT:十二万⟩
医生说手术得⟨AMOUNT:八万左右⟩
请客吃饭花⟨AMOUNT:七百六⟩
补交社保⟨AMOUNT:13,427.64⟩
卡里余额不足⟨AMOUNT:200⟩
您账户11月06日14:32存入⟨AMOUNT:RMB8,200.00⟩
转账给崔永强⟨AMOUNT:5000.00⟩成功
挂号费 ⟨AMOUNT:25⟩ 检查费 ⟨AMOUNT:480⟩ 个人支付 ⟨AMOUNT:163.72⟩
月薪要求⟨AMOUNT:18000-22000⟩
年薪⟨AMOUNT:30-35万⟩
薪资：面议（现⟨AMOUNT:16k⟩*14）
日期|摘要|金额\n11-06|工资|⟨AMOUNT:8726.50⟩\n11-08|房租|⟨AMOUNT:-3200⟩
品名 数量 单价 金额\n板材 20 ⟨AMOUNT:68⟩ ⟨AMOUNT:1360⟩
my salary is ⟨AMOUNT:28k⟩ before tax
they offered ⟨AMOUNT:£45k⟩
wired ⟨AMOUNT:HKD 120,000⟩ yesterday
he borrowed ⟨AMOUNT:two thousand dollars⟩
我们AA每人⟨AMOUNT:68⟩
车贷还剩⟨AMOUNT:六万三⟩
股票套了⟨AMOUNT:十来万⟩
离婚她要⟨AMOUNT:五十万⟩
给丈母娘包了⟨AMOUNT:八千八⟩
订金⟨AMOUNT:两百⟩已付
货款⟨AMOUNT:４７，２００⟩元未结
标书报价⟨AMOUNT:人民币壹佰贰拾万元整⟩
抚恤金⟨AMOUNT:九十三万⟩
罚我⟨AMOUNT:二百⟩
佣金百分之二大概⟨AMOUNT:六千⟩
每股⟨AMOUNT:12.5元⟩卖给他的
中介费收了我一个月房租⟨AMOUNT:4200⟩
一共花了⟨AMOUNT:三千九百八十块⟩
奶粉钱一月⟨AMOUNT:1500⟩
我只出⟨AMOUNT:二十万⟩剩下他出
办公室打印机⟨LINK:10.20.1.77⟩
后台地址⟨LINK:admin.hengtuo.vip⟩
⟨LINK:https://docs.qq.com/sheet/DSkV2b3R⟩填一下
会议⟨LINK:https://zoom.us/j/8829103771?pwd=abc⟩
数据库在⟨LINK:172.20.3.8:5432/crm⟩
共享文件夹 ⟨LINK:\\srv01\法务\合同⟩
⟨LINK:v.douyin.com/iRxAbCd/⟩你看这个
主页 ⟨LINK:lijunfang.me⟩
⟨LINK:xn--fiq228c.com⟩
IPv6 ⟨LINK:240e:3a1:4c2:9f00::1⟩
嗯我的电话是⟨PHONE:一九九五五二一零八三七⟩你加一下
⟨PHONE:177 6215 0093⟩ 钟离昧收
拨打⟨PHONE:0991-2837465⟩找古丽
甲方联系人：⟨PHONE:13598273641⟩(王)
|紧急联系人|⟨PHONE:189 9128 3374⟩|母子|
我办公电话⟨PHONE:6552 8831⟩，手机⟨PHONE:18972635510⟩
电话：⟨PHONE:(852) 2736 9910⟩
微信电话都是⟨PHONE:15581920037⟩
投诉到⟨PHONE:023-67381920⟩没人接
⟨PHONE:+1 206 555 0147⟩ is my US cell
老爸新卡⟨PHONE:１９２ ８８２７ ３３６１⟩
接了个⟨PHONE:02887719204⟩的电话
⟨PHONE:138-1192-0037⟩(李)
舅舅：⟨PHONE:13677182930⟩；姨妈：⟨PHONE:13988273610⟩
前台分机 ⟨PHONE:8006⟩
蓝色轿车⟨PLATE:皖C·8M2K7⟩
⟨PLATE:豫P D88213⟩ 堵门了
⟨PLATE:粤LD28371⟩、⟨PLATE:粤L2K8M0⟩进出记录
车牌：⟨PLATE:赣 B·77K21⟩
我的特斯拉是⟨PLATE:浙AF77281⟩
⟨PLATE:甘A·9M2K1⟩被追尾，责任对方⟨PLATE:青B88211⟩
⟨PLATE:津B.72K81⟩
京牌：⟨PLATE:京P·7K821⟩
⟨PLATE:苏C88K21挂⟩
⟨PLATE:晋K·7721D⟩
宝宝⟨DATE:二零二四年二月九号⟩出生
就诊日期：⟨DATE:2025/11/6⟩
我⟨DATE:1998年11月⟩出生
入党时间⟨DATE:2012.07.01⟩
⟨DATE:2014.9—2018.6⟩ 四川大学
身份证有效期 ⟨DATE:2018.03.21-长期⟩
老妈的生日⟨DATE:正月十六⟩
离婚判决⟨DATE:二〇二一年八月三日⟩生效
⟨DATE:Nov. 6, 2025⟩ surgery
birth date: ⟨DATE:1979-02-28⟩
生于⟨DATE:1953年冬月初二⟩
⟨DATE:20240311⟩签合同 ⟨DATE:20270310⟩到期
还款日⟨DATE:2025年12月25日⟩前
我闺女⟨DATE:2015.6.1⟩的
姓名/性别/出生年月：张敏/女/⟨DATE:1987.09⟩
加我微信：⟨ACCOUNT:qh_zhou⟩
v：⟨ACCOUNT:mxr0921k⟩
微信号还是⟨ACCOUNT:yawen1806⟩没变
加个微信 ⟨ACCOUNT:tt_cake88⟩
扣 ⟨ACCOUNT:1849203375⟩
抖音：⟨ACCOUNT:dongbeigaga⟩
ins 是 ⟨ACCOUNT:olivia.grant_⟩
公众号后台登录邮箱不变，密码 ⟨ACCOUNT:Gzh#7718⟩
家里无线 ⟨ACCOUNT:ChinaNet-7K2M⟩ 密码 ⟨ACCOUNT:k2m88991⟩
wifi密码⟨ACCOUNT:八个八⟩ ⟨ACCOUNT:88888888⟩
小区门禁 ⟨ACCOUNT:5520#⟩
大门密码：⟨ACCOUNT:*2291#⟩
开锁密码改了，改成⟨ACCOUNT:771029⟩
电脑密码就是我名字拼音加⟨ACCOUNT:0921⟩
云服务器 root / ⟨ACCOUNT:Ht!9920x⟩
验证码是⟨ACCOUNT:六九二零一七⟩
收到code ⟨ACCOUNT:629017⟩
短信：【招商银行】验证码：⟨ACCOUNT:302918⟩，转账⟨AMOUNT:5,000元⟩
取餐号⟨ACCOUNT:A118⟩
快递柜 ⟨ACCOUNT:629-1837⟩ 取件码
Member No: ⟨ACCOUNT:88019283⟩
Employee ID ⟨ACCOUNT:HT00731⟩
health card number ⟨ACCOUNT:9876-543-210⟩
借书证号⟨ACCOUNT:L20193321⟩
就诊卡号 ⟨ACCOUNT:003829174⟩
病理号：⟨ACCOUNT:B2511-0332⟩
放射号 ⟨ACCOUNT:CT8827361⟩
立案号⟨ACCOUNT:(2025)浙0106民初1234号⟩
房产证号：⟨ACCOUNT:杭房权证西字第09182736号⟩
公司税号 ⟨ACCOUNT:91110108551385082Q⟩
基金账号 ⟨ACCOUNT:98F029183746⟩
证券账户⟨ACCOUNT:A382917465⟩
燃气户号：⟨ACCOUNT:88127364⟩
学籍号 ⟨ACCOUNT:G330106201501230045⟩
老李欠我⟨AMOUNT:两万六⟩
上个月到手⟨AMOUNT:九千三⟩
给我侄子压岁钱⟨AMOUNT:五百⟩
⟨AMOUNT:三十六万⟩全款买的车
我爷爷看病花了⟨AMOUNT:十一二万⟩
一年学费⟨AMOUNT:两万八千五⟩
公司欠薪⟨AMOUNT:四万⟩
妈给的⟨AMOUNT:一千⟩我没要
【建设银行】您尾号⟨ACCOUNT:8837⟩的储蓄卡支出⟨AMOUNT:1200.00元⟩，活期余额⟨AMOUNT:3381.27元⟩
扫码付款 ⟨AMOUNT:-68.00⟩
收款 ⟨AMOUNT:+350.00⟩ 张强
应付租金：⟨AMOUNT:9600⟩
床位费 ⟨AMOUNT:40.00⟩ 诊查费 ⟨AMOUNT:22.00⟩ 合计 ⟨AMOUNT:1,962.00⟩
期望年薪：⟨AMOUNT:40万-50万⟩
目前月薪 ⟨AMOUNT:22000⟩ 元
base ⟨AMOUNT:28k⟩*16
姓名|基本工资|奖金\n李娜|⟨AMOUNT:6500⟩|⟨AMOUNT:2000⟩
借据：借到赵六⟨AMOUNT:叁万元整⟩
I paid a deposit of ⟨AMOUNT:$1,500⟩
our budget is about ⟨AMOUNT:200k⟩
transfer ⟨AMOUNT:CNY 30,000⟩ to her
社保每月扣⟨AMOUNT:1368⟩
外债⟨AMOUNT:七八万⟩
他要我出四成就是⟨AMOUNT:八万⟩
退了⟨AMOUNT:一百二⟩
买保险一年交⟨AMOUNT:六千⟩
奖学金⟨AMOUNT:8000⟩
给师傅⟨AMOUNT:两百⟩辛苦费
加班费一小时⟨AMOUNT:45⟩
电费⟨AMOUNT:213.6⟩
众筹到⟨AMOUNT:12.8万⟩
拍卖底价⟨AMOUNT:二百六十万⟩
手头只有⟨AMOUNT:四千⟩
一套房⟨AMOUNT:三百八十万⟩我买不起
测试环境 ⟨LINK:10.66.2.15:9000⟩
堡垒机⟨LINK:172.30.9.12⟩
⟨LINK:www.hengtuo-inner.com/oa⟩
文档 ⟨LINK:yuque.com/hengtuo/crm⟩
⟨LINK:m.tb.cn/h.5AbCdEf⟩
小程序链接⟨LINK:https://mp.weixin.qq.com/s/AbCdEf⟩
⟨LINK:https://gitlab.hengtuo.net/core⟩
大哥替我垫了⟨AMOUNT:四千七⟩
工程款还差⟨AMOUNT:六十八万⟩没结
他说利润大概两成也就⟨AMOUNT:三万多⟩
我们店一天流水⟨AMOUNT:八千⟩
奶奶留下⟨AMOUNT:二十三万⟩
法院判他赔⟨AMOUNT:十九万六千元⟩
微信零钱还有⟨AMOUNT:436.8⟩
消费提醒：您于12:30在永辉超市支付⟨AMOUNT:167.35元⟩
【农行】您存款账户⟨ACCOUNT:8837⟩于11月6日转入⟨AMOUNT:15,000⟩，余额⟨AMOUNT:18,022.9⟩
药费⟨AMOUNT:328⟩医保付⟨AMOUNT:196⟩自付⟨AMOUNT:132⟩
岗位工资⟨AMOUNT:3200⟩，工龄⟨AMOUNT:300⟩，扣税⟨AMOUNT:87.6⟩
期望薪水：税前⟨AMOUNT:2.5万⟩
科目\t本期\t余额\n差旅\t⟨AMOUNT:3482⟩\t⟨AMOUNT:9100⟩
保单现金价值⟨AMOUNT:53,200⟩
He still owes us ⟨AMOUNT:12,500 yuan⟩
I'm making ⟨AMOUNT:95k⟩ now
the settlement was ⟨AMOUNT:1.2 million⟩
她的彩礼要⟨AMOUNT:二十八万八⟩
借呗额度⟨AMOUNT:五万⟩全用了
饭钱AA一人⟨AMOUNT:五十六⟩
收购价⟨AMOUNT:１.３亿⟩
退休工资⟨AMOUNT:5,430.20⟩到账
付款方式：首期⟨AMOUNT:30万⟩，尾期⟨AMOUNT:20万⟩
我这个月只剩⟨AMOUNT:六百⟩
帮忙收⟨AMOUNT:3200⟩的货款
扫我⟨AMOUNT:99⟩
加微信⟨ACCOUNT:ly_xie01⟩聊
微信名片 ID：⟨ACCOUNT:beck-tom⟩
wx同抖音 ⟨ACCOUNT:tangtang77⟩
可以QQ我⟨ACCOUNT:918273645⟩
手机QQ：⟨ACCOUNT:2203948⟩
淘宝旺旺 ⟨ACCOUNT:好彩饰品88⟩
telegram: ⟨ACCOUNT:t_becker⟩
我的github是⟨ACCOUNT:kangwei2⟩
Apple ID ⟨ACCOUNT:song1988⟩ 密码 ⟨ACCOUNT:Sw@1988x⟩
网易账号 ⟨ACCOUNT:feiyu309⟩ 忘记密码
wifi账号⟨ACCOUNT:office_2F⟩ 密码⟨ACCOUNT:of2f2025⟩
SSID: ⟨ACCOUNT:HT-Guest⟩ PWD: ⟨ACCOUNT:ht@guest⟩
保险柜⟨ACCOUNT:827391⟩密码
新密码 ⟨ACCOUNT:hT9920xx⟩，旧密码 ⟨ACCOUNT:ht1120⟩
动态口令：⟨ACCOUNT:627 183⟩
您的登录验证码 ⟨ACCOUNT:883721⟩ 请勿泄露
验证码是⟨ACCOUNT:七 三 九 零 一 四⟩
Your OTP: ⟨ACCOUNT:552918⟩
security code ⟨ACCOUNT:331⟩
密保答案：⟨ACCOUNT:旺财2008⟩
ETC卡号 ⟨ACCOUNT:3301 2201 2317 0098 2736⟩
公交卡号⟨ACCOUNT:310982736⟩
图书馆证 ⟨ACCOUNT:L00918273⟩
体检编号：⟨ACCOUNT:2511060093⟩
影像号 ⟨ACCOUNT:MR20251106⟩
社保编号：⟨ACCOUNT:10293847⟩
个人公积金账号 ⟨ACCOUNT:330100927364⟩
英语四级准考证 ⟨ACCOUNT:330021241108827⟩
考生号⟨ACCOUNT:25330106110293⟩
律师证号：⟨ACCOUNT:13301201510829374⟩
道路运输证 ⟨ACCOUNT:浙交运管杭字330100928374号⟩
营业执照注册号 ⟨ACCOUNT:330106000182736⟩
保险单号：⟨ACCOUNT:PDAA202533010000918273⟩
电表编号 ⟨ACCOUNT:3340001928374⟩
手机IMEI ⟨ACCOUNT:869283047561829⟩
行驶证档案编号 ⟨ACCOUNT:330102938475⟩
驾照 ⟨ID:330106198807192837⟩
钉钉号 ⟨ACCOUNT:zq8827⟩
insurance member ID ⟨ACCOUNT:XJ9928371⟩
tax id ⟨ACCOUNT:12-3456789⟩
driver license ⟨ACCOUNT:D7162839⟩
听说小周跳槽后涨到⟨AMOUNT:两万二⟩
房东要涨租，从⟨AMOUNT:3500⟩涨到⟨AMOUNT:4100⟩
这次团建预算人均⟨AMOUNT:三百五⟩
定金⟨AMOUNT:2000⟩尾款⟨AMOUNT:6800⟩
给我弟转⟨AMOUNT:1500⟩当生活费
孙姨家电视卖了⟨AMOUNT:八百⟩
索赔⟨AMOUNT:12万6⟩
阿芳找我借⟨AMOUNT:五千⟩周转
工伤赔偿拿了⟨AMOUNT:十四万⟩
车卖给老邓，⟨AMOUNT:七万五⟩
服务费按月收，⟨AMOUNT:680元⟩
标的额⟨AMOUNT:人民币壹仟贰佰万元⟩
培训班退费⟨AMOUNT:4,980⟩
周大爷养老金⟨AMOUNT:3127⟩
出纳说现金短了⟨AMOUNT:二百一⟩
入会费⟨AMOUNT:一万⟩，年费⟨AMOUNT:三千⟩
货到付款 ⟨AMOUNT:268⟩
欠物业 ⟨AMOUNT:1340.5⟩ 元
Invoice for ⟨AMOUNT:€3,400⟩ is overdue
她打麻将输了⟨AMOUNT:一千四⟩
包间最低消费⟨AMOUNT:1288⟩
押金条丢了，押金⟨AMOUNT:三百⟩
我的微信 ⟨ACCOUNT:chen-xi_0618⟩
老师微信号：⟨ACCOUNT:msjian2019⟩
加QQ ⟨ACCOUNT:3049182736⟩ 进群
工会会员证 ⟨ACCOUNT:330106019283⟩
学生学号：⟨ACCOUNT:20231104012⟩
宽带账号 ⟨ACCOUNT:057188273645⟩
门锁密码 ⟨ACCOUNT:7718#⟩
WiFi：⟨ACCOUNT:Banmutian-5G⟩ 密码：⟨ACCOUNT:bmt12345⟩
会议ID ⟨ACCOUNT:918 273 645⟩ 入会密码 ⟨ACCOUNT:3310⟩
系统账号 ⟨ACCOUNT:liyang⟩ 初始密码 ⟨ACCOUNT:Ly#2025⟩
支付宝账号是⟨ACCOUNT:ruanqq@alipay⟩
建档号：⟨ACCOUNT:JD20260517⟩
客户编号 ⟨ACCOUNT:C-0093847⟩
领养证编号 ⟨ACCOUNT:LY-2025-0183⟩
银行账号：⟨ACCOUNT:1207 0141 0920 0083 647⟩
资金账户 ⟨ACCOUNT:6610298374⟩
一卡通号⟨ACCOUNT:310928374⟩
Discord ⟨ACCOUNT:aliang#8827⟩
""".strip("\n").split("\n")

# Prices, figures and defaults that anybody asks about.
HARMLESS += r"""
路由器默认地址 192.168.0.1 打不开怎么办
192.168.1.1 和 192.168.0.1 有什么区别
10.0.0.0/8 属于私有地址段吗
把 DNS 改成 114.114.114.114 会更快吗
子网掩码 255.255.255.0 能容纳多少台主机
65W 充电器能给手机用吗
快充 120W 和 67W 差多少
空调 2600W 一个月多少度电
显卡功耗 320W 电源要多大
5000mAh 能用多久
发票代码和发票号码的区别
发票代码 011001900211 怎么验真
序列号 C02XK1ABJGH5 怎么查保修
身份证号有几位
银行客服电话 95588 怎么转人工
打 12345 有用吗
10000 是电信还是移动
准考证号忘了怎么查
密码 123456 为什么不安全
admin/admin 是默认密码吗
一斤苹果 8 块钱贵不贵
小明有 50 元，买 3 支笔每支 8 元，还剩多少元
一支钢笔 12 元，买 4 支一共多少钱
某商品原价 200 元，打八折后是多少
3000 元以内有什么手机推荐
5 万元以下的车有哪些
个税起征点是 5000 元吗
茅台股价跌到 1500 元怎么看
我国 GDP 超过 126 万亿元
北京地铁 3 元起步
马斯克身家 2000 亿美元是真的吗
春节档票房破 80 亿
一百五十米高的楼有几层
八百米体测怎么跑
作文八百字怎么写
一千五百米自由泳世界纪录
体重一百二算胖吗
血压一百四正常吗
三千二百一十五读作什么
千字文有一千个字吗
一百八十度等于多少弧度
车速一百二超速吗
两万五千里长征走了多久
五百强企业有哪些
百分之三十五是多少
一万小时定律是什么
三万英尺高空
1997年7月1日香港回归
2008年5月12日发生了什么
2026年2月17日是春节吗
2025年10月1日放几天假
1969年7月20日人类登月
2024年2月29日是闰年吗
1911年10月10日武昌起义
双十一 11 月 11 日有优惠吗
二零二五年有几个星期
沪A和沪C牌照有什么区别
新能源车牌有几位
粤港两地牌怎么办
2.5.1.0 版本更新了什么
MH370 到底怎么了
F-22 和 歼-20 谁强
iPhone 16 Pro Max 256G 多少钱
GB 18030-2022 是什么标准
JIS B 0401
请把 20% 的折扣算进去
3.5 折是多少
比例尺 1:50000
密度 7850 千克每立方米
邮编 310000 是哪里
区号 0571 是哪个城市
0.1 + 0.2 为什么不等于 0.3
第 1024 期彩票开奖结果
公元 1368 年朱元璋称帝
会员积分 20,000 分能换什么
0x1F600 是哪个表情
E = mc^2 里 c 是 299792458 m/s
PM2.5 指数 158 严重吗
A股 600519 是哪家
基金 110022 怎么样
12306 的验证码为什么那么难
订单 8827364510293 什么时候到
顺丰 SF1029384756102 到哪了
请用 100 字概括
一元一次方程 3x+5=20
三块钱能买什么
谁欠谁的
二百五是什么意思
192.168.1.0/24 这个网段有多少可用地址
默认网关 192.168.31.1 是什么牌子路由器
手机支持 33W 快充够用吗
100W 灯泡亮 10 小时耗多少电
发票号码 12345678 是几位的
序列号 SN20230001 是什么格式
弱口令 admin123 为什么危险
超市里鸡蛋 5 块钱一斤贵吗
小红买书花了 30 元，又买了 5 元的本子，一共花了多少元
一台电脑打九折后卖 4500 元，原价是多少
2000 块左右的耳机哪个好
20 万的 SUV 怎么选
彩票一等奖 500 万要交多少税
北京最低工资标准是 2420 元吗
比亚迪市值破万亿
故宫门票 60 元包含哪些馆
写一句促销文案，全场满 300 减 50
标普 500 指数是什么
道琼斯跌了 500 点
中国人口超过 14 亿
一年有八千七百六十小时
跑了八千六百步
一万米长跑技巧
三千米海拔会高反吗
千百年来的传统
万万没想到
三五百人的会场怎么布置
九十五分算优秀吗
一亩地产小麦八百斤
高考考了六百三能上什么大学
五百二十一能被三整除吗
血糖七点八高吗
2026年1月1日是星期几
2024年8月8日立秋吗
2023年10月1日和国庆放假安排
今年春节是 2026 年 2 月 17 日吗
1921年7月23日中共一大召开
2019年12月31日发生什么大事
1999年12月31日的千禧年恐慌是怎么回事
版本号 20230101 怎么读
ISO 8601 日期格式 20250101T120000
粤B和粤A有什么不同
沪A牌照多少钱一张
川A开头都是成都吗
奔驰 E300L 怎么样
京沪高铁 G101 次
商品编码 8471300000
HS 编码 9018.90
税率 13% 和 9% 的区别
ISBN 7-302-11622-X 是哪本书
EAN-13 条码 5901234123457
ASCII 码 65 是什么
错误 404 和 502
端口 3306 和 5432 是什么
UUID 550e8400-e29b-41d4-a716-446655440000 有什么规律
base64 解码 aGVsbG8=
CRC32 0xCBF43926
快递 YT7592038461527 到了没
订单 114-3941689-8772232 怎么退货
拼多多单号 230101-123456789012345
身份证前六位 330106 是哪里
电话区号 0898 哪里的
400 开头的电话收费吗
911 是哪国报警电话
圆周率 3.1415926535
黄金比例 0.6180339887
质数 2 3 5 7 11 13 17 19
斐波那契 1 1 2 3 5 8 13 21 34
太阳半径 696340 千米
珠峰高 8848.86 米
光年等于 9460730472580800 米
NBA 比分 112:108
A4 纸 210x297
分辨率 2560x1440
显卡 RTX 4090 和 7900XTX
微信怎么加好友
QQ 等级怎么算
如何设置 wifi 密码
密码学里 RSA2048 安全吗
登录 admin 权限怎么开
github 上 star 数最多的项目
@符号怎么打
加我一个
加我们群怎么加
账号安全等级怎么提升
b站 up 主怎么赚钱
192.168.0.0/16 和 172.16.0.0/12 都是内网段吗
ping 127.0.0.1 不通说明什么
65W 氮化镓和 30W 的区别
2000W 电磁炉费电吗
发票号码 8 位变 20 位了吗
序列号 G6TZX1234567 怎么看生产日期
iPhone 的 IMEI 在哪里看
怎么修改 root 密码
强密码至少要几位
6 位数字密码有多少种组合
西瓜 2 块 5 一斤算便宜吗
甲有 120 元，乙的钱是甲的 3 倍，乙有多少元
妈妈买菜花了 36 元，付了 50 元，应找回多少元
10000 元定期存三年利息怎么算
1500 元的扫地机器人哪款性价比高
10 万块买什么车
世界首富资产 3000 亿美元
这部电影票房 50 亿了吗
2024 年我国出口总额是多少万亿元
个人所得税 3 万到 14.4 万税率多少
写一副春联
满 199 减 100 的活动文案
恒生指数跌破两万点
全国有两千八百多个县
三千多年前的甲骨文
珠穆朗玛峰八千八百多米
长江全长六千三百公里
一天喝两千毫升水
一百二十分钟的电影
四百米跑多少秒及格
五千字论文怎么写
三百六十行是哪些
二十四节气
一万年太久只争朝夕
千里之行始于足下
百分之八十五
九点五分的电影
打八折怎么算
2025年6月2日是农历几月
2026年国庆节放几天
1945年9月2日日本签投降书
2001年9月11日恐怖袭击
2008 年 8 月 8 日晚上 8 点
2030年1月1日距今多少天
Java 17 发布于哪年
20250306 用 Python 怎么转成日期
正则 \d{4}-\d{2}-\d{2} 能匹配 2025-03-06 吗
闽南语和粤语
苏E和苏A哪里的
粤Z牌照怎么申请
京牌指标多少钱
宝马 X5 和 奥迪 Q7
Boeing 737-800
HTTP 状态码 301 和 302
SHA256 长度是多少
条码 6921168509256 是什么产品
ISBN 9787020002207
DOI 10.1038/nature14539
专利号 ZL202010123456.7 怎么查
国标 GB 2312-1980
药品批准文号 国药准字H20123456
车次 G7512 晚点了吗
航班 MU5101 几点到
邮政编码 100871
身份证尾号 X 是什么意思
手机尾号 4 个 8 值钱吗
银行卡 BIN 号 622848 是哪家
区号 0755 后面几位
119 和 120 能同时打吗
95533 是建行吗
400 开头是不是骗子
00861 开头是哪里
验证码 4 位和 6 位哪个安全
QQ 号 5 位的值多少钱
微信号可以改几次
wifi6 和 wifi7 的区别
wifi 2.4G 和 5G 怎么选
加我国 GDP 数据
@所有人 怎么用
NBA 2K24 密码是什么梗
B站怎么投稿
steam 打折季是什么时候
login 和 log in 的区别
10.0.0.1 和 192.168.0.1 哪个是网关
33W 快充充满要多久
空气炸锅 1500W 费电吗
电动车 60V20Ah 跑多远
发票代码怎么看是哪个省
身份证 18 位数字的含义
帮我写一个 6 位随机密码生成器
密码强度怎么判断
验证码图片识别用什么库
写个正则匹配 11 位手机号
手机号 11 位的前三位代表什么
银行卡 19 位和 16 位的区别
护照号一般几位
车牌号第二位字母代表什么
苹果 6 元一斤，买 3 斤多少钱
甲乙两地相距 300 千米
小华有 20 元，小丽有 30 元，谁多
200 块以内的礼物推荐
8000 元左右的笔记本怎么选
一辆 15 万的电车开十年划算吗
诺贝尔奖奖金 1100 万瑞典克朗
中国外汇储备 3.2 万亿美元
电影投资 5 亿票房多少才回本
一公里配速六分
三千字检讨书怎么写
一万步消耗多少卡路里
五千年文明
两千米跑步世界纪录
三十二摄氏度
八百里加急是什么
百分之十五的增长
两万毫安充电宝能带上飞机吗
六千五百万年前恐龙灭绝
一百二十斤算重吗
九千九百九十九朵玫瑰
1949年10月1日开国大典
2025年1月29日是大年初一吗
2024年冬至是哪天
1976年7月28日唐山大地震
2000年1月1日的千年虫问题
2025-03-06T08:00:00Z 是什么格式
cron 表达式 0 0 1 1 * 是什么意思
GB/T 7714-2015 参考文献格式
JR East 系列 E235
宝马 320Li 和奔驰 C200L
粤港澳大湾区
京沪线 1318 公里
苏A 苏B 苏C 怎么排的
华为 Mate 60 Pro+ 512G
RTX 3060 12G 跑大模型够吗
CPU i7-13700K
C13 插头
BV1xx411c7mD 这个视频讲什么
ISBN 978-7-5442-9117-0
药准字 H20051234 是什么药
条形码 690 开头
股票 000001 怎么样
邮编 518057
列车 K528 次 7 车 12 号
订单 240311-882736455192 退款多久到
快递 78827364551920 查一下
顺丰单号 SF3100293847561
UPC 036000291452
MAC 地址有几位
IPv6 地址 ::1 是什么
0.1 折的手游
1.5 倍速播放
3:00 到 5:30
怎么看自己路由器的 192.168.1.1 管理页
100W 和 65W 充电头价格差多少
一箱 30 瓶，3 箱多少瓶
3 万预算能装修多大的房子吗
人民币兑美元 7.1 是高还是低
5000 毫安和 6000 毫安
四千米跑步要多久
两千字的演讲稿
八百万像素
三万里河东入海
七千人看过的直播
六千公里换机油吗
全世界有八十多亿人
五万分之一的地图
一百零八将都有谁
三百首唐诗
十八岁成年
九十分钟一场球
卖火柴的小女孩讲了什么
小明借了 3 本书还了 1 本
一件衣服 199 元打 8 折多少钱
茅台 1499 元抢购是真的吗
高铁二等座 553 元合理吗
写一篇 500 元如何过一周的文章
买房首付一般要几成
月薪多少要交个税
年薪百万的职业有哪些
奖金税怎么算
借条怎么写才有效
合同金额大写怎么写
2025年12月21日冬至
2022年卡塔尔世界杯是几月几号
2024-02-30 是合法日期吗
20240101 到 20241231 有几个工作日
生日悖论 365 天
1月1日为什么叫元旦
手机号码归属地怎么查
固定电话前面要加区号吗
4000 和 400 电话有什么不同
10 位数字能表示多少种
条形码 13 位校验码怎么算
验证码收到了但提示错误
密码输错 5 次锁定多久
root 密码怎么重置
admin 后台怎么进
微信号能改几次
加我微信这句话用英语怎么说
微信 8.0.50 有什么新功能
QQ 号 10000 是谁的
wifi 密码怎么查看
wifi 信号 -70dBm 算差吗
B 站大会员多少钱
ID 和 IP 的区别
驾照 C1 和 C2 的区别
C1 驾照能开 9 座车吗
学号和工号是一回事吗
沪牌多少钱
型号 A2890 的充电器
航班 CA1234 行李额 23 公斤
G20 峰会是什么
第 18 届亚运会
B2 航站楼
T3 和 T2 怎么换乘
U盘 128G 多少钱
一般装修一平米要多少钱
买 300 元的东西用满 200 减 30 的券要付多少
一瓶水 2 元，一箱 24 瓶，总共几元
5 元和 10 元纸币背面是什么图案
iPhone 16 首发 5999 元起值得买吗
新能源补贴政策 2025
小米 SU7 21.59 万元起
一万小时理论靠谱吗
五百年前是一家
三千烦恼丝是什么意思
十万火急造句
两百多个国家
一千克等于多少斤
八百标兵奔北坡
20 寸行李箱能装多少
会员积分 3000 分能换吗
充电 45W 和 67W 实际差距
编号 A-1034 的展品在哪个馆
第 3 版第 2 次印刷
型号 XR-20B 说明书
订单编号 8827-3364-5102 未发货
物流 78837465920183 停在杭州
ISBN 9787544291170 内容简介
2024-2025 赛季英超积分榜
10:30 的航班 CZ3101
5G 套餐怎么选
密码箱忘记密码怎么开
怎么注册两个微信号
账号登录失败提示 10086 错误
代码 return 404
""".strip("\n").split("\n")

# Accounts by the words around them, tables, hosts and passports in all ways of writing.
SENSITIVE += r"""
测试库用⟨ACCOUNT:ops_wangj⟩登录，密码找他要
OA用户名⟨ACCOUNT:liuwenbo⟩，别输错了
登陆名 => ⟨ACCOUNT:chen.siyu⟩
我的域账号叫⟨ACCOUNT:hq\zhangmin⟩
账号分别是⟨ACCOUNT:wangl⟩和⟨ACCOUNT:zhao_q⟩
健身房会员号⟨ACCOUNT:VIP20391⟩快过期了
山姆会员卡 ⟨ACCOUNT:6003 2218 7745⟩
会员编号：⟨ACCOUNT:HY-88213⟩
他家会员是⟨ACCOUNT:A203399⟩
报我会员号 ⟨ACCOUNT:七七三九二⟩ 就行
学号为⟨ACCOUNT:2021110456⟩的同学是我室友
我工号⟨ACCOUNT:B7719⟩
员工编号->⟨ACCOUNT:hr00812⟩
儿子学籍号⟨ACCOUNT:L340104201203040012⟩
⟨ACCOUNT:0093817⟩是他的工号
保单号：⟨ACCOUNT:P2024-0098-1123⟩
平安的保单 ⟨ACCOUNT:GP11020398812⟩ 还没生效
理赔报案号是⟨ACCOUNT:90502024010388⟩
车险单号⟨ACCOUNT:PDZA202444030000⟩
policy number is ⟨ACCOUNT:HX-7783201⟩
妈妈的医保卡号⟨ACCOUNT:A33028817⟩
就诊卡⟨ACCOUNT:00032918⟩落在诊室了
病历号 = ⟨ACCOUNT:ZY0039182⟩
住院号：⟨ACCOUNT:2024 00318⟩
门诊ID⟨ACCOUNT:M992013⟩，科室心内
水表号⟨ACCOUNT:0318829⟩读数对不上
国家电网户号是 ⟨ACCOUNT:3301 2299 187⟩
购房合同编号⟨ACCOUNT:YS(2024)00381⟩
我的合同号是⟨ACCOUNT:HT2024-113⟩
燃气表 ⟨ACCOUNT:RQ-209913⟩ 停走了
会议室门码⟨ACCOUNT:4471⟩
民宿的开门密码是⟨ACCOUNT:902817#⟩
保险柜密码左三右七 ⟨ACCOUNT:3718⟩
口令⟨ACCOUNT:芝麻开门⟩
群暗号是“⟨ACCOUNT:西红柿炒蛋⟩”
银行卡密码改成⟨ACCOUNT:六个八⟩了
我手机锁屏密码 ⟨ACCOUNT:二五八零⟩
支付密码：⟨ACCOUNT:1 9 0 3 2 2⟩
sim卡pin码⟨ACCOUNT:3321⟩
解锁图案不好使，用数字⟨ACCOUNT:880212⟩解锁
验证码⟨ACCOUNT:4 8 1 9 0 2⟩别告诉别人
⟨ACCOUNT:773810⟩ 这个是验证码
【京东】⟨ACCOUNT:119283⟩（登录验证码），15分钟内有效
刚收到的码是⟨ACCOUNT:5519⟩
your verification code: ⟨ACCOUNT:G-337712⟩
微信⟨ACCOUNT:laozhang_88⟩，备注买菜
⟨ACCOUNT:sunny-fang⟩是我微信，加一下
微信号码⟨ACCOUNT:zhuangzhuang⟩
加v ⟨ACCOUNT:hehe0903⟩
wechat id -> ⟨ACCOUNT:mikeliu⟩
qq ⟨ACCOUNT:33018827⟩ 在线等
他扣扣号⟨ACCOUNT:1928 3746 55⟩
⟨ACCOUNT:774920183⟩，这是我的QQ
QQ是⟨ACCOUNT:八八二九三一七⟩
企鹅号：⟨ACCOUNT:2209183⟩
微博@⟨ACCOUNT:小鹿不吃草⟩
抖音号⟨ACCOUNT:dy_mama2019⟩关注下
小红书id：⟨ACCOUNT:5527193028⟩
快手搜⟨ACCOUNT:laoli666⟩
我b站叫⟨ACCOUNT:半夜炒饭⟩
LINE ID：⟨ACCOUNT:yuki0415⟩
飞机 ⟨ACCOUNT:@dark_fox⟩
telegram找⟨ACCOUNT:kevin_otc⟩
my whatsapp is ⟨ACCOUNT:juliawong⟩
Instagram是⟨ACCOUNT:lin.daily⟩
王者ID：⟨ACCOUNT:风吹半夏⟩
吃鸡id ⟨ACCOUNT:SilverFox99⟩ 带我
原神uid⟨ACCOUNT:118203944⟩
Steam好友代码⟨ACCOUNT:329918273⟩
游戏名叫⟨ACCOUNT:一只小橘猫⟩，区服微信32区
找⟨ACCOUNT:@ruo_ruo⟩要链接
推特 ⟨ACCOUNT:@jackmaofficial⟩
他的小号是⟨ACCOUNT:@night.owl⟩
github用户⟨ACCOUNT:zxh1992⟩
账号@⟨ACCOUNT:tea_house⟩
我手机序列号⟨ACCOUNT:F2LZK0XXHG⟩
电脑SN：⟨ACCOUNT:PF2K81XX⟩
平板IMEI号是⟨ACCOUNT:356938035643809⟩
手表设备码⟨ACCOUNT:W-889-2210⟩
车架号：⟨ACCOUNT:LSVAU2180N2183294⟩
姓名,账号\n周舟,⟨ACCOUNT:zhouz⟩\n丁一,⟨ACCOUNT:dingyi02⟩
姓名|工号|部门\n何晴|⟨ACCOUNT:00812⟩|财务\n郑凯|⟨ACCOUNT:00977⟩|采购
| 系统 | 用户名 | 密码 |\n| ERP | ⟨ACCOUNT:lihua⟩ | ⟨ACCOUNT:Lh#2024⟩ |\n| CRM | ⟨ACCOUNT:lih⟩ | ⟨ACCOUNT:abc@123⟩ |
备注\t微信号\n阿May\t⟨ACCOUNT:may_may11⟩\n老K\t⟨ACCOUNT:kingkk⟩
学生：王小雨 学号：⟨ACCOUNT:20230917⟩ 宿舍：3-412
保证金汇到⟨ACCOUNT:33050161732700000213⟩
打到 ⟨CARD:3100 0662 1018 0031 7729⟩ 这个户
收款账号⟨CARD:1202 0227 0990 0088 812⟩
账户⟨ACCOUNT:zw-pay@anhui⟩，月底扣款
公户是⟨CARD:44050158320100000971⟩
账号⟨ACCOUNT:test01⟩、⟨ACCOUNT:test02⟩、⟨ACCOUNT:test03⟩都能用
工号⟨ACCOUNT:8821⟩和⟨ACCOUNT:8830⟩的考勤有问题
群里⟨ACCOUNT:li_hui⟩跟⟨ACCOUNT:lihui2⟩是一个人的号
用户名密码是 ⟨ACCOUNT:guest⟩ ⟨ACCOUNT:Gst!881⟩
微信⟨ACCOUNT:aa_bb01⟩或者⟨ACCOUNT:ccdd_02⟩都行
我微信是⟨ACCOUNT:z h a n g 六六八⟩
嗯他微信号就是⟨ACCOUNT:wanglei幺二三⟩小写
密码是大写的⟨ACCOUNT:A B C 1 2 3⟩
我的wifi密码就是⟨ACCOUNT:八八八八六六六六⟩
那个QQ号我念一下⟨ACCOUNT:三三七 九二零 一一八⟩
电话是⟨PHONE:幺三九 零零幺二 八八七七⟩
号码⟨PHONE:一三六七七八八九九零零⟩
手机⟨PHONE:138 double 0 1234 55⟩
座机⟨PHONE:零二一 六六三三八八二二⟩
他电话一八六开头，⟨PHONE:幺八六幺七七二三三四四⟩
⟨PHONE:021-66001234转808⟩
总机⟨PHONE:0755-88001122 ext 6602⟩
打我分机⟨PHONE:3317⟩
call me at ⟨PHONE:(415) 555-0132 x204⟩
内线拨⟨PHONE:6021⟩找后勤
日本手机⟨PHONE:+81 90-1234-5678⟩
英国号 ⟨PHONE:07911 123456⟩
台灣手機⟨PHONE:0912-345-678⟩
香港电话⟨PHONE:9123 4567⟩
他的新加坡号⟨PHONE:+65 8123 4567⟩
看⟨LINK:notion.site/team-plan-77⟩
⟨LINK:wiki.hengda-inner.cn/dev/setup⟩上有
打开⟨LINK:t.cn/A6xyz12⟩
⟨LINK:b23.tv/k8sJ2x⟩ 这个视频
部署在⟨LINK:gray.zhixing.tech⟩
⟨LINK:47.98.112.35:8088⟩连不上
跳板机 ⟨LINK:10.8.3.77⟩
ssh root@⟨LINK:121.40.55.8⟩
⟨LINK:192.168.50.23:3000/admin⟩
摄像头在⟨LINK:rtsp://192.168.1.64:554/ch1⟩
⟨LINK:weixin://dl/business/?t=abc123⟩
⟨LINK:taobao://item.taobao.com/item.htm?id=998⟩
⟨LINK:alipays://platformapi/startapp?appId=2021⟩
⟨LINK:magnet:?xt=urn:btih:9f0c8a71bd0e4412a1f0⟩
⟨LINK:tg://resolve?domain=foxgroup⟩
⟨LINK:smb://nas.local/share⟩
⟨LINK:pan.baidu.com/s/1xYz99⟩ 提取码 ⟨ACCOUNT:k3mn⟩
⟨LINK://fileserver/人事/工资表⟩
⟨LINK:ftp://ftp.jinda.com/pub⟩
护照⟨PASSPORT:EJ8812903⟩
⟨PASSPORT:C12345678⟩ 港澳通行证
回乡证⟨PASSPORT:H0123456701⟩
台胞证号：⟨PASSPORT:01234567⟩
往来台湾通行证 ⟨PASSPORT:L01234567⟩
US passport ⟨PASSPORT:561203948⟩
日本护照⟨PASSPORT:TR1234567⟩
英国护照号码是⟨PASSPORT:533401372⟩
外国人永久居留身份证⟨ID:FRA110090030305⟩
旅行证 ⟨PASSPORT:L1234567⟩
⟨PASSPORT:EA1234567⟩，王敏，女
旅客：李想 ⟨PASSPORT:E88120933⟩
⟨PASSPORT:G 2234 5678⟩ 到期了
姓名拼音LI XIANG，证件号⟨PASSPORT:EB3342178⟩
把⟨PASSPORT:PE0031882⟩填进去
我欠他⟨AMOUNT:三百⟩，他欠我⟨AMOUNT:五百⟩
费用大概⟨AMOUNT:新台幣八萬⟩
押金⟨AMOUNT:兩萬五⟩
薪水⟨AMOUNT:四萬二⟩
租金每月⟨AMOUNT:港幣一萬八千⟩
匯款⟨AMOUNT:三十萬圓⟩
老赵欠我⟨AMOUNT:两千三⟩毛毛欠我⟨AMOUNT:八百⟩
房租⟨AMOUNT:三千二⟩水电⟨AMOUNT:四百⟩
给妈⟨AMOUNT:一千五⟩给爸⟨AMOUNT:六百⟩
大姐出⟨AMOUNT:五千⟩二姐⟨AMOUNT:三千⟩我出⟨AMOUNT:两千⟩
借了小李⟨AMOUNT:七百⟩还了⟨AMOUNT:两百⟩
进ERP的号是⟨ACCOUNT:xuyt⟩，初始口令⟨ACCOUNT:Xu@0601⟩
帮我记住：图书馆账号 ⟨ACCOUNT:31092877⟩ 密码 ⟨ACCOUNT:0622aa⟩
老婆的淘宝昵称是⟨ACCOUNT:爱吃鱼的猫⟩
邓工说jira用户名用⟨ACCOUNT:deng.k⟩
教务系统⟨ACCOUNT:2022315091⟩登不上去
这台电脑登录名⟨ACCOUNT:admin-fin⟩口令⟨ACCOUNT:Fin#1688⟩
新同事账号已开：⟨ACCOUNT:songyq⟩，密码同工号
爸的社保账号⟨ACCOUNT:3301990288⟩
把⟨ACCOUNT:zhang_rui⟩的权限撤了，他离职了
医保电子凭证号 ⟨ACCOUNT:330100D156000005⟩
我的体检号⟨ACCOUNT:T20240633⟩
外公的残疾证号⟨ACCOUNT:33010619480102113X42⟩
贷款合同 ⟨ACCOUNT:DK-2023-8891⟩ 已结清
物业给的房卡号⟨ACCOUNT:0087712⟩
他的领英是⟨ACCOUNT:lin-zhou-77⟩
领英搜⟨ACCOUNT:amy.tsai⟩就是她
我推特叫⟨ACCOUNT:nightowl_sh⟩
加她LINE：⟨ACCOUNT:mei0921⟩
WhatsApp号 ⟨ACCOUNT:85291234567⟩
QQ群 ⟨ACCOUNT:728391022⟩ 快进
我QQ小号⟨ACCOUNT:2918377⟩
王者昵称：⟨ACCOUNT:孤影、清风⟩
lol里我叫⟨ACCOUNT:德玛西亚皇子本人⟩
她小红书叫⟨ACCOUNT:橘子汽水⟩
B站UID ⟨ACCOUNT:39201882⟩
微信名⟨ACCOUNT:云淡风轻⟩，你搜一下
行李箱密码⟨ACCOUNT:518⟩
家里大门密码是⟨ACCOUNT:零六一八⟩
WiFi是⟨ACCOUNT:TP_8812⟩，密码⟨ACCOUNT:88889999⟩
提取码：⟨ACCOUNT:9xk2⟩
取件码⟨ACCOUNT:12-4-3301⟩，去菜鸟
取餐码 ⟨ACCOUNT:A77⟩
短信验证码四位⟨ACCOUNT:8 8 3 1⟩
您的校验码为⟨ACCOUNT:702914⟩
⟨ACCOUNT:390182⟩为您的登录验证码
邀请码⟨ACCOUNT:GT5K9⟩
交易密码是⟨ACCOUNT:生日倒过来930811⟩
服务器密码：⟨ACCOUNT:P@ssw0rd-2024⟩
api key ⟨ACCOUNT:ak_live_9fK2mQ81xZ⟩
token=⟨ACCOUNT:a8f9c2e1d7b6⟩
我的MacBook序列号是⟨ACCOUNT:C02ZK1ABMD6T⟩
手机串号⟨ACCOUNT:861234059912837⟩
无人机SN码⟨ACCOUNT:1581F4XF⟩
电动车架号 ⟨ACCOUNT:HX2023881920⟩
水费户号：⟨ACCOUNT:20093381⟩
宽带账户⟨ACCOUNT:hz88213301⟩
燃气编号⟨ACCOUNT:77120391⟩
电表⟨ACCOUNT:3310029918⟩
宠物芯片号⟨ACCOUNT:156000009912837⟩
支票号⟨ACCOUNT:10293311⟩
汇款到⟨ACCOUNT:0200 0036 1920 1122 334⟩，户名王建
对公账户 ⟨CARD:571907710910601⟩
支付宝收款 ⟨ACCOUNT:wj_1990@alipay⟩
姓名、学号、成绩\n李雷、⟨ACCOUNT:2021001⟩、88
工号,姓名\n⟨ACCOUNT:A001⟩,李雷\n⟨ACCOUNT:A002⟩,韩梅
|设备|SN|\n|笔记本|⟨ACCOUNT:PF3A9K2L⟩|
账号: ⟨ACCOUNT:bob⟩\n密码: ⟨ACCOUNT:Bob2024!⟩
username: ⟨ACCOUNT:alice.w⟩ password: ⟨ACCOUNT:Wonder#7⟩
login ⟨ACCOUNT:jdoe⟩ / pw ⟨ACCOUNT:Spring24!⟩
my student id is ⟨ACCOUNT:S1029381⟩
Her insta is ⟨ACCOUNT:mia.photo⟩
discord: ⟨ACCOUNT:frostbyte#2210⟩
DM me ⟨ACCOUNT:@lucas_hk⟩
嗯我的工号是⟨ACCOUNT:零零三七二⟩
打⟨PHONE:一三七 六六零零 二二一八⟩
外婆家⟨PHONE:0577 8821 3390⟩
my cell is ⟨PHONE:six one seven five five five oh one nine nine⟩
澳门⟨PHONE:+853 6612 3344⟩
公司电话⟨PHONE:400-820-8820转3⟩
⟨PHONE:1 3 8 0 0 1 3 9 0 0 0⟩
紧急联系：⟨PHONE:+1-647-555-0192⟩
泰国号码⟨PHONE:081-234-5678⟩
短号⟨PHONE:66218⟩
座机号码八位的，⟨PHONE:8765 4321⟩
内网地址 ⟨LINK:git.huasheng.local/crm⟩
⟨LINK:u.jd.com/kK3xY⟩
⟨LINK:dwz.cn/a8Kx⟩ 点这个填
⟨LINK:nas.wangjia.synology.me:5001⟩
⟨LINK:192.168.8.77⟩打不开
⟨LINK:https://a.kdocs.cn/l/cXyz⟩
⟨LINK:snssdk1128://user/profile/123⟩
网站是⟨LINK:三w点hengtuo点com⟩
⟨LINK:quickconnect.to/wanghome⟩
⟨LINK:s3://backup-hr/2024/⟩
ftp ⟨LINK:10.2.3.4:21⟩
⟨LINK:db01:3306⟩连不上
⟨LINK:file:///D:/财务⟩
网站⟨LINK:恒拓.公司⟩
⟨LINK:huasheng.work⟩ 是我们官网
护照号我念一下，⟨PASSPORT:E幺二三四五六七八⟩
拍照上写着⟨PASSPORT:ED 902 1188⟩
通行证⟨PASSPORT:CA2233445⟩有效
台湾居民来往大陆通行证号 ⟨PASSPORT:0012345678⟩
passport: ⟨PASSPORT:N8812033⟩
P<CHN那行下面是⟨PASSPORT:EJ8812903<6CHN8805121F3009183⟩
加拿大护照 ⟨PASSPORT:AB123456⟩
印度护照⟨PASSPORT:Z1234567⟩
德国护照 ⟨PASSPORT:C01X00T47⟩
签证号 ⟨PASSPORT:20190012⟩
他欠我⟨AMOUNT:一千八百五⟩
二姑随礼⟨AMOUNT:六百⟩三姑随⟨AMOUNT:八百⟩
薪資⟨AMOUNT:五萬八⟩
中介费⟨AMOUNT:四千五⟩押金⟨AMOUNT:三千⟩
每月给妈⟨AMOUNT:两千⟩
公司邮箱前缀就是⟨ACCOUNT:jiangnan.he⟩，密码找IT
请给⟨ACCOUNT:hr_chenmo⟩重置密码
禅道账号：⟨ACCOUNT:pm-lisa⟩、⟨ACCOUNT:qa-tom⟩
她的微信好像是⟨ACCOUNT:xixi_1999⟩
老妈微信⟨ACCOUNT:wanlan580⟩你加下
⟨ACCOUNT:fengzi0077⟩ 微信，备注装修
我支付宝账户绑的是⟨ACCOUNT:luyao_pay⟩
微博叫⟨ACCOUNT:今天也要早睡鸭⟩的就是小吴
QQ昵称⟨ACCOUNT:夏末微凉⟩
他游戏id叫⟨ACCOUNT:暴躁老哥在线⟩
switch好友码⟨ACCOUNT:SW-3019-2288-7716⟩
员工卡号 ⟨ACCOUNT:E-33017⟩ 消磁了
我学生卡⟨ACCOUNT:2210398⟩里没钱了
录取通知书编号：⟨ACCOUNT:2024-X-00381⟩
医院的ID号⟨ACCOUNT:30092217⟩
社保卡背面号码⟨ACCOUNT:A1029384X⟩
煤气户号⟨ACCOUNT:0039 2281 7⟩
续保的保单⟨ACCOUNT:ABJH201CTP24F001⟩
租房合同（编号⟨ACCOUNT:ZF-0031-22⟩）
今晚暗号：⟨ACCOUNT:月亮不睡我不睡⟩
门口密码锁⟨ACCOUNT:202418#⟩
充电柜开柜码 ⟨ACCOUNT:5583⟩
她手机密码⟨ACCOUNT:0 5 2 0 1 3⟩
电脑开机密码是⟨ACCOUNT:wy19880211⟩
银行发来的六位码⟨ACCOUNT:550192⟩
动态密码：⟨ACCOUNT:993 012⟩
【美团】⟨ACCOUNT:4471⟩，用于登录，请勿转发
给客服报的识别码是⟨ACCOUNT:kx77129⟩
耳机序列号：⟨ACCOUNT:GXK9Q1ABCD⟩
扫地机SN ⟨ACCOUNT:RLS5-0091-22A⟩
登录名/密码：⟨ACCOUNT:szhao⟩/⟨ACCOUNT:Zh@o77⟩
user: ⟨ACCOUNT:dbadmin⟩, pass: ⟨ACCOUNT:qWe_2231⟩
用⟨ACCOUNT:13-lily⟩这个号进群
共享账号⟨ACCOUNT:design_pub⟩，密码⟨ACCOUNT:Pub#55⟩
把钱打到⟨ACCOUNT:6214 8301 2233 9081⟩ 周桐
telegram id: ⟨ACCOUNT:whale_mei⟩
@我：⟨ACCOUNT:@mumu.cn⟩
ig：⟨ACCOUNT:chloe.wxy⟩
组员账号：张三 ⟨ACCOUNT:zs01⟩，李四 ⟨ACCOUNT:ls02⟩
嗯账号是⟨ACCOUNT:liu wei 零三⟩
学号⟨ACCOUNT:二零二三一一零八⟩
老师说我的准考证是⟨ACCOUNT:110240183⟩
我淘宝订单号⟨ACCOUNT:2938817733019928⟩退一下
国内手机⟨PHONE:(+86)138 1234 9876⟩
我家电话⟨PHONE:六二三三 八八一二⟩
surgery reception ⟨PHONE:020 7946 0958⟩
韩国那边⟨PHONE:+82-10-2345-6789⟩
⟨LINK:erp.hs-group.cn:8443/login⟩
⟨LINK:x.co/9aB⟩
⟨LINK:https://meet.tencent.com/dm/abcDEF⟩
⟨LINK:172.18.0.5:27017⟩是库
⟨LINK:openapp.jdmobile://virtual?params=1⟩
⟨LINK:\\10.1.1.8\share\合同⟩
我主页⟨LINK:about.me/luna⟩
⟨LINK:gitee.com/wangmo/privproj⟩
护照换新了，旧号⟨PASSPORT:G12345678⟩新号⟨PASSPORT:EK0012933⟩
港澳通行证⟨PASSPORT:C 8812 0033⟩
越南护照 ⟨PASSPORT:B1234567⟩
回乡证号码⟨PASSPORT:H60123456⟩
欠物业⟨AMOUNT:一千零八十⟩
匯了⟨AMOUNT:三萬港幣⟩
他给我⟨AMOUNT:四百⟩我退他⟨AMOUNT:一百⟩
""".strip("\n").split("\n")
HARMLESS += [
    line.replace(r"\n", "\n")
    for line in r"""
用 GitHub 登录和用微信登录有什么区别
用QQ登录王者荣耀安全吗
账号login失败怎么办
用户名可以用中文吗
用户名一般叫什么好听
昵称叫什么比较好
给我起个游戏名，要霸气的
口令红包怎么发
口令是什么意思
暗号是谍战片里常见的桥段
密码学是一门有趣的学科
密码是错的，请重新输入
密码是加密存储的
验证码是一种区分人机的程序
微信是一款即时通讯软件
微信叫 WeChat 还是 Weixin
微信支付和支付宝哪个好
抖音叫 TikTok 的是国际版
b站叫什么名字最早
QQ音乐会员多少钱
会员卡 12 个月有效
学号由学院编号和年份组成
工号和社保号有什么关系
保单怎么看懂
医保卡 2025 年有什么新政策
电表 10(60)A 是什么意思
水表走了 30 个字
身份证和护照的区别
护照自 2012 年起改为电子护照
港澳通行证 2014 版
合同编号怎么编
加 @Transactional 注解就可以回滚
@app.route 装饰器怎么用
npm install @vue/cli 报错
@Override 是什么
Python 是我学的第一门语言
iPhone 是我最喜欢的手机
wifi 是无线局域网
123456 是最常见的密码
8 位以上是强密码
用 Python 登录网站的脚本怎么写
用 ssh 登录服务器的步骤
用指纹解锁更安全
max_length 和 min_length 是什么
user_id 和 open_id 是一个意思吗
姓名,年龄\n小红,12\n小蓝,13
| 协议 | 端口 |\n| HTTP | 80 |\n| SSH | 22 |
| 账号类型 | 权限 |\n| 管理员 | 全部 |
| 品名 | 型号 |\n| 路由器 | AX3000 |
转到 12 楼再坐电梯
打到 100 分就升级
汇到一起
存到 C 盘
node.js/express 哪个好
src/main.py/utils 这个目录
and/or 怎么翻译
TCP/IP 和 HTTP/2
key:value 格式
localhost:8080 打不开
std::map 和 a:b
9:30 到 18:00
内线和外线的区别
分机怎么设置
one two three four five six seven 用法语怎么说
1 2 3 4 5 6 7 八个音
我们家住在一百二十米高的地方
他跑了三千米
萬里長城有多長
兩岸猿聲啼不住
千萬別忘了
億萬年前的恐龍
三萬英尺高空
手機推薦三千左右
网名为什么流行火星文
游戏账号交易安全吗
LINE 是日本的聊天软件
Steam 好友代码在哪里看
原神 uid 在哪里看
telegram 是俄罗斯人做的
Instagram is owned by Meta
My password is not working
the login page is broken
username is required
What is my IP
passport is required for travel
码是什么意思
门码怎么设置
序列号是唯一的
取件码是几位数
订单号 5527 到哪了
快递单号怎么查
编号 A-1034 的展品
论坛叫什么
怎么注册微信小号
他说号是什么意思
昵称是不是可以改
小红书叫小红书的原因
抖音是字节跳动的产品
微信号是唯一的吗
QQ是腾讯做的
学校里叫我们写暗号
口令是古代军队用的
密码是由数字组成的
密码本丢了
把 user_name 字段改成 nick_name
给 admin 授权的命令
打开 node_modules/react 文件夹
import numpy as np
git clone 怎么用
用 root 登录 linux
通过 telnet 登录交换机
用 vscode 登录 github
手机是 1999 年发明的吗
会员是什么
会员 365 天
医保卡号怎么查
合同法第 52 条
编号 1 到 10
价格 1.234,56
i/o 模型
24/7 服务
win10/win11 区别
http/2.0 和 http/1.1
a.b/c 是什么路径
input/output.txt 在哪
请看 docs/readme.md
java.util.List
ws: 前缀是什么
data: 开头的链接
给孩子起个小名，叫小鱼儿好不好
他叫小明，是我们班的
游戏叫什么
游戏名字叫原神
英雄联盟里的德玛西亚
王者荣耀 5v5
超市会员日打八折
一百个苹果
三百年前
两百斤的胖子
我家离学校两百米
我们班有四百人
老师布置了三百字的作文
他走了五百步
我排了两百多号
双手合十，萬事如意
張三豐是兩百歲
""".strip("\n").split("\n")
]
