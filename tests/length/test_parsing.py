"""`parse` reads the length demands of prompts; the rows of docs/constraints.md are tests too."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.length.constraint import Constraint
from hesui.length.parsing import parse

DOCS = Path(__file__).resolve().parents[2] / "docs" / "constraints.md"

# prompt => op, numbers, unit unless char
SENTENCES = r"""
给奶奶写一段新年祝福，不超过60字 => le 60
替我拟一条拜年微信，八十字以内 => le 80
寫一段給客戶的賀詞，字數不超過一百二十字 => le 120
請用五十個字以內介紹端午節的由來 => le 50
帮我写段开场白，最多１２０字 => le 120
晚会主持词，顶多两百字啊 => le 200
写个请假条，别超过90字 => le 90
自我介绍控制在150字之内 => le 150
朋友圈文案，30字内即可 => le 30
写一条寄语，千万不要超过四十个字 => le 40
作答时篇幅不得超出500字 => le 500
公司简介，上限300字 => le 300
写一段感谢信，限80字 => le 80
写一段≤60字的产品卖点 => le 60
请概括大意，<100字 => le 100
给导师写教师节祝福，字数要少于七十 => le 70
写一个小于50字的简介 => le 50
拟一则通知，低于200字 => le 200
评语请写在一百字以下 => le 100
工作周报，800字封顶 => le 800
写一篇不少于600字的观后感 => ge 600
字数至少三百，写我的家乡 => ge 300
作文起码要写400字 => ge 400
请写一篇关于诚信的演讲稿，800字以上 => ge 800
论述题，每题不低于250字 => ge 250
写一份策划方案，3000+字 => ge 3000
全文字数须大于1000字 => ge 1000
写一篇年终总结，1500字起 => ge 1500
请写够500字的检讨书 => ge 500
写篇小说开篇，字数不能低于2千 => ge 2000
写满八百字，题目自拟 => ge 800
字數不得少於五百字，題目是我的母親 => ge 500
写一篇超过1000字的影评 => ge 1000
写一篇200字左右的游记 => approx 200
大约三百字，介绍苏州园林 => approx 300
来一段五十来字的晚安文案 => approx 50
给孩子的生日寄语，百来字就好 => approx 100
写个千把字的年会讲话稿 => approx 1000
写一段将近400字的景物描写 => approx 400
帮忙写封道歉信，差不多250字 => approx 250
写一封三百余字的家书 => approx 300
字数约500，写写你的理想 => approx 500
请写一段介绍，120字上下 => approx 120
感谢词~80字 => approx 80
写一篇800字±50字的议论文 => approx 800
写一篇作文，600字，允许上下浮动10% => approx 600
写一篇300字的母亲节作文 => eq 300
写一篇300字母亲节作文 => eq 300
用100字体现春节的热闹气氛 => eq 100
请写一首关于月亮的诗，正好28个字 => eq 28
字数：450 => eq 450
【字数】200字 【主题】环保 => eq 200
帮我把这段话扩写到500字 => eq 500
将下面的新闻缩写成80字 => eq 80
写一份一千五百字的调研报告 => eq 1500
写一篇1.2万字的小说大纲 => eq 12000
生成0.8k字的测评文章 => eq 800
写个两百五十字的小剧本 => eq 250
写一段一百五的广告词，一百五十字 => eq 150
请写50 字的感悟 => eq 50
产品介绍（120字） => eq 120
写1,200字的书评 => eq 1200
写篇五〇〇字的散文 => eq 500
请写200至300字的读书笔记 => range 200 300
字数控制在四百到六百字之间 => range 400 600
写一段80~120字的朋友圈 => range 80 120
写一篇作文，字数要求：700—900 => range 700 900
三四百字，介绍一下敦煌 => range 300 400
写个七八十字的短评 => range 70 80
两三百字的自荐信一封 => range 200 300
介于150和200字之间，写一段颁奖词 => range 150 200
不少于100字，不超过200字，写一段评论 => range 100 200
写一篇短文，最少50字，最多80字 => range 50 80
写3到5百字的感想 => range 300 500
写一篇1-1.5万字的报告 => range 10000 15000
大于200字小于400字，写观后感 => range 200 400
写一段字数在60字以上、100字以内的祝福 => range 60 100
写二十条标语，每条不超过12字 => le 12
写四句祝福，每句七个字 => eq 7
分三段写，每段100字左右 => approx 100
起一个标题，标题不超过18字，正文500字 => eq 500
写一篇文章，总字数800字，开头100字，结尾50字 => eq 800
写10个六字短标题 => eq 6
给店铺起五个三字店名 => eq 3
写一副七字对联 => eq 7
用四个字概括这个人的性格 => eq 4
请用一句话总结全文 => eq 1 sentence
用三句话说明黑洞是什么 => eq 3 sentence
回答不要超过两句话 => le 2 sentence
请分五段来写这篇文章 => eq 5 paragraph
写一首八行的小诗 => eq 8 line
代码不超过20行 => le 20 line
写一段英文自我介绍，120词左右 => approx 120 word
写一篇不少于150个单词的英语作文 => ge 150 word
作文写200字。哦不对，改成300字 => eq 300
写一篇500字的文章，算了，还是300字以内吧 => le 300
Write a New Year greeting in under 40 words => le 40 word
Describe the festival in no more than 60 words. => le 60 word
Give me a 250-word summary of the plot => eq 250 word
Compose a toast of at least 80 words => ge 80 word
Summarize this in about 100 words => approx 100 word
Please answer in exactly 30 words. => eq 30 word
Write between 120 and 150 words about tea => range 120 150 word
Write a 40-60 word product blurb => range 40 60 word
Explain gravity in two sentences => eq 2 sentence
Write three paragraphs about autumn. => eq 3 paragraph
Keep it to 75 words => le 75 word
Word limit: 300 => le 300 word
Tell a bedtime story, 500+ words => ge 500 word
Reply in fifty words or less => le 50 word
Write a tweet of at most 280 characters => le 280
Write roughly two hundred words on bees => approx 200 word
Max 20 words: what is love? => le 20 word
Write a poem of up to eight lines => le 8 line
The essay should be 500 words long => eq 500 word
Write an essay, minimum 1,000 words => ge 1000 word
Each bullet must be under 15 words => le 15 word
Summarize in one sentence. => eq 1 sentence
Make the caption fewer than 12 words => le 12 word
Write 1k words about Mars => eq 1000 word
Write a reply not exceeding 45 words => le 45 word
这篇稿子有2000字，太长了 => none
以下文章共1200字，请指出中心思想 => none
这段话一共有多少字？ => none
800字大概写满几页纸？ => none
我昨晚已经写了三千字 => none
介绍一下三字经的作者 => none
请解释“画蛇添足”这四个字 => none
用“春风”二字造句 => none
走到十字路口该怎么办 => none
列出十个四字成语 => none
帮我看看我的生辰八字 => none
每分钟能读300字正常吗 => none
他写过一部一百万字的长篇小说 => none
请把首行缩进两个字符 => none
密码至少8个字符，怎么设置更安全 => none
写一个函数，返回字符串的前10个字符 => none
春节是公历2026年2月17日，介绍一下 => none
写一段祝福，短一点 => none
请写一句新年祝福 => none
给我写一段话，夸夸我妈妈 => none
稿费千字150元，怎么算 => none
把第二段删掉 => none
他只说了一句话就走了 => none
请比较这两段文字的异同 => none
删掉第3个字 => none
如果回答超过300字，请先列提纲 => none
我有50元和3个小时，推荐个去处 => none
翻译：一行白鹭上青天 => none
百家姓里排名第一的姓是什么 => none
What are the first 10 words of the anthem? => none
Fix the grammar in these two sentences. => none
How many words are in this paragraph? => none
I can type 60 words per minute. => none
Write a story with two characters => none
My essay is 800 words. Give me feedback. => none
Write a regex that matches 5 words => none
请根据以下材料写一段评论，150字以内。\n材料：小王昨天写了800字的日记，走了3公里路。 => le 150
原文：他用了整整三千字来描写这棵树。请用50字概括。 => eq 50
阅读下文并回答问题。\n“写一篇不超过300字的作文”是老师布置的题目，你怎么看？ => none
请解释“五百字以内”是什么意思 => none
《一百个汉字的故事》讲了什么 => none
```\nprint("不超过50字")\n```\n上面的代码输出什么？ => none
文章如下：春天来了，万物复苏。请缩写到三十字以内 => le 30
请用不超过100个汉字总结 => le 100
限300字 => le 300
字数限制：200字 => le 200
限制在200字 => le 200
字数要求：800字以上 => ge 800
字数：800字以上 => ge 800
要求：1.主题鲜明；2.语言流畅；3.不少于600字。 => ge 600
2. 每段不少于80字 => ge 80
3、全文300字左右； => approx 300
回复长度不超过3句话 => le 3 sentence
整体篇幅约2000字 => approx 2000
文章长度在1500字左右为宜 => approx 1500
请将输出控制在 100 ~ 150 个字之间 => range 100 150
写个 30 秒的短视频口播稿，约120字 => approx 120
请生成一个5000字以上的详细报告 => ge 5000
总结成20个字 => eq 20
用十个字以内回答 => le 10
请用20字以内的一句话总结 => le 20
一句话介绍，不超过25字 => le 25
给我10条文案，每条15字左右 => approx 15
写5个标题，每个标题20字以内 => le 20
朋友圈九宫格配文，每张图配10字以内的说明 => le 10
把下面这篇1000字的文章压缩到300字 => eq 300
将这段500字的介绍精简为100字以内 => le 100
这是一篇800字的作文，请帮我写一段100字左右的点评 => approx 100
我的作文只有400字，请扩写到600字以上 => ge 600
请续写这个故事，续写部分不少于300字 => ge 300
写一个三百字的小故事，故事里要有两个人物 => eq 300
写一首五言绝句 => none
写一首七言律诗，共八句 => eq 8 sentence
春联一副，上下联各七字 => eq 7
写副对联，上联不超过11个字 => le 11
请输入不超过50个字符的昵称 => le 50
评论内容至少10个字 => ge 10
请填写200字以内的个人简介 => le 200
祝福语不能少于5个字哦 => ge 5
最多可输入140字 => le 140
英文单词数不超过200 => le 200 word
请翻译成英文，不超过80个单词 => le 80 word
用英语写一篇80-100词的短文 => range 80 100 word
写一段话，100个英文单词以上 => ge 100 word
作文题：我的妈妈（600字） => eq 600
600字作文：我的妈妈 => eq 600
高考作文800字，题目《路》 => eq 800
请写一份演讲稿，时长3分钟，大概700字 => approx 700
预算5000元，写一份300字的活动方案 => eq 300
2025年终总结，1000字 => eq 1000
写一篇第二人称的500字散文 => eq 500
请以100字为限写一段独白 => le 100
以200字为上限 => le 200
字数上限为120 => le 120
不得多于八十字 => le 80
不可多于三句 => le 3 sentence
字数最好别超过150 => le 150
字数不宜超过两百 => le 200
尽量不要超过三百五十字 => le 350
请保证至少有5段 => ge 5 paragraph
文章需包含至少四个段落 => ge 4 paragraph
内容分3-5段 => range 3 5 paragraph
写两段话介绍北京 => eq 2 paragraph
写一首四行诗 => eq 4 line
共12行，每行不超过10字 => le 10
用3-4句话回答 => range 3 4 sentence
三言两语说说 => none
三两句话概括一下 => none
两三句话概括一下 => range 2 3 sentence
七八百字的作文 => range 700 800
上千字的长评来一篇 => ge 1000
来一篇不下五百字的长评 => ge 500
正文800字到1000字 => range 800 1000
800到1000字之间最好 => range 800 1000
字数介乎100至150之间 => range 100 150
从200字扩充到400字 => eq 400
多写100字 => none
再多写两百字左右 => none
比上一版少50字 => none
在原文基础上增加200字 => none
请写得长一些 => none
字数不限 => none
没有字数限制，随便写 => none
字数不限，但不要少于100字 => ge 100
不用太长，50字就够了 => eq 50
100字足矣，夸夸我家猫 => eq 100
一共写四百字 => eq 400
摘要部分200字以内，正文3000字 => eq 3000
标题10字以内，正文不超过200字 => le 200
Write 5 slogans, each at most 8 words => le 8 word
Write an essay of 600 words on the topic of "100 words a day" => eq 600 word
Describe your day in fewer than 100 characters => le 100
Limit your response to 150 words. => le 150 word
Your answer must not exceed 200 words => le 200 word
Write no fewer than 300 words => ge 300 word
Aim for around 400 words => approx 400 word
Target length: 500 words => eq 500 word
Length: 200-250 words => range 200 250 word
Please write more than 250 words about pets => ge 250 word
I need a 1,500-word article about solar power => eq 1500 word
Give a one-sentence summary => eq 1 sentence
Write a five-sentence paragraph => eq 5 sentence
Answer with a single paragraph of 4-6 sentences => range 4 6 sentence
Write a four-line poem => eq 4 line
Summarize the following article in 50 words or fewer: The mayor spoke for 300 words. => le 50 word
Summarise the 900-word report below in 90 words => eq 90 word
Keep the summary between 2 and 3 sentences => range 2 3 sentence
Write a story (max 300 words) => le 300 word
Write a product description. Word count: 120 => eq 120 word
Write a bio, 50 words max. => le 50 word
Use 10 words or less to describe spring => le 10 word
Could you write a 100 word speech? => eq 100 word
Write a short note of around a hundred words => approx 100 word
What does 'a picture is worth a thousand words' mean? => none
Translate these three sentences into French => none
Why are the first two paragraphs so long? => none
How can I write 1000 words in an hour? => none
In other words, explain it simply => none
The passage has 350 words. What is its theme? => none
Split the text into two paragraphs => eq 2 paragraph
一个字一个字地念 => none
这个字怎么读 => none
“福”字倒贴有什么讲究 => none
如何写好一篇800字的议论文？ => none
写1000字需要多长时间？ => none
能帮我写一篇300字的自我介绍吗？ => eq 300
可以写个50字左右的祝福吗 => approx 50
当字数超过500字时提醒我 => none
统计下面文字是否超过100字 => none
微博最多能发多少字？ => none
两个字的水果有哪些 => none
找出含有三个字的词语 => none
王羲之写了二十一个之字 => none
每天背20个单词，帮我做个计划 => none
词汇量达到5000词需要多久 => none
用以下五个词造句：春天、花、风、雨、雪 => none
排成三行四列 => none
表格共5行，每格不超过10个字 => le 10
把这几句话合成一段 => none
他们俩说了两句话 => none
第三段不超过100字 => le 100
一字千金是什么意思 => none
千字文的作者是谁 => none
万字长文是怎么炼成的 => none
半小时写出800字作文的技巧 => none
你是一位资深编辑，请根据用户提供的关键词创作一篇微小说，要求情节完整、人物鲜明，篇幅在六百字至八百字之间。 => range 600 800
回复内容需简明扼要，总长度不超过3行 => le 3 line
每个要点的描述不能超过30个字，总共列出5个要点 => le 30
输出JSON，其中summary字段不超过50字 => le 50
请写出3个不同版本，每个版本不少于100字 => ge 100
请撰写不低于1万字的行业研究报告 => ge 10000
撰写一份约8000字的商业计划书 => approx 8000
演讲稿时长约5分钟，字数在1000字左右 => approx 1000
请写一首现代诗，不少于20行 => ge 20 line
歌词每句不超过10个字，共16句 => le 10
要求每段不超过三句话 => le 3 sentence
写一个五十字左右的段子，要押韵 => approx 50
产品名称要求2-4个字 => range 2 4
起一个四个字的公司名 => eq 4
宝宝名字，三个字，姓李 => eq 3
取一个不超过6个字的网名 => le 6
写个两字标题 => eq 2
用八个字形容她 => eq 8
请用一个词形容春天 => eq 1 word
请用三个词概括这部电影 => eq 3 word
给出五个关键词 => none
写一段50字左右的短信祝福，再写一段100字左右的邮件 => approx 50
请分别用50字和100字介绍故宫 => eq 100
帮我写个检讨，字数嘛，一千五吧 => eq 1500
作文，至少六百，写秋天 => none
写一篇游记，字数六百以上 => ge 600
要写够1500个字哦 => ge 1500
凑够800字就行 => ge 800
写一篇八百字小作文 => eq 800
一篇八百字小作文，写父爱 => eq 800
父爱，800字 => eq 800
我想要一篇关于父爱的文章，八百字 => eq 800
字数 800 => eq 800
字数(500-600) => range 500 600
字数：不限，建议300字左右 => approx 300
建议字数300-500 => range 300 500
限50-80字 => range 50 80
约300-400字 => range 300 400
300字～500字 => range 300 500
300 - 500 字 => range 300 500
300——500字 => range 300 500
写一篇２００字的日记 => eq 200
最好在一百字以内，实在不行也不要超过一百五十字 => le 100
不超过四百字但不少于三百字 => range 300 400
至少写三百字，至多写五百字 => range 300 500
下限200字，上限400字 => range 200 400
字数须≥300字且≤500字 => range 300 500
多于50字少于80字 => range 50 80
文章不能少于800字，也不能多于1000字 => range 800 1000
寫一篇五百字左右的遊記 => approx 500
請以三百字以內說明原因 => le 300
不少於兩百字的心得 => ge 200
請寫一封約二百字的感謝信 => approx 200
請用一百字上下介紹臺北 => approx 100
回應限制一百五十字內 => le 150
每則留言限六十字 => le 60
限三句話內回答 => le 3 sentence
请控制字数，别太多 => none
字数多一点 => none
这300字写得真好 => none
我需要背诵一篇500字的课文，有什么办法 => none
孩子才认识200个字，怎么办 => none
一部100万字的小说能拍成几集电视剧 => none
字典里一共有多少个汉字 => none
常用汉字有3500个字 => none
语文课本里要求会写的2500个字是哪些 => none
微信签名可以写几个字 => none
请解释“三人行，必有我师焉”这句话 => none
这首诗有四句，每句七个字，请赏析 => none
下面这首诗共八句，分析其押韵 => none
作者用500字描写了雪景，请分析其手法 => none
为什么要求作文不少于800字？ => none
老师要求我们写800字的作文，我不会写，怎么办 => none
考试要求1小时写800字，我该怎么练 => none
请把第3行第5个字改成“春” => none
将每行缩进4个字符 => none
表格列宽设为20个字符 => none
变量名不超过20个字符是好习惯吗 => none
用Python写一个程序，统计文本中超过5个字符的单词 => none
写一个SQL查询名字长度大于3个字符的用户 => none
写一个JavaScript函数，把超过100个字符的文本截断 => none
用100字解释什么是递归函数 => eq 100
解释这段代码，200字以内 => le 200
电影《我的1919》观后感，500字 => eq 500
围绕“百字明”写一篇介绍 => none
他的话不超过三句就会跑题 => none
两行清泪是什么意思 => none
一行人走进了三段崎岖的山路 => none
这段路有三段上坡 => none
排比句至少要有三个分句 => none
我们班有50个人，写一段毕业赠言，不超过100字 => le 100
Act as a poet and write a love poem with 12 lines => eq 12 line
Write a haiku about rain => none
Your response should contain at least 300 words. => ge 300 word
Answer with less than 5 sentences => le 5 sentence
Your answer should contain exactly 3 paragraphs => eq 3 paragraph
The response must be at most 100 words in length => le 100 word
Please respond in 2 to 3 sentences => range 2 3 sentence
Write it in a 100-150 words range => range 100 150 word
I want 200 words about dogs => eq 200 word
Give me a summary in 20 words. => eq 20 word
Write about 500 words on climate => approx 500 word
Write a 1000 word blog post => eq 1000 word
a story of over 2,000 words => ge 2000 word
Generate a 280-character tweet => eq 280
Provide a title under 60 characters and a description of 150-160 characters => range 150 160
no longer than a paragraph => none
Each paragraph should have at least 50 words => ge 50 word
Write a sonnet in fourteen lines => eq 14 line
Make sure the email is shorter than 120 words => le 120 word
Do not exceed 250 words => le 250 word
Don't write more than 3 sentences => le 3 sentence
Never go over 100 words => le 100 word
Rewrite this in half the words => none
Shorten this to 30 words => eq 30 word
Cut this down to under 50 words => le 50 word
Extend it to at least 400 words => ge 400 word
The word 'set' has over 400 meanings => none
She spoke 200 words of French => none
Replace the two words in bold => none
List 5 words that rhyme with cat => eq 5 word
推文字数不要多余140字 => le 140
总字数严格控制在600以内 => le 600
字数需在1500以上 => ge 1500
每首诗四行，每行五个字 => eq 5
请给出四到六个字的成语式标题 => range 4 6
改写后的内容不应少于原文，且在300字以上 => ge 300
请把字数压缩到原来的一半，约200字 => approx 200
不超过5000 tokens => le 5000 word
输出不少于2000token => ge 2000 word
写一篇万字小说 => eq 10000
写一篇万字以上的科幻小说 => ge 10000
写篇一万五千字的网文 => eq 15000
一段话总结，150字 => eq 150
用150字左右的一段话概括文章主旨 => approx 150
文案正文控制在 200 字上下，标题 15 字以内 => approx 200
朋友圈文案三条，每条二十来字 => approx 20
给甲方的道歉邮件，语气诚恳，字数在一百五到两百之间 => range 150 200
新春贺词，88字 => eq 88
祝福语，要求刚好66个字 => eq 66
恰好写100字，多一个少一个都不行 => eq 100
必须等于50字 => eq 50
字数等于50 => eq 50
长度为16个字 => eq 16
文本长度大于300字 => ge 300
长度应小于64个字符 => le 64
字数范围：100-200字 => range 100 200
(200字以内) => le 200
【300字】 => eq 300
“要求300字以上” => ge 300
- 300字 => eq 300
3）字数：不低于1200字； => ge 1200
字数：约600字。 => approx 600
字数大概600 => approx 600
约莫三百来字 => approx 300
写上两三百字 => range 200 300
简短点，一百字内吧 => le 100
不用多，五十字以内 => le 50
别啰嗦，20字搞定 => eq 20
只用10个字回答我 => eq 10
用不到50字介绍自己 => le 50
写一篇不足百字的微小说 => le 100
百字以内的微小说 => le 100
写一篇百字左右的微小说 => approx 100
请以一百字为上限回答 => le 100
最低800字 => ge 800
不低于八百个汉字 => ge 800
保底1000字 => ge 1000
写1000字打底的测评 => ge 1000
800字往上的读后感 => ge 800
字数1000+ => ge 1000
1000字+的游记攻略 => ge 1000
>500字 => ge 500
≥800字的征文 => ge 800
200字≤篇幅≤300字 => range 200 300
分3个部分，每部分约200字，共600字 => eq 600
全文分四段，总计不超过500字 => le 500
内容共三段，每段2-3句 => eq 3 paragraph
每句话不超过15字，共6句 => le 15
每个段落的字数不少于100字 => ge 100
单条评论最多30字 => le 30
各写50字 => eq 50
各不超过50字 => le 50
简介和背景分别100字左右 => approx 100
五个选项，每个选项10字以内 => le 10
上联十一个字，请对下联 => none
请对出一个九字下联 => eq 9
写一副五字春联 => eq 5
写一副十一言对联 => none
写七言诗 => none
给出三个两字动词 => eq 2
用“的”字开头写一句话 => none
把“很”这个字替换掉 => none
解释“仁”字的含义，100字以内 => le 100
请写出“龟”字的笔画数 => none
猜一个字谜 => none
打一成语 => none
用一个字形容你的心情 => eq 1
请只回答一个字 => eq 1
只回答“是”或“否”两个字 => none
文中不得出现“我们”二字 => none
请用五个感叹句写一段话 => none
每隔两个字加一个空格 => none
段首空两格 => none
第二段第三句话是什么意思 => none
请统计这篇文章有多少个词 => none
文章一共五段，概括每段大意 => none
这篇文章分为三段，请分析结构 => none
写作文时，我总是凑不够600字 => none
少于500字的作文会被扣分 => ge 500
超过800字不得分 => le 800
字数每少50字扣2分 => none
如果字数不足100字，请补充到100字 => ge 100
若超出300字，请精简到300字以内 => le 300
如果我的描述少于10个字，请提醒我补充 => none
当用户输入超过20个字时，回复“太长了” => none
请判断该标题是否在20字以内 => none
不需要写满500字 => none
我希望你的回复不少于150字 => ge 150
希望能在两百字左右 => approx 200
麻烦来个500字的版本 => eq 500
再来一版，80字左右 => approx 80
刚才的太长了，缩到60字 => eq 60
太短了，至少扩到300字 => ge 300
比刚才的再短些，控制在40字 => eq 40
我写了200字，请润色并扩展到500字 => eq 500
原文约1000字，压缩成一段200字左右的摘要 => approx 200
原文不超过500字 => none
2022年，公司营收300万元，员工500人，写一份400字的简报 => eq 400
写一个90后创业的故事，800字 => eq 800
写3000米长跑的加油稿，100字 => eq 100
第8届运动会加油稿50字 => eq 50
给一年级3班写评语，每人40字 => eq 40
一百字的检讨和五百字的检讨有什么区别 => none
Write a 5-paragraph essay => eq 5 paragraph
Write a 100-character bio in Chinese => eq 100
Describe yourself in 3 words => eq 3 word
Use no more than 3 sentences => le 3 sentence
Give me a two-line poem => eq 2 line
The answer must be within 20 Chinese characters => le 20
Write a reply of 30 to 50 words. => range 30 50 word
Compose an email (approximately 150 words) => approx 150 word
Max length: 100 words => le 100 word
Minimum 250 words => ge 250 word
No more than one paragraph => le 1 paragraph
Write at least 3 paragraphs and at most 5 paragraphs => range 3 5 paragraph
A 50-word max description => le 50 word
Write a 10 line poem => eq 10 line
写一篇500 words的英文作文 => eq 500 word
用英文写，不超过100 words => le 100 word
within 50字 => le 50
英文不少于80词，中文不少于150字 => ge 150
请以“冬至”为题写一首小诗，控制在四十字左右 => approx 40
请为这张照片写一段说明文字，不要超过三十字。 => le 30
你是客服，请用不多于60字回复这位顾客的投诉 => le 60
把会议内容整理成纪要，字数在八百到一千之间 => range 800 1000
请将以下段落翻译为英文，译文控制在60个单词以内：昨天我走了五千步，写了两百字。 => le 60 word
帮我写份辞职信，两百来个字，客气一点 => approx 200
根据上述信息撰写新闻稿，要求标题不超过20字，正文600字左右 => approx 600
生成一段不低于150字、不高于250字的商品描述 => range 150 250
给同事的新婚祝福，要文艺，四十字封顶 => le 40
写一份800-1000字左右的实习总结 => range 800 1000
一篇关于低碳生活的倡议书，约莫500字 => approx 500
请你针对该观点进行反驳，篇幅不限，但至少200字 => ge 200
输出结果请限制在50个汉字 => le 50
用最多30个字介绍李白 => le 30
评价这部电影，50~100字，不要剧透 => range 50 100
我要参加演讲比赛，请写一篇1200字的稿子 => eq 1200
为社区写一副对联，每联九个字 => eq 9
帮我想一句广告语，十个字以内 => le 10
公众号推文，2k字左右，轻松幽默 => approx 2000
请写一段对话，每个人的发言不超过20字 => le 20
请用 5 句话 介绍 你自己 => eq 5 sentence
请写出四句话的藏头诗 => eq 4 sentence
请分点作答，每点不少于两句话 => ge 2 sentence
全诗共十二行 => eq 12 line
请将回答限制在三个段落内 => le 3 paragraph
正文须超过1500字，参考文献不计入字数 => ge 1500
写作文要求：不少于700个字，不得抄袭 => ge 700
论文摘要要控制在250字左右，关键词3-5个 => approx 250
朗读时间为2分钟，约400字的演讲稿 => approx 400
请写一份1万5千字的剧本 => eq 15000
100字。主题：夏夜。 => eq 100
主题：夏夜 字数：一百 => eq 100
写篇读后感吧，字数在五百以上 => ge 500
题目是《我的老师》，600字以上，800字以下 => range 600 800
我只要一个50字的版本 => eq 50
每个答案请保持在15个字之内 => le 15
短一点，二三十字 => range 20 30
小红书笔记，字数别太多，两百以内 => le 200
字数别太少，至少六百 => ge 600
字数[200,300] => range 200 300
字数不限，分三段 => eq 3 paragraph
《水浒传》共一百二十回，请用300字介绍 => eq 300
我家有三口人，写一篇全家福说明，150字 => eq 150
用“快乐”“阳光”两个词写一段50字的话 => eq 50
她在日记里只写了五个字：我想回家了 => none
“一诺千金”这个成语有几个字 => none
说说“八字没一撇”的来历 => none
这个汉字有12画 => none
他每天坚持写五百字日记，三年如一日 => none
请找出文中多余的两个字 => none
第一句的前四个字是什么 => none
这句话的最后三个字用错了 => none
请把“你好”翻译成五种语言 => none
一首诗通常有几行 => none
请补全诗句：床前明月光，____（填五个字） => eq 5
如何在30分钟内写完800字作文？ => none
文章超过一万字会影响阅读体验吗 => none
请分析这段300字的文字 => none
请朗读下面的500字短文 => none
把下面两句话改成被动句 => none
仿照例句再写两句 => eq 2 sentence
我有一段200字的文案，请润色 => none
微信昵称限制多少个字符 => none
论文查重率不超过20% => none
Draft a cover letter, no longer than 250 words => le 250 word
Summarise chapter one in 120 words or so => approx 120 word
Describe a beach using twenty words => eq 20 word
Please limit yourself to three sentences => le 3 sentence
Write me a 2-paragraph apology => eq 2 paragraph
Reply with one word => eq 1 word
I'd like a speech of between 200 and 250 words => range 200 250 word
Word count should be 800-1000 => range 800 1000 word
Keep your reply below 40 words => le 40 word
Write an abstract (150-200 words) => range 150 200 word
Explain it like I'm five in 60 words => eq 60 word
She read 300 words a minute => none
Underline the last five words => none
My cat knows ten words => none
Count the words in this 40-word paragraph => none
If your answer is over 100 words, add a summary => none
Combine the two paragraphs into one => none
Explain how to bake bread in 50 words => eq 50 word
Explain why the sky is blue in 30 words => eq 30 word
What is photosynthesis? Answer in 40 words. => eq 40 word
Write a story about a boy who had a dog in 200 words => eq 200 word
写一个短视频脚本，200字以内 => le 200
写一份学习方法的介绍，不超过100字 => le 100
我读了《西游记》，请写300字读后感 => eq 300
对李白做200字的介绍 => eq 200
Write 100 words on how many people live in Asia => eq 100 word
把作文写到800字左右 => approx 800
介绍一下如何养猫，150字 => eq 150
写一段关于他完成了梦想的300字故事 => eq 300
你是一名文案策划。\n任务：为新茶饮写宣传语。\n要求：\n1. 突出健康理念；\n2. 字数在15-25字之间；\n3. 给出3个版本。 => range 15 25
背景：我公司成立于2008年，有员工1200人。\n请撰写一份企业介绍，700字左右，分3段。 => approx 700
# 角色\n旅行博主\n# 要求\n- 不超过120字\n- 使用emoji => le 120
请阅读下面材料，按要求作文。\n有人说，读书要慢；有人说，读书要快。\n要求：选准角度，自定立意；不要套作，不得抄袭；不少于800字。 => ge 800
以下是会议记录：\n张三：我们上周写了两千字的报告。\n李四：太长了，应该控制在五百字。\n请总结会议要点，不超过100字。 => le 100
写一封信给远方的朋友，谈谈近况。（不少于400字） => ge 400
Task: write a product review.\nConstraints:\n- 80 to 100 words\n- friendly tone => range 80 100 word
You are a poet.\nWrite a poem about rain. It must have exactly 12 lines. => eq 12 line
Read the passage: "He wrote 500 words a day." Summarize in one sentence. => eq 1 sentence
请将下列句子扩写成一段话，80字左右：小鸟在唱歌。 => approx 80
下面是用户评论，请你逐条回复，每条回复不超过30字：\n1. 东西很好\n2. 物流太慢，等了5天 => le 30
题目：以“坚持”为题写一篇记叙文。字数：600字左右。文体：记叙文。 => approx 600
请模仿《背影》写一篇五百字左右的散文，要求有细节描写。 => approx 500
给2026届毕业生写一段80字的寄语 => eq 80
为奶奶80岁大寿写祝寿词，60字以内 => le 60
10月1日国庆节，写一条朋友圈，30字 => eq 30
写个拜年短信，给老板的，50字左右，要显得有文化 => approx 50
假如你是村长，请写一段200字的春节致辞 => eq 200
把以下祝福改写成一首诗，100字以内：祝您马年大吉 => le 100
请把这封信概括成不超过100字的摘要 => le 100
将下面书信内容总结为100字以内 => le 100
写一篇不低于300字的作文《我的春节》 => ge 300
以“团圆”为主题写作，字数400 => eq 400
写春节祝福，字数控制在50 => eq 50
请写一段新春祝福（50字） => eq 50
请写一段50字的新春祝福语给语文老师 => eq 50
来段50字祝福 => eq 50
50字祝福语，送给妈妈 => eq 50
给妈妈的新年祝福五十字 => eq 50
春节祝福 50字 => eq 50
新年快乐用英语怎么说 => none
马年祝福语四字成语大全 => none
写一句不超过20字的祝福 => le 20
写一首七律贺新春 => none
请给我三条祝福，每条都在20字左右 => approx 20
请写一段祝福语，长度为30个汉字 => eq 30
字数30整 => none
一百二十个字，写写年夜饭 => eq 120
整一段80来字的祝酒词 => approx 80
写150字以内的诗，祝贺新婚 => le 150
春晚节目单有四十个节目，写一段串词，90字 => eq 90
Essay: write 300 words about the sea => eq 300 word
作文：我的妈妈，600字 => eq 600
正文：800字以上 => ge 800
内容：不少于300字 => ge 300
简单介绍黄山，100字 => eq 100
请用中文回答，不超过100字 => le 100
请写摘要不超过100字 => le 100
每个人都爱春节，写一篇300字的文章 => eq 300
各位领导，请写一段50字的开场白 => eq 50
这篇文章：我写了三百字。请缩到50字 => eq 50
写5条文案，50字/条 => eq 50
生成三篇日记，300字/篇 => eq 300
字数（不含标点）：200字 => eq 200
字数要求在200~300之间。 => range 200 300
字数要求：不少于1000，不多于1500。 => range 1000 1500
字数控制：80字±5 => approx 80
控制字数在一百字 => eq 100
字數：五百字 => eq 500
篇幅三千字左右 => approx 3000
请生成800至1,000字的文章 => range 800 1000
写一封英文信，字数在100-120之间 => range 100 120
长度不要超过一条微博（140字） => eq 140
写一条微博，140字以内 => le 140
尽可能详细，不少于两千五百字 => ge 2500
最后用不超过15个字做一个总结 => le 15
先写一段100字左右的引言，再展开论述，全文不少于1500字 => ge 1500
小标题不超过8个字，全文1000字左右 => approx 1000
每段开头用一个四字词语 => none
请使用至少三个成语，全文200字以内 => le 200
包含3个比喻句，300字左右 => approx 300
至少使用五个比喻句 => none
句子长度不超过20个字 => le 20
全文由五个段落组成 => eq 5 paragraph
文章分为四个自然段 => eq 4 paragraph
以三段式结构写作 => none
请回答“是”或“不是”，不超过5个字 => le 5
共计400个字符以内 => le 400
摘录原文中不超过50字的句子 => none
抄写课文300字 => none
这个故事1000字太长，帮我缩到400字 => eq 400
已有内容800字，还差200字，请帮我补写 => none
请续写200字 => eq 200
请补充100字的结尾 => eq 100
我需要一段不少于80字、不超过120字的获奖感言 => range 80 120
Between 100 and 150 words. => range 100 150 word
In 25 words or fewer, describe your dream => le 25 word
Write 3-5 sentences about snow => range 3 5 sentence
Limit: 100 words => le 100 word
100 words max => le 100 word
Word count: approximately 500 words => approx 500 word
No fewer than five sentences, please. => ge 5 sentence
Write a long essay (1500+ words) => ge 1500 word
A brief summary in under two hundred words => le 200 word
写一篇1w字的调研报告 => eq 10000
写一篇2W字左右的小说 => approx 20000
写一段祝福，５０字以内 => le 50
写一篇年终总结，1.2k字以上 => ge 1200
给老板拜年，80~100个字 => range 80 100
给老板拜年，字数80~100 => range 80 100
拜年短信，50（±5）字 => approx 50
拜年短信，50字±10% => approx 50
祝福语限40字（含标点） => le 40
要求：≤60字 => le 60
字数≥500 => ge 500
字数<100 => le 100
篇幅：2000字上下 => approx 2000
篇幅控制在两千至三千字 => range 2000 3000
五十到八十字的祝福语 => range 50 80
二三十个字的祝福 => range 20 30
写得长一点，至少八百来字 => ge 800
千字文是谁写的 => none
百字令是什么词牌 => none
八字还没一撇呢 => none
五字真言是什么 => none
写一首七言绝句 => none
这本书有三十万字 => none
我的论文已经写了五千字了 => none
1000字要多少钱 => none
打字速度每分钟120字 => none
限时30分钟写作文，600字 => eq 600
2000年以后的变化，写300字 => eq 300
预算5000，写一份方案，800字 => eq 800
大约写三百个汉字就可以了 => approx 300
字数别超300 => le 300
不得超过150个字符（含空格） => le 150
最多写3段 => le 3 paragraph
控制在5行以内 => le 5 line
分成三小段 => eq 3 paragraph
不超过三句 => le 3 sentence
请用一段话概括，200字以内 => le 200
两句话说明白 => eq 2 sentence
简单说两句 => none
多说几句 => none
总结成一段不超过100字的话 => le 100
写一篇英文作文，词数100左右 => approx 100 word
词数不少于120 => ge 120 word
写一篇80词左右的英语短文 => approx 80 word
Write a 500 word essay on climate => eq 500 word
Keep your answer under 3 sentences => le 3 sentence
Please limit the response to 200 characters. => le 200
minimum of 150 words => ge 150 word
Write no fewer than 4 paragraphs => ge 4 paragraph
between 100-150 words => range 100 150 word
I have written 300 words so far => none
如果字数不够800字，请继续扩写 => none
超过1000字的部分请删除 => none
若用户输入少于10个字，则提示重新输入 => none
以下短文约500字，请概括 => none
下面这段800字的文字，请缩写成100字 => eq 100
请将下面300字的短文改写成80字以内的摘要 => le 80
每条祝福30字左右，共5条 => approx 30
每句5个字，共4句 => eq 5
每个标题不超过12字，正文不少于600字 => ge 600
标题8~12字 => range 8 12
正文800字，分四段，每段200字 => eq 800
字数越多越好 => none
字数适中即可 => none
不限字数 => none
没有字数要求 => none
写一副七言春联 => none
写一副上下联各七个字的春联 => eq 7
五个字的网名 => eq 5
两个字的女孩名字 => eq 2
三个词形容自己 => eq 3 word
用成语造句，每句不少于20字 => ge 20
第三段第二行的那两个字是什么 => none
“新年快乐”四个字怎么写好看 => none
文章中多次出现“的”字，请删掉两个 => none
文档大小不超过2MB，文件名不超过20个字符 => none
字号小四，行距1.5倍 => none
三行两列的表格 => none
请列出10个关于春节的词语 => none
介绍春节，三百字足矣 => eq 300
介绍春节，别少于三百字 => ge 300
介绍春节，三百字往上 => ge 300
介绍春节，三百字打住 => le 300
介绍春节，要三百字出头 => approx 300
介绍春节，三百字不到 => le 300
介绍春节，大致300-400字 => range 300 400
介绍春节，300到400字左右 => range 300 400
介绍春节，300字或更多 => ge 300
介绍春节，200字至多 => le 200
介绍春节，字数：不限，最好300字 => eq 300
不超过一百五 => none
写成150字左右的小短文，不要超过200字 => approx 150
字数严格控制在100字，误差不超过5字 => approx 100
400字（可上下浮动20字） => approx 400
请写400字，允许有10%的误差 => approx 400
写一篇日记（字数：200） => eq 200
日记200字就行，不用太长 => eq 200
請寫一篇300字的作文，題目是我的家 => eq 300
請用繁體中文寫一段約150字的賀詞 => approx 150
不少於五百個字 => ge 500
把这段话翻成英文，不超过50 words => le 50 word
答案请控制在2000 tokens以内 => le 2000 word
回复一定要短，10字内！ => le 10
十个字以内的回答 => le 10
写满一页纸，约500字 => approx 500
讲一个三分钟能讲完的故事，500字左右 => approx 500
少则三百字，多则五百字 => range 300 500
三百字起，五百字止 => range 300 500
最少三百，最多五百字 => range 300 500
三百至五百字不等 => range 300 500
200字一段，写三段 => eq 200
请写三个完整的句子介绍长城 => eq 3 sentence
评语以三个段落展开 => eq 3 paragraph
全文中应该有4个句子 => eq 4 sentence
请输入 5–50 字以内的昵称说明 => range 5 50
找出偏旁最多的一个字 => none
文末 100 字内的署名会被移到开头 => none
电量只剩两百来字的提示 => none
大量三五百字的短讯被合并 => none
说一段大概60字的小年祝福 => approx 60
说一段不多不少60字的小年祝福 => eq 60
请用六十字以内的话概括这封信 => le 60
严格遵守30字以内的要求 => le 30
1分钟约等于200个字 => none
留言字数不少于3个 => ge 3
为这段对话写一个一句话的总结 => eq 1 sentence
The name contains more than one word => none
The report should grow by 200-300 words => none
Every caption shall include 6 English words => eq 6 word
Write two structured paragraphs on tides => eq 2 paragraph
Make sure that no caption exceeds twelve words => le 12 word
小诗：20字以内的晚安诗 => le 20
{"slogan": "20字以内的口号"} => le 20
以《两万字的情书》为题写一篇300字的文章 => eq 300
题目是《除夕》（300字） => eq 300
作为外婆，给外孙写一条40字的祝福 => eq 40
每行只能包含一句话 => eq 1 sentence
最后一段只能有3句话 => eq 3 sentence
第一段3句话，第二段2句话 => eq 3 sentence
把字符列表合并为一个字符串 => none
请提供至少两段实习经历 => none
至少分为三个段落 => ge 3 paragraph
内容单独分两段显示 => eq 2 paragraph
以上内容大于或等于300字时，请先提炼要点 => none
2：两个句子说法不同 => none
你会收到一个五句话的故事，请改写结局 => none
比较两个句子之间的差别 => none
把几条笔记整合为一个段落 => none
文章引用三句名人名言 => none
这是一段超过20个字的样例 => none
第1、3、5句押韵 => none
每个名字都要是2-4个字 => range 2 4
老曾，说一段30字的祝福 => eq 30
给一年级学生写一段76字的祝福 => eq 76
给每天加班的同事写60字祝福 => eq 60
我每天的任务是写1000字 => none
每天的日记要写500字 => none
"""


def numbers(constraint: Constraint) -> list[int]:
    fields = {"eq": ("target",), "approx": ("target",), "le": ("max",), "ge": ("min",), "range": ("min", "max")}
    return [getattr(constraint, name) for name in fields[constraint.op]]


def brief(constraint: Constraint | None) -> str:
    if constraint is None:
        return "none"
    unit = [] if constraint.unit == "char" else [constraint.unit]
    return " ".join([constraint.op, *map(str, numbers(constraint)), *unit])


def full(constraint: Constraint | None) -> str:
    """`brief` with scope, counter and the other demands."""
    if constraint is None:
        return "none"
    words = [brief(constraint), "" if constraint.scope == "whole" else constraint.scope, constraint.count_rule or ""]
    return " + ".join([" ".join(word for word in words if word), *map(full, constraint.extra)])


def sentences() -> list[tuple[str, str]]:
    rows = (row.rsplit(" => ", 1) for row in SENTENCES.strip().splitlines())
    return [(prompt.replace("\\n", "\n"), demand) for prompt, demand in rows]


def documented() -> list[tuple[str, str]]:
    rows = re.findall(r"^\| (?!\*\*|prompt )(.+?) \| (.+?) \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) > 50
    return rows


@pytest.mark.parametrize(("prompt", "demand"), sentences())
def test_a_sentence_demands_what_a_person_would_say(prompt, demand):
    assert brief(parse(prompt)) == demand


@pytest.mark.parametrize(("prompt", "demand"), documented())
def test_a_documented_row_holds(prompt, demand):
    assert full(parse(prompt)) == demand


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("给领导写一段50字以内的拜年话", "50字以内"),
        ("写一段话，要求不超过五十个字。", "不超过五十个字"),
        ("Write a greeting within 50 words, please", "within 50 words"),
        ("字数：300，题目自拟", "字数：300"),
        ("寫一段賀詞，字數不超過１２０字", "不超過１２０字"),
        ("Write between 40 and 60 words on tea", "between 40 and 60 words"),
        ("不少于100字，不超过200字的短评", "不少于100字，不超过200字"),
        ("写封信，300字左右就好", "300字左右"),
    ],
)
def test_the_span_covers_the_demands_own_words(prompt, words):
    found = parse(prompt)
    assert found is not None
    assert prompt[found.span.start : found.span.end] == words


def test_each_extra_demand_has_its_own_span():
    prompt = "写一篇文章，全文300字，标题不超过10字，分三段"
    found = parse(prompt)
    assert [prompt[e.span.start : e.span.end] for e in (found, *found.extra)] == ["300字", "标题不超过10字"[2:], "三段"]


def test_a_stated_tolerance_sets_the_band():
    assert parse("写600字的作文，上下浮动5%").band == (570, 630)
    assert parse("写一段50±5字的祝福").band == (45, 55)
    assert parse("写一段50字左右的祝福").band == (45, 55)
    assert parse("写200字的短文，误差不超过20字").band == (180, 220)


def test_a_demand_for_nothing_is_returned_as_one():
    assert parse("请写0字").target == 0
    assert parse("不超过0字").max == 0


def test_numbers_beyond_ten_million_are_no_demand():
    assert parse("写一篇99999999999字的小说") is None
    assert parse("写一篇" + "9" * 5000 + "字的小说") is None


def test_a_demand_before_or_after_long_pasted_text_is_found():
    material = "他在日记里写了三百字，又读了五十页书。" * 3000
    assert brief(parse("请把下面的文章缩写成100字：\n" + material)) == "eq 100"
    prompt = material + "\n请把上文总结到80字以内"
    found = parse(prompt)
    assert brief(found) == "le 80"
    assert prompt[found.span.start : found.span.end] == "80字以内"


@pytest.mark.parametrize("mark", ["“{}”", "「{}」", '"{}"', "```\n{}\n```", "《{}》"])
def test_what_is_quoted_demands_nothing(mark):
    assert parse("请解释" + mark.format("写一段不超过50字的话") + "是什么意思") is None


ALPHABET = "0123456789一三五百千万字句段行个不超过少于以内左右约到-~每条标题“”「」()（）：，。 wordsat least"


@given(st.one_of(st.text(), st.text(ALPHABET), st.text(st.characters(), max_size=60)))
def test_any_text_is_read_without_an_error(text):
    found = parse(text)
    for constraint in () if found is None else (found, *found.extra):
        assert constraint.span is not None
        assert 0 <= constraint.span.start < constraint.span.end <= len(text)


def test_lone_surrogates_are_read_like_any_character():
    assert brief(parse("\ud800写50字以内\udfff")) == "le 50"


PIECES = [
    "1",
    "1 ",
    "1,",
    "一",
    "一 ",
    "不超过",
    "字数",
    "1字",
    "1-",
    "一到",
    "(",
    "“",
    "「",
    "《",
    '"',
    "```",
    "one ",
    "50字以内，",
    "如果",
    "原文：",
]


@pytest.mark.parametrize("piece", PIECES)
def test_the_work_does_not_grow_faster_than_the_text(piece):
    """A megabyte may take eight times what an eighth of it takes, with much room for a busy machine."""
    short, long = (piece * (size // len(piece)) for size in (125_000, 1_000_000))
    parse(short)
    taken = []
    for text in (short, long):
        start = time.process_time()
        parse(text)
        taken.append(time.process_time() - start)
    assert taken[1] < 24 * taken[0] + 0.2
    assert taken[1] < 5
