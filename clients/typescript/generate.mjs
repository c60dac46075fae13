// Writes src/contract.ts from the contract: `make clients-typescript`.
//
// The paths of the document get the path of their server in front, so that what a caller writes is
// what is sent. Nothing in the result depends on the day or the machine.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const HEAD = "// The contract as types. Written by `make clients-typescript`; not to be edited.\n\n";

const [, , contract, output] = process.argv;
const document = JSON.parse(await readFile(contract, "utf8"));
const [{ url }] = document.servers;
document.paths = Object.fromEntries(
  Object.entries(document.paths).map(([path, item]) => {
    const server = item.servers?.[0].url ?? url;
    return [server.replace(/\/$/, "") + path, item];
  }),
);
await writeFile(output, HEAD + astToString(await openapiTS(document)));
