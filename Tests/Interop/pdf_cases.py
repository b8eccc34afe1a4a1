"""PAdES: made by pyHanko, judged by pyHanko and by poppler's pdfsig."""

import asyncio
import io

from asn1crypto import crl as asn1_crl
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from case import Case, attempt, run
from cms_cases import DIGESTS, KEYS, key_info, loaded


FORM = (
    b" /AcroForm << /Fields [6 0 R 7 0 R] /DR << /Font << /F1 5 0 R >> >> /DA (/F1 12 Tf 0 g) >>",
    b" /Annots [6 0 R 7 0 R]",
    [
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (So) /Rect [72 600 172 620] /F 4 /P 3 0 R >>",
        b"<< /Type /Annot /Subtype /Widget /FT /Btn /T (Khan) /Rect [72 560 92 580] /F 4 /P 3 0 R /AS /Off"
        b" /AP << /N << /Yes 8 0 R /Off 8 0 R >> >> >>",
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 20 20] /Length 3 >>\nstream\nq Q\nendstream",
    ],
)
TAGGED = (
    b" /MarkInfo << /Marked true >> /StructTreeRoot 6 0 R",
    b" /StructParents 0",
    [
        b"<< /Type /StructTreeRoot /K [7 0 R] /ParentTree 8 0 R /ParentTreeNextKey 1 >>",
        b"<< /Type /StructElem /S /Document /P 6 0 R /K [9 0 R] >>",
        b"<< /Nums [0 [9 0 R]] >>",
        b"<< /Type /StructElem /S /P /P 7 0 R /Pg 3 0 R /K 0 >>",
    ],
)


def document(catalog=b"", page=b"", more=()):
    """One page with one line of text."""
    text = b"BT /F1 12 Tf 72 700 Td (Cong van 123) Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R%s >>" % catalog,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >>%s >>" % page,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        *more,
    ]
    made, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    made += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return made + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


class Maker:
    def __init__(self, authority):
        self.authority = authority
        self.lists = [asn1_crl.CertificateList.load(authority.list_der(name)) for name in ("root", "agencies")]
        self.chain = SimpleCertificateStore()
        self.chain.register(loaded(authority.agencies))

    def context(self):
        return ValidationContext(
            trust_roots=[loaded(self.authority.root)], other_certs=[loaded(self.authority.agencies)], crls=self.lists,
            allow_fetching=False, revocation_mode="require",
        )

    def sign(
        self, pdf, identity, digest="sha256", level="B", field="Leader", tsa=None, before=None, **metadata
    ):
        """`before` changes the revision that the signature is in."""
        stamper = None
        if level != "B":
            tsa = tsa or self.authority.tsa
            stamper = DummyTimeStamper(loaded(tsa), key_info(tsa), certs_to_embed=self.chain)
        if level in ("LT", "LTA"):
            metadata |= {"embed_validation_info": True, "validation_context": self.context()}
            metadata["use_pades_lta"] = level == "LTA"
        wanted = signers.PdfSignatureMetadata(
            field_name=field, md_algorithm=digest, subfilter=fields.SigSeedSubFilter.PADES, **metadata
        )
        signer = signers.SimpleSigner(
            signing_cert=loaded(identity), signing_key=key_info(identity), cert_registry=self.chain
        )
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        if before:
            fields.append_signature_field(writer, fields.SigFieldSpec(field))
            before(writer)
        made = signers.async_sign_pdf(writer, wanted, signer=signer, timestamper=stamper)
        return asyncio.run(made).getvalue()


def revised(pdf, change):
    """One more revision, with what `change` does in it."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    change(writer)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def another_text(writer):
    page = writer.root["/Pages"]["/Kids"][0]
    stream = generic.StreamObject(stream_data=b"BT /F1 12 Tf 72 700 Td (Cong van 999) Tj ET")
    page["/Contents"] = writer.add_object(stream)
    writer.update_container(page)


def annotation(writer):
    page = writer.root["/Pages"]["/Kids"][0]
    note = generic.DictionaryObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/Annot"),
            generic.pdf_name("/Subtype"): generic.pdf_name("/FreeText"),
            generic.pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 595, 842))),
            generic.pdf_name("/Contents"): generic.pdf_string("evil"),
        }
    )
    page["/Annots"].append(writer.add_object(note))
    writer.update_container(page["/Annots"])


def empty_field(writer):
    """Nobody signs for what it shows: a field without a signature, laid over the page beside a security store."""
    place = fields.SigFieldSpec("Evil", box=(0, 0, 595, 842), empty_field_appearance=True)
    fields.append_signature_field(writer, place)
    store(writer)


def scripts(writer):
    """Run by viewers when they open the file, beside a security store."""
    name = generic.pdf_name
    script = {name("/S"): name("/JavaScript"), name("/JS"): generic.pdf_string("app.alert(1)")}
    writer.root[name("/OpenAction")] = generic.DictionaryObject(script)
    store(writer)


def store(writer):
    writer.root[generic.pdf_name("/DSS")] = generic.DictionaryObject()
    writer.update_root()


def stray_object(pdf):
    """A later revision with an object for readers that search for objects, and the same for all others."""
    made = revised(pdf, store)
    stray = b"\n4 0 obj\n<< /Length 0 >>\nstream\n\nendstream\nendobj\n"
    place = made.rindex(b"startxref\n") + len(b"startxref\n")
    table = int(made[place : made.index(b"\n", place)])
    # Behind the old end; the numbers of the new table move along.
    lines = made[table:place].split(b"\n")
    for number, line in enumerate(lines):
        if line.rstrip().endswith(b" n"):
            lines[number] = b"%010d" % (int(line[:10]) + len(stray)) + line[10:]
    end = b"%d\n%%%%EOF\n" % (table + len(stray))
    return made[: len(pdf)] + stray + made[len(pdf) : table] + b"\n".join(lines) + end


def field(writer, number):
    return writer.root["/AcroForm"]["/Fields"][number]


def filled(writer):
    text, box = field(writer, 0), field(writer, 1)
    text[generic.pdf_name("/V")] = generic.pdf_string("482")
    box[generic.pdf_name("/V")] = box[generic.pdf_name("/AS")] = generic.pdf_name("/Yes")
    for changed in (text, box):
        writer.update_container(changed)


def moved(writer):
    text = field(writer, 0)
    text[generic.pdf_name("/Rect")] = generic.ArrayObject(map(generic.NumberObject, (0, 0, 595, 842)))
    writer.update_container(text)


def tagged_field(writer):
    """The structure tree says of the last field's widget that it is one, as Acrobat writes it."""
    name = generic.pdf_name
    root = writer.root["/StructTreeRoot"]
    parent = root["/K"][0]
    reference = writer.root["/AcroForm"]["/Fields"].raw_get(-1)
    kid = generic.DictionaryObject({name("/Type"): name("/OBJR"), name("/Obj"): reference})
    element = {name("/Type"): name("/StructElem"), name("/S"): name("/Form"), name("/K"): kid}
    element[name("/P")] = root["/K"].raw_get(0)
    made = writer.add_object(generic.DictionaryObject(element))
    parent["/K"].append(made)
    root["/ParentTree"]["/Nums"].extend([generic.NumberObject(1), made])
    root[name("/ParentTreeNextKey")] = generic.NumberObject(2)
    for changed in (parent, root, root["/ParentTree"]):
        writer.update_container(changed)


TAMPERINGS = {
    "text": lambda pdf: pdf.replace(b"Cong van 123", b"Cong van 124"),
    "appended": lambda pdf: pdf + b"%\n",
    "cut": lambda pdf: pdf[:-8],
    "value": lambda pdf: flip(pdf, last_digit(pdf) - 20),
    "gap-wider": lambda pdf: pdf.replace(b"/ByteRange [0 ", b"/ByteRange [1 "),
    "text-revision": lambda pdf: revised(pdf, another_text),
    "field-revision": lambda pdf: revised(pdf, empty_field),
    "script-revision": lambda pdf: revised(pdf, scripts),
    "stray-object": stray_object,
    "annotation-revision": lambda pdf: revised(pdf, annotation),
}


def last_digit(pdf):
    """Of the signature's value, which ends the CMS where there is no timestamp."""
    end = pdf.index(b">", pdf.index(b"/Contents <"))
    return len(pdf[:end].rstrip(b"0")) - 1


def flip(pdf, place):
    digit = b"%x" % (int(pdf[place : place + 1], 16) ^ 1)
    return pdf[:place] + digit + pdf[place + 1 :]


def cases(authority, folder):
    maker = Maker(authority)

    def pyhanko(case):
        def check():
            reader = PdfFileReader(io.BytesIO(case.file.read_bytes()))
            return reader.embedded_regular_signatures and all(
                asyncio.run(
                    async_validate_pdf_signature(
                        one, signer_validation_context=maker.context(), ts_validation_context=maker.context()
                    )
                ).bottom_line
                for one in reader.embedded_regular_signatures
            )

        return attempt(check)

    def pdfsig(case):
        status, output = run(["pdfsig", "-nocert", case.file])
        verdicts = [line for line in output.splitlines() if b"Signature Validation:" in line]
        return status == 0 and bool(verdicts) and all(b"Signature is Valid" in line for line in verdicts)

    judges = (("pyhanko", pyhanko), ("pdfsig", pdfsig))

    def case(group, name, pdf, good, format=None):
        file = folder / f"{group}-{name}.pdf"
        file.write_bytes(pdf)
        return Case(group, name, file, good, format=format, judges=judges)

    plain = document()
    signer, other = authority.signers["p256"], authority.signers["rsa2048"]
    for key in KEYS:
        for digest in DIGESTS:
            made = maker.sign(plain, authority.signers[key], digest)
            yield case("pades-b", f"{key}-{digest}", made, True, "PAdES-B")
    for level in ("T", "LT", "LTA"):
        for key in ("rsa2048", "p256", "p384"):
            made = maker.sign(plain, authority.signers[key], level=level)
            yield case(f"pades-{level.lower()}", key, made, True, f"PAdES-{level}")
    honest = maker.sign(plain, signer)
    yield case("pades-two", "leader-and-seal", maker.sign(honest, other, field="Seal"), True)
    certified = maker.sign(plain, signer, certify=True, docmdp_permissions=fields.MDPPerm.FILL_FORMS)
    yield case("pades-two", "certified-and-seal", maker.sign(certified, other, field="Seal"), True)
    grouped = maker.sign(plain, signer, field="Trang1.Leader")
    yield case("pdf-form", "group-and-seal", maker.sign(grouped, other, field="Trang1.Seal"), True)
    form = maker.sign(document(*FORM), signer, certify=True, docmdp_permissions=fields.MDPPerm.FILL_FORMS)
    yield case("pdf-form", "filled", revised(form, filled), True)
    yield case("pdf-form", "filled-and-seal", maker.sign(revised(form, filled), other, field="Seal"), True)
    yield case("pdf-form", "moved", revised(form, moved), False)
    shut = maker.sign(document(*FORM), signer, certify=True, docmdp_permissions=fields.MDPPerm.NO_CHANGES)
    yield case("pdf-form", "filled-forbidden", revised(shut, filled), False)
    approved = maker.sign(document(*FORM), signer)
    yield case("pdf-form", "filled-uncertified", revised(approved, filled), False)
    tagged = maker.sign(document(*TAGGED), signer)
    yield case("pdf-form", "tagged-and-seal", maker.sign(tagged, other, field="Seal", before=tagged_field), True)
    for name, change in TAMPERINGS.items():
        made = change(honest)
        if made == honest:
            raise RuntimeError(f"{name} changes nothing")
        yield case("pdf-tampered", name, made, False)
    for identity in (authority.revoked, authority.expired, authority.stranger, authority.server):
        yield case("pdf-signer", identity.name, maker.sign(plain, identity), False)
    for name, tsa in (("wrong-usage", authority.false_tsa), ("stranger", authority.stranger_tsa)):
        yield case("pdf-timestamp", name, maker.sign(plain, signer, level="T", tsa=tsa), False)
