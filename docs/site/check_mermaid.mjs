// Reads every diagram of the built pages as mermaid does in a browser; ends with 1 for one that it
// cannot read, and for a page that has one and not the script.
//
//     node docs/site/check_mermaid.mjs build/docs/docs/*.html

import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";

// Mermaid cleans the texts of a diagram by way of a browser's window.
globalThis.window = new JSDOM("").window;
globalThis.document = globalThis.window.document;
const { default: mermaid } = await import("mermaid");

function wrong(page, said) {
  process.exitCode = 1;
  console.error(`${page}: ${said}`);
}

// Tags within the element stay tags, as mermaid takes the element's HTML and undoes the entities.
function textOf(element) {
  const decoder = document.createElement("textarea");
  decoder.innerHTML = element.innerHTML.replaceAll("<", "&lt;");
  return decoder.value.trim();
}

let read = 0;
for (const page of process.argv.slice(2)) {
  const html = readFileSync(page, "utf8");
  if (!html.includes("mermaid")) continue;
  const built = new JSDOM(html).window.document;
  const diagrams = built.querySelectorAll(".mermaid");
  if (diagrams.length && !built.querySelector('script[src*="mermaid.min.js"]')) {
    wrong(page, "has a diagram and not the script that draws it");
  }
  for (const diagram of diagrams) {
    read += 1;
    await mermaid.parse(textOf(diagram)).catch((error) => wrong(page, error.message));
  }
}
console.log(`Mermaid: ${read} diagrams read`);
