"""`xinyidai uscc`: is this a unified social credit code, and if not, why not."""

import json
from typing import Annotated

import typer

from app.kernel.codes import AUTHORITIES, FAULT_WORDS, KIND_WORDS, NOTE_WORDS, BadCode, check_uscc

app = typer.Typer(
    help="Unified social credit codes 统一社会信用代码 (GB 32100).",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)


@app.callback()
def _group() -> None:
    """Unified social credit codes 统一社会信用代码 (GB 32100): check one and see what it says."""


@app.command("check", context_settings={"ignore_unknown_options": True})
def check(
    code: Annotated[str, typer.Argument(help="The code, 18 places. Lower case and full width are read and noted.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check both check characters of CODE and tell its kind, or say why it is no such code.

    Ends with 0 when the code is right and with 2 when it is not.

    Example: xinyidai uscc check 91110000600037341L
    """
    found = check_uscc(code)
    if isinstance(found, BadCode):
        zh, en = FAULT_WORDS[found.fault]
        if as_json:
            typer.echo(json.dumps({"ok": False, "fault": found.fault.value, "zh": zh, "en": en}, ensure_ascii=False))
        else:
            typer.echo(f"Not a unified social credit code: it {en} ({zh}).", err=True)
        raise typer.Exit(2)
    kind_zh, kind_en = KIND_WORDS[found.kind]
    if as_json:
        shown = {
            "ok": True,
            "code": found.text,
            "kind": found.kind.value,
            "authority": found.authority,
            "office": found.office,
            "org_code": found.org_code,
            "notes": [note.value for note in found.notes],
        }
        typer.echo(json.dumps(shown, ensure_ascii=False))
        return
    notes = "".join(f"; {NOTE_WORDS[note][1]}" for note in found.notes)
    typer.echo(
        f"{found.text}: {kind_en} ({kind_zh}), authority {found.authority} {AUTHORITIES[found.authority]}, "
        f"registering office {found.office}, organisation code {found.org_code}{notes}"
    )
