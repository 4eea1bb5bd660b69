// What the report's own script does, by keyboard alone and with a mouse, and what is there without it.

// A page of which every complaint is a fault.
async function open(context, name, url, faults) {
  const page = await context.newPage();
  page.on("console", (message) => faults.push(`${name}: console: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`${name}: ${error}`));
  page.on("dialog", (dialog) => {
    faults.push(`${name}: a text from outside was obeyed: ${dialog.message()}`);
    dialog.dismiss();
  });
  await page.goto(url);
  return page;
}

// The customers that are seen, from the top: their rows in the list, and their names.
const seen = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("table.rows tbody tr")]
      .filter((row) => row.checkVisibility())
      .map((row) => ({ row: Number(row.cells[0].textContent), name: row.querySelector("th > bdi")?.textContent ?? "" })),
  );
const focused = (page) => page.evaluate(() => document.activeElement.id);

// Moves on by the keyboard until this has the focus.
async function tabTo(page, id) {
  for (let step = 0; step < 60; step += 1) {
    if ((await focused(page)) === id) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`the keyboard does not reach #${id}`);
}

async function byKeyboard(browser, { url, all }, faults) {
  const context = await browser.newContext();
  const page = await open(context, "report by keyboard", url, faults);
  const expect = async (what, shown, rows = shown) => {
    const count = await page.locator("#find-count").textContent();
    if (count !== `${shown} of ${all} shown`) faults.push(`report, ${what}: says "${count}"`);
    const there = (await seen(page)).length;
    if (there !== rows) faults.push(`report, ${what}: shows ${there} rows instead of ${rows}`);
  };
  const names = async (what, wanted) => {
    const found = (await seen(page)).map((one) => one.name).slice(0, wanted.length);
    if (found.join() !== wanted.join()) faults.push(`report, ${what}: begins with ${found}`);
  };
  const retype = async (text) => {
    await page.keyboard.press("Control+A");
    await page.keyboard.press("Backspace");
    await page.keyboard.type(text);
  };
  if (!(await page.locator("#find-count[role=status]").isVisible())) faults.push("report: nobody hears the count");
  await expect("at first", all);

  await tabTo(page, "find-text");
  await page.keyboard.type("CONTOSO pharma");
  await expect("by name", 1);
  await page.keyboard.press("Enter");
  if (new URL(page.url()).search) faults.push("report: the filter was sent somewhere");
  await retype("d3300000-0000-4000-8000-000000000017");
  await names("by ID", ["Southridge Video"]);
  await retype("permission_denied");
  await names("by reason", ["Southridge Video"]);
  await retype("nobody is called so");
  await expect("nobody", 0);
  await retype("");
  await expect("all again", all);

  await page.keyboard.press("Tab");
  await page.keyboard.type("failed");
  await expect("by outcome", 3);
  await page.keyboard.press("Tab");
  await page.keyboard.type("refused");
  await expect("by outcome and reason", 1);
  await page.keyboard.press("Home");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Home");
  await expect("every outcome again", all);

  await tabTo(page, "find-order");
  await page.keyboard.type("customer");
  await expect("in one list", all);
  await names("by name", ["Adatum Corp.", "Adatum Corporation", "Alpine Ski House"]);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await names("the last name first", ["Wide World Importers", "Tailspin Toys"]);
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.type("may go");
  await names("the last that may go", ["Graphic Design Institute"]);
  await tabTo(page, "find-reverse");
  await page.keyboard.press("Space");
  await names("the first that may go", ["Humongous Insurance", "Consolidated Messenger", "Graphic Design Institute"]);
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.type("act by");
  await names("the first that needs an act", ["City Power & Light", "Fourth Coffee"]);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.type("row");
  const rows = (await seen(page)).map((one) => one.row);
  if (rows.some((row, at) => row !== at + 2)) faults.push(`report, by row: ${rows}`);
  await page.keyboard.press("Home");
  await expect("in groups again", all);
  if ((await page.locator("#groups section:visible").count()) !== 7) faults.push("report: a group is missing afterwards");

  // What is folded unfolds by the keyboard, too.
  const details = page.locator("table.rows details").first();
  await details.locator("summary").focus();
  await page.keyboard.press("Enter");
  if (!(await details.locator(".sent li").first().isVisible())) faults.push("report: the requests do not unfold");
  await context.close();
}

async function byMouse(browser, { url, all }, faults) {
  const context = await browser.newContext();
  const page = await open(context, "report by mouse", url, faults);
  await page.locator("#find-order").selectOption("name");
  await page.locator("#find-text").fill("contoso");
  await page.locator(".legend a", { hasText: "skipped" }).click();
  if (!(await page.locator("#g-skipped").isVisible())) faults.push("report: the way to the skipped leads nowhere");
  if ((await seen(page)).length !== all) faults.push("report: the way to the skipped left the filter");
  await page.locator("table.rows summary").first().click();
  if (!(await page.locator(".sent li").first().isVisible())) faults.push("report: the requests do not unfold");
  await context.close();
}

async function withoutScript(browser, { url, all }, faults) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await open(context, "report without script", url, []);
  if ((await seen(page)).length !== all) faults.push("report without script: rows are missing");
  const controls = await page.locator("input:visible, select:visible, button:visible").count();
  if (controls !== 0) faults.push(`report without script: ${controls} controls that do nothing`);
  const first = page.locator("table.rows details").first();
  await first.locator("summary").click();
  if (!(await first.locator(".sent li").first().isVisible())) faults.push("report without script: the requests do not unfold");
  await context.close();
}

// Each request stands with the customer that it was for, and there are some.
async function underTheirCustomers(browser, { url }, faults) {
  const context = await browser.newContext();
  const page = await open(context, "requests", url, faults);
  const [right, wrong] = await page.evaluate(() => {
    const found = [0, 0];
    for (const row of document.querySelectorAll("table.rows tbody tr")) {
      const id = row.querySelector(".id")?.textContent;
      for (const path of row.querySelectorAll(".sent p:first-of-type > bdi"))
        if (path.textContent.includes("/customers/")) found[path.textContent.includes(id) ? 0 : 1] += 1;
    }
    return found;
  });
  if (wrong > 0 || right < 40) faults.push(`report: ${right} requests with their customer, ${wrong} with another`);
  await context.close();
}

// Names that somebody else wrote are found by what is shown of them, and stay text in every order.
async function strangers(browser, { hostile, shown }, faults) {
  const context = await browser.newContext();
  const page = await open(context, "hostile report by keyboard", hostile, faults);
  for (const order of ["", "name", "settled"]) {
    await page.locator("#find-order").selectOption(order);
    for (const name of shown) {
      await page.locator("#find-text").fill(name);
      const found = await seen(page);
      if (found.length !== 1 || found[0].name !== name) faults.push(`hostile report: ${name} finds ${JSON.stringify(found)}`);
    }
    await page.locator("#find-text").fill("");
  }
  const alive = await page.locator("main img, main script, main b u, main i").count();
  if (alive !== 0) faults.push("hostile report: a name became an element");
  await context.close();
}

export async function report(browser, asked, faults) {
  for (const part of [byKeyboard, byMouse, withoutScript, underTheirCustomers, strangers]) {
    await part(browser, asked, faults).catch((error) => faults.push(`report: ${error}`));
  }
}
