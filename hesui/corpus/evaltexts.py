"""The hand-written part of the evaluation prompts as plain data: essay titles, wordings, English questions.

Nothing here may be used for training. Knows nothing of lengths or chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Ask(NamedTuple):
    """A way to ask; gaps as in the grammar's own: {d} the demand before the noun, {c} as a clause."""

    text: str
    kinds: frozenset[str] = frozenset()  # the kinds of readers that it fits; empty = any


FAMILY = frozenset({"elder", "couple", "child", "love"})
GROUPS = frozenset({"parents", "students", "staff", "audience"})
OUTSIDE = frozenset({"parents", "teacher", "students", "boss", "staff", "client", "public", "heroes", "audience"})
SHY = frozenset({"teacher", "boss", "elder", "couple", "child", "love", "public"})
LISTENING = (OUTSIDE | FAMILY | {"friend", "colleague"}) - {"boss", "client"}
THANKED = frozenset({"teacher", "parents", "client", "heroes", "staff", "public"})

GREETING = (
    Ask("{sender}写给{recipient}的{occasion}祝福，麻烦代写一段{c}。"),
    Ask("需要一段{d}{occasion}祝福，写的人是{sender}，读的人是{recipient}。"),
    Ask("我这个{sender}不会说话，{occasion}想给{recipient}送一段祝福{c}，请帮帮忙。", SHY),
    Ask("请想一段{d}{occasion}祝福，{sender}要念给{recipient}听。", LISTENING),
    Ask("有没有适合{sender}送给{recipient}的{occasion}祝福？请写一段{c}。"),
)
LONG = (
    Ask("{sender}想在{occasion}给{recipient}写一封长信{c}，请代笔。"),
    Ask("请写一封{sender}寄给{recipient}的{d}{occasion}感谢信。", THANKED),
    Ask("如果你是{sender}，请写一封{d}{occasion}家书，寄给{recipient}。", FAMILY),
    Ask("请写一封{occasion}慰问信{c}，收信的是{recipient}，写信的是{sender}。", frozenset({"staff"})),
    Ask(
        "{occasion}聚会上，{sender}要对{recipient}讲几句，请写一篇{d}讲话。",
        frozenset({"students", "staff", "parents"}),
    ),
    Ask("请像{sender}那样，给{recipient}写一大段{occasion}祝福{c}。"),
)
ESSAY = (
    Ask("春节征文的题目是《{title}》，请写一篇{d}文章。"),
    Ask("老师让我们写春节见闻，我选的题目是《{title}》，请写一篇{d}作文。"),
    Ask("请写春节作文，题目：《{title}》{c}。"),
    Ask("以“{title}”为标题，写一篇{d}春节散文。"),
    Ask("《{title}》，这是寒假里的春节作文题，请写一篇{c}。"),
)
VERSE = (
    Ask("这段祝福想用诗来表达，请改写{c}：\n{greeting}"),
    Ask("{greeting}\n请用一首{d}小诗说出上面祝福里的心意。"),
)
SUMMARY = (
    Ask("{letter}\n你是{role}，请说说这封新年信的要点，再讲讲你的期待{c}。"),
    Ask("请从{role}的眼光看这封新年来信，写一段{d}总结，最后写出期待：\n{letter}"),
)
# Beside the grammar's own test wordings; by op and place.
DEMANDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("eq", "before"): ("整整{n}个字的", "一共{n}字的"),
    ("eq", "clause"): ("，一共{n}个字", "，字数定为{n}字", "，整整{n}字"),
    ("approx", "before"): ("接近{n}字的",),
    ("approx", "clause"): ("，差不多{n}字",),
    ("le", "before"): ("不得超过{n}字的", "{n}个字之内的"),
    ("le", "clause"): ("，不得超过{n}字", "，字数不能多于{n}字"),
    ("ge", "before"): ("不得少于{n}字的", "{n}个字以上的"),
    ("ge", "clause"): ("，字数不得少于{n}字", "，不能少于{n}字"),
}

TITLES = (
    "门口的那盏灯笼", "爷爷的毛笔", "一张旧年画", "奶奶的拿手菜", "厨房里的年", "第一次点烟花", "雪夜里的团圆", "零点的钟声", "妈妈的新年清单",
    "爸爸回来了", "老屋的春节", "巷子里的年味", "一碗热汤圆", "姥姥的针线", "贴歪了的福字", "我当了一回小厨师", "春节的声音", "春节的颜色", "春节的味道",
    "除夕夜的电话", "值班的妈妈", "我的三个新年愿望", "长辈的红包", "舅舅的面馆", "饭桌上的空座位", "一串糖葫芦", "一幅剪纸", "看社戏", "踩高跷的人",
    "我和弟弟的兔子灯", "村口的锣鼓", "雪地里的爆竹声", "外婆家的院子", "回乡的火车上", "爷爷讲的年的传说", "腊八这一天", "送灶那一天", "发面的学问", "穿新衣",
    "一家人的合影", "正月里的集市", "舞狮的少年", "最后一个到家的人", "给老师的春联", "一条年鱼", "城里的春节", "在海边过年", "我们楼里的新年", "我是春节小志愿者",
    "快递小哥的春节", "旅途中的春节", "写给新年的我", "寒假里的一天", "拜年路上", "大年初一的早晨", "初五迎财神", "正月十五的月亮", "会唱歌的灯笼", "雪人陪我守岁",
    "小狗的春节", "一次特别的团圆", "我学会了和面", "年画里的娃娃", "灶台边的笑声", "屋角的腊肉", "一封寄回家的信", "春节前的大扫除", "阳台上的水仙花", "爷爷的老照片",
    "家乡的社火", "龙灯过街", "太奶奶的祝福", "和妈妈赶年集", "一颗水果糖", "新年的第一缕阳光", "枕头下的红包", "手机里的团圆", "桥上看烟花", "老街的春节", "除夕的菜单",
    "姑姑带来的礼物", "那年除夕的雪", "倒着贴的福", "爷爷教我写大字", "在医院过的春节", "守在车站的叔叔", "又见炊烟", "打年糕", "磨豆腐", "炸丸子", "剪福字", "做灯笼",
    "捏面人", "听爷爷唱戏", "看冰灯", "灶糖甜甜", "给奶奶梳头", "一双新棉鞋", "吃团年饭", "家乡的年俗", "表哥回来了", "邻居送来的年糕", "山村的除夕", "草原上的新年",
    "教室里的新年会", "一条红围巾", "红包里的纸条", "我想对新年说", "北方的年", "南方的年", "爸爸下厨", "全家总动员", "等客来", "一副旧对联", "年的脚步", "那一夜，灯火通明",
    "我的压岁钱计划", "写福字的老人", "一顿晚来的年夜饭", "春节里的陌生人", "放学后的年货街", "跟爷爷去看梅花",
)  # fmt: skip


class English(NamedTuple):
    """An English question; {d} is the demand, and `family` names what it asks."""

    task: str
    family: str
    text: str


ENGLISH_DEMANDS: Mapping[str, tuple[str, ...]] = {
    "greeting": ("precisely {n} words", "{n} words in total"),
    "long": ("a minimum of {n} words", "not fewer than {n} words", "not less than {n} words"),
    "essay": ("precisely {n} words", "{n} words in total"),
    "verse": ("no longer than {n} words", "up to {n} words"),
    "summary": ("no longer than {n} words", "up to {n} words"),
}
ENGLISH_NUMBERS: Mapping[str, range] = {
    "greeting": range(31, 81),
    "long": range(115, 200),
    "essay": range(150, 230),
    "verse": range(45, 75),
    "summary": range(45, 75),
}
_TURN_TO_VERSE = "Say the following greeting in verse. The poem should be {d}.\n"
_SUM_UP = "Here is a New Year letter. Read it as {role} would, sum it up and add what you hope for. Length: {d}.\n"

ENGLISH = (
    English("greeting", "bus driver to passengers", "You drive the night bus. Your Spring Festival greeting to the passengers should have {d}."),
    English("greeting", "daughter to father at sea", "My father spends the Chinese New Year on a container ship. Write him a greeting from his daughter, {d}."),
    English("greeting", "librarian to readers", "A librarian wants to put a Lunar New Year greeting for the readers on the door. It needs {d}."),
    English("greeting", "tenant to landlady", "What could a tenant write to a kind landlady at Spring Festival? Draft it in {d}."),
    English("greeting", "football captain to fans", "Draft the captain's Chinese New Year greeting to the club's fans in {d}."),
    English("greeting", "grandson to grandmother", "Grandma cannot read small print, so keep it to {d}: a New Year greeting from her grandson."),
    English("greeting", "patient to surgeon", "A patient who is home again thanks the surgeon and wishes her a happy Year of the Horse. Use {d}."),
    English("greeting", "baker to customers", "For the box of rice cakes, a baker needs a Spring Festival note to the customers of {d}."),
    English("greeting", "exchange student to host family", "As an exchange student, wish your host family a happy Lunar New Year with {d}."),
    English("greeting", "engineer to team on site", "Our bridge team works through the holiday. Compose a greeting from the chief engineer, {d}."),
    English("greeting", "pupil to music teacher", "Compose a New Year greeting of {d} that a pupil could send to a music teacher."),
    English("greeting", "old friend abroad", "An old friend has moved to Norway. Wish him a good Spring Festival in {d}."),
    English("greeting", "firefighter to townspeople", "The fire brigade greets the whole town on New Year's Eve. Give me {d}."),
    English("greeting", "neighbour to new parents", "The couple next door has a baby. I would like to send them a Chinese New Year greeting of {d}."),
    English("greeting", "volunteer to elderly people", "Compose the words a volunteer says to lonely elderly people at the Lantern Festival, {d}."),
    English("greeting", "sister to brother", "My little brother sits his final exams in June. Compose my New Year wishes for him in {d}."),
    English("greeting", "radio host to listeners", "You host a radio show. Greet your listeners on the first day of the new year in {d}."),
    English("greeting", "company to supplier", "Our company owes a lot to one supplier. Put our Spring Festival greeting to them into {d}."),
    English("long", "mayor to citizens", "Draft the mayor's Spring Festival address to the citizens of a small harbour town; it should run to {d}."),
    English("long", "son to parents from Antarctica", "A researcher spends the holiday at a polar station. Compose his New Year letter to his parents with {d}."),
    English("long", "headteacher to leavers", "Compose a headteacher's Lunar New Year letter to the pupils who leave school this summer. It must have {d}."),
    English("long", "hospital director to night staff", "The director of a hospital thanks the night staff before the holiday. Give the letter {d}."),
    English("long", "club to its coach", "After a hard season our rowing club wants to thank its coach at New Year. Draft a letter of {d}."),
    English("long", "village head to emigrants", "Many people of our village work far away. Draft the village head's New Year letter to them, {d}."),
    English("long", "aunt to niece", "An aunt writes to her niece who has just started her first job. Draft this Spring Festival letter. Length: {d}."),
    English("long", "choir to donors", "Our children's choir has new gowns thanks to its donors. Compose a New Year letter of thanks in {d}."),
    English("essay", "The Train Home", 'The title is "The Train Home". Compose a Spring Festival essay that has {d}.'),
    English("essay", "My Grandfather's Brush", 'Compose an essay of {d} about New Year couplets with the title "My Grandfather\'s Brush".'),
    English("essay", "An Empty Chair at Dinner", 'For a school magazine: "An Empty Chair at Dinner", a New Year\'s Eve story in {d}.'),
    English("essay", "Snow on the Firecrackers", 'Tell a memory of Spring Festival under the heading "Snow on the Firecrackers" in {d}.'),
    English("essay", "The Dragon in Our Street", '"The Dragon in Our Street" is this week\'s composition. I need {d}.'),
    English("essay", "What the Red Envelope Held", 'Please compose "What the Red Envelope Held", a school essay with {d}.'),
    English("essay", "Midnight on the Roof", 'Our teacher wants {d} on the topic "Midnight on the Roof", about the last hour of the old year.'),
    English("essay", "A New Year Far Away", 'Describe a Chinese New Year spent abroad. Title: "A New Year Far Away". Length: {d}.'),
    English("verse", "greeting to a bus driver", _TURN_TO_VERSE + "Dear driver, happy New Year! You know every stop and every sleepy face, and you wait when somebody runs. May your roads be dry, your breaks long and your family awake when you come home."),
    English("verse", "greeting to grandparents", _TURN_TO_VERSE + "Dear Grandma and Grandpa, a happy Spring Festival to you both! The oranges you sent smell of your garden. We wish you warm rooms, light steps and visitors every Sunday, and we shall be with you when the lanterns are lit."),
    English("verse", "greeting to a colleague", _TURN_TO_VERSE + "Dear colleague, happy Year of the Horse! You carried half of my boxes and all of my doubts this year. May your work be easy, your tea hot and your holidays as long as you like."),
    English("verse", "greeting to nurses", _TURN_TO_VERSE + "Dear nurses, we wish you a happy New Year. You walked through our nights with quiet shoes and kind words. May you sleep well, laugh often and find your own people healthy."),
    English("verse", "greeting to a friend", _TURN_TO_VERSE + "My old friend, happy Spring Festival! Ten years ago we shared one umbrella and one bowl of noodles. May your new shop be full, your children curious, and may we sit at one table again before the summer."),
    English("summary", "letter of a library", _SUM_UP.replace("{role}", "a young reader") + "Dear readers,\nBefore the lanterns go up we want to thank you. Last year you borrowed forty thousand books, twice as many as the year before. The roof no longer leaks, and the reading room stays open until ten. Mrs Lin told stories every Saturday, even with a broken arm. In the coming year we shall buy a mobile library for the villages, open a quiet room for exam weeks and repair the old piano. Please bring back what you borrowed, and bring a friend.\nThe library"),
    English("summary", "letter of a farm cooperative", _SUM_UP.replace("{role}", "a farmer of the cooperative") + "Dear members,\nThe year was dry, but the new wells saved two thirds of the wheat. We sold our apples in nine cities, and the cold store paid for itself in ten months. I thank the women who sorted fruit through the night when the trucks came late. Next year we plan a school for grafting, a second truck and one price for all, printed on the door. Come and say what you think on the first Monday of each month.\nHappy New Year!\nThe chairman"),
    English("summary", "letter of a shipyard", _SUM_UP.replace("{role}", "an apprentice") + "Dear workmates,\nThree ships left our yard this year, all of them on time, and nobody was badly hurt. The new paint hall keeps the dust away from your lungs. Old Master Wu came back from retirement to teach welding; he would not take any pay. In spring we begin the first electric ferry. We shall send twenty young people abroad to learn, mend the hot water in the dormitory and pay for the evening school. Enjoy the holiday with your families.\nThe director"),
    English("summary", "letter of a kindergarten", _SUM_UP.replace("{role}", "a father") + "Dear parents,\nThis year your children planted beans, met a fire engine and learned to wait for one another. Our new kitchen cooks without a microwave. We are grateful to the fathers who built the sandpit in one rainy weekend. After the holiday we open an hour earlier, start a music group and keep two rabbits, which will need care at weekends. Tell us when something worries you; the door is open.\nHappy Spring Festival from all of us!\nThe head of the kindergarten"),
    English("summary", "letter of a rescue team", _SUM_UP.replace("{role}", "a new member") + "Dear team,\nWe went out one hundred and twelve times and brought everybody home. In the flood you carried old people down five floors on your backs. Some of you missed birthdays, and I have not forgotten it. The coming year brings a second boat, new radios and, above all, free days that stay free. We shall train with the hospital every month and show the schools how to help. Rest well, and keep your boots by the door.\nYour captain"),
)  # fmt: skip
