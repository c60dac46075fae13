// Parses every Mermaid block of the pages that it is given; says which are wrong, and ends with 1.
// Browsers draw the diagrams, so that without this a wrong one would be seen by readers first.

import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";

// Mermaid cleans the texts of a diagram by way of a browser's window.
globalThis.window = new JSDOM("").window;
globalThis.document = globalThis.window.document;
const { default: mermaid } = await import("mermaid");

let checked = 0;
for (const page of process.argv.slice(2)) {
  const blocks = readFileSync(page, "utf8").matchAll(/^```mermaid\n(.*?)^```$/gms);
  for (const { 1: text, index } of blocks) {
    checked += 1;
    try {
      await mermaid.parse(text);
    } catch (error) {
      process.exitCode = 1;
      const line = readFileSync(page, "utf8").slice(0, index).split("\n").length;
      console.error(`${page}:${line}: not Mermaid: ${error.message}`);
    }
  }
}
console.log(`Mermaid: ${checked} diagrams read`);
