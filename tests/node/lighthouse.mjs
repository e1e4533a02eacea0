// Lighthouse's report on pages, as JSON, in a Chromium that is already running: node lighthouse.mjs PORT [URL SKIPPED]…
// SKIPPED are audits, separated by commas.

import lighthouse, { desktopConfig } from "lighthouse";

/** An event stream keeps the network busy, so that Lighthouse would wait for 45 seconds. */
const MAX_WAIT_MS = 6000;

const [port, ...pages] = process.argv.slice(2);
const reports = [];
for (let index = 0; index < pages.length; index += 2) {
  reports.push(await report(pages[index], pages[index + 1].split(",")));
}
console.log(JSON.stringify(reports));

/**
 * @param {string} url
 * @param {string[]} skipAudits
 */
async function report(url, skipAudits) {
  const wait = { maxWaitForLoad: MAX_WAIT_MS, networkQuietThresholdMs: 500, cpuQuietThresholdMs: 500 };
  const categories = ["performance", "accessibility", "best-practices", "seo"];
  const flags = { port: Number(port), skipAudits, onlyCategories: categories, disableFullPageScreenshot: true };
  const result = await lighthouse(url, { ...flags, ...wait, logLevel: "error" }, desktopConfig);
  if (!result) throw new Error(`Lighthouse has no result for ${url}`);
  const { lhr } = result;
  const network = lhr.audits["network-requests"].details;
  return {
    url: lhr.finalDisplayedUrl,
    scores: Object.fromEntries(Object.values(lhr.categories).map(({ id, score }) => [id, score])),
    failed: Object.values(lhr.audits)
      .filter(({ score }) => score !== null && score < 1)
      .map(({ id, score, displayValue }) => `${id}: ${score} ${displayValue ?? ""}`.trim()),
    requests: network?.type === "table" ? network.items : [],
  };
}
