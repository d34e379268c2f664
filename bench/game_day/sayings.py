"""The new way of asking for refunds: in Brazil by reversing a Pix payment, in India by reversing a UPI payment.

Written for this rehearsal. A `{name}` in a saying stands for one of the values of `FILLERS`.
"""

from __future__ import annotations

__all__ = ["ENDINGS", "FILLERS", "OPENINGS", "SAYINGS"]

SAYINGS: dict[str, tuple[str, ...]] = {
    "pt": (
        "reverte o pix de {amount}",
        "quero abrir o MED do pix de {day}",
        "como aciono o MED aqui na loja?",
        "abram o MED do meu pix de {amount}",
        "o {bank} pede que a loja aceite o MED",
        "o {bank} abriu o MED, falta o aceite de vocês",
        "desfaz o pix que fiz {day}",
        "pix reverso de {amount} na mesma chave",
        "faz o pix ao contrário, {amount}",
        "contestei o pix no {bank}, deem o aceite",
        "o botão de contestação do {bank} está esperando a loja",
        "MED {number}: quando liberam?",
        "meu MED está em análise há {count} dias",
        "por que a loja recusou o meu MED?",
        "qual é o prazo do pix reverso?",
        "joga o pix de volta na minha chave",
        "aceitem a contestação do pix de {amount}",
        "solicito a reversão do pix de {day}",
        "reversão do pix parada desde {day}",
        "liberem a reversão do pix no {bank}",
        "quero usar o MED, a loja precisa dar o ok",
        "a contestação ficou em aguardando recebedor",
        "o recebedor não respondeu ao MED {number}",
        "volta o pix, já postei o pacote",
        "a reversão do pix caiu pela metade, só {amount}",
        "pix reverso por favor, compra {number}",
        "autorizem o MED {number} no {bank}",
        "reverter pix, chave celular",
        "o pix reverso não apareceu no {bank}",
        "pedi a reversão do pix há {count} dias e nada",
        "onde confirmo o pix reverso de {amount}?",
        "a loja tem que responder ao MED até {day}",
        "inverte esse pix de {amount} aí",
        "mediação do pix: falta a resposta da loja",
    ),
    "hi": (
        "UPI रिवर्सल कर दीजिए, {amount}",
        "{amount} UPI पर उलट दो",
        "यूपीआई ट्रांज़ैक्शन रिवर्स करवाना है",
        "UPI रिवर्सल कब होगा, {day} को डाला था",
        "{bank} ने चार्जबैक खोला है, आप मंज़ूर करें",
        "चार्जबैक {number} पर दुकान की मंज़ूरी बाकी है",
        "यूपीआई उल्टा भेज दीजिए, वही आईडी",
        "{app} में रिवर्सल पेंडिंग दिख रहा है",
        "रिवर्सल रिक्वेस्ट {number} स्वीकार करें",
        "{app} से किया UPI उलटवाना है",
        "UPI उलटने का बटन कहाँ है?",
        "रिवर्सल {count} दिन से अटका है",
        "दुकान ने UPI रिवर्सल क्यों ठुकराया?",
        "UPI रिवर्सल में कितने दिन लगते हैं?",
        "{bank} कह रहा है व्यापारी रिवर्सल को हाँ करे",
        "{amount} वाला UPI उल्टा कर दो",
        "यूपीआई विवाद {number} पर जवाब दीजिए",
        "UPI हेल्प में विवाद डाला है, आपका जवाब चाहिए",
        "{day} वाला UPI पलट दीजिए",
        "उल्टा यूपीआई चाहिए, {amount}",
        "{app} पर विवाद खुला है, व्यापारी का इंतज़ार है",
        "रिवर्सल आधा आया, सिर्फ़ {amount}",
        "रिवर्स UPI कैसे माँगूँ?",
        "चार्जबैक को मंज़ूरी दे दीजिए, {bank}",
        "पैकेट भेज दिया, अब UPI पलट दो",
        "UPI रिवर्सल {bank} में नहीं दिखा",
        "मेरा यूपीआई विवाद {count} दिन से खुला है",
        "व्यापारी ने UPI विवाद का जवाब नहीं दिया",
        "{app} वाला लेनदेन उलट दीजिए",
        "लेनदेन रिवर्स कर दो, ऑर्डर {number}",
        "UPI रिवर्सल की पुष्टि कहाँ करूँ?",
        "{day} तक UPI विवाद का जवाब देना है आपको",
        "चार्जबैक {count} दिन से लटका है",
        "वही यूपीआई आईडी पर {amount} पलटा दो",
    ),
}
OPENINGS: dict[str, tuple[str, ...]] = {
    "pt": ("", "", "", "oi, ", "bom dia, ", "gente, ", "olá! ", "boa tarde, ", "por favor, "),
    "hi": ("", "", "", "नमस्ते, ", "भाई, ", "सर, ", "कृपया ", "हेलो, ", "जी, "),
}
ENDINGS: dict[str, tuple[str, ...]] = {
    "pt": ("", "", "", " obrigada", " urgente", ", valeu", ", pedido {number}", ", aguardo", " pf"),
    "hi": ("", "", "", " धन्यवाद", " जल्दी", ", ऑर्डर {number}", " जी", " प्लीज़", ", इंतज़ार है"),
}
FILLERS: dict[str, dict[str, tuple[str, ...]]] = {
    "pt": {
        "amount": ("R$ 49,90", "R$ 89", "R$ 120", "R$ 35", "R$ 219,90", "R$ 74,50", "R$ 300", "R$ 158"),
        "bank": ("Nubank", "Itaú", "Inter", "Bradesco", "C6", "Caixa", "Santander", "PicPay"),
        "day": ("ontem", "segunda", "terça", "quarta", "quinta", "sexta", "sábado", "domingo"),
    },
    "hi": {
        "amount": ("₹499", "₹1,250", "₹799", "350 रुपये", "₹2,100", "899 रुपये", "₹150", "1,499 रुपये"),
        "bank": ("SBI", "HDFC", "ICICI", "PNB", "एक्सिस बैंक", "कोटक", "बैंक ऑफ़ बड़ौदा", "यूनियन बैंक"),
        "app": ("फोनपे", "गूगल पे", "पेटीएम", "भीम", "अमेज़न पे", "क्रेड"),
        "day": ("कल", "सोमवार", "मंगलवार", "बुधवार", "गुरुवार", "शुक्रवार", "शनिवार", "रविवार"),
    },
}
