"""What names are made of: surnames, characters of given names, titles, first names, ends of organisations, places."""

SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏"
    "钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪"
    "严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐梅莫庄辛管祝左涂谷祁时舒耿牟卜路詹关苗凌费纪靳盛童欧甄项曲成游阳裴"
    "席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边净阴闫佟原初古党池麦褚娄宫晏岑蒲喻冷仇骆窦瞿濮隗奚"
    "缪蔺蓝郁巫应简楼晁卞昝全明占诸沙米桑丰邝湛连尚商迟栾艾冼鄢练苑粟滕敖戚幸诸仲匡郜臧艾廉宗巩楚丘花花萨亓滑仝尉符"
)
# Those that are hardly anything else, at the beginning of a word that no list explains.
SURE_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱林何郭马罗梁宋郑谢韩唐冯董萧曹袁邓许傅沈彭吕苏卢蒋蔡贾丁魏薛叶阎潘杜戴夏钟汪田姜范姚"
    "谭廖邹熊陆郝孔崔邱秦顾侯邵孟段尹黎乔贺赖龚庞樊殷施陶洪翟颜倪俞葛韦聂邢岳庄祁耿牟詹凌靳裴鲍覃霍隋柯阮闵柴冉佟闫褚"
    "娄晏岑骆窦瞿缪蔺郁卞栾艾冼鄢滕戚臧巩亓仝"
)
COMPOUND_SURNAMES = (
    "欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 司徒 司空 夏侯 南宫 长孙 宇文 轩辕 端木 独孤 拓跋 呼延 闻人 申屠 "
    "公冶 濮阳 淳于 单于 澹台 钟离 百里 东郭 西门 南门 完颜 纳兰 第五 赫连"
).split()
GIVEN = frozenset(
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰玲桃燕红玉萍建国文斌华宇辉鹏飞波宁晨浩然子轩梓涵欣怡雨桐思琪佳"
    "俊凯博雅婷雪梅琳颖倩云莉莹蕾薇洁慧晶瑶璐菲菁岚岩峰海龙海鑫森林志东旭阳晓小亮光辉庆福贵祥瑞宝成功德义仁礼智信忠孝"
    "诚毅刚健康安乐喜春夏秋冬生水木金土火山川河江湖涛波浪清澈泽润淼源泉景星辰月日昊天宏远大正中立本元永久恒长世代家兴"
    "业启航翔飞腾跃达通顺利祖耀荣昌盛隆发财金银珠宝珍珠琼瑜瑾璇玥琦琛珂珊珺瑞琰琨璟妍嫣婉婧妮娇媛嫒娅婕姗姝娴嫦芸芝芬"
    "芷若萱蓉蓓莲荷菊竹松柏枫桦楠梓桐彬彪威武豪英雄胜凯铭锋钧钰铁钢锐鑫锦绣丝红绿青蓝紫丹彤朱赤白素玄乾坤坚固基培坤垚"
    "培城均增壮声奇奎奕契女如妤妙始姣姿威娆学孟季宗定宜宣宪寒宽宾富寿尔尚尧屹岭崇嵩巍川州巧希帆帅常干平年广庆康延建弘"
    "弛弥强彦彩影征徽心志忆怀思恒恩悦悠惠情愉愿慕慧懿成扬承抒拓振捷授掣敏敬文斐新方旎旺昂昆昌明易昕昭晋晏晔晖晗晚普景"
    "晴智暄暖暮曙曜曦书曼月朋服朗望朝本朴杉村来杨松枝柔柯柳栋树根格桂桑梁梦梵棋棠森楚榕槐樱欢欣歆歌正步殿毓水永汉汐汝"
    "江池沁沂沐沛河治泉波泰洁洋洛津洪洲浦浩海涓涛涵润淑淳深淼清渊温湘源溪滢滨漫漪潇潮澄澜瀚灿炎炜炫炳烁烈烨焕然煜照熙"
    "燕爽牧特献玄率玉玖玟玮玲珈珏琅琇琢琬琴瑄瑛璋瓊甜田甫男留略白百皓益盈睿石砚磊祎祖祺禄福禹禾秀秋科程稳穆立竞端笑笛"
    "筠箐简箫米粲精紫纯纲纶绍经维缘缤罗美群羽翠翰翼耘聪肖育胜舒舟良艺艾芊芙芮苑苒苗若英茂茜茵茹荔荣莎莺菡菱萌萧落葵蒙"
    "蔚薪蕊蕴藜虎虹融衡裕观言训许诗诺谊谦豫贝贞贤赐赞超越跃路轶辛辞达迅迎远迪通逸道邦郁都采野量鉴钊钦铎锋长门闯闻阔陆"
    "陶隽雁雄雅霄震霆霖露霏青靓靖静韬韵音韶韻顺颂颐飒馨骁骏高魁鲁鸣鸿鸽鹃鹏鹤麒麟麦黎默鼎齐龙朵儿彧喆祎翊璨霁晟旻昱栩"
    "妞宸屿恺忻懋攸昶昀晞杞枢柠桉槿湉漾澍煊熠珩琎琪瑀璎瓒皙眉祉禧稷竣笙筱绮纾羿芃芯荃莘菀葆蕙薏衍袆诣谕赟赫迦逍遥郅"
    "钲锴锶闳雯霈韫颀颢飏馥骞骥鸾黛奶之乔亚亦亿仪仕仙代以任伊优会伦伯佐作佩佑佟依侃侠俏保信修倍倪偲傲元兆先光克兮全公"
    "兵其典内冉再军农冠冬冰冲况冶净凌凡凤创力功加劲励劭勇勋勤化北千升半华卉卓南卫印厚原友双发取古可史右叶司合吉同名君含"
    "听启吴吾呈周和咏品哲唯善喜嘉国图圆圣在坦垒城墨士夏夕多大太夫奇"
)
# After a surname, or a whole name.
TITLES = (
    "先生 女士 小姐 太太 夫人 老师 教授 博士 医生 大夫 护士 护士长 主任 院长 校长 经理 总经理 总监 总裁 董事长 董秘 老板 店长 "
    "律师 法官 警官 会计 工程师 教练 导演 秘书 助理 主管 处长 局长 科长 部长 市长 县长 镇长 村长 书记 主席 队长 组长 班长 "
    "厂长 所长 站长 师傅 师兄 师姐 师弟 师妹 学长 学姐 同学 同志 阿姨 叔叔 伯伯 大哥 大姐 大爷 大妈 大叔 奶奶 爷爷 婆婆 "
    "编辑 记者 司机 中介 房东 管家 保安 副总 董事 制片 监制 老弟 老哥 嫂子 舅舅 姑姑 道长 法师 公公 专员 顾问 设计师 "
    "副院长 副校长 副主任 副处长 副局长 副部长 副经理 副教授 导师 辅导员 班主任 上校 少校 中尉 连长 排长 团长 营长 政委 司令"
).split()
SHORT_TITLES = frozenset("总工董哥姐姨叔嫂爷婶妈伯局处导律医队")
CUES = (
    "我叫 叫做 名叫 名字叫 名字是 姓名 联系 联系人 找 约 约了 跟 和 与 给 替 帮 陪 请 问 问问 告诉 通知 提醒 转告 联络 拜访 "
    "同事 朋友 同学 室友 邻居 老公 老婆 丈夫 妻子 男友 女友 男朋友 女朋友 儿子 女儿 客户 房东 老板 领导 经理 医生 老师 教练 "
    "律师 主任 教授 闺蜜 哥们 表哥 表姐 表弟 表妹 堂哥 堂弟 堂姐 堂妹 师傅 司机 助理 秘书 患者 病人 候选人 法人 负责人 经办人 "
    "收件人 发件人 当事人 嫌疑人 被告 原告 保姆 阿姨 导师 组长 班长 前任 对象 网友 同桌 搭档 同乡 战友 先生 女士 学生 叫 "
    "把 被 对 让 向 是 收到 感谢 谢谢 想念 祝 代表 作者 主演 演员 歌手 记者 总裁 董事长 总监 书记 主席 部长 局长"
).split()
# After a name.
AFTER = (
    "说 的 问 是 在 和 跟 与 打 发 来 去 今 明 昨 电 手 住 生 把 被 让 给 对 从 不 没 有 也 都 要 会 想 约 答 同 要求 负责 告诉 表示 "
    "介绍 认为 回复 提 那 这 请 将 已 还 就 又 刚 先 最 离 升 结 出 搬 换 家 他 她 本 等"
).split()
FIRST_NAMES = frozenset(
    "aaron abby adam adrian aiden alan albert alex alexander alexandra alexis alfred alice alicia alison allen alvin amanda "
    "amber amelia amy andrea andrew andy angela angelina angie anita ann anna anne annie anthony april ariel arthur ashley "
    "audrey austin barbara barry becky bella ben benjamin benny bernard beth betty beverly bill billy blake bob bobby bonnie "
    "brad brandon brenda brian bruce bryan caleb calvin cameron candice candy carl carlos carmen carol caroline cathy cecilia "
    "celia charles charlie charlotte chelsea cherry chester chloe chris christian christina christine christopher cindy "
    "claire clara clark claudia cody colin connie connor craig crystal cynthia daisy dale dan daniel danny daphne darren dave "
    "david dean debbie deborah denise dennis derek diana diane don donald donna dora doris dorothy doug douglas duncan dustin "
    "dylan eason eddie eddy edgar edison edith edmund edward edwin eileen elaine eleanor elena eli elijah elizabeth ella ellen "
    "elliot elsa emily emma eric erica erik erin ernest esther ethan eugene eunice eva evan evelyn fanny felix fiona flora "
    "florence frances francis frank franklin fred frederick gabriel gary gavin george gerald gilbert gina gloria gordon grace "
    "graham grant greg gregory hannah harold harris harrison harry harvey hazel heather hector helen helena henry herbert "
    "holly howard hugh hugo ian ingrid irene iris isaac isabel isabella ivan ivy jack jackie jackson jacky jacob jake james "
    "jamie jane janet janice jared jasmine jason jay jean jeff jeffrey jennifer jenny jeremy jerry jesse jessica jessie jill "
    "jim jimmy joan joanna joanne joe joel john johnny jonathan jordan joseph joshua joyce juan judy julia julian julie juliet "
    "justin karen karl kate katherine kathleen kathy katie kay keith kelly kelvin ken kenneth kenny kevin kim kimberly kitty "
    "kristen kyle lance larry laura lauren laurence lawrence leah lee leo leon leonard leslie lester lewis liam lily linda "
    "lindsay lisa liz logan lois lola lora louis louisa louise lucas lucia lucy luke luna lydia lynn mabel maggie mandy marc "
    "marcus margaret maria marian marie marilyn mario mark marshall martha martin marvin mary mason matt matthew maurice max "
    "may megan melanie melissa melody mia michael michelle mike mila miles milly miranda molly monica morgan nancy naomi "
    "natalie natasha nathan neil nelson nicholas nick nicole nina noah nora norman olive oliver olivia oscar owen pamela "
    "patricia patrick paul paula pauline peggy penny peter phil philip phillip phoebe polly priscilla queenie rachel ralph "
    "randy raymond rebecca regina rex richard rick ricky rita rob robert robin rod roger roland ron ronald rosa rose rosie "
    "ross roy ruby russell ruth ryan sabrina sally sam samantha samuel sandra sandy sara sarah scott sean selina serena shane "
    "sharon shawn sheila shelly sherry shirley sidney simon sofia sonia sophia sophie spencer stacy stanley stella stephanie "
    "stephen steve steven stewart stuart sue susan suzanne sylvia tammy tanya ted teresa terry theodore theresa thomas tiffany "
    "tim timothy tina todd tom tommy tony tracy travis trevor tyler ursula valerie vanessa vera vernon veronica vicky victor "
    "victoria vincent viola violet virginia vivian vivienne walter wanda warren wayne wendy wesley will william willie winnie "
    "winston xavier yolanda yvonne zachary zoe zoey coco cici echo eve gigi kiki lulu mimi yoyo ada alina ava joey kobe leila "
    "mohammed ahmed ali fatima hiroko yuki kenji sakura dmitri sergey ivanov olga natalia pierre jacques hans klaus giulia".split()
)
# Also everyday words of English: names only when written with a capital and not at the beginning of an English sentence.
AMBIGUOUS_FIRST_NAMES = frozenset(
    "may will grant mark rose grace hazel violet dean echo don sue bill jack max ray april eve luna olive iris "
    "sandy penny melody crystal cherry candy rex dale ivy daisy lily jay lee kim tim ali ada pat art".split()
)
PINYIN_SURNAMES = frozenset(
    "wang li zhang liu chen yang zhao huang zhou wu xu sun hu zhu gao lin he guo ma luo liang song zheng xie han tang feng yu "
    "dong xiao cheng cao yuan deng fu shen zeng peng lv lu su jiang cai jia ding wei xue ye yan pan du dai xia zhong tian ren "
    "fan fang shi yao tan liao zou xiong jin hao kong bai cui kang mao qiu qin gu hou shao meng long wan duan lei qian yin yi "
    "chang wong chan lee chang ouyang situ zhuge kwok yip ng lam cheung leung tsang cheng lau".split()
)
PROVINCES = (
    "北京 上海 天津 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南 四川 贵州 云南 陕西 甘肃 "
    "青海 台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门"
).split()
CITIES = (
    "广州 深圳 杭州 南京 苏州 成都 武汉 西安 郑州 长沙 青岛 宁波 无锡 佛山 东莞 合肥 济南 大连 沈阳 厦门 福州 昆明 哈尔滨 长春 石家庄 "
    "南宁 贵阳 南昌 太原 兰州 海口 珠海 中山 惠州 常州 温州 泉州 嘉兴 绍兴 金华 台州 徐州 南通 扬州 盐城 镇江 泰州 烟台 潍坊 临沂 淄博 "
    "威海 洛阳 开封 宜昌 襄阳 岳阳 株洲 湘潭 衡阳 桂林 柳州 三亚 绵阳 德阳 宜宾 遵义 大理 丽江 咸阳 宝鸡 银川 西宁 乌鲁木齐 拉萨 "
    "呼和浩特 包头 唐山 保定 秦皇岛 邯郸 廊坊 鞍山 吉林 大庆 芜湖 蚌埠 马鞍山 赣州 九江 漳州 莆田 湛江 汕头 江门 肇庆 清远 梅州"
).split()
# Organisations that are known by a short name of their own; names of what people use daily (微信) are not among them.
BRANDS = (
    "腾讯 阿里巴巴 阿里云 字节跳动 字节 百度 华为 美团 京东 拼多多 网易 滴滴 快手 哔哩哔哩 携程 饿了么 蚂蚁集团 联想 中兴 比亚迪 蔚来 小鹏 理想汽车 "
    "宁德时代 格力 海尔 海信 美的集团 长虹 三一重工 顺丰 圆通 中通 申通 韵达 万科 碧桂园 恒大 保利 融创 龙湖 绿地 华润 中粮 中石油 中石化 中海油 "
    "国家电网 南方电网 中国移动 中国联通 中国电信 中建 中铁 中交 一汽 上汽 广汽 东风 长安汽车 吉利 奇瑞 长城汽车 特斯拉 微软 谷歌 亚马逊 英特尔 "
    "英伟达 高通 三星 索尼 松下 西门子 博世 宝洁 联合利华 可口可乐 百事 星巴克 麦当劳 肯德基 海底捞 瑞幸 喜茶 德勤 普华永道 安永 毕马威 麦肯锡 "
    "贝恩 高盛 摩根士丹利 摩根大通 花旗 汇丰 渣打 瑞银 工行 建行 农行 中行 招行 交行 工商银行 建设银行 农业银行 中国银行 招商银行 交通银行 民生银行 "
    "光大银行 中信银行 浦发银行 兴业银行 平安银行 中信 平安保险 中国平安 中国人寿 太平洋保险 人保 泰康 北大 清华 浙大 复旦 交大 南大 武大 华科 中科大 "
    "人大附中 北师大 中科院 社科院 发改委 卫健委 证监会 银保监会 国务院 教育部 外交部 公安部 财政部 商务部 工信部 住建部 新华社 人民日报 央视 "
    "新东方 好未来 学而思 猿辅导 作业帮 科大讯飞 商汤 旷视 寒武纪 大疆 小红书 爱奇艺 优酷 搜狐 新浪 搜狗 完美世界 米哈游 莉莉丝 巨人网络 "
    "同仁堂 云南白药 恒瑞 药明康德 迈瑞 协和医院 华西医院 瑞金医院 湘雅 同济 Google Microsoft Amazon Oracle IBM Intel Nvidia Tesla Deloitte KPMG "
    "PwC McKinsey Samsung Siemens Huawei Tencent Alibaba ByteDance Baidu WeWork Uber Airbnb OpenAI"
).split()
