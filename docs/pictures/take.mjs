// take.mjs PROJECT ADDRESS RUN REPORT: two pictures of the report, three of the reviewer's page.
import { createRequire } from "node:module";

const [project, address, run, report] = process.argv.slice(2);
const { chromium } = createRequire(`${project}/target/browser/package.json`)("playwright-core");
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
for (const [name, url, height, scheme] of [
  ["report", report, 860, "light"],
  ["report-pace", `${report}#days`, 900, "light"],
  ["review-run", `${address}run/${run}`, 800, "light"],
  ["review-customer", `${address}run/${run}/customer/3`, 900, "light"],
  ["review-customers", `${address}run/${run}/customers?outcome=skipped`, 620, "dark"],
]) {
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width: name.startsWith("report") ? 1280 : 1100, height } });
  const page = await context.newPage();
  await page.goto(url);
  if (url.startsWith("http")) await page.waitForSelector("#verdict:not([data-pending])");
  await page.screenshot({ path: `${project}/docs/pictures/${name}.png` });
  await context.close();
}
await browser.close();
