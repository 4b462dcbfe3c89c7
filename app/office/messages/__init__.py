"""Messages: what people are told, in the house and by SMS or e-mail; every attempt is kept."""

from app.office.messages.rules import NOBODY, Audience, Copies, Draft, Mailbox, Message, ToldOf
from app.office.messages.schemas import know, marked
from app.office.messages.service.boxes import copies_since, count_new, read_box, told_of, write
from app.office.messages.service.gateways import Gateway, Recorder, Relay, open_gateway
from app.office.messages.service.sending import send_due

__all__ = [
    "NOBODY",
    "Audience",
    "Copies",
    "Draft",
    "Gateway",
    "Mailbox",
    "Message",
    "Recorder",
    "Relay",
    "ToldOf",
    "copies_since",
    "count_new",
    "know",
    "marked",
    "open_gateway",
    "read_box",
    "send_due",
    "told_of",
    "write",
]
