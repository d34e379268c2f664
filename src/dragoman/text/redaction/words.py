"""Words beside a number that say what it is. Kept without accents and in small letters, as texts are compared."""

# ruff: noqa: RUF001 (words of other scripts)

from __future__ import annotations

__all__ = ["ANY_ID", "ORDER", "PHONE", "VERSION"]

PHONE = """
    phone|telephone|tel|mobile|cell|cellphone|call|call me|ring|whatsapp|viber|telegram|sms|text me|fax|hotline
    telefon|telefonnummer|handy|handynummer|mobil|mobilnummer|rufnummer|anrufen|ruf|rufen|erreichbar|festnetz|rückruf
    téléphone|portable|numéro de tél|appeler|appelez|appelle|rappeler|rappelez|joindre|joignable|fixe
    teléfono|móvil|celular|llamar|llámame|llámeme|llame|llamen|telefone|telemóvel|ligar|ligue|liga|zap
    telefono|cellulare|chiamare|chiamami|chiamatemi|chiamate|telefoon|telefoonnummer|mobiel|gsm|bellen|bel me|bereikbaar
    telefonní|mobilní|volat|volejte|zavolejte|zavolajte|komórka|komórkowy|dzwonić|zadzwoń|zadzwońcie|proszę dzwonić
    telefonu|apelați|sunați|sună|telefonszám|telefonszámom|hívjon|hívjanak|hívj|mobilom
    puhelin|puhelinnumero|soita|soittakaa|numeroon|telefonen|ring mig|ringa|ring meg|ringe|telefonas|tālrunis|tālruni
    telefoni|mobitel|nazovite|pozovite|zovite|telefonun|cep|cep telefonu|arayın|ara|arayabilirsiniz|arayiniz
    телефон|тел|моб|мобильный|сотовый|звоните|позвоните|звонить|перезвоните|ватсап|номер телефона|дзвоніть|зателефонуйте
    телефонуйте|мобільний|мобилен|обадете|јавете|позовите|телефону|телефонга|қоңырау
    τηλέφωνο|τηλ|κινητό|καλέστε|πάρτε με|τηλεφωνήστε
    هاتف|الهاتف|تلفون|تليفون|جوال|الجوال|موبايل|محمول|اتصل|اتصلوا|الاتصال|واتساب|رقمي
    تلفن|موبایل|همراه|تماس|شماره تلفن|شماره تماس|زنگ|فون|موبائل|رابطہ|کال
    טלפון|נייד|התקשרו|להתקשר|פלאפון|תתקשרו
    फोन|फ़ोन|मोबाइल|कॉल|दूरभाष|व्हाट्सएप|ফোন|মোবাইল|কল|তেলিফোন|தொலைபேசி|கைபேசி|மொபைல்|அழைக்க|ఫోన్|మొబైల్|ಫೋನ್|ഫോൺ|ફોન|ਫ਼ੋਨ
    โทร|โทรศัพท์|เบอร์|มือถือ|ติดต่อ|ໂທ|ໂທລະສັບ|ទូរស័ព្ទ|ဖုန်း
    điện thoại|đt|sđt|số điện thoại|gọi|di động|zalo|telepon|hubungi|nomor hp|hp|no hp|wa|telefon bimbit|simu|piga
    電話|携帯|連絡先|ファックス|电话|手机|联系方式|致电|拨打|微信|傳真|手機|連絡電話|전화|휴대폰|핸드폰|연락처|폰번호
"""
ORDER = """
    account no|account number|customer no|customer number|client no
    order|order no|order number|invoice|ticket|case|reference|ref|tracking|parcel|shipment|article|item|product|model
    serial|serial number|sku|part no|receipt|booking|reservation|contract|batch|lot|isbn|imei
    bestellung|bestellnummer|bestell|rechnung|rechnungsnummer|auftrag|auftragsnummer|vorgang|sendung|sendungsnummer|paket
    artikel|artikelnummer|seriennummer|kundennummer|vertrag|vertragsnummer|ticketnummer|aktenzeichen|buchung
    commande|facture|colis|suivi|référence|réf|dossier|contrat|numéro client|número de cliente|article|réservation
    pedido|factura|seguimiento|referencia|envío|artículo|producto|contrato|reserva|encomenda|fatura|rastreio
    ordine|fattura|spedizione|riferimento|pratica|articolo|contratto|codice cliente|bestelling|factuur|zending
    klantnummer|ordernummer|zamówienie|zamówienia|faktura|faktury|przesyłka|przesyłki|paczka|objednávka|objednávky|faktúra|zásilka
    comanda|comenzii|factură|colet|rendelés|rendelésszám|számla|csomag|beställning|ordre|ordrenummer|faktura|forsendelse
    tilaus|tilausnumero|lasku|paketti|tellimus|pasūtījums|užsakymas|narudžba|narudžbe|račun|pošiljka|sipariş|fatura|kargo
    takip|заказ|заказа|заказу|счет|счёт|посылка|посылки|накладная|артикул|замовлення|рахунок|посилка|поръчка|фактура
    παραγγελία|παραγγελίας|τιμολόγιο|αποστολή|طلب|الطلب|طلبية|فاتورة|الفاتورة|شحنة|الشحنة|تتبع|سفارش|فاکتور|مرسوله|آرڈر
    הזמנה|חשבונית|משלוח|ऑर्डर|आर्डर|चालान|अर्डर|অর্ডার|চালান|ஆர்டர்|ఆర్డర్|ಆರ್ಡರ್|ഓർഡർ|ઓર્ડર
    คำสั่งซื้อ|ออเดอร์|ใบแจ้งหนี้|พัสดุ|เลขพัสดุ|đơn hàng|mã đơn|hóa đơn|vận đơn|pesanan|faktur|resi|invois|oda|agizo|odha
    注文|注文番号|請求書|伝票|追跡番号|品番|型番|订单|订单号|發票|发票|快递|单号|訂單|訂單編號|編號|编号|주문|주문번호|송장|운송장|청구서
"""
VERSION = """
    version|vers|ver|release|build|firmware|driver|versión|versão|versione|versie|wersja|wersji|verze|versiunea|verzió
    versio|версия|версии|версію|версія|έκδοση|الإصدار|إصدار|نسخه|גרסה|संस्करण|সংস্করণ|เวอร์ชัน|เวอร์ชั่น|phiên bản|versi
    sürüm|バージョン|版本|버전
"""
ANY_ID = """
    national id|id number|id no|identity number|identity card|personal id|personal number|identification number|tax id
    tax number|taxpayer|ausweisnummer|personalausweis|numéro d'identité|número de identidad|documento de identidad
    carta d'identità|número de identificación|identifikační číslo|identifikationsnummer|удостоверение личности
    паспорт|رقم الهوية|بطاقة الهوية|身份证|身分證|證件號|证件号|身分証|신분증|บัตรประชาชน|nomor identitas
"""
