// Looks at pages as people see them. Reads what to look at from standard input:
//
//   { "chromium", "out", "modules",
//     "pages": [{ "name", "url", "shows": [text], "print": bool, "brief": bool }],
//     "filter": { "url", "text", "expected": rows, "all": rows },
//     "report": { "url", "all": rows, "hostile": url, "shown": [text] } }
//
// and prints { "faults": [text], "looked": number }. Screenshots and prints are left in `out`.
import { readFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { report } from "./report.mjs";

const asked = JSON.parse(readFileSync(0, "utf8"));
const require = createRequire(path.join(asked.modules, "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
mkdirSync(asked.out, { recursive: true });

const faults = [];
let looked = 0;
const browser = await chromium.launch({
  executablePath: asked.chromium,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

// A page on which everything that must not happen is a fault.
async function open(context, name, url) {
  const page = await context.newPage();
  const home = new URL(url);
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") faults.push(`${name}: console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`${name}: ${error}`));
  page.on("dialog", (dialog) => {
    faults.push(`${name}: a text from outside was obeyed: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => {
    const to = new URL(request.url());
    const isHome = to.protocol === home.protocol && to.host === home.host;
    if (!isHome && to.protocol !== "data:") faults.push(`${name}: a request to ${to.href}`);
  });
  const answer = await page.goto(url, { waitUntil: "load" });
  if (answer && home.protocol === "http:" && answer.status() !== 200) faults.push(`${name}: status ${answer.status()}`);
  // The verdict comes in its own time.
  if (home.protocol === "http:") await page.waitForSelector("#verdict:not([data-pending])", { timeout: 60_000 });
  looked += 1;
  return page;
}

async function accessible(page, name) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  for (const fault of found.violations) {
    if (fault.impact !== "serious" && fault.impact !== "critical") continue;
    const where = fault.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} ${node.any[0]?.message ?? ""}`);
    faults.push(`${name}: axe: ${fault.id} (${fault.impact}): ${where.join("; ")}`);
  }
}

for (const { name, url, shows, print, brief } of asked.pages) {
  for (const scheme of brief ? ["light"] : ["light", "dark"]) {
    const context = await browser.newContext({ colorScheme: scheme, viewport: { width: 1280, height: 900 } });
    const page = await open(context, `${name} (${scheme})`, url);
    // Rows that are far away are not laid out; whoever looks at all of a page has to have them.
    await page.evaluate(() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync("tr { content-visibility: visible !important; }");
      document.adoptedStyleSheets.push(sheet);
    });
    for (const details of await page.$$("details:not([open]) > summary")) await details.evaluate((one) => (one.parentElement.open = true));
    await accessible(page, `${name} (${scheme})`);
    if (scheme === "light") {
      const text = await page.evaluate(() => document.body.textContent);
      for (const wanted of shows ?? []) if (!text.includes(wanted)) faults.push(`${name}: does not show ${wanted}`);
      if (/[\u202a-\u202e\u2066-\u2069\u001b]/.test(text)) faults.push(`${name}: a character that turns or moves text`);
      await page.keyboard.press("Tab");
      const first = await page.evaluate(() => document.activeElement?.className);
      if (first !== "skip") faults.push(`${name}: the first stop of the keyboard is not the way to the content`);
    }
    await page.evaluate(() => document.activeElement?.blur());
    await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = false)));
    if (print && scheme === "light") {
      await page.pdf({ path: path.join(asked.out, `${name}.pdf`), format: "A4", printBackground: false });
    }
    if (!brief) await page.screenshot({ path: path.join(asked.out, `${name}-1280-${scheme}.png`), fullPage: true });
    if (scheme === "light") {
      await page.setViewportSize({ width: 360, height: 740 });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      if (wide > 360) faults.push(`${name}: ${wide} pixels wide on a screen of 360`);
      if (!brief) await page.screenshot({ path: path.join(asked.out, `${name}-360.png`), fullPage: true });
    }
    await context.close();
  }
}

// The filter, with a script and without one, by keyboard alone.
for (const javaScriptEnabled of [true, false]) {
  const { url, text, expected, all } = asked.filter;
  const name = `filter${javaScriptEnabled ? "" : " without script"}`;
  const context = await browser.newContext({ javaScriptEnabled });
  const page = await context.newPage();
  await page.goto(url);
  const rows = () => page.locator("table.rows tbody tr").count();
  if ((await rows()) !== all) faults.push(`${name}: ${await rows()} rows instead of ${all}`);
  await page.getByLabel("Name, domain or ID").fill(text);
  await page.keyboard.press("Enter");
  await page.waitForURL(/text=/);
  if ((await rows()) !== expected) faults.push(`${name}: ${await rows()} rows instead of ${expected}`);
  await page.getByRole("link", { name: /^all/ }).click();
  await page.waitForURL((to) => !to.search);
  if ((await rows()) !== all) faults.push(`${name}: the way back shows ${await rows()} rows`);
  await context.close();
}

await report(browser, asked.report, faults);

await browser.close();
console.log(JSON.stringify({ faults, looked }));
