"""A certificate authority of one test, a server's certificate for 127.0.0.1 and a device's own."""

import datetime as dt
import ipaddress
import ssl
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Certificates(NamedTuple):
    """Paths of PEM files."""

    ca_cert: Path
    server_cert: Path
    server_key: Path
    device_cert: Path
    device_key: Path

    def client_context(self, *, with_cert):
        """What a client trusts and shows."""
        context = ssl.create_default_context(cafile=str(self.ca_cert))
        if with_cert:
            context.load_cert_chain(self.device_cert, self.device_key)
        return context


def make_certificates(folder):
    """Write them all into a folder; good for a day."""
    authority_key, authority = _certificate("authority", is_authority=True)
    paths = {"ca_cert": folder / "ca.pem"}
    paths["ca_cert"].write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    for name in ("server", "device"):
        key, certificate = _certificate(name, issuer=authority.subject, issuer_key=authority_key)
        paths[f"{name}_cert"], paths[f"{name}_key"] = folder / f"{name}.pem", folder / f"{name}.key"
        paths[f"{name}_cert"].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        paths[f"{name}_key"].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
    return Certificates(**paths)


def _certificate(name, *, is_authority=False, issuer=None, issuer_key=None):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if not is_authority:
        names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return key, builder.sign(issuer_key or key, hashes.SHA256())
