"""Migrations that a running installation survives: expand, deploy, contract. Old code runs on the new schema while texts arrive.

Nothing is in service yet. At the first release each app's newest migration is written into `IN_SERVICE`; every later one is held to the
rules, or says in `unsafe_because` why it is an exception and how it is deployed (with the web stopped, say).
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation

ROOT = Path(__file__).resolve().parents[2]
# app label -> its newest migration that an installation has applied
IN_SERVICE: Mapping[str, str] = {}

_GONE = (
    migrations.RemoveField,
    migrations.DeleteModel,
    migrations.RenameField,
    migrations.RenameModel,
    migrations.AlterModelTable,
)
_OF_POSTGRESQL = (AddIndexConcurrently, AddConstraintNotValid)


def problems(migration: Migration) -> list[str]:
    """What old code, or the texts that arrive meanwhile, would not survive."""
    if getattr(migration, "unsafe_because", ""):
        return []
    new = {op.name.lower() for op in migration.operations if isinstance(op, migrations.CreateModel)}
    return [
        *_half_done(migration),
        *_several_tables(migration, new),
        *(each for op in migration.operations for each in _unsafe(op, new)),
    ]


def _half_done(migration: Migration) -> Iterator[str]:
    """Without a transaction what failed in the middle cannot be repeated."""
    if not migration.atomic and len(migration.operations) > 1:
        yield "a migration outside a transaction holds one operation"


def _several_tables(migration: Migration, new: set[str]) -> Iterator[str]:
    """Measured: two tables altered in one transaction deadlock with a worker that holds the second and wants the first."""
    altered = {_model(op) for op in migration.operations} - new - {""}
    if migration.atomic and len(altered) > 1:
        yield f"alters {', '.join(sorted(altered))} in one transaction: one table a migration"


def _model(op: Operation) -> str:
    return str(getattr(op, "model_name", getattr(op, "name", ""))).lower()


def _unsafe(op: Operation, new: set[str]) -> Iterator[str]:
    model = _model(op)
    if model in new:
        return  # nobody reads or writes a table that did not exist
    if isinstance(op, _GONE):
        yield f"{type(op).__name__} {model}: the old code still uses it; a release later, when nothing does"
    elif isinstance(op, migrations.AddField):
        yield from _added(op, model)
    elif isinstance(op, migrations.AlterField) and not op.field.null and op.field.db_default is models.NOT_PROVIDED:
        yield f"AlterField {model}.{op.name}: old code may write null; a check that is not validated first, then NOT NULL"
    elif isinstance(op, migrations.AddIndex) and not isinstance(op, _OF_POSTGRESQL):
        yield f"AddIndex {model}: keeps writers out while it is built; AddIndexConcurrently, alone in its migration"
    elif isinstance(op, migrations.AddConstraint) and not isinstance(op, _OF_POSTGRESQL):
        yield f"AddConstraint {model}: reads the whole table under a lock; AddConstraintNotValid, then validate"
    elif isinstance(op, migrations.RunSQL | migrations.RunPython):
        yield f"{type(op).__name__}: touches rows under traffic; say in unsafe_because how many and how long"


def _added(op: migrations.AddField, model: str) -> Iterator[str]:
    """Django drops a column's default after adding it, so an insert of the old code, which does not name the column, would fail."""
    if isinstance(op.field, models.ManyToManyField):
        return
    if not op.field.null and op.field.db_default is models.NOT_PROVIDED:
        yield f"AddField {model}.{op.name}: NOT NULL without db_default; old code's inserts fail"
    if op.field.unique or (getattr(op.field, "db_index", False) and not isinstance(op.field, models.ForeignKey)):
        yield f"AddField {model}.{op.name}: builds an index under a lock; AddIndexConcurrently later"


def sources() -> list[Path]:
    return sorted(path for path in (ROOT / "apps").glob("*/migrations/0*.py"))


def is_in_service(label: str, name: str, in_service: Mapping[str, str]) -> bool:
    """Names begin with their number, so they sort in order."""
    return name <= in_service.get(label, "9999" if not in_service else "")


def loaded(path: Path) -> Migration:
    name = ".".join((*path.relative_to(ROOT).parts[:-1], path.stem))
    module = __import__(name, fromlist=["Migration"])
    made: Migration = module.Migration(path.stem, path.parts[-3])
    return made


def test_no_migration_after_the_release_in_service_breaks_a_running_installation() -> None:
    later = [path for path in sources() if not is_in_service(path.parts[-3], path.stem, IN_SERVICE)]
    assert {str(path.relative_to(ROOT)): found for path in later if (found := problems(loaded(path)))} == {}


def test_every_app_in_service_is_one_of_ours_with_a_migration_of_that_name() -> None:
    assert len(sources()) > 12
    assert {f"{label}/{name}" for label, name in IN_SERVICE.items()} <= {f"{p.parts[-3]}/{p.stem}" for p in sources()}


@pytest.mark.parametrize("path", sources(), ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_a_migration_outside_a_transaction_holds_one_operation(path: Path) -> None:
    assert [*_half_done(loaded(path))] == []


@pytest.mark.parametrize("path", sources(), ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_no_migration_imports_a_model_or_a_service(path: Path) -> None:
    """The code of today is not the code of the day when an old migration runs again."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [name for name in imported if name.startswith("apps.") and name.endswith((".models", ".services"))]


@pytest.mark.parametrize(
    ("label", "name", "expected"),
    [("a", "0001_initial", True), ("a", "0002_more", True), ("a", "0003_next", False), ("new", "0001_initial", False)],
)
def test_what_is_in_service_is_what_came_up_to_it(label: str, name: str, expected: bool) -> None:
    assert is_in_service(label, name, {"a": "0002_more"}) is expected


def _migration(*operations: Operation, atomic: bool = True, because: str = "") -> Migration:
    body = {"operations": list(operations), "atomic": atomic, "unsafe_because": because}
    made: Migration = type("Next", (Migration,), body)("0009_next", "messaging")
    return made


_INDEX = models.Index(fields=["at"], name="line_at")
_CHECK = models.CheckConstraint(condition=models.Q(at__gt=0), name="line_at_positive")
BITES: list[tuple[Operation, str]] = [
    (migrations.AddField("line", "rank", models.IntegerField(default=0)), "NOT NULL without db_default"),
    (migrations.AddField("line", "rank", models.IntegerField()), "NOT NULL without db_default"),
    (
        migrations.AddField("line", "ref", models.CharField(max_length=4, null=True, unique=True)),
        "an index under a lock",
    ),
    (
        migrations.AddField("line", "ref", models.CharField(max_length=4, null=True, db_index=True)),
        "index under a lock",
    ),
    (migrations.AlterField("line", "country", models.CharField(max_length=2)), "old code may write null"),
    (migrations.AddIndex("line", _INDEX), "keeps writers out"),
    (migrations.AddConstraint("line", _CHECK), "the whole table under a lock"),
    (migrations.RemoveField("line", "country"), "the old code still uses it"),
    (migrations.RenameField("line", "country", "land"), "the old code still uses it"),
    (migrations.RenameModel("Line", "Number"), "the old code still uses it"),
    (migrations.DeleteModel("Line"), "the old code still uses it"),
    (migrations.AlterModelTable("line", "numbers"), "the old code still uses it"),
    (migrations.RunSQL("UPDATE messaging_line SET country = ''"), "unsafe_because"),
    (migrations.RunPython(migrations.RunPython.noop), "unsafe_because"),
]


@pytest.mark.parametrize(("operation", "said"), BITES, ids=lambda each: str(getattr(each, "describe", lambda: each)()))
def test_each_rule_bites(operation: Operation, said: str) -> None:
    (found,) = problems(_migration(operation))
    assert said in found


def test_two_tables_in_one_transaction_are_refused() -> None:
    first, second = (migrations.AddField(name, "note", models.TextField(null=True)) for name in ("line", "alarm"))
    assert problems(_migration(first, second)) == ["alters alarm, line in one transaction: one table a migration"]


def test_several_operations_outside_a_transaction_are_refused() -> None:
    safe = migrations.AddField("line", "note", models.CharField(max_length=4, null=True))
    assert problems(_migration(safe, AddIndexConcurrently("line", _INDEX), atomic=False)) == [
        "a migration outside a transaction holds one operation"
    ]


@pytest.mark.parametrize(
    "operations",
    [
        [migrations.AddField("line", "note", models.CharField(max_length=4, null=True))],
        [migrations.AddField("line", "rank", models.IntegerField(default=0, db_default=0))],
        [AddIndexConcurrently("line", _INDEX)],
        [AddConstraintNotValid("line", _CHECK)],
        [
            migrations.CreateModel("Errand", [("id", models.BigAutoField(primary_key=True))]),
            migrations.AddField("errand", "rank", models.IntegerField(default=0)),
            migrations.AddIndex("errand", _INDEX),
        ],
    ],
    ids=["nullable", "default kept by the database", "concurrently", "not valid yet", "a table that is new"],
)
def test_what_old_code_survives_passes(operations: list[Operation]) -> None:
    assert problems(_migration(*operations)) == []


def test_an_exception_says_why() -> None:
    assert problems(_migration(migrations.DeleteModel("Line"), because="nothing has used it since 1.2")) == []
