"""A root, an authority for agencies, signers of every kind of key, CRLs of both authorities."""

import dataclasses
import datetime
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
DAY = datetime.timedelta(days=1)
DOCUMENT_SIGNING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")

KEYS = {
    "rsa2048": lambda: rsa.generate_private_key(65537, 2048),
    "rsa3072": lambda: rsa.generate_private_key(65537, 3072),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "rsa1024": lambda: rsa.generate_private_key(65537, 1024),
}


@dataclasses.dataclass
class Identity:
    name: str
    key: object
    certificate: x509.Certificate
    folder: pathlib.Path

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self):
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def write(self):
        (self.folder / f"{self.name}.pem").write_bytes(self.pem)
        (self.folder / f"{self.name}.key").write_bytes(self.key_pem)
        return self

    @property
    def certificate_path(self):
        return self.folder / f"{self.name}.pem"

    @property
    def key_path(self):
        return self.folder / f"{self.name}.key"


def subject(name):
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"), x509.NameAttribute(NameOID.COMMON_NAME, name)])


class Authority:
    """Issues what the cases need; `folder` keeps it as files for the judges."""

    def __init__(self, folder):
        self.folder = folder
        self.root = self._issue("root", KEYS["p256"](), None, is_authority=True)
        self.agencies = self._issue("agencies", KEYS["rsa2048"](), self.root, is_authority=True)
        self.signers = {name: self.signer(name, make()) for name, make in KEYS.items()}
        self.revoked = self.signer("revoked", KEYS["p256"]())
        self.expired = self.signer("expired", KEYS["p256"](), until=NOW - DAY / 2)
        self.stranger = self._issue("stranger", KEYS["p256"](), None)
        self.server = self.signer("server", KEYS["p256"](), usages=[ExtendedKeyUsageOID.SERVER_AUTH])
        self.asked = self.signer("asked", KEYS["p256"](), responder="http://ocsp.example/")
        stamping = [ExtendedKeyUsageOID.TIME_STAMPING]
        self.tsa = self.signer("tsa", KEYS["rsa2048"](), usages=stamping)
        self.false_tsa = self.signer("false-tsa", KEYS["rsa2048"]())
        self.stranger_tsa = self._issue("stranger-tsa", KEYS["rsa2048"](), None, usages=stamping)
        self._list(self.root, [])
        self._list(self.agencies, [self.revoked])
        (folder / "chain.pem").write_bytes(self.agencies.pem + self.root.pem)
        crls = b"".join((folder / f"{name}.crl").read_bytes() for name in ("root", "agencies"))
        (folder / "crls.pem").write_bytes(crls)

    def responses(self):
        """OCSP responses about `asked`, whose certificate names a responder, and whether with each of them its
        signature passes."""
        signer = self.asked
        delegate = self.signer("responder", KEYS["p256"](), usages=[ExtendedKeyUsageOID.OCSP_SIGNING])
        delegate_without_check = self.signer("bad-responder", KEYS["p256"]())
        return {
            "good": (self._answer(signer, self.agencies), True),
            "revoked": (self._answer(signer, self.agencies, revoked=True), False),
            "stale": (self._answer(signer, self.agencies, age=40 * DAY), False),
            "other-certificate": (self._answer(self.server, self.agencies), False),
            "delegated": (self._answer(signer, delegate), False),
            "unauthorised": (self._answer(signer, delegate_without_check), False),
            "stranger": (self._answer(signer, self.stranger), False),
        }

    def _answer(self, signer, responder, revoked=False, age=DAY / 24):
        status = ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=signer.certificate, issuer=self.agencies.certificate, algorithm=hashes.SHA1(), cert_status=status,
            this_update=NOW - age, next_update=NOW - age + 7 * DAY, revocation_time=NOW - DAY if revoked else None,
            revocation_reason=None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, responder.certificate)
        if responder is not self.agencies:
            builder = builder.certificates([responder.certificate])
        return builder.sign(responder.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def list_der(self, name):
        pem = (self.folder / f"{name}.crl").read_bytes()
        return x509.load_pem_x509_crl(pem).public_bytes(serialization.Encoding.DER)

    def signer(self, name, key, usages=(DOCUMENT_SIGNING,), until=None, responder=None):
        return self._issue(name, key, self.agencies, usages=usages, until=until, responder=responder)

    def _issue(self, name, key, issuer, is_authority=False, usages=(), until=None, responder=None):
        parent_key = issuer.key if issuer else key
        parent_name = issuer.certificate.subject if issuer else subject(name)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject(name))
            .issuer_name(parent_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - DAY)
            .not_valid_after(until or NOW + 365 * DAY)
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(parent_key.public_key()), critical=False
            )
            .add_extension(key_usage(is_authority), critical=True)
        )
        if usages:
            # RFC 3161 section 2.3: critical where it is for timestamps.
            critical = ExtendedKeyUsageOID.TIME_STAMPING in usages
            builder = builder.add_extension(x509.ExtendedKeyUsage(list(usages)), critical=critical)
        if responder:
            place = x509.UniformResourceIdentifier(responder)
            access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        return Identity(name, key, builder.sign(parent_key, hashes.SHA256()), self.folder).write()

    def _list(self, issuer, revoked):
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer.certificate.subject)
            .last_update(NOW - DAY)
            .next_update(NOW + 30 * DAY)
            .add_extension(x509.CRLNumber(1), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False
            )
        )
        for identity in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(identity.certificate.serial_number)
            builder = builder.add_revoked_certificate(entry.revocation_date(NOW - DAY).build())
        pem = builder.sign(issuer.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        (self.folder / f"{issuer.name}.crl").write_bytes(pem)


def key_usage(is_authority):
    names = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign "
        "crl_sign encipher_only decipher_only"
    ).split()
    wanted = {"key_cert_sign", "crl_sign"} if is_authority else {"digital_signature", "content_commitment"}
    return x509.KeyUsage(**{name: name in wanted for name in names})
