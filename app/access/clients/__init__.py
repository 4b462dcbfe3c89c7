"""Clients: the machines of banks, their keys, and the tokens they get for a signed assertion."""

from app.access.clients.rules import Client, ClientKey, KeyFault, Token, Use
from app.access.clients.service import (
    authenticate,
    disable_client,
    encryption_key,
    forget_expired,
    grant_token,
    list_clients,
    list_keys,
    register_client,
    rotate_key,
    withdraw_key,
)

__all__ = [
    "Client",
    "ClientKey",
    "KeyFault",
    "Token",
    "Use",
    "authenticate",
    "disable_client",
    "encryption_key",
    "forget_expired",
    "grant_token",
    "list_clients",
    "list_keys",
    "register_client",
    "rotate_key",
    "withdraw_key",
]
