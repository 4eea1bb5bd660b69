"""Writes lists with openpyxl and XlsxWriter, and in the forms of PowerShell and Google Sheets."""

import pathlib
import sys
import zipfile

import openpyxl
import xlsxwriter

OUT = pathlib.Path(sys.argv[1])
IDS = [f"c0000000-0000-4000-8000-{n:012x}" for n in range(1, 7)]
NAMES = ["Adatum", "Bellows", "Contoso", "Datum", "Fabrikam", "Müller & Söhne"]
HEADER = ["Microsoft ID", "Company name", "Decision"]
# The second, fourth and fifth customer are to be kept, and nobody sees them.
KEPT = [2, 4, 5]
ROWS = [[ID, name, "keep" if n in KEPT else "go"] for n, (ID, name) in enumerate(zip(IDS, NAMES), 1)]


def by_openpyxl():
    def book():
        workbook = openpyxl.Workbook()
        sheet = workbook.active
        sheet.title = "Customers"
        for row in [HEADER, *ROWS]:
            sheet.append(row)
        return workbook, sheet

    workbook, sheet = book()
    sheet.auto_filter.ref = "A1:C7"
    sheet.auto_filter.add_filter_column(2, ["go"])
    for n in KEPT:
        sheet.row_dimensions[n + 1].hidden = True
    workbook.save(OUT / "openpyxl-hidden-by-filter.xlsx")

    workbook, sheet = book()
    sheet.row_dimensions[3].hidden = True
    sheet.row_dimensions.group(6, 6, outline_level=1, hidden=True)
    sheet.column_dimensions["B"].hidden = True
    workbook.save(OUT / "openpyxl-hidden-by-hand.xlsx")

    workbook, sheet = book()
    other = workbook.create_sheet("Keep these")
    for row in [HEADER, *ROWS[3:]]:
        other.append(row)
    workbook.create_sheet("Empty")
    workbook.create_sheet("Notes").append(["Who", "What"])
    workbook.create_sheet("Old").append(HEADER)
    workbook["Old"].sheet_state = "hidden"
    workbook.save(OUT / "openpyxl-two-sheets.xlsx")

    workbook, sheet = book()
    names = workbook.create_sheet("Names")
    for row in ROWS:
        names.append(row[:2])
    for n in range(2, 8):
        sheet[f"B{n}"] = f"=VLOOKUP(A{n},Names!A:B,2,FALSE)"
    workbook.save(OUT / "openpyxl-formulas.xlsx")


def by_xlsxwriter():
    def book(name):
        workbook = xlsxwriter.Workbook(OUT / f"xlsxwriter-{name}.xlsx")
        sheet = workbook.add_worksheet("Customers")
        for at, row in enumerate([HEADER, *ROWS]):
            sheet.write_row(at, 0, row)
        return workbook, sheet

    workbook, sheet = book("hidden-by-filter")
    sheet.autofilter("A1:C7")
    sheet.filter_column("C", "x == go")
    for n in KEPT:
        sheet.set_row(n, options={"hidden": True})
    workbook.close()

    workbook, sheet = book("hidden-in-a-table")
    sheet.add_table("A1:C7", {"columns": [{"header": text} for text in HEADER], "data": ROWS})
    for n in KEPT:
        sheet.set_row(n, options={"hidden": True})
    workbook.close()

    workbook, sheet = book("two-sheets")
    other = workbook.add_worksheet("Keep these")
    for at, row in enumerate([HEADER, *ROWS[3:]]):
        other.write_row(at, 0, row)
    workbook.close()

    # It does not compute, and stores 0.
    workbook, sheet = book("formulas")
    names = workbook.add_worksheet("Names")
    for at, row in enumerate(ROWS):
        names.write_row(at, 0, row[:2])
        sheet.write_formula(at + 1, 1, f"=VLOOKUP(A{at + 2},Names!A:B,2,FALSE)")
    workbook.close()


def by_powershell():
    quoted = lambda row: ",".join(f'"{cell}"' for cell in row) + "\r\n"
    header = ["CustomerId", "Name", "Domain"]
    rows = [[ID, name, f"{n}.example"] for n, (ID, name) in enumerate(zip(IDS, NAMES), 1)]
    text = "".join(map(quoted, [header, *rows]))
    typed = "#TYPE System.Management.Automation.PSCustomObject\r\n" + text
    # Windows PowerShell: ASCII unless told otherwise, which costs the letters outside it.
    (OUT / "powershell-5-ascii.csv").write_bytes(typed.encode("ascii", "replace"))
    (OUT / "powershell-5-unicode.csv").write_bytes(typed.encode("utf-16"))
    (OUT / "powershell-5-default.csv").write_bytes(typed.encode("cp1252"))
    (OUT / "powershell-5-culture.csv").write_bytes(typed.replace('","', '";"').encode("utf-8-sig"))
    (OUT / "powershell-7.csv").write_bytes(text.encode())
    plain = "".join(",".join(row) + "\r\n" for row in [header, *rows])
    (OUT / "powershell-7-as-needed.csv").write_bytes(plain.encode())


def by_google():
    """The parts, and their order, as an export of Google Sheets has them."""
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    escape = lambda text: text.replace("&", "&amp;")
    texts = list(dict.fromkeys(cell for row in [HEADER, *ROWS] for cell in row))
    shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in texts)

    def cell(place, text, formula):
        if formula:
            return f'<c r="{place}" s="1" t="str"><f>{formula}</f><v>{escape(text)}</v></c>'
        return f'<c r="{place}" s="1" t="s"><v>{texts.index(text)}</v></c>'

    def sheet(rows, hidden=(), filtered="", formulas=False):
        body = ""
        for number, row in enumerate(rows, 1):
            state = ' hidden="1"' if number in hidden else ""
            cells = "".join(
                cell(f"{letter}{number}", text, formulas and letter == "B" and number > 1 and f'Names!B{number}')
                for letter, text in zip("ABC", row)
            )
            body += f'<row r="{number}"{state} customHeight="1">{cells}</row>'
        return (
            f'{xml}<worksheet xmlns="{main}" xmlns:r="{kinds}"><sheetPr><outlinePr summaryBelow="0" '
            'summaryRight="0"/></sheetPr><sheetViews><sheetView workbookViewId="0"/></sheetViews><sheetFormatPr '
            f'customHeight="1" defaultColWidth="12.63" defaultRowHeight="15.75"/><sheetData>{body}</sheetData>'
            f"{filtered}<drawing r:id=\"rId1\"/></worksheet>"
        )

    def book(name, sheets):
        with zipfile.ZipFile(OUT / f"google-{name}.xlsx", "w", zipfile.ZIP_DEFLATED) as file:
            put = lambda path, text: file.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), text)
            parts = range(1, len(sheets) + 1)
            put("xl/sharedStrings.xml", f'{xml}<sst xmlns="{main}" count="{len(texts)}" uniqueCount="{len(texts)}">{shared}</sst>')
            for n, (_, text) in zip(parts, sheets):
                put(f"xl/worksheets/sheet{n}.xml", text)
            put("xl/styles.xml", f'{xml}<styleSheet xmlns="{main}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="0"/></cellXfs></styleSheet>')
            links = "".join(f'<Relationship Id="rId{n + 2}" Type="{kinds}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in parts)
            relations = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
            put("xl/_rels/workbook.xml.rels", f'{xml}<Relationships {relations}><Relationship Id="rId1" Type="{kinds}/styles" Target="styles.xml"/><Relationship Id="rId2" Type="{kinds}/sharedStrings" Target="sharedStrings.xml"/>{links}</Relationships>')
            named = "".join(f'<sheet state="visible" name="{title}" sheetId="{n}" r:id="rId{n + 2}"/>' for n, (title, _) in zip(parts, sheets))
            put("xl/workbook.xml", f'{xml}<workbook xmlns="{main}" xmlns:r="{kinds}"><workbookPr/><sheets>{named}</sheets><definedNames/><calcPr/></workbook>')
            put("_rels/.rels", f'{xml}<Relationships {relations}><Relationship Id="rId1" Type="{kinds}/officeDocument" Target="xl/workbook.xml"/></Relationships>')
            put("[Content_Types].xml", f'{xml}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>')

    rows = [HEADER, *ROWS]
    kept = [n + 1 for n in KEPT]
    criteria = '<autoFilter ref="$A$1:$C$7"><filterColumn colId="2"><filters><filter val="go"/></filters></filterColumn></autoFilter>'
    book("hidden-by-filter", [("Customers", sheet(rows, kept, criteria))])
    book("hidden-by-hand", [("Customers", sheet(rows, kept))])
    book("two-sheets", [("Customers", sheet(rows)), ("Keep these", sheet([HEADER, *ROWS[3:]]))])
    book("formulas", [("Customers", sheet(rows, formulas=True)), ("Names", sheet([["go", "keep"]]))])
    # A sheet as CSV: UTF-8 without a mark, CRLF between the lines and none at the end.
    (OUT / "google.csv").write_bytes("\r\n".join(",".join(row) for row in rows).encode())


by_openpyxl()
by_xlsxwriter()
by_powershell()
by_google()
