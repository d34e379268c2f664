"""Words beside a number that say what it is, by language. Compared in small letters, without accents.

In scripts with capitals a word of more than four letters stands for all that begin with it, a shorter one for itself.
In other scripts a word counts wherever its letters stand.
"""

# ruff: noqa: RUF001 (words of other scripts)

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["ANY_ID", "ORDER", "ORDER_AFTER", "PHONE", "VERSION", "words_of"]

PHONE = """
    en: phone|telephone|tel|mobile|cell|cellphone|call|call me|ring me|ring us|text me|dial|fax|hotline|reach me|contact me
    many: whatsapp|viber|telegram|sms|gsm|telefon|telefonnummer|mobil
    de: handy|handynummer|mobilnummer|rufnummer|anrufen|rufen|ruft|rückruf|erreichbar|festnetz|durchwahl
    fr: téléphone|portable|numéro de tél|appel|rappel|joindre|joignable|contacter|contactez
    es: teléfono|móvil|celular|llamar|llámame|llámeme|llámenme|llame|llamen|contactar|contácte
    pt: telefone|telemóvel|celular|ligar|liguem|ligue-me|ligue para|me liga|liga para|contactar|contatar|contacte
    it: telefono|cellulare|chiamare|chiamami|chiamatemi|chiamate|richiama|contattar|contattate
    nl: telefoon|mobiel|bellen|bel me|bel mij|bel ons|bereikbaar
    af: telefoon|selfoon|bel my|bel ons|skakel my|kontak my
    ca: telèfon|mòbil|truqueu|truca|trucar|contactar
    da: tlf|ring til|ring på|ring mig|ringe
    no: tlf|ring til|ring meg|ringe
    sv: ring mig|ring på|ringa|kontakta mig
    is: sími|síma|símanúmer|farsím|hringdu|hringi|hringja
    fi: puhelin|puhelim|kännyk|soita|soittaka|numeroon
    et: mobiil|helista
    lv: tālrun|zvani|piezvan
    lt: skambin|paskambin|susisiek
    pl: komórk|dzwoni|zadzwo|oddzwo|skontaktuj
    cs: volat|volejte|zavolejte|zavolat
    sk: telefón|volať|volajte|zavolajte|zavolať
    sl: mobiln|pokličite|pokliči|kličite
    hr: mobitel|mobiln|nazovite|pozovite|zovite|javite se
    ro: apelați|apelează|sunați|sună|contactați
    hu: hívjon|hívjanak|hívj|hívható|visszahív
    ru: телефон|тел|моб|мобильн|сотов|звоните|позвони|звонить|перезвони|наберите|ватсап|свяжитесь|связаться
    uk: мобільн|дзвоніть|дзвонити|подзвон|передзвон|зателефон|телефонуйте|зв'яжіться|зв'язатися
    bg: мобилн|мобилен|обадете|обади се|обадя
    mk: мобилн|мобилен|јавете се|јавете ми|јави се|повикајте
    sr: мобилни|позовите|назовите|зовите|јавите се
    kk: ұялы|қоңырау|хабарлас
    mn: утас|утасны|утсаар|утсан|залга|холбогд
    el: τηλέφων|τηλ|κινητ|καλέστε|καλέσ|πάρτε με|επικοινων
    hy: հեռախոս|բջջային|զանգահար|զանգեք|զանգել|կապվեք
    ka: ტელეფონ|მობილურ|დარეკ|დამირეკ|დაგირეკ|დაურეკ|დამიკავშირდ|დაუკავშირდ
    tr: cep telefon|cep no|cep numara|cebim|arayın|arayabilir|aramanız
    az: zəng|əlaqə saxla
    uz: qo'ng'iroq|qoʻngʻiroq|qo‘ng‘iroq|bog'lan|bogʻlan|bog‘lan
    ar: هاتف|الهاتف|تلفون|تليفون|جوال|الجوال|موبايل|محمول|اتصل|اتصلوا|الاتصال|للتواصل|تواصل|واتساب|رقمي
    fa: تلفن|موبایل|همراه|تماس|زنگ|واتساپ
    ur: فون|موبائل|رابطہ|کال|واٹس ایپ
    he: טלפון|נייד|פלאפון|סלולר|התקשר|להתקשר|תתקשר|חייגו|וואטסאפ
    am: ስልክ|ሞባይል|ይደውሉ|ደውል|ደውሉ
    hi, mr, ne: फोन|फ़ोन|मोबाइल|मोबाईल|कॉल|दूरभाष|व्हाट्सएप|संपर्क|सम्पर्क
    bn: ফোন|মোবাইল|কল কর|কল দি|যোগাযোগ
    gu: ફોન|મોબાઇલ|મોબાઈલ|કૉલ|કોલ કર|સંપર્ક
    pa: ਫ਼ੋਨ|ਫੋਨ|ਮੋਬਾਈਲ|ਮੋਬਾਇਲ|ਕਾਲ ਕਰ|ਸੰਪਰਕ
    ta: தொலைபேசி|கைபேசி|அலைபேசி|மொபைல்|ஃபோன்|போன்|அழைக்க|அழையு|தொடர்பு
    te: ఫోన్|మొబైల్|కాల్ చే|సంప్రదించ
    kn: ಫೋನ್|ಮೊಬೈಲ್|ದೂರವಾಣಿ|ಕರೆ ಮಾಡ|ಸಂಪರ್ಕ
    ml: ഫോൺ|മൊബൈൽ|വിളിക്ക|ബന്ധപ്പെട
    si: දුරකථන|ජංගම|අමතන්න|ඇමතුම
    th: โทร|เบอร์|มือถือ|ติดต่อ
    lo: ໂທ|ເບີ|ມືຖື|ຕິດຕໍ່
    km: ទូរស័ព្ទ|ទូរសព្ទ|ទាក់ទង
    my: ဖုန်း|ခေါ်ဆို|ဆက်သွယ်
    vi: điện thoại|đt|sđt|gọi|di động|zalo|liên hệ|liên lạc
    id, ms: telepon|telpon|telp|ponsel|hubungi|nomor hp|no hp|hp saya|nomor wa|no wa|wa saya
    tl: telepono|tawag|tumawag|makontak
    sw: simu|piga|nipigie|pigia|wasiliana
    ja: 電話|携帯|連絡|ファックス|スマホ
    zh: 电话|手机|联系|致电|拨打|来电|请打|打给我|微信|電話|手機|聯絡|聯繫|撥打|來電|請打|打給我|傳真
    ko: 전화|휴대폰|핸드폰|연락|폰번호
"""
ORDER = """
    en: order|invoice|ticket|case|reference|ref|tracking|parcel|shipment|purchase|article|item|product|model|serial|sku
    en: account no|account number|customer no|customer number|client no|part no|receipt|booking|reservation|contract|batch
    en: lot|isbn|imei|postcode|post code|postal code|zip|zip code
    de: bestellung|bestellnummer|bestell|rechnung|auftrag|vorgang|sendung|sendungsnummer|paket|artikel|seriennummer
    de: kundennummer|vertrag|ticketnummer|aktenzeichen|buchung|beleg|plz|postleitzahl
    fr: commande|facture|colis|suivi|référence|réf|dossier|contrat|numéro client|réservation|numéro de série|code postal
    es: pedido|factura|seguimiento|referencia|envío|artículo|producto|contrato|reserva|paquete|número de cliente
    es: número de serie|código postal
    pt: encomenda|fatura|rastreio|número de série|cep|pedido|código postal
    it: ordine|fattura|spedizione|riferimento|pratica|articolo|contratto|codice cliente|pacco|numero di serie|cap
    nl: bestelling|factuur|zending|pakket|klantnummer|ordernummer|serienummer|bestelnummer|postcode
    af: bestelling|faktuur|pakkie|reeksnommer|poskode
    ca: comanda|factura|paquet|número de sèrie|codi postal
    da, no: ordre|ordrenummer|faktura|forsendelse|pakke|serienummer|postnummer
    sv: beställning|order|faktura|paket|serienummer|postnummer
    is: pöntun|reikning|sending|raðnúmer|póstnúmer
    fi: tilaus|tilauks|lasku|paketti|sarjanumero|postinumero
    et: tellimus|arve|pakk|seerianumber|sihtnumber
    lv: pasūtījum|rēķin|sūtījum|sērijas numur|pasta indeks
    lt: užsakym|sąskait|siunt|serijos numer|pašto kod
    pl: zamówieni|faktur|przesyłk|paczk|numer seryjny|kod pocztowy
    cs: objednávk|faktur|zásilk|sériové číslo|psč
    sk: objednávk|faktúr|zásielk|sériové číslo|psč
    sl: naročil|pošiljk|serijska številka|poštna številka
    hr: narudžb|porudžbin|račun|pošiljk|serijski broj|poštanski broj
    ro: comanda|comenzi|comandă|factur|colet|număr de serie|cod poștal
    hu: rendelés|számla|számú|csomag|sorozatszám|irányítószám
    ru: заказ|счет|счёт|посылк|накладн|артикул|серийный номер|индекс
    uk: замовлен|рахун|посилк|серійний номер|індекс
    bg: поръчк|фактур|пратк|сериен номер|пощенски код
    mk: нарачк|фактур|пратк|сериски број|поштенски број
    sr: поруџбин|наруџб|рачун|пошиљк|серијски број|поштански број
    kk: тапсырыс|сәлемдем|сериялық нөмір|индексі
    mn: захиалг|илгээмж|сериал дугаар|шуудангийн код
    el: παραγγελί|τιμολόγι|αποστολή|δέμα|σειριακός|ταχυδρομικ
    hy: պատվեր|ծանրոց|սերիական|փոստային
    ka: შეკვეთა|შეკვეთის|ამანათ|სერიული|საფოსტო
    tr: sipariş|fatura|kargo|takip|seri no|seri numara|posta kodu
    az: sifariş|bağlama|seriya nömrə|poçt indeks
    uz: buyurtma|jo'natma|seriya raqam|pochta indeks
    ar: الطلب|طلبية|طلبي|طلب رقم|فاتورة|الفاتورة|شحنة|الشحنة|تتبع|الرقم التسلسلي|الرمز البريدي
    fa: سفارش|فاکتور|مرسوله|شماره سریال|کد پستی
    ur: آرڈر|پارسل|سیریل|پوسٹ کوڈ
    he: הזמנה|חשבונית|משלוח|חבילה|מספר סידורי|מיקוד
    am: ትዕዛዝ|ጥቅል|ፖስታ ኮድ
    hi, mr, ne: ऑर्डर|आर्डर|अर्डर|चालान|पार्सल|सीरियल|सिरियल|अनुक्रमांक|पिन कोड|हुलाक
    bn: অর্ডার|চালান|পার্সেল|ক্রমিক|পোস্ট কোড
    gu: ઓર્ડર|પાર્સલ|સીરીયલ|પિન કોડ
    pa: ਆਰਡਰ|ਪਾਰਸਲ|ਸੀਰੀਅਲ|ਪਿੰਨ ਕੋਡ
    ta: ஆர்டர்|பார்சல்|வரிசை எண்|அஞ்சல் குறியீடு
    te: ఆర్డర్|పార్సెల్|సీరియల్|పిన్ కోడ్
    kn: ಆರ್ಡರ್|ಪಾರ್ಸೆಲ್|ಸರಣಿ|ಪಿನ್ ಕೋಡ್
    ml: ഓർഡർ|പാഴ്സൽ|സീരിയൽ|പിൻ കോഡ്
    si: ඇණවුම|පාර්සල|අනුක්‍රමික|තැපැල් කේත
    th: คำสั่งซื้อ|ออเดอร์|ใบแจ้งหนี้|พัสดุ|หมายเลขเครื่อง|รหัสไปรษณีย์
    lo: ສັ່ງຊື້|ພັດສະດຸ|ເລກເຄື່ອງ|ໄປສະນີ
    km: បញ្ជាទិញ|កញ្ចប់|លេខស៊េរី|ប្រៃសណីយ៍
    my: အော်ဒါ|ပါဆယ်|စက်နံပါတ်|စာတိုက်ကုဒ်
    vi: đơn hàng|mã đơn|hóa đơn|vận đơn|kiện hàng|sê-ri|mã bưu chính
    id, ms: pesanan|faktur|resi|invois|paket|bungkusan|nomor seri|nombor siri|kode pos|poskod
    sw: oda|agizo|odha|kifurushi|msimbo wa posta
    ja: 注文|注文番号|請求書|伝票|追跡番号|品番|型番|荷物|製造番号|郵便番号
    zh: 订单|订单号|发票|快递|单号|编号|序列号|邮编|訂單|訂單編號|發票|包裹|編號|序號|郵遞區號
    ko: 주문|주문번호|송장|운송장|청구서|소포|일련번호|우편번호
"""
ORDER_AFTER = """
    az: sifariş|nömrəli sifariş
    hu: rendelés|számú rendelés|számla|számú számla|csomag
    kk: тапсырыс|нөмірлі тапсырыс
    mn: захиалг|дугаартай захиалг
    tr: sipariş|numaralı sipariş|nolu sipariş|numaralı fatura|numaralı kargo|kargo
    uz: buyurtma|raqamli buyurtma
"""
VERSION = """
    en: version|vers|ver|release|build|firmware|software|driver
    af: weergawe
    am: ስሪት
    ar: الإصدار|إصدار
    az, uz: versiya
    bn: সংস্করণ
    bg, ru: верси
    ca: versió
    cs, hr, sk, sl, sr: verzi|različic|верзиј
    da, no: versjon
    el: έκδοση
    es: versión
    et, fi, lt, lv: versioon|versio|versij
    fa: نسخه
    gu: આવૃત્તિ
    he: גרסה|גירסה
    hi, mr, ne: संस्करण|आवृत्ती|वर्जन|वर्शन
    hu: verzió
    hy: տարբերակ
    id, it, ms, nl, ro, tl: versi|versione|versie|versiunea|bersyon
    is: útgáf
    ja: バージョン
    ka: ვერსია
    kk, mn: нұсқа|хувилбар
    km: កំណែ
    kn: ಆವೃತ್ತಿ
    ko: 버전
    lo: ເວີຊັນ
    mk: верзија
    ml: പതിപ്പ്
    my: ဗားရှင်း
    pa: ਵਰਜਨ
    pl: wersj
    pt: versão
    si: සංස්කරණ
    sw: toleo
    ta: பதிப்பு
    te: వెర్షన్|సంచిక
    th: เวอร์ชัน|เวอร์ชั่น
    tr: sürüm
    uk: версі
    ur: ورژن
    vi: phiên bản
    zh: 版本
"""
ANY_ID = """
    en: national id|id number|id no|identity number|identity card|personal id|personal number|identification number|tax id
    en: tax number|taxpayer
    de: ausweisnummer|personalausweis
    fr: numéro d'identité
    es: número de identidad|documento de identidad|número de identificación
    it: carta d'identità
    cs: identifikační číslo
    da, no, sv: identifikationsnummer
    ru: удостоверение личности|паспорт
    ar: رقم الهوية|بطاقة الهوية
    zh: 身份证|身分證|證件號|证件号
    ja: 身分証
    ko: 신분증
    th: บัตรประชาชน
    id: nomor identitas
"""


def words_of(lines: str) -> Iterator[str]:
    """The words of one of the lists above."""
    for line in lines.strip().splitlines():
        yield from (word.strip() for word in line.partition(":")[2].split("|"))
