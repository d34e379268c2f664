"""Values that tests look for: published examples of each kind, and others made from them."""

from __future__ import annotations

import random
from itertools import product

from dragoman.text.redaction.ids import RULES
from dragoman.text.redaction.rule import Rule

# Examples that the offices print which issue the numbers, and made ones; none is known to be a living person's.
IDS = {
    "ae_emirates_id": ("784198412345671",),
    "ar_cuit": ("20055361682", "20267565393"),
    "at_svnr": ("1237010180",),
    "be_national_number": ("85073003328",),
    "bg_egn": ("7523169263",),
    "br_cnpj": ("11222333000181", "12ABC34501DE35"),
    "br_cpf": ("39053344705", "11144477735"),
    "ca_sin": ("046454286",),
    "ch_ahv": ("7569217076985",),
    "cl_rut": ("125319092", "123456785"),
    "cn_resident_id": ("11010519491231002X", "440524188001010014"),
    "cz_sk_birth_number": ("7103192745",),
    "de_pension_number": ("15070649C103",),
    "de_tax_id": ("86095742719", "65929970489", "36574261809"),
    "dk_cpr": ("2110625629",),
    "ec_cedula": ("1710034065",),
    "ee_lt_personal_code": ("37605030299", "33309240064"),
    "eg_national_id": ("29001011234567",),
    "es_dni": ("12345678Z",),
    "es_nie": ("X1234567L",),
    "fi_hetu": ("131052A308T",),
    "fr_nir": ("255081416802538", "180126955222380"),
    "gb_nhs": ("9434765919",),
    "gb_nino": ("AB123456C",),
    "gr_afm": ("094259216",),
    "gr_amka": ("01013099997",),
    "hk_id": ("G123456A", "A1234563"),
    "hr_oib": ("33392005961", "69435151530"),
    "id_nik": ("3171011708450001",),
    "ie_pps": ("1234567T", "1234567FA", "6433435F"),
    "il_id": ("039337423",),
    "in_aadhaar": ("234123412346",),
    "in_pan": ("ABCPE1234F",),
    "ir_national_code": ("0499370899",),
    "is_kennitala": ("1201743399",),
    "it_codice_fiscale": ("RSSMRA85T10A562S",),
    "jmbg": ("0101006500006",),
    "jp_my_number": ("123456789018",),
    "kr_rrn": ("9710139019902",),
    "kz_iin": ("900101300017",),
    "lu_matricule": ("1893120105732",),
    "lv_personal_code": ("16117519997",),
    "mx_curp": ("BOXW310820HNERXN09",),
    "my_nric": ("770305021234",),
    "nl_bsn": ("111222333", "123456782"),
    "no_birth_number": ("15108695088",),
    "pk_cnic": ("3520212345671",),
    "pl_nip": ("1234563218",),
    "pl_pesel": ("44051401359",),
    "pt_nif": ("123456789",),
    "ro_cnp": ("1630615123457", "1800101221144"),
    "ru_inn": ("500100732259",),
    "ru_snils": ("11223344595",),
    "sa_id": ("1000000008",),
    "se_personnummer": ("8112189876", "6408233234", "198112189876"),
    "sg_nric": ("S1234567D", "T1234567J", "F1234567N", "G1234567X"),
    "th_national_id": ("1234545678781",),
    "tr_kimlik": ("10000000146",),
    "tw_national_id": ("A123456789",),
    "ua_rnokpp": ("1759013776",),
    "us_ssn": ("536904399", "900701234"),
    "vn_cccd": ("001097012345",),
    "za_id": ("8001015009087",),
}
LAST_SIGN_DECIDES = sorted(
    IDS.keys()
    - {"ae_emirates_id", "dk_cpr", "eg_national_id", "gb_nino", "id_nik", "in_pan"}
    - {"my_nric", "pk_cnic", "us_ssn", "vn_cccd", "is_kennitala"}
)
FORMATTED = {
    "ar_cuit": "20-05536168-2",
    "at_svnr": "1237 010180",
    "be_national_number": "85.07.30-033.28",
    "br_cnpj": "11.222.333/0001-81",
    "br_cpf": "390.533.447-05",
    "ca_sin": "046-454-286",
    "ch_ahv": "756.9217.0769.85",
    "cl_rut": "12.531.909-2",
    "cz_sk_birth_number": "710319/2745",
    "dk_cpr": "211062-5629",
    "es_dni": "12.345.678-Z",
    "es_nie": "X-1234567-L",
    "fi_hetu": "131052-308T",
    "fr_nir": "1 80 12 69 552 223 80",
    "gb_nino": "AB-12-34-56-C",
    "hk_id": "A123456(3)",
    "in_aadhaar": "2341 2341 2346",
    "is_kennitala": "120174-3399",
    "it_codice_fiscale": "RSSMRA-85T10-A562S",
    "kr_rrn": "971013-9019902",
    "lv_personal_code": "161175-19997",
    "my_nric": "770305-02-1234",
    "nl_bsn": "1234.56.782",
    "no_birth_number": "151086 95088",
    "pk_cnic": "35202-1234567-1",
    "pl_nip": "123-456-32-18",
    "ru_snils": "112-233-445 95",
    "se_personnummer": "811218-9876",
    "th_national_id": "1-2345-45678-78-1",
    "us_ssn": "536-90-4399",
    "za_id": "800101 5009 087",
}
IBANS = (
    "DE89 3704 0044 0532 0130 00",
    "GB29 NWBK 6016 1331 9268 19",
    "FR14 2004 1010 0505 0001 3M02 606",
    "NL91ABNA0417164300",
    "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
    "no93 8601 1117 947",
    "SA03-8000-0000-6080-1016-7519",
)
CARDS = (
    "4111 1111 1111 1111",
    "5555-5555-5555-4444",
    "378282246310005",
    "3782 822463 10005",
    "6011000990139424",
    "3530111333300000",
    "30569309025904",
    "6250941006528599",
    "2200 0000 0000 0053",
)
# One place for a value and the word that names it, in several scripts, with and without spaces around it.
FRAMES = (
    "Hello, my {word} is {value}, thanks.",
    "({word}: {value})",
    "Мой {word} {value}. Жду ответа!",
    "رقمي {word} هو {value}، شكرا",
    "我的{word}是{value}，谢谢。",
    "私の{word}は「{value}」です。",
    "ของฉัน{word}คือ{value}ครับ",
    "मेरा {word} {value} है।",
    "제 {word}는 {value}입니다.",
    "\u200f{word}\u200e {value}\u200f\n",
)
ZEROS = "0\u0660\u06f0\u0966\u09e6\u0e50\uff10\U0001d7d8"  # of ASCII, Arabic, Persian, Devanagari, Bengali, Thai, …


def rule_for(kind: str, value: str) -> Rule:
    """The first rule of a kind that takes a value."""
    return next(rule for rule in RULES if rule.kind == kind and rule.accepts(value))


def variant(kind: str, value: str, seed: int) -> str | None:
    """Another valid value: one digit changed, and the last two signs made to fit."""
    rule, chance = rule_for(kind, value), random.Random(seed)
    place = chance.choice([place for place, sign in enumerate(value[:-2]) if sign.isdigit()])
    changed = value[:place] + str(chance.randrange(10)) + value[place + 1 : -2]
    last = ["0123456789" if sign.isdigit() else "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" for sign in value[-2:]]
    last[1] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    fitting = (changed + "".join(signs) for signs in product(*last))
    return next(filter(rule.accepts, fitting), None)


def in_digits(value: str, zero: str) -> str:
    """The value in the digits of another script."""
    return "".join(chr(ord(zero) + int(sign)) if sign in "0123456789" else sign for sign in value)
