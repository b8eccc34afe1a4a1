"""XML-DSig and XAdES in letters: made by signxml, judged by signxml and xmlsec1."""

import base64

from lxml import etree
from signxml import CanonicalizationMethod, DigestAlgorithm, SignatureConfiguration, SignatureMethod
from signxml import XMLSigner, XMLVerifier
from signxml.xades import XAdESSigner

from case import Case, attempt, must, run

NAMESPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
PLACE = f'<ds:Signature xmlns:ds="{DSIG}" Id="placeholder"/>'.encode()
LETTER = f"""<edXML xmlns="{NAMESPACE}"><e:edXMLEnvelope xmlns:e="{NAMESPACE}" xmlns:unused="urn:unused">
<e:edXMLHeader><e:MessageHeader xml:lang="vi"><e:Subject b="2" a="1">V/v phối hợp &amp; rà soát&#13; mã</e:Subject>
</e:MessageHeader><!-- here -->{PLACE.decode()}</e:edXMLHeader><e:edXMLBody/>
</e:edXMLEnvelope><AttachmentEncoded><Attachment>JVBERi0xLjcK</Attachment></AttachmentEncoded></edXML>""".encode()

# Inclusive canonicalisation of SignedInfo takes the attribute of its ancestor along.
INHERITED = LETTER.replace(b"<e:edXMLHeader>", b'<e:edXMLHeader xml:lang="vi">')

METHODS = {
    "RSA_SHA256": "rsa2048",
    "RSA_SHA384": "rsa2048",
    "RSA_SHA512": "rsa3072",
    "SHA256_RSA_MGF1": "rsa2048",
    "SHA384_RSA_MGF1": "rsa3072",
    "SHA512_RSA_MGF1": "rsa3072",
    "ECDSA_SHA256": "p256",
    "ECDSA_SHA384": "p384",
    "ECDSA_SHA512": "p521",
}
FORMS = {
    "c14n10": CanonicalizationMethod.CANONICAL_XML_1_0,
    "c14n11": CanonicalizationMethod.CANONICAL_XML_1_1,
    "exclusive": CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
}
DIGESTS = ("SHA256", "SHA384", "SHA512")


# xmlsec1 1.2 has no RSASSA-PSS.
URIS = {name: SignatureMethod[name].value for name in METHODS if "MGF1" not in name}


def serialized(tree):
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(tree, encoding="UTF-8")


def sign(identity, method, form, digest, kind=XMLSigner, letter=LETTER):
    signer = kind(
        signature_algorithm=SignatureMethod[method], digest_algorithm=DigestAlgorithm[digest], c14n_algorithm=form
    )
    tree = etree.fromstring(letter)
    return serialized(
        signer.sign(tree, key=identity.key, cert=[identity.certificate], always_add_key_value=False)
    )


def sign_by_xmlsec1(identity, method, form, digest, folder, letter=LETTER):
    template = f"""<ds:Signature xmlns:ds="{DSIG}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{form.value}"/>
<ds:SignatureMethod Algorithm="{URIS[method]}"/><ds:Reference URI=""><ds:Transforms>
<ds:Transform Algorithm="{DSIG}enveloped-signature"/><ds:Transform Algorithm="{form.value}"/></ds:Transforms>
<ds:DigestMethod Algorithm="{DigestAlgorithm[digest].value}"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>
<ds:SignatureValue/><ds:KeyInfo><ds:X509Data><ds:X509SubjectName/><ds:X509Certificate/>
</ds:X509Data></ds:KeyInfo></ds:Signature>""".encode()
    source, target = folder / "template.xml", folder / "signed.xml"
    source.write_bytes(letter.replace(PLACE, template))
    keys = f"{identity.key_path},{identity.certificate_path}"
    must(["xmlsec1", "--sign", "--privkey-pem", keys, "--output", target, source])
    return target.read_bytes()


class ProfileXAdESSigner(XAdESSigner):
    """signxml refers to KeyInfo as well, and says nowhere how it canonicalised what it refers to."""

    def _add_reference_to_signed_info(self, sig_root, node_to_reference, **attributes):
        if node_to_reference.tag == f"{{{DSIG}}}KeyInfo":
            return
        super()._add_reference_to_signed_info(sig_root, node_to_reference, **attributes)
        reference = sig_root.find(f"{{{DSIG}}}SignedInfo")[-1]
        transforms = etree.Element(f"{{{DSIG}}}Transforms")
        etree.SubElement(transforms, f"{{{DSIG}}}Transform", Algorithm=self.c14n_alg.value)
        reference.insert(0, transforms)


TAMPERINGS = {
    "text": lambda xml: xml.replace("rà soát".encode(), "rà soat".encode()),
    "attribute": lambda xml: xml.replace(b'a="1"', b'a="3"'),
    "attachment": lambda xml: xml.replace(b"JVBERi0xLjcK", b"JVBERi0xLjcL"),
    "instruction": lambda xml: xml.replace(b"<e:edXMLBody", b"<?evil?><e:edXMLBody"),
    "inserted": lambda xml: xml.replace(b"</edXML>", b"<evil/></edXML>"),
    "language": lambda xml: xml.replace(b'xml:lang="vi"', b'xml:lang="en"'),
    "value": lambda xml: change_text(xml, "SignatureValue"),
    "digest": lambda xml: change_text(xml, "DigestValue"),
    "method": lambda xml: xml.replace(b"sha256", b"sha512", 1),
    "transform": lambda xml: xml.replace(b"#enveloped-signature", b"#base64", 1),
}
# What canonicalisation takes for the same letter.
EQUIVALENTS = {
    "comment": lambda xml: xml.replace(b"<e:edXMLBody", b"<!-- x --><e:edXMLBody"),
    "reference": lambda xml: xml.replace("rà soát".encode(), "r&#xE0; so&#225;t".encode()),
    "cdata": lambda xml: xml.replace("rà soát".encode(), "<![CDATA[rà soát]]>".encode()),
    "tag-space": lambda xml: xml.replace(b"<e:edXMLBody", b"<e:edXMLBody  "),
    "attribute-order": lambda xml: xml.replace(b'b="2" a="1"', b"a='1'   b='2'"),
    "line-ends": lambda xml: xml.replace(b"</e:MessageHeader>", b"\r\n</e:MessageHeader>").replace(b"\n\r\n", b"\r\n"),
}


def change_text(xml, name):
    """Flips a bit in the decoded text of the first element of that name."""
    start = xml.index(b">", xml.index(b":" + name.encode())) + 1
    end = xml.index(b"<", start)
    raw = bytearray(base64.b64decode(xml[start:end]))
    raw[len(raw) // 2] ^= 1
    return xml[:start] + base64.b64encode(bytes(raw)) + xml[end:]


def cases(authority, folder):
    def xmlsec1(case):
        words = ["xmlsec1", "--verify", "--enabled-key-data", "x509"]
        words += ["--trusted-pem", authority.root.certificate_path]
        words += ["--untrusted-pem", authority.agencies.certificate_path, case.file]
        return run(words)[0] == 0

    def signxml(case):
        def check():
            verifier = XMLVerifier()
            chain = str(authority.folder / "chain.pem")
            wanted = SignatureConfiguration(expect_references=2 if case.group.startswith("xades") else 1)
            return verifier.verify(case.file.read_bytes(), ca_pem_file=chain, expect_config=wanted)

        return attempt(check)

    def case(group, name, xml, good, judges=(("xmlsec1", xmlsec1), ("signxml", signxml))):
        file = folder / f"{group}-{name}.edxml"
        file.write_bytes(xml)
        return Case(group, name, file, good, judges=judges)

    signers, exclusive = authority.signers, FORMS["exclusive"]
    for method, key in METHODS.items():
        for form_name, form in FORMS.items():
            for digest in DIGESTS:
                name = f"{method}-{form_name}-{digest}"
                yield case("signxml", name, sign(signers[key], method, form, digest), True)
                if method in URIS:
                    yield case("xmlsec1", name, sign_by_xmlsec1(signers[key], method, form, digest, folder), True)
    for form_name, form in FORMS.items():
        honest = sign(signers["p256"], "ECDSA_SHA256", form, "SHA256")
        yield from changed(case, "xml-tampered", form_name, honest, TAMPERINGS, False)
        yield from changed(case, "xml-equivalent", form_name, honest, EQUIVALENTS, True)
        made = sign_by_xmlsec1(signers["p256"], "ECDSA_SHA256", form, "SHA256", folder, letter=INHERITED)
        yield case("xml-inherited", f"{form_name}-xmlsec1", made, True)
    made = sign(signers["p256"], "ECDSA_SHA256", exclusive, "SHA256", letter=INHERITED)
    yield case("xml-inherited", "exclusive-signxml", made, True)
    for identity in (authority.revoked, authority.expired, authority.stranger, authority.server):
        yield case("xml-signer", identity.name, sign(identity, "ECDSA_SHA256", exclusive, "SHA256"), False)
    yield case("xml-signer", "rsa1024", sign(signers["rsa1024"], "RSA_SHA256", exclusive, "SHA256"), False)
    for method, key in METHODS.items():
        for digest in DIGESTS:
            made = sign(signers[key], method, exclusive, digest, kind=ProfileXAdESSigner)
            yield case("xades", f"{method}-{digest}", made, True)
    honest = sign(signers["p256"], "ECDSA_SHA256", exclusive, "SHA256", kind=ProfileXAdESSigner)
    wanted = {name: TAMPERINGS[name] for name in ("text", "value", "digest", "instruction")}
    yield from changed(case, "xades-tampered", "exclusive", honest, wanted | {"time": change_time}, False)


def changed(case, group, prefix, honest, changes, good):
    for name, change in changes.items():
        made = change(honest)
        if made == honest:
            raise RuntimeError(f"{name} changes nothing")
        yield case(group, f"{prefix}-{name}", made, good)


def change_time(xml):
    start = xml.index(b">", xml.index(b"SigningTime")) + 1
    return xml[:start] + b"2001" + xml[start + 4:]
