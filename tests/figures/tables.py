"""What the database of a place has."""

import sqlite3
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "journey"))
from service import sql_on_postgres  # noqa: E402


def rows(place, statement):
    if place.kind == "PostgreSQL":
        return [line.split("|") for line in sql_on_postgres(place.url, statement)]
    database = sqlite3.connect(place.data / "poligon.db", timeout=10)
    with database:
        found = [[str(value) if value is not None else "" for value in row] for row in database.execute(statement)]
    database.close()
    return found
