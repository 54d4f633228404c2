"""nginx accepts the additions to `deploy/nginx.conf` that the documentation shows."""

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from documents import Block, all_blocks
from servers.nginx import configured, found_nginx
from servers.processes import free_port

PLAIN: Final = "listen 8080;"


def certificate(folder: Path) -> tuple[Path, Path]:
    """Create a self-signed certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "spike.example.org")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    shown, secret = folder / "spike.pem", folder / "spike.key"
    shown.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return shown, secret


@pytest.mark.parametrize("block", all_blocks("nginx"), ids=lambda block: block.place)
def test_nginx_accepts_it_beside_what_it_listens_on(block: Block, tmp_path: Path) -> None:
    nginx = found_nginx()
    shown, secret = certificate(tmp_path)
    added = block.text.replace("8443", f"127.0.0.1:{free_port()}")
    added = added.replace("/etc/ssl/spike.pem", str(shown)).replace("/etc/ssl/spike.key", str(secret))
    addresses = {
        "web1:3000": "127.0.0.1:1",
        "web2:3000": "127.0.0.1:2",
        "/tmp/": f"{tmp_path}/",  # noqa: S108  # what stands there
        "/dev/stdout": f"{tmp_path}/access.log",
        PLAIN: f"listen 127.0.0.1:{free_port()};\n{added}",
    }
    file = tmp_path / "nginx.conf"
    file.write_text(configured(addresses), encoding="utf-8")
    as_anybody = "user root;" if os.geteuid() == 0 else ""  # the folder is ours alone
    command = [nginx, "-t", "-c", str(file), "-g", as_anybody]
    tested = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert tested.returncode == 0, tested.stderr
