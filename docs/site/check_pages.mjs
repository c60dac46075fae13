// Looks at built pages as a browser will; says what is wrong with them, and ends with 1:
//
//   - a diagram that mermaid cannot read, or a page that has one and not the script;
//   - anything that a page would load from elsewhere.
//
//     node docs/site/check_pages.mjs build/docs/docs/*.html

import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";

// Mermaid cleans the texts of a diagram by way of a browser's window.
globalThis.window = new JSDOM("").window;
globalThis.document = globalThis.window.document;
const { default: mermaid } = await import("mermaid");

const LOADED = "script[src], img[src], iframe[src], link[rel=stylesheet], link[rel*=icon]";
let diagrams = 0;

function* foreign(page) {
  for (const element of page.querySelectorAll(LOADED)) {
    const address = element.getAttribute("src") ?? element.getAttribute("href");
    if (/^(\w+:)?\/\//.test(address)) yield `loads ${address}`;
  }
}

// Tags within the element stay tags, as mermaid takes the element's HTML and undoes the entities.
function textOf(element) {
  const decoder = document.createElement("textarea");
  decoder.innerHTML = element.innerHTML.replaceAll("<", "&lt;");
  return decoder.value.trim();
}

async function* unreadable(page) {
  const drawn = page.querySelectorAll(".mermaid");
  if (drawn.length && !page.querySelector('script[src*="mermaid.min.js"]')) {
    yield "has a diagram and not the script that draws it";
  }
  for (const element of drawn) {
    diagrams += 1;
    try {
      await mermaid.parse(textOf(element));
    } catch (error) {
      yield error.message;
    }
  }
}

const files = process.argv.slice(2);
for (const file of files) {
  const page = new JSDOM(readFileSync(file, "utf8")).window.document;
  const faults = [...foreign(page)];
  for await (const fault of unreadable(page)) faults.push(fault);
  if (faults.length) process.exitCode = 1;
  for (const fault of faults) console.error(`${file}: ${fault}`);
}
console.log(`${files.length} pages looked at, with ${diagrams} diagrams`);
