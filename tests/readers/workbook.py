"""workbook.py REPORT.XLSX CUSTOMERS.CSV [CONVERTED.CSV]: whether the sheet Customers, as openpyxl reads it, and as
LibreOffice converts it if a file is given, has the values of customers.csv. Prints what differs."""
import csv, datetime, sys
import openpyxl

TIMES, DAYS = ("started_at", "finished_at"), ("removable_from", "act_by")


def expected(column, text):
    """The cell of a workbook for a cell of customers.csv: times to the second, words with blanks."""
    if column in TIMES:
        return text[:19].replace("T", " ")
    if column == "outcome":
        return text.replace("_", " ")
    if column == "reasons":
        return text.replace(";", " ")
    # What cannot be seen is written out.
    return "".join(c if c.isprintable() or c in "\u200c\u200d" else "\\u{%x}" % ord(c) for c in text)


def text(column, value):
    """What a reader makes of a cell, as text."""
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d" if column in DAYS else "%Y-%m-%d %H:%M:%S")
    return str(value)


def compare(name, columns, wanted, found):
    if len(wanted) != len(found):
        yield f"{name}: {len(found)} rows instead of {len(wanted)}"
    for number, (want, have) in enumerate(zip(wanted, found), 2):
        for at, (column, cell) in enumerate(zip(columns, want)):
            got = text(column, have[at]) if at < len(have) else ""
            if expected(column, cell) != got:
                yield f"{name}: row {number}, {column}: {got!r} instead of {expected(column, cell)!r}"


def rows(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


workbook = openpyxl.load_workbook(sys.argv[1])
columns, *wanted = rows(sys.argv[2])
sheet = workbook["Customers"]
formulas = [cell.coordinate for line in sheet for cell in line if cell.data_type == "f"]
faults = [f"a formula in {place}" for place in formulas]
faults += compare("openpyxl", columns, wanted, list(sheet.iter_rows(min_row=2, values_only=True)))
if len(sys.argv) > 3:
    faults += compare("LibreOffice", columns, wanted, rows(sys.argv[3])[1:])
print("\n".join(faults) or f"{len(wanted)} rows agree")
sys.exit(1 if faults or not wanted else 0)
