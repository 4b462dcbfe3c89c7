"""Messages: what people are told, in the house and by SMS or e-mail; every attempt is kept."""

from app.office.messages.rules import NOBODY, Audience, Draft, Mailbox, Message
from app.office.messages.schemas import know
from app.office.messages.service.boxes import count_new, read_box, write
from app.office.messages.service.gateways import Gateway, Recorder, Relay, open_gateway
from app.office.messages.service.sending import send_due

__all__ = [
    "NOBODY",
    "Audience",
    "Draft",
    "Gateway",
    "Mailbox",
    "Message",
    "Recorder",
    "Relay",
    "count_new",
    "know",
    "open_gateway",
    "read_box",
    "send_due",
    "write",
]
