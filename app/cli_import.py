"""`xinyidai import`: files into the data base, with a receipt for every row that was not taken."""

import asyncio
import csv
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn
from uuid import UUID

import typer

if TYPE_CHECKING:
    from app.credit.ingestion import FileKind, Receipt
    from app.infra.db import Database
    from app.market.parties.service.accounts import AccountMade, AccountRefused, AccountRow

app = typer.Typer(
    help="Bring files in: all of a file or none of it, each row checked, a receipt for every row not taken.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
ROWS_SHOWN: Final = 20
File = Annotated[Path, typer.Argument(help="A file: .csv (UTF-8 or GBK), .csv.gz or .xlsx.")]
Json = Annotated[bool, typer.Option("--json", help="Print the whole receipt as JSON.")]
Bank = Annotated[
    str | None, typer.Option("--bank", help="The bank whose customer numbers the file uses: its name or its id.")
]


@app.command("registry")
def import_registry(file: File, as_json: Json = False) -> None:
    """A register of market entities: 企业名称, 统一社会信用代码, 注册日期, …"""
    _run("registry", file, as_json)


@app.command("outlets")
def import_outlets(file: File, as_json: Json = False) -> None:
    """Bank outlets, in the columns of a register; the marketplace turns them into branches."""
    _run("outlets", file, as_json)


@app.command("list")
def import_list(
    file: File,
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            help="Which list it is: dishonest_debtors, abnormal_operation, tax_abnormal, licence_revoked,"
            " serious_unlawful, tax_serious, wage_arrears, procurement; without it the rows say so (失信领域).",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """A red or black list: 企业名称, 统一信用代码 or 组织机构代码, 失信领域, …"""
    from app.credit.ingestion import LIST_KIND_DEFAULT

    _run("list", file, as_json, list_kind=kind or LIST_KIND_DEFAULT)


@app.command("invoices")
def import_invoices(file: File, bank: Bank = None, as_json: Json = False) -> None:
    """VAT invoices of firms, bought (销方单位代号) or sold (购方单位代号).

    A firm is named by its code, or by a customer number of the bank; without --bank the only bank that has any.
    """
    _run("invoices", file, as_json, bank=bank)


@app.command("masked")
def import_masked(
    file: File,
    bank: Annotated[str, typer.Option("--bank", help="The bank whose firms these are: its name or its id.")],
    as_json: Json = False,
) -> None:
    """One bank's masked firms under its own numbers: 企业代号, 企业名称, 信誉评级, 是否违约."""
    _run("masked", file, as_json, bank=bank)


@app.command("accounts")
def import_accounts(
    file: Annotated[Path, typer.Argument(help="A .csv file with the columns login and firm (a code, or a number).")],
    bank: Bank = None,
    as_json: Json = False,
) -> None:
    """Open accounts of firms, each bound to its subject: by code, or by a customer number of --bank.

    First passwords are made here and printed once.
    """
    rows = _account_rows(file)
    made, refused = asyncio.run(_open_accounts(rows, bank))
    if as_json:
        document = {"made": [asdict(one) for one in made], "refused": [asdict(one) for one in refused]}
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str))
        return
    for one in made:
        typer.echo(f"{one.login}\t{one.first_password}")
    for other in refused:
        typer.echo(f"{other.login}\t{other.firm_key}\tnot taken: {other.code}", err=True)


def _account_rows(file: Path) -> "list[AccountRow]":
    from app.market.parties.service.accounts import AccountRow

    if not file.is_file():
        _refuse(f"there is no file {file}.")
    try:
        with file.open(newline="", encoding="utf-8-sig") as opened:
            reader = csv.DictReader(opened)
            if not {"login", "firm"} <= set(reader.fieldnames or ()):
                _refuse(f"{file.name} needs the columns login and firm.")
            return [AccountRow(row["login"] or "", row["firm"] or "") for row in reader]
    except PermissionError:
        _refuse(f"{file} may not be read.")
    except (UnicodeDecodeError, csv.Error):
        _refuse(f"{file.name} is not UTF-8 text in columns.")


async def _open_accounts(
    rows: "list[AccountRow]", bank: str | None
) -> "tuple[list[AccountMade], list[AccountRefused]]":
    from app.credit.ingestion import FileKind
    from app.infra.places import open_database, server_address
    from app.infra.settings import load
    from app.market.parties.service import accounts
    from app.wiring import make_bus

    settings = load()
    with server_address(settings) as server_url:
        async with open_database(settings, server_url, make_bus(), "xinyidai-import") as db:
            bank_id = await _find_bank(db, FileKind.MASKED, bank) if bank else None
            return await accounts.import_accounts(db, rows, bank_id=bank_id)


def _run(kind: str, file: Path, as_json: bool, *, bank: str | None = None, list_kind: str | None = None) -> None:
    from app.credit.ingestion import FileKind

    if not file.is_file():
        _refuse(f"there is no file {file}.")
    receipt = _with_progress(
        file.name, lambda progress: asyncio.run(_import(FileKind(kind), file, bank, list_kind, progress))
    )
    if as_json:
        typer.echo(json.dumps(receipt.document(), ensure_ascii=False, indent=2))
    if (refusal := receipt.document()["refusal"]) is not None:
        where = f" ({refusal['where']})" if refusal["where"] else ""
        hint = " A list with one reason for all is named by --kind." if "失信领域" in refusal["where"] else ""
        _refuse(f"{file.name} is refused whole: {refusal['en']}{where}. {refusal['zh']}。{hint}")
    if not as_json:
        _print(receipt)


async def _import(
    kind: "FileKind", file: Path, bank: str | None, list_kind: str | None, progress: Callable[[int], None]
) -> "Receipt":
    import asyncpg

    from app.credit.ingestion import import_file
    from app.infra.places import open_database, server_address
    from app.infra.settings import load
    from app.kernel.errors import Refusal
    from app.wiring import make_bus

    settings = load()
    try:
        with server_address(settings) as server_url:
            async with open_database(settings, server_url, make_bus(), "xinyidai-import") as db:
                bank_id = await _find_bank(db, kind, bank)
                return await import_file(db, kind, file, bank_id=bank_id, list_kind=list_kind, progress=progress)
    except (
        asyncpg.InvalidCatalogNameError, asyncpg.InvalidPasswordError, asyncpg.UndefinedTableError,
        asyncpg.InvalidAuthorizationSpecificationError,
    ):  # fmt: skip
        _refuse("the database is not set up yet; run `xinyidai migrate` first.")
    except Refusal as refusal:
        _refuse(_words(refusal))
    except PermissionError:
        _refuse(f"{file} may not be read.")


async def _find_bank(db: "Database", kind: "FileKind", bank: str | None) -> UUID | None:
    """The bank that is named, by id or by name; for invoices without a name the only one with customers."""
    from app.access.orgs import OrgKind, find_orgs_by_name
    from app.credit import subjects
    from app.infra.db import Role

    async with db.reading(Role.LOADER) as tx:
        if bank is None:
            return await subjects.sole_bank_with_customers(tx) if kind.value == "invoices" else None
        found = await find_orgs_by_name(tx, OrgKind.BANK, bank)
    if len(found) == 1:
        return found[0].org_id
    try:
        return UUID(bank)
    except ValueError:
        _refuse(f"there is {'no' if not found else 'more than one'} bank called {bank[:60]!r}.")


def _with_progress(title: str, work: Callable[[Callable[[int], None]], "Receipt"]) -> "Receipt":
    """Show on stderr how many rows have been read; they come into force all at once at the end."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed:,} rows read, not yet in force"),
        TimeElapsedColumn(),
    )
    screen = Console(stderr=True)
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task(title, total=None)
        return work(lambda rows_read: bar.update(task, completed=rows_read))


def _print(receipt: "Receipt") -> None:
    from rich.console import Console
    from rich.table import Table

    batch, out = receipt.batch, Console(highlight=False, soft_wrap=True)
    out.print(
        f"{batch.file_name}: {batch.rows_read:,} rows read, {batch.rows_accepted:,} accepted"
        f" ({batch.rows_normalised:,} normalised), {batch.rows_quarantined:,} quarantined, {batch.rows_new:,} new.",
        markup=False,
    )
    out.print(f"batch {batch.batch_id}, in force since {batch.ended_at:%Y-%m-%d %H:%M:%S} UTC.", markup=False)
    document = receipt.document()
    counts = [(outcome, one) for outcome in ("normalised", "quarantined") for one in document[outcome]]
    if counts:
        table = _table(Table, "", "code", "rows", "what")
        for outcome, one in counts:
            table.add_row(outcome, one["code"], f"{one['rows']:,}", f"{one['zh']} · {one['en']}")
        out.print(table)
    if receipt.rejected:
        table = _table(Table, "row", "column", "as it stands", "code", "compare with")
        for one in receipt.rejected[:ROWS_SHOWN]:
            table.add_row(
                *map(_plain, (str(one.row_no), one.column, one.original[:60], one.code.value, one.suggestion))
            )
        out.print(table)
        if len(receipt.rejected) > ROWS_SHOWN:
            out.print(f"… and {len(receipt.rejected) - ROWS_SHOWN:,} more; --json lists them all.", markup=False)
    for title, columns in (("unknown columns", batch.extra_columns), ("columns not there", batch.absent_columns)):
        if columns:
            out.print(f"{title}: {_plain(columns)}", markup=False)


def _table(kind: Any, *titles: str) -> Any:
    table = kind(box=None, pad_edge=False)
    for title in titles:
        table.add_column(title, justify="right" if title in ("rows", "row") else "left", overflow="fold")
    return table


def _plain(text: str) -> Any:
    """Text of a file for a terminal: no markup, and nothing that moves the cursor."""
    from rich.text import Text

    return Text("".join(letter if letter.isprintable() else "\ufffd" for letter in text))


def _words(refusal: Any) -> str:
    named = ", ".join(f"{name} {value}" for name, value in refusal.extra.items())
    return f"{refusal.problem.title_en}{f' ({named})' if named else ''}: {refusal.detail}"


def _refuse(why: str) -> NoReturn:
    typer.echo(f"xinyidai import: {why}", err=True)
    raise typer.Exit(2)
