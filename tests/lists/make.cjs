// Writes lists with SheetJS.
const path = require("node:path");
const XLSX = require("xlsx");

const out = process.argv[2];
const names = ["Adatum", "Bellows", "Contoso", "Datum", "Fabrikam", "Müller & Söhne"];
const kept = [2, 4, 5];
const rows = names.map((name, at) => [
  `c0000000-0000-4000-8000-${String(at + 1).padStart(12, "0")}`,
  name,
  kept.includes(at + 1) ? "keep" : "go",
]);
const header = ["Microsoft ID", "Company name", "Decision"];
const sheet = (rows) => XLSX.utils.aoa_to_sheet([header, ...rows]);

function write(name, sheets, more = {}) {
  const book = XLSX.utils.book_new();
  for (const [title, sheet] of sheets) XLSX.utils.book_append_sheet(book, sheet, title);
  XLSX.writeFile(book, path.join(out, `sheetjs-${name}`), { compression: true, ...more });
}

const filtered = sheet(rows);
filtered["!autofilter"] = { ref: "A1:C7" };
filtered["!rows"] = [];
for (const n of kept) filtered["!rows"][n] = { hidden: true };
write("hidden-rows.xlsx", [["Customers", filtered]]);

write("two-sheets.xlsx", [["Customers", sheet(rows)], ["Keep these", sheet(rows.slice(3))]]);

const formulas = sheet(rows);
for (let n = 2; n < 8; n++) formulas[`B${n}`] = { t: "s", f: `VLOOKUP(A${n},Names!A:B,2,FALSE)` };
write("formulas.xlsx", [["Customers", formulas], ["Names", XLSX.utils.aoa_to_sheet(rows)]]);

write("rows.csv", [["Customers", sheet(rows)]]);
write("rows.txt", [["Customers", sheet(rows)]]);
