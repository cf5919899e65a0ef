// Drives Chromium for tests/browsing.py: reads one command as JSON from each line, and answers each with a line.
//
// A command names a page, a method of Playwright's Page such as "keyboard.press", and its arguments. Requests to other
// origins are blocked and reported, as are errors on the console and exceptions of scripts.
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const [executablePath, ...flags] = process.argv.slice(2);
const quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath, args: [...quiet, ...flags] });
const pages = new Map();

async function open({ page: id, options, origin, scripts, timeout }) {
  const context = await browser.newContext({ acceptDownloads: true, ...options });
  const problems = [];
  await context.route(
    (url) => url.protocol.startsWith("http") && url.origin !== origin,
    (route) => {
      problems.push(`request to another origin: ${route.request().url()}`);
      return route.abort();
    },
  );
  for (const content of scripts) await context.addInitScript({ content });
  const page = await context.newPage();
  page.setDefaultTimeout(timeout);
  page.on("console", (message) => {
    if (message.type() !== "error") return;
    const { url } = message.location();
    problems.push(`console: ${message.text()}${url ? ` (${url})` : ""}`);
  });
  page.on("pageerror", (error) => problems.push(`exception: ${error.stack ?? error}`));
  pages.set(id, { context, page, problems });
}

async function close({ page: id }) {
  const { context, problems } = pages.get(id);
  pages.delete(id);
  await context.close();
  return problems;
}

async function call({ page: id, method, given }) {
  const steps = method.split(".");
  const name = steps.pop();
  const target = steps.reduce((object, step) => object[step], pages.get(id).page);
  const result = await target[name](...given);
  return result instanceof Buffer ? result.toString("base64") : plain(result);
}

function plain(value) {
  try {
    return JSON.parse(JSON.stringify(value ?? null));
  } catch {
    return null; // an object of Playwright, such as a response
  }
}

// A file that the page offers: what a click on an element downloads.
async function download({ page: id, selector }) {
  const { page } = pages.get(id);
  const [found] = await Promise.all([page.waitForEvent("download"), page.click(selector)]);
  const parts = [];
  for await (const part of await found.createReadStream()) parts.push(part);
  return { name: found.suggestedFilename(), text: Buffer.concat(parts).toString() };
}

// Slows the processor down for a page, as on a phone.
async function slow({ page: id, times }) {
  const { context, page } = pages.get(id);
  const session = await context.newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: times });
}

const ACTIONS = { open, close, call, download, slow };
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  let reply;
  try {
    reply = { value: (await ACTIONS[command.action](command)) ?? null };
  } catch (error) {
    reply = { error: String(error.stack ?? error) };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
await browser.close();
