"""A bank's side of the interface, to copy from: Python's standard library and `cryptography`, nothing else."""

from examples.bank.jose import Refused
from examples.bank.receiver import Account, Package, Receiver
from examples.bank.webhooks import Notice

__all__ = ["Account", "Notice", "Package", "Receiver", "Refused"]
