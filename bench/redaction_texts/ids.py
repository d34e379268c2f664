"""National ids as people write them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice

from bench.redaction_texts.chance import Chance
from bench.redaction_texts.ids_europe import EUROPE
from bench.redaction_texts.ids_world import WORLD

__all__ = ["MAKERS", "NO_CHECK_DIGIT", "SPELLINGS", "grouped", "made_id"]

MAKERS = {**EUROPE, **WORLD}

# The lengths of groups with what stands between them; the first spelling is the commonest, and written half of the time.
SPELLINGS: Mapping[str, Sequence[str]] = {
    kind: [spelling.strip() for spelling in row.split("|")]
    for line in """
        ae_emirates_id: 3-4-7-1 | 15
        ar_cuit: 2-8-1 | 11 | 2 8 1
        at_svnr: 4 6 | 10
        be_national_number: 2.2.2-3.2 | 11 | 2 2 2 3 2
        bg_egn: 10
        br_cnpj: 2.3.3/4-2 | 14
        br_cpf: 3.3.3-2 | 11 | 3 3 3 2
        ca_sin: 3 3 3 | 3-3-3 | 9
        ch_ahv: 3.4.4.2 | 13
        cl_rut: 2.3.3-1 | 8-1 | 9
        cn_resident_id: 18 | 6 8 4
        cz_sk_birth_number: 6/4 | 10 | 6 4
        de_pension_number: 2 6 1 3 | 12
        de_tax_id: 2 3 3 3 | 11
        dk_cpr: 6-4 | 10
        ec_cedula: 10 | 9-1
        ee_lt_personal_code: 11
        eg_national_id: 14
        es_dni: 9 | 8-1 | 8 1 | 2.3.3-1
        es_nie: 9 | 1-7-1
        fi_hetu: 6-4
        fr_nir: 1 2 2 2 3 3 2 | 15 | 13 2
        gb_nhs: 3 3 4 | 10 | 3-3-4
        gb_nino: 2 2 2 2 1 | 9
        gr_afm: 9
        gr_amka: 11
        hk_id: 7(1) | 8
        hr_oib: 11
        id_nik: 16 | 4 4 4 4
        ie_pps: 0
        il_id: 9 | 8-1
        in_aadhaar: 4 4 4 | 12 | 4-4-4
        in_pan: 10
        ir_national_code: 10 | 3-6-1
        is_kennitala: 6-4 | 10
        it_codice_fiscale: 16 | 3 3 5 5
        jmbg: 13
        jp_my_number: 4 4 4 | 12 | 4-4-4
        kr_rrn: 6-7 | 13
        kz_iin: 12
        lu_matricule: 13
        lv_personal_code: 6-5 | 11
        mx_curp: 18
        my_nric: 6-2-4 | 12
        nl_bsn: 9 | 4.2.3 | 3 3 3
        no_birth_number: 6 5 | 11
        pk_cnic: 5-7-1 | 13
        pl_nip: 3-3-2-2 | 10 | 3-2-2-3
        pl_pesel: 11
        pt_nif: 9 | 3 3 3
        ro_cnp: 13
        ru_inn: 12
        ru_snils: 3-3-3 2 | 11
        sa_id: 10
        se_personnummer: 6-4 | 10
        sg_nric: 9
        th_national_id: 1-4-5-2-1 | 13 | 1 4 5 2 1
        tr_kimlik: 11
        tw_national_id: 10
        ua_rnokpp: 10
        us_ssn: 3-2-4 | 9 | 3 2 4
        vn_cccd: 12
        za_id: 13 | 6 4 3
    """.strip().splitlines()
    for kind, row in [line.strip().split(": ")]
}
NO_CHECK_DIGIT = {
    *("ae_emirates_id", "dk_cpr", "eg_national_id", "gb_nino", "id_nik", "in_pan", "is_kennitala", "kr_rrn"),
    *("my_nric", "pk_cnic", "us_ssn", "vn_cccd"),
}


def made_id(chance: Chance, kind: str) -> str:
    """A valid id in one of its spellings."""
    value = MAKERS[kind](chance)
    spellings = SPELLINGS[kind]
    spelling = spellings[0] if chance.likely(0.5) else chance.choice(spellings)
    written = grouped(value, spelling)
    return written.lower() if chance.likely(0.05) else written


def grouped(value: str, spelling: str) -> str:
    """The value in groups as long as the spelling's numbers say; as it is if it has signs of its own, or for `0`."""
    if spelling == "0" or not value.isalnum():
        return value
    signs = iter(value)
    return re.sub(r"[0-9]+", lambda length: "".join(islice(signs, int(length[0]))), spelling)
