"""`python -m examples.bank keys FOLDER` makes keys; `python -m examples.bank run CONFIG` hears and pulls."""

import argparse
import json
import sys
import time
from pathlib import Path

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from examples.bank.jose import new_encryption_key, new_signing_key, public_jwk
from examples.bank.receiver import Account, Receiver


def make_keys(folder: Path) -> None:
    """Write two private keys (0600) and print the public halves that the head office registers."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    signing, encryption = new_signing_key(), new_encryption_key()
    for name, key in (("signing.pem", signing), ("encryption.pem", encryption)):
        path = folder / name
        path.touch(mode=0o600)
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    shown = {"signing_key": public_jwk(signing, "sig-1"), "encryption_key": public_jwk(encryption, "enc-1")}
    print(json.dumps(shown, indent=2))


def load(path: Path) -> tuple[Account, str, int]:
    """Read a configuration: the fields of Account, with key files in place of keys, and where to listen."""
    config = json.loads(path.read_text())
    keys = path.parent / config["keys"]
    account = Account(
        platform=config["platform"],
        issuer=config["issuer"],
        bank_id=config["bank_id"],
        client_id=config["client_id"],
        signing_key=load_pem_private_key((keys / "signing.pem").read_bytes(), None),  # type: ignore[arg-type]
        encryption_keys={"enc-1": load_pem_private_key((keys / "encryption.pem").read_bytes(), None)},  # type: ignore[dict-item]
        notice_keys=config["notice_keys"],
    )
    return account, config.get("host", "127.0.0.1"), config.get("port", 9000)


def run(path: Path) -> None:
    """Serve until interrupted; print one line per package."""
    account, host, port = load(path)
    receiver = Receiver(account)
    server = receiver.serve(host, port)
    print(f"listening on http://{host}:{server.server_address[1]}/notices", flush=True)
    shown: set[str] = set()
    told = 0
    try:
        while True:
            for suborder_id, package in list(receiver.packages.items()):
                if package.package_id not in shown:
                    shown.add(package.package_id)
                    values = sum(row["status"] == "value" for row in package.body["items"])
                    print(
                        f"package {package.package_id} for {suborder_id}: {len(package.items)} items, {values} values"
                    )
            for text in receiver.refused[told:]:
                print(f"refused: {text}", file=sys.stderr)
            told = len(receiver.refused)
            sys.stdout.flush()
            time.sleep(0.2)
    except KeyboardInterrupt:
        server.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m examples.bank", description=__doc__)
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("keys", help="make a signing and an encryption key").add_argument("folder", type=Path)
    acts.add_parser("run", help="hear notices and pull packages").add_argument("config", type=Path)
    given = parser.parse_args()
    if given.act == "keys":
        make_keys(given.folder)
    else:
        run(given.config)


if __name__ == "__main__":
    main()
