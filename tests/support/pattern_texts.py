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
