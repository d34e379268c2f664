from __future__ import annotations

import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest

from dragoman.text.redaction import KINDS, Finding, find_personal_data

# Ordinary messages: order numbers, dates, prices, times and versions stay; between « and » stands what is to be found.
MESSAGES = {
    "ar": "طلبي رقم ٤٧١١٢٣٤٥٦ بتاريخ ٢٠٢٤/٠٥/٠٣ بسعر ١٬٢٩٩٫٠٠ ريال لم يصل، هاتفي «٠٥٠ ١٢٣ ٤٥٦٧».",
    "bg": "Поръчка 4711234567 от 03.05.2024 за 49,90 лв. още не е дошла, пишете на «ivan@example.bg».",
    "bn": "আমার অর্ডার ৪৭১১২৩৪৫৬৭ গত ০৩/০৫/২০২৪ তারিখে, দাম ১,২৯৯ টাকা। ফোন: «০১৭১২-৩৪৫৬৭৮»।",
    "cs": "Objednávka č. 2024050301 ze dne 3. 5. 2024 za 1 299,00 Kč nedorazila, rodné číslo «710319/2745».",
    "da": "Ordre 47112345 fra 03-05-2024 kl. 10.30 til 1.299,00 kr. mangler; ring på tlf. «12 34 56 78».",
    "de": "Bestellung 4711-234567 vom 03.05.2024, 1.299,00 €, fehlt seit 10:30 Uhr. Rückruf: «030/1234567».",
    "el": "Η παραγγελία 4711234567 στις 03/05/2024, 49,90 €, δεν ήρθε. Το ΑΦΜ μου είναι «094259216».",
    "en": "Order #4711234567 of 2024-05-03 ($1,299.00, 10:30 am, app 2.4.1) is late, mail «jo@example.com».",
    "es": "Mi pedido 4711234567 del 03/05/2024 por 1.299,00 € no llega; mi DNI es «12345678Z».",
    "fa": "سفارش ۴۷۱۱۲۳۴۵۶۷ تاریخ ۱۴۰۳/۰۲/۱۴ به مبلغ ۱٬۲۹۹٬۰۰۰ تومان نرسیده، کد ملی من «۰۴۹۹۳۷۰۸۹۹» است.",
    "fi": "Tilaus 4711234567 (3.5.2024 klo 10.30, 49,90 €) puuttuu. Henkilötunnus «131052-308T».",
    "fr": "Ma commande 4711234567 du 03/05/2024 à 10h30 (1 299,00 €) manque, appelez le «06 12 34 56 78».",
    "he": "הזמנה 4711234567 מיום 03.05.2024 בסך 1,299.00 ₪ לא הגיעה, הטלפון שלי «052-123-4567».",
    "hi": "मेरा ऑर्डर 4711234567 दिनांक 03/05/2024, ₹1,299.00, नहीं आया। आधार «2341 2341 2346» है।",
    "hu": "A 4711234567 számú rendelés (2024.05.03., 12 990 Ft) nem jött meg, telefonszámom «06 30 123 4567».",
    "id": "Pesanan 4711234567 tanggal 03-05-2024 seharga Rp1.299.000 belum tiba, hubungi «0812-3456-7890».",
    "it": "L'ordine 4711234567 del 03/05/2024 (1.299,00 €) manca. Codice fiscale: «RSSMRA85T10A562S».",
    "ja": "注文番号4711234567（2024年5月3日、12,990円）が届きません。電話は«０３ー１２３４ー５６７８»です。",
    "ko": "주문번호 4711234567(2024년 5월 3일, 12,990원)이 안 왔어요. «010-1234-5678»로 전화 주세요.",
    "nb": "Ordre 4711234567 fra 03.05.2024 til 1 299,00 kr mangler. Fødselsnummer «151086 95088».",
    "nl": "Bestelling 4711234567 van 03-05-2024 (€ 1.299,00) is er niet, mijn BSN is «123456782».",
    "pl": "Zamówienie 4711234567 z 03.05.2024 za 1 299,00 zł nie dotarło, mój PESEL to «44051401359».",
    "pt": "O pedido 4711234567 de 03/05/2024 por R$ 1.299,00 não chegou, CPF «390.533.447-05».",
    "ro": "Comanda 4711234567 din 03.05.2024 de 1.299,00 lei nu a ajuns, CNP «1800101221144».",
    "ru": "Заказ 4711234567 от 03.05.2024 на 1 299,00 руб. не пришёл, тел. «8 (912) 345-67-89».",
    "sv": "Beställning 4711234567 från 2024-05-03 kl. 10.30, 1 299 kr, saknas. Personnr «811218-9876».",
    "th": "คำสั่งซื้อ4711234567วันที่03/05/2567ราคา1,299บาทยังไม่ถึง โทร«081-234-5678»ค่ะ",
    "tr": "4711234567 numaralı sipariş (03.05.2024, 1.299,00 TL) gelmedi, TC kimlik no «10000000146».",
    "uk": "Замовлення 4711234567 від 03.05.2024 на 1 299,00 грн не прийшло, тел. «050 123-45-67».",
    "vi": "Đơn hàng 4711234567 ngày 03/05/2024 giá 1.299.000đ chưa tới, gọi «0912 345 678» nhé.",
    "zh": "我的订单4711234567（2024年5月3日10:30，¥1,299.00）还没到，请打«138 1234 5678»。",
}


@pytest.mark.parametrize("language", MESSAGES)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_in_an_ordinary_message_only_personal_data_is_found(language, form):
    message = unicodedata.normalize(form, MESSAGES[language])
    before, value, after = message.replace("«", "»").split("»")
    text = before + value + after
    assert [text[start:end] for _, start, end in find_personal_data(text)] == [value]


@pytest.mark.parametrize("language", MESSAGES)
def test_an_ordinary_message_without_personal_data_has_nothing_in_it(language):
    before, _, after = MESSAGES[language].replace("«", "»").split("»")
    assert find_personal_data(f"{before}- {after}") == []


def test_findings_are_sorted_and_do_not_overlap():
    text = "a@b.com http://10.20.30.40/a@b.com +49 30 1234567 DE89370400440532013000"
    found = find_personal_data(text)
    assert [one.kind for one in found] == ["email", "url", "phone", "iban"]
    assert all(one.end <= other.start for one, other in pairwise(found))


def test_a_number_inside_an_address_is_part_of_it():
    assert [one.kind for one in find_personal_data("0612345678@example.com shop.de/4111111111111111")] == [
        "email",
        "url",
    ]


def test_kinds_that_are_not_wanted_hide_nothing():
    text = "http://x.de/?tel=030/1234567"
    assert find_personal_data(text, kinds=["phone"]) == [Finding("phone", 17, 28)]


@pytest.mark.parametrize("text", ["", " ", "hello", "你好", "x" * 1000, "\u200b", "..."])
def test_a_text_without_signs_has_nothing_in_it(text):
    assert find_personal_data(text) == []


def test_kinds_are_told_once_each():
    assert len(KINDS) == len(set(KINDS))
    assert {"email", "url", "ip", "iban", "card", "phone"} < set(KINDS)


def test_the_page_names_every_kind():
    page = (Path(__file__).parents[3] / "docs" / "redaction.md").read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"| `{kind}` |" not in page] == []
