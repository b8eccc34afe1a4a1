"""Detached CMS and CAdES: made by openssl and pyHanko, judged by openssl, pyHanko's own check and by us."""

import asyncio

from asn1crypto import cms, keys, ocsp, x509
from asn1crypto import crl as asn1_crl
from cryptography.hazmat.primitives import serialization
from pyhanko.sign import signers
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.ades.api import CAdESSignedAttrSpec
from pyhanko.sign.validation.generic_cms import async_validate_detached_cms
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from case import Case, attempt, must, run
from pki import NOW

CONTENT = "Nội dung được ký\r\n".encode() + bytes(range(256))
KEYS = ("rsa2048", "rsa3072", "p256", "p384", "p521")
DIGESTS = ("sha256", "sha384", "sha512")


def openssl(identity, authority, digest, *options):
    words = ["openssl", "cms", "-sign", "-binary", "-outform", "DER", "-in", authority.folder / "content.bin"]
    words += ["-signer", identity.certificate_path, "-inkey", identity.key_path, "-md", digest]
    return must(words + ["-certfile", authority.agencies.certificate_path, *options])


def pyhanko(identity, authority, digest, prefer_pss=False, tsa=None, content=CONTENT):
    registry = SimpleCertificateStore()
    registry.register(loaded(authority.agencies))
    signer = signers.SimpleSigner(
        signing_cert=loaded(identity), signing_key=key_info(identity), cert_registry=registry, prefer_pss=prefer_pss
    )
    attributes = PdfCMSSignedAttributes(signing_time=NOW, cades_signed_attrs=CAdESSignedAttrSpec())
    stamper = DummyTimeStamper(loaded(tsa), key_info(tsa), certs_to_embed=registry) if tsa else None
    made = signer.async_sign_general_data(
        content, digest_algorithm=digest, signed_attr_settings=attributes, timestamper=stamper
    )
    return asyncio.run(made).dump()


def loaded(identity):
    return x509.Certificate.load(identity.certificate.public_bytes(serialization.Encoding.DER))


def key_info(identity):
    der = identity.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return keys.PrivateKeyInfo.load(der)


def changed(der, change):
    """The message with its SignerInfo changed by `change`."""
    info = cms.ContentInfo.load(der)
    change(info["content"])
    return info.dump(force=True)


def flip(field):
    def change(data):
        value = bytearray(data["signer_infos"][0][field].native)
        value[-1] ^= 1
        data["signer_infos"][0][field] = bytes(value)

    return change


def drop_attribute(name):
    def change(data):
        signer = data["signer_infos"][0]
        signer["signed_attrs"] = cms.CMSAttributes([a for a in signer["signed_attrs"] if a["type"].native != name])

    return change


def with_timestamp_of(other):
    stamp = cms.ContentInfo.load(other)["content"]["signer_infos"][0]["unsigned_attrs"]

    def change(data):
        data["signer_infos"][0]["unsigned_attrs"] = stamp

    return change


def twice(data):
    data["signer_infos"].append(data["signer_infos"][0].copy())


def without_certificates(data):
    data["certificates"] = []


TAMPERINGS = {
    "signature": flip("signature"),
    "no-messageDigest": drop_attribute("message_digest"),
    "no-contentType": drop_attribute("content_type"),
    "no-certificate-reference": drop_attribute("signing_certificate_v2"),
    "two-signers": twice,
    "no-certificates": without_certificates,
}


def cases(authority, folder):
    content = authority.folder / "content.bin"
    content.write_bytes(CONTENT)
    other = authority.folder / "other.bin"
    other.write_bytes(CONTENT + b"x")

    anchors = authority.folder / "anchors.pem"
    anchors.write_bytes(authority.root.pem + (authority.folder / "crls.pem").read_bytes())

    def openssl_judge(case):
        words = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", case.signature]
        words += ["-content", case.file, "-CAfile", anchors, "-purpose", "any"]
        words += ["-certfile", authority.agencies.certificate_path, "-auth_level", "2", "-x509_strict"]
        words += ["-crl_check_all", "-out", "/dev/null"]
        return run(words + (["-cades"] if "plain" not in case.name else []))[0] == 0

    def pyhanko_judge(case):
        def check():
            data = cms.ContentInfo.load(case.signature.read_bytes())["content"]
            context = ValidationContext(
                trust_roots=[loaded(authority.root)], other_certs=[loaded(authority.agencies)], crls=lists,
                allow_fetching=False, revocation_mode="require",
            )
            status = asyncio.run(
                async_validate_detached_cms(
                    case.file.read_bytes(), data, signer_validation_context=context, ts_validation_context=context
                )
            )
            return status.bottom_line

        return attempt(check)

    lists = [asn1_crl.CertificateList.load(authority.list_der(name)) for name in ("root", "agencies")]
    both = (("openssl", openssl_judge), ("pyhanko", pyhanko_judge))

    def case(group, name, der, good, file=content, judges=both, format=None, revocation=()):
        path = folder / f"{group}-{name}.p7s"
        path.write_bytes(der)
        return Case(group, name, file, good, path, format, revocation, judges)

    for key in KEYS:
        identity = authority.signers[key]
        for digest in DIGESTS:
            yield case("openssl-cades", f"{key}-{digest}", openssl(identity, authority, digest, "-cades"), True)
            yield case("pyhanko-cades", f"{key}-{digest}", pyhanko(identity, authority, digest), True)
            if key.startswith("rsa"):
                pss = openssl(identity, authority, digest, "-cades", "-keyopt", "rsa_padding_mode:pss")
                yield case("openssl-cades", f"{key}-pss-{digest}", pss, True)
                made = pyhanko(identity, authority, digest, prefer_pss=True)
                yield case("pyhanko-cades", f"{key}-pss-{digest}", made, True)
        yield case("cms-keyid", f"{key}", openssl(identity, authority, "sha256", "-cades", "-keyid"), True)
    signer = authority.signers["p256"]
    honest = openssl(signer, authority, "sha256", "-cades")
    yield case("cms-tampered", "content", honest, False, file=other)
    for name, change in TAMPERINGS.items():
        yield case("cms-tampered", name, changed(honest, change), False)
    yield case("cms-tampered", "trailing", honest + b"\0", False)
    yield case("cms-tampered", "no-attributes-plain", openssl(signer, authority, "sha256", "-noattr"), False)
    yield case("cms-tampered", "no-ess-plain", openssl(signer, authority, "sha256"), False)
    yield case("cms-tampered", "embedded", openssl(signer, authority, "sha256", "-cades", "-nodetach"), False)
    yield case("cms-tampered", "sha1", openssl(signer, authority, "sha1", "-cades"), False)
    yield case("cms-tampered", "streamed", openssl(signer, authority, "sha256", "-cades", "-stream", "-indef"), False)
    for name in ("revoked", "expired", "stranger", "server"):
        der = openssl(getattr(authority, name), authority, "sha256", "-cades")
        yield case("cms-signer", name, der, False)
    yield case("cms-signer", "rsa1024", openssl(authority.signers["rsa1024"], authority, "sha256", "-cades"), False)
    yield from timestamped(case, authority, both[1:])
    yield from answered(case, authority, folder)


def timestamped(case, authority, judges):
    """CAdES-T; openssl does not look at the timestamp."""
    signer = authority.signers["p256"]
    for key in KEYS:
        for digest in DIGESTS:
            der = pyhanko(authority.signers[key], authority, digest, tsa=authority.tsa)
            yield case("cades-t", f"{key}-{digest}", der, True, judges=judges, format="CAdES-T")
    honest = pyhanko(signer, authority, "sha256", tsa=authority.tsa)
    other = pyhanko(signer, authority, "sha256", tsa=authority.tsa, content=b"something else")
    yield case("timestamp", "wrong-imprint", changed(honest, with_timestamp_of(other)), False, judges=judges)
    for name, tsa in (("wrong-usage", authority.false_tsa), ("stranger", authority.stranger_tsa)):
        yield case("timestamp", name, pyhanko(signer, authority, "sha256", tsa=tsa), False, judges=judges)


def answered(case, authority, folder):
    """OCSP in the place of the authority's CRL; pyHanko is asked the same."""
    der = openssl(authority.asked, authority, "sha256", "-cades")
    for name, (response, good) in authority.responses().items():
        path = folder / f"{name}.ocsp"
        path.write_bytes(response)
        revocation = ("--crl", authority.folder / "root.crl", "--ocsp", path)

        def pyhanko_judge(case, response=response):
            def check():
                data = cms.ContentInfo.load(case.signature.read_bytes())["content"]
                context = ValidationContext(
                    trust_roots=[loaded(authority.root)], other_certs=[loaded(authority.agencies)],
                    crls=[asn1_crl.CertificateList.load(authority.list_der("root"))],
                    ocsps=[ocsp.OCSPResponse.load(response)], allow_fetching=False, revocation_mode="require",
                )
                content = case.file.read_bytes()
                return asyncio.run(
                    async_validate_detached_cms(content, data, signer_validation_context=context)
                ).bottom_line

            return attempt(check)

        judges = (("pyhanko", pyhanko_judge),)
        yield case("ocsp", name, der, good, judges=judges, revocation=revocation)
