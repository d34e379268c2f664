"""Endings of host names: enough of them to tell `shop.de/kontakt` from `and/or`."""

# ruff: noqa: RUF001 (words of other scripts)

from __future__ import annotations

import re

from dragoman.text.redaction.characters import GLUED

__all__ = ["GLUED_ENDINGS", "is_known_ending"]

COUNTRIES = """
    ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd cf
    cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gd ge gf gg
    gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn
    kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na
    nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh
    si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve
    vg vi vn vu wf ws ye yt za zm zw
"""
GENERIC = """
    com org net edu gov mil int info biz name pro aero coop museum mobi jobs tel travel asia cat post arpa
    academy agency app art bank bar berlin blog bot business cafe care center chat city cloud club coach codes
    company computer consulting cool courses dev digital directory education email energy events expert family farm
    finance fit fun fund gallery games gmbh group guru health help host house immo ink institute international land law
    legal life link live london london love ltd market marketing media money moscow network news ngo nyc one online page
    paris partners party photo photos pics pizza place plus press properties pub realty recipes rent repair restaurant
    review reviews rocks run sale school science services shop shopping show site social software solutions space store
    studio style support systems tax team tech technology tips tokyo tools top tours town trade training tube university
    vip website wiki win wine work works world wtf xyz yoga zone
"""
WITH_SPACES = """
    рф бел укр срб мкд мон қаз бг ею ευ ελ հայ გე ישראל السعودية امارات مصر الاردن عمان قطر تونس المغرب الجزائر
    العراق سوريا سورية فلسطين اليمن ایران پاکستان بھارت موقع شبكة भारत भारतम् ভারত বাংলা ভাৰত ਭਾਰਤ ભારત ଭାରତ இந்தியா
    இலங்கை சிங்கப்பூர் భారత్ ಭಾರತ ഭാരതം ලංකා онлайн сайт орг дети москва संगठन नेट कॉम
"""
WITHOUT_SPACES = """
    中国 中國 香港 台湾 台灣 澳门 澳門 新加坡 公司 网络 網路 网址 网站 在线 中文网 集团 商城 商店 我爱你 移动 手机 政务
    公益 组织机构 信息 购物 みんな コム セール ストア ファッション クラウド ポイント ไทย คอม ລາວ 한국 삼성 닷컴 닷넷
"""

ENDINGS = frozenset(f"{COUNTRIES}{GENERIC}{WITH_SPACES}{WITHOUT_SPACES}".split())

# In a script without spaces the text goes on after the ending, so the known ones are looked for.
GLUED_ENDINGS = re.compile("|".join(sorted(WITHOUT_SPACES.split(), key=len, reverse=True)))
assert all(re.match(f"[{GLUED}]", ending) for ending in WITHOUT_SPACES.split())


def is_known_ending(label: str) -> bool:
    """Whether a last label, in any case, is a top-level domain that is much in use."""
    return label.lower() in ENDINGS or label.lower().startswith("xn--")
