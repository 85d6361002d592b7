"""Words that say, or claim to say, which treatment somebody got. Pure; Chinese and English; patterns, not understanding.

Two widths. `told` is narrow: a claim, be it true or not ("I'm in the placebo group", 护士说我打的是真的), but no question, wish or fear
("was it placebo?", 我是不是安慰剂组), nothing about the trial as such (有一半人是安慰剂) and no word that everybody may say ("the stem
cell infusion"). Pages mask these for their readers, who are blinded all of them. `WORDS` is wide: any word of treatment, for what leaves
the house, where too much costs less than too little.

A guess is a claim; a mere possibility ("I may get placebo") is none. Once a text holds a claim, every other word of treatment in it
is masked too: "安慰剂有副作用吗" beside a masked claim would say what the mask hides.
"""

import re
import unicodedata
from collections.abc import Iterator

MASK = "▇"

# Traditional signs of the patterns below, and Cyrillic ones that look Latin, one for one.
_SIMPLE = str.maketrans(
    "對試驗實療預乾幹細鹽組劑藥給輸進屬歸機結別號為開說嗎還會們誰麼隨單寫覺應該護親媽爺婦剛無論過這個種貨樣確認證聽訴顯聯電話員織長係аеорсухі",
    "对试验实疗预干干细盐组剂药给输进属归机结别号为开说吗还会们谁么随单写觉应该护亲妈爷妇刚无论过这个种货样确认证听诉显联电话员织长是aeopcyxi",
)
_HAN = "[\u4e00-\u9fff]"
_QUOTES = frozenset('*_"“”《》「」『』【】')
_SEPARATOR = r"[ \t·.\-_*~|/]"
_BETWEEN_HAN = re.compile(rf"(?<={_HAN})[ \t]{{1,3}}(?={_HAN})")
_SPELT_HAN = re.compile(rf"(?:{_HAN}{_SEPARATOR}{{1,3}}){{2,}}{_HAN}")
_SPELT_LATIN = re.compile(rf"(?<![a-z])(?:[a-z]{_SEPARATOR}){{3,}}[a-z](?![a-z])")
_CLAUSE_ENDS = re.compile(r"[,;!?。、:\n…()\[\]]| - |\.(?!\d)|\b(?:but|because|since|and|so)\b|但是?|因为|所以")

_PLACEBO = r"(?:p[l1i][ae][csz][aei]{1,2}b[o0]{1,2}s?|\bpbo\b)(?! (?:effect|pill)|[- ]controll?)"
_PLACEBO_ZH = (
    rf"(?:[安按][慰尉](?:剂|济|计)(?!效应|对照(?!组)|试验(?!组)|研究)|(?<![a-z])an ?wei ?ji(?![a-z])|{_PLACEBO})"
)

WORDS = re.compile(
    r"placebos?|安慰[剂劑]|(?:[对對]照|[试試][验驗]|[实實][验驗]|治[疗療]|干[预預]|控制|空白|(?:干|幹|乾)?[细細]胞|[盐鹽]水)[组組](?![织織成合])"
    r"|[高低][剂劑]量[组組]?|[真假](?:[药藥]|[细細]胞)|溶[媒剂劑]|[揭破解开開]盲|\bun-?blind\w*|\bcode[- ]?break\w*"
    r"|\b(?:high|low)(?:er)?[- ]dos(?:e|age)\b|\b(?:real|fake|sham|dummy) (?:drug|medicine|treatment|infusion"
    r"|(?:stem )?cells?)\b"
    r"|\b(?:control|treatment|active|experimental|saline|stem[- ]cell) (?:group|arm)\b|\b(?:group|arm) [ABC]\b"
    r"|(?<![A-Za-z])[ABC甲乙丙][组組](?![织織成合])"
    r"|\b\d(?:\.\d)?\s?[x×*]\s?10\s?\^?\s?6(?!\d)",
    re.IGNORECASE,
)
# Further words that say what a mask hides, once something in the text is masked.
_BESIDE = re.compile(
    rf"{_PLACEBO}|{_PLACEBO_ZH}|\bsaline\b|\b(?:stem[- ]?)cells?\b|\b(?:the|a) (?:real|fake|sham|dummy)\b"
    rf"|[真假](?:的|药|干?细胞)"
    r"|(?:生理)?盐水|干?细胞|对照|\bcontrols?\b(?= (?:group|arm))"
)

# --- Chinese

_ARM_ZH = (
    rf"(?:(?:[高低]剂量的?)?(?:{_PLACEBO_ZH}(?:对照)?(?: ?组| ?zu\b)?"
    r"|(?:对照|试验|实验|真药|假药|高剂量|低剂量)那一?(?:组|边|批)|(?:空白)?对照(?=的?(?:[,.;!?。、\n…\s吧啊呀]|$))|dui ?zhao ?zu"
    r"|(?:对照|控制|空白|干?细胞|盐水|溶[剂媒]|真药|假药)组(?![织成合长])"
    r"|(?:试验|实验|治疗|干预|用药|给药)组(?![织成合长])"
    r"(?!的?(?:医生|护士|老师|大夫|主任|人员|电话|通知|联系|打电?话|打来|说|让|叫|要求|发|问我|派|复[查诊]|看[病诊]|抽血|登记|签)))"
    r"|[高低]剂量(?:组(?![织成合长])|的?干?细胞|(?=的?(?:[,.;!?。、\n…\s吧啊呀]|$)))"
    r"|(?<![a-z])[a-d甲乙丙丁]组(?![织成合长]|病房|的?护士|的?医生))"
)
_SOFT_ZH = "(?:的|就|都|只|也|肯定|应该|可能|其实|好像|估计|大概|多半|一定|明明|果然|全|怕|被|那个|确实|真的?|原来)"
_WHO_ZH = "(?:我|俺|咱|他|她|本人|老公|老婆|丈夫|妻子|爱人|爸|妈|父亲|母亲|儿子|女儿|患者|病人|受试者|病友|隔壁床?)"
_LINK_ZH = (
    r"(?:(?:(?<![是会有能])不|没有?|未|并非)?(?:是|在(?!想|问)|属于?|归|算|随机(?:分配?|抽|排)?[到在进入]?|入了?|(?:分配|分|抽|排|进|划|派|轮|选|配|归|摇"
    r"|安排|编)(?:到|在|进|中|入)?"
    r"|(?:用|打|吃|输|注射|回输|接受|拿|得|领|收)到?(?=[了的过是我他她]{0,3}(?:[高低]剂量|[安按][慰尉]|p[l1i]|[真假]药那))"
    r"|给(?=[了我他她的用打输]{0,4}(?:[安按][慰尉]|p[l1i]))|(?<!分)为"
    r"|(?<![a-z])(?:shi|zai|in|on) ?))"
)
_OF_THE_INFUSION_ZH = (
    r"(?:打|输|用|注射|回输|给我|给他|给她|拿到|分到|抽到|得到|收到|接受|扎|挂)(?:进去)?的"
    r"(?:那?[个袋瓶针些]|药|这[个次批]|东西|干?细胞)?"
)
_REAL_ZH = r"[真假](?:的)?(?:干?细胞|药(?![店房])|东西|货)|[真假]的?(?=[,.;!?。、\n…\s吧啊呀了哦不没而]|$)"
_SALINE_ZH = r"(?:生理)?盐水(?!加|和|\+|里)|葡萄糖水?(?=[,.;!?。、\n…\s吧啊呀了]|$)|糖水|溶[剂媒]"
_CLAIMS_ZH = [
    re.compile(
        rf"{_LINK_ZH}(?:[了的过是我他她这那一个就都只打吃用 ]|其实|肯定|应该){{0,4}}(?:{_ARM_ZH}|(?:control|active|treatment"
        rf"|experimental) ?(?:group|arm|组))"
    ),
    re.compile(rf"{_WHO_ZH}(?:们|家)?{_SOFT_ZH}{{0,3}}{_ARM_ZH}(?=的?(?:[,.;!?。、\n…\s吧啊呀了哦]|$))"),
    re.compile(
        rf"(?:组别|分组|编组|随机|[揭破开解]盲|盲底|分配)(?:结果|显示|后|出来|了|单){{0,3}}[\s:=为是-]{{0,3}}(?:{_ARM_ZH}|{_REAL_ZH}|对照|试验"
        rf"|高剂量|低剂量)"
    ),
    re.compile(rf"{_OF_THE_INFUSION_ZH}{_SOFT_ZH}{{0,3}}(?:是|不是)(?:个|一?种|那种|些)?(?:{_REAL_ZH}|{_SALINE_ZH})"),
    re.compile(rf"{_OF_THE_INFUSION_ZH}{_SOFT_ZH}{{0,3}}(?:不是|没有|不含)真?的?干?细胞"),
    re.compile(rf"(?:{_PLACEBO_ZH}|对照|试验|实验|治疗|高剂量|低剂量)组的?(?:患者|受试者|病人|参与者)"),
    re.compile(
        rf"(?:干?细胞|药|针|那[袋瓶针]|这[袋瓶针]|液体){_SOFT_ZH}{{0,3}}(?:是|不是)(?:{_REAL_ZH}|(?:生理)?盐水(?!加|和|里))"
    ),
    re.compile(
        r"(?:打|用|输|注射|分到|拿到|抽到|得到|给我|给了|用上|不?是)[了到上过的我他她是]{0,3}[真假]的?(?:药(?![店房])|干?细胞)"
        r"|(?:打|输|注射|用)[了到上过][真假]的(?=[,.;!?。、\n…\s吧啊呀]|$)"
    ),
]
# The last of these before the claim decides: whoever asks, wishes or does not know claims nothing; whoever was told, does.
_CUE_ZH = re.compile(
    r"(?P<doubt>如果|要是|假如|万一|假设|倘若|是否|是不是|会不会|有没有|能不能|不知道|不晓得|不清楚|不确定|想知道|想问|请问|问问|问一下|希望|但愿"
    r"|担心|害怕|生怕|(?<!恐)怕(?!是)|可别|别是|谁|哪|(?<!为)什么|怎么知道|没(?:有)?人?(?:告诉|说|通知)|不(?:肯)?(?:告诉|说)|可能会|会|还是|(?<![肯一必确])定是|或者?|无论|不管|不论|难道|究竟|到底)"
    r"|告诉|说|通知|写着|看[到见]|知道|显示|透露|确认|证实|发现|得知|原来|听"
)
_DOUBT_AFTER_ZH = re.compile(
    rf"[^,]{{0,6}}(?:还|(?<![肯一必确])定)是.{{0,4}}[真假安对试细空不盐生葡p]|或|的话|(?:和|与|跟|及){_ARM_ZH}|会不会|是不是.{{0,3}}[真假安]|有没有|是什么|什么意思"
)
_ASKS_ZH = re.compile(r"[吗么]$")
_TAG_ZH = re.compile(r"(?:对|是|真的|好|不是)[吗么]$")
_GENERIC_ZH = (
    "有人|有些|有的|别人|其[他它]人?|大家|一半|部分|多数|少数|分之|人家|研究|试验(?!组)|方案|项目|知情同意|说明|设有|分为|包括|"
    "对比|他们|她们|你们"
)
_SUBJECT_ZH = re.compile(rf"(?P<generic>{_GENERIC_ZH})|{_WHO_ZH}|\d床|结果")
_INFUSED_ELSEWHERE_ZH = re.compile("急诊|门诊|诊所|社区|补液|补水|脱水|发烧|拉肚子|腹泻|感冒")
_BARE_ZH = re.compile(
    rf"(?:我|是|就|应该|可能|好像|肯定|估计|大概|果然|护士|医生|说|\s){{0,4}}(?P<it>{_ARM_ZH}|[真假]药|[真假]干?细胞)[的了吧啊呀哦。\s]{{0,3}}"
)
_AROUND = re.compile(r"^\W+|\W+$")

# --- English

_GROUP = "(?:group|grp|arm|cohort|side|branch)"
_ARM_EN = (
    rf"(?:(?:the |an? |my |his |her )?(?:(?:high|low)(?:er)?[- ]?dose )?(?:{_PLACEBO}(?:[ -](?:{_GROUP}|one"
    rf"|infusions?|cells?|drug|treatment|bag))?"
    rf"|(?:control|sham|dummy|fake|experimental|active|treatment|treated|intervention|saline"
    rf"|(?:stem[- ]?)?cells?|real|verum|vehicle|solvent)s?[ -]{_GROUP}\b"
    r"|(?:real|actual|true|active|genuine|fake|sham|dummy|pretend) (?:study |trial )?(?:stem[- ]?cells?|cells?"
    r"|drug|medicine|treatment|infusion|thing|one|stuff|deal|product)s?\b(?! reaction)"
    r"|(?:the|a) (?:real|fake|sham|dummy)(?= ?(?:[,.;!?\n]|$)))"
    rf"|(?:the |an? )?(?:high|low)(?:er)?[- ]?dose (?:{_GROUP}|(?:stem[- ]?)?cells?)\b"
    r"|the (?:high|low)[- ]?dose(?= ?(?:[,.;!?\n]|$))"
    rf"|(?:the )?{_GROUP} [a-d](?= ?(?:[,.;!?\n]|$| of the))|(?:the )?controls(?= ?(?:[,.;!?\n]|$)))"
)
_NOT_EN = r"(?:(?:did|do|does|was|were|is|has|have|had|am|are)(?: not|n'?t) |never )?"
_LINK_EN = (
    r"\b(?:in|into|on|onto|get|gets|got|getting|gotten|receiv(?:e|es|ed|ing)|given|giv(?:e|es|ing)|gave|had"
    r"|have|has|having"
    r"|(?:was|were|is|are|am|be|been)(?:n'?t)?|i'?m|(?:he|she|it|that)'?s|assigned|allocated|randomi[sz]ed|put"
    r"|drew|landed|injected|infused|took|taking|as|with|to)"
)
_SOFT_EN = (
    r"(?:(?:me|him|her|us|not|just|only|really|actually|probably|definitely|obviously|likely|some|that|this|all"
    r"|with|to|into|in|on|as|been"
    r"|now|certainly|surely|simply|never|got|getting|receiving|taking|given|part of|one of|from|up) ){0,5}"
)
_CLAIMS_EN = [
    re.compile(rf"{_NOT_EN}{_LINK_EN}[ :]{{1,2}}{_SOFT_EN}{_ARM_EN}"),
    re.compile(
        rf"\b(?:arm|group|grp|allocation|allocated|assignment|assigned|randomi[sz](?:ed|ation)|un-?blind(?:ed|ing)?"
        rf"|code[- ]?break|treatment)(?: result| says| showed| shows| was| is| to|:|=| ?-){{0,3}} ?"
        rf"(?:the )?(?:{_ARM_EN}|control|active|experimental|(?:high|low)[- ]?dose|sham|real|fake)\b"
    ),
    re.compile(
        r"\b(?:infusion|bag|drip|injection|cells|mine|it|(?:what|all) (?:i|he|she) (?:got|had|received)|(?:what"
        r"|all) they gave (?:me|him|her)|stuff)"
        r"(?:'s| (?:was|is|were|are))(?:n'?t| not)? (?:(?:just|only|merely|really|actually|nothing but|plain"
        r"|all|probably|definitely) ){0,3}"
        r"(?:saline|salt ?water|sugar ?water|salty water|solvent|(?:the )?(?:real|fake|sham)(?= ?(?:[,.;!?\n]|$"
        r"| not| one| thing| cells)))\b"
    ),
    re.compile(
        rf"\b(?:{_PLACEBO}|control|sham|active|experimental|treatment|(?:high|low)[- ]dose)[ -](?:arm"
        rf"|group) (?:patient|pt|subject|participant)\b"
    ),
    re.compile(
        r"\b(?:bag|label|envelope|letter|paper|chart|box|vial|note|nurse|doctor|she|he|they) (?:said|says|say|reads?|showed|shows) "
        rf"(?:it was |it is |it's |saline )?{_ARM_EN}"
    ),
    re.compile(r"\b(?:only|just) (?:injected|infused|got|had|received|given) (?:me )?(?:salt|sugar) ?water\b"),
    re.compile(r"\b(?:i'?m|i am|he'?s|she'?s|he is|she is) (?:high|low)[- ]dose(?= ?(?:[,.;!?\n]|$))"),
    re.compile(r"\b(?:be|am|i'm|is|was) the control(?= ?(?:[,.;!?\n]|$))"),
    re.compile(r"\b(?:am|i'm|is|was|as|he's|she's) a control(?: patient| subject)?(?= ?(?:[,.;!?\n]|$))"),
    re.compile(r"\bno (?:stem[- ]?)?cells (?:at all )?in (?:my|the|his|her) (?:bag|infusion|drip)"),
    re.compile(r"\b(?:saline|salt ?water|solvent|water) (?:instead of|rather than|not|and not|and no) (?:the "
        r"|any )?(?:real )?(?:stem[- ]?)?cells?\b"),
    re.compile(r"\b(?:stem[- ]?)?cells? (?:instead of|rather than|and not|not) (?:the |a )?(?:placebo|saline"
        r"|fake|sham)\b"),
]  # fmt: skip
_VERB = "(?:was|is|were|am|are|did|do|does|have|has)"
_CUE_EN = re.compile(
    r"(?P<doubt>\b(?:if|whether|in case|unless|suppos\w+|wonder\w*|hop(?:e|ing|ed)|wish\w*|worr(?:y|ied)|afraid"
    r"|scared|fear\w*|(?:do|did|does)(?:n'?t| not) know"
    r"|(?:please|pls) tell me|not sure|unsure|no idea|can'?t tell|may|might|could|would|will|can(?!'?t)|should|chances?|possib\w*"
    r"|probability|odds|risk|either"
    r"|what(?:'s| is| are| was| were| does| do| did| happens| about)|which (?:group|arm|one|of)|who (?:got"
    r"|gets?|is|was|were|has|had)|when (?:do|does|will|can)|how (?:do|would|can|does|will|many|long|likely)"
    r"|(?:nobody|no one|never|not|didn'?t|won'?t|hasn'?t|haven'?t) (?:been )?(?:told|tell|said|say)|is there"
    r"|are there)\b"
    rf"|(?<!why )\b{_VERB} (?:i|he|she|they|we|you)\b"
    rf"|(?:^ ?|\b(?:or|then|please|pls|hi|hello|hey|ok|doc|doctor|dr) ){_VERB} (?:it|this|that|the|mine|my"
    rf"|these|those)\b)"
    r"|\b(?:told|tells?|said|says|saying|slip\w*|kn[eo]ws?|confirmed|read|saw|seen|found out|heard|reveal\w*"
    r"|admit\w*|show(?:s|ed|n)|written|wrote|mention\w*)\b"
)
_DOUBT_AFTER_EN = re.compile(
    rf"^(?: group| arm)? ?(?:or|vs|versus)\b|\bor (?:not|real|the real|placebo|the placebo|fake|active|cells"
    rf"|stem|control)\b|^ (?:and|versus|vs) {_ARM_EN}"
)
_GENERIC_EN = (
    r"some|half|people|others|other|another|everyone|everybody|anyone|patients|participants|subjects|trials?"
    r"|study|studies|research|protocol|"
    r"consent|leaflet|there|percent|third|quarter|one group|they(?!'re| are| were)|you|those|these"
)
_SUBJECT_EN = re.compile(
    rf"\b(?:(?P<generic>{_GENERIC_EN})|i|i'm|me|my|mine|he|she|him|her|his|it|we|us|patient|pt|subject"
    rf"|participant|husband|wife|mum|mom|dad)\b"
)
_BARE_EN = re.compile(
    rf"(?!(?:the )?(?:real|true|actual|genuine)\b)(?:(?:i think|i guess|it|it's|it was|was|is|am|i|i'm|yes"
    rf"|probably|definitely|just|she said|he said|nurse said|the nurse said)[ ,:]{{0,2}}){{0,3}}(?P<it>{_ARM_EN})"
    r"(?: for me| 100| i (?:think|guess|bet)| then| again)?\s{0,2}"
)
_DOSE = re.compile(
    r"(?<![\d.])[24](?:\.0)? ?[x×*乘] ?10 ?(?:\^|的)? ?6(?![\d])(?!次?方? ?(?:/ ?(?:l|ml|升|毫升)\b|cfu))"
)


def told(text: str) -> list[tuple[int, int]]:
    """Spans [start, end) of `text` that tell or claim an allocation, apart and in order; empty for nearly every text."""
    plain, places = _plain(text)
    found = [span for span in _claims(plain) if span[0] < span[1]]
    if not found:
        return []
    beside = (match.span() for pattern in (WORDS, _BESIDE) for match in pattern.finditer(plain))
    return _joined((places[start], places[end - 1] + 1) for start, end in [*found, *beside] if start < end)


def masked(text: str) -> str:
    """`text` with every sign of such a span as a block: of the same length, so that places in it stay places."""
    signs = list(text)
    for start, end in told(text):
        signs[start:end] = MASK * (end - start)
    return "".join(signs)


def same_length(text: str) -> str:
    """Full-width digits and letters as plain ones, sign by sign, so that places stay the same."""
    plain = (unicodedata.normalize("NFKC", sign) for sign in text)
    return "".join(new if len(new) == 1 else old for old, new in zip(text, plain, strict=True))


def _plain(text: str) -> tuple[str, list[int]]:
    """What the patterns read, and the place of each of its signs in `text`: plain, lower, simplified, without gaps inside words."""
    letters = "".join(low if len(low := sign.lower()) == 1 else sign for sign in same_length(text))
    letters = letters.translate(_SIMPLE).replace("’", "'").replace("`", "'")
    shown = [
        place
        for place, sign in enumerate(letters)
        if sign not in _QUOTES and unicodedata.category(sign) not in ("Cf", "Mn")
    ]
    joined = "".join(letters[place] for place in shown)
    gaps = {at for match in _BETWEEN_HAN.finditer(joined) for at in range(*match.span())}
    for pattern in (_SPELT_HAN, _SPELT_LATIN):
        for match in pattern.finditer(joined):
            gaps |= {at for at in range(*match.span()) if re.match(_SEPARATOR, joined[at])}
    kept = [at for at in range(len(joined)) if at not in gaps]
    return "".join(joined[at] for at in kept), [shown[at] for at in kept]


def _claims(plain: str) -> Iterator[tuple[int, int]]:
    for match in _DOSE.finditer(plain):
        yield match.span()
    for pattern in (*_CLAIMS_ZH, *_CLAIMS_EN):
        yield from (match.span() for match in pattern.finditer(plain) if _is_meant(plain, match))
    yield from _bare(plain)


def _is_meant(plain: str, match: re.Match[str]) -> bool:
    """Told, and not asked, wished, feared, or said of the trial as such. Either language's words count: people mix them."""
    before, after = _clause(plain, match.start(), match.end())
    if any(_is_generic(subjects, before, match[0]) for subjects in (_SUBJECT_ZH, _SUBJECT_EN)):
        return False
    if "水" in match[0] and _INFUSED_ELSEWHERE_ZH.search(before + after):
        return False
    doubted = [_is_doubted(cues, before + match[0]) for cues in (_CUE_ZH, _CUE_EN)]
    if True in doubted or _DOUBT_AFTER_ZH.match(after) or _DOUBT_AFTER_EN.search(after):
        return False
    return False in doubted or not _ASKS_ZH.search(after) or bool(_TAG_ZH.search(after))


def _is_doubted(cues: re.Pattern[str], before: str) -> bool | None:
    """Whether the last word about it asks or fears rather than tells; None when there is none. A question may begin in the claim itself."""
    found = [*cues.finditer(before)]
    return found[-1]["doubt"] is not None if found else None


def _bare(plain: str) -> Iterator[tuple[int, int]]:
    """A clause that is nothing but the name of an arm: the answer to a question. With a question mark it asks itself."""
    start, opened_by = 0, ""
    for end in [*_CLAUSE_ENDS.finditer(plain), None]:
        stop = end.start() if end else len(plain)
        words = _AROUND.sub("", plain[start:stop])
        stands_alone = not opened_by.isalpha() and not (end and end[0] == "?")
        named = _BARE_ZH.fullmatch(words) or _BARE_EN.fullmatch(words)
        if named and stands_alone:
            first = plain.index(words, start)
            yield first + named.start("it"), first + named.end("it")
        start, opened_by = (end.end(), end[0]) if end else (len(plain), "")


def _clause(plain: str, start: int, stop: int) -> tuple[str, str]:
    """What stands before and after in the same clause."""
    near = plain[max(0, start - 80) : start]
    ends = [each.end() for each in _CLAUSE_ENDS.finditer(near)]
    last = _CLAUSE_ENDS.search(plain, stop, stop + 60)
    return near[ends[-1] if ends else 0 :], plain[stop : last.start() if last else stop + 60]


def _is_generic(subjects: re.Pattern[str], before: str, claim: str) -> bool:
    """Whether the nearest that it may be said of is the trial, or people at large."""
    found = [*subjects.finditer(before)]
    own = [each for each in subjects.finditer(claim) if each["generic"] is None]
    return bool(found) and not own and found[-1]["generic"] is not None


def _joined(spans: Iterator[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined
