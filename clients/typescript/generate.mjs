// Writes src/contract.ts and src/shapes.ts from the contract: `make clients-typescript`.
//
// The paths of the document get the path of their server in front, so that what a caller writes is
// what is sent. Nothing in the result depends on the day or the machine.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const BY = "Written by `make clients-typescript`; not to be edited.\n\n";
const JSON_TYPE = "application/json";

const [, , contract, types, shapes] = process.argv;
const document = JSON.parse(await readFile(contract, "utf8"));
const { schemas } = document.components;
const [{ url }] = document.servers;
document.paths = Object.fromEntries(
  Object.entries(document.paths).map(([path, item]) => {
    const server = item.servers?.[0].url ?? url;
    return [server.replace(/\/$/, "") + path, item];
  }),
);
const answers = answersOf(document.paths);
const needed = {};
for (const name of [...Object.values(answers), "Problem"]) need(name);
await writeFile(types, `// The contract as types. ${BY}${astToString(await openapiTS(document))}`);
await writeFile(
  shapes,
  `// What answers have in them, by the contract. ${BY}` +
    'import type { Shape } from "./documents.js";\n\n' +
    `export const ANSWERS: Record<string, string> = ${written(answers)};\n\n` +
    `export const SHAPES: Record<string, Shape> = ${written(needed)};\n`,
);

/** The name of the schema of the JSON that each operation answers with when all is well. */
function answersOf(paths) {
  const found = {};
  for (const [path, item] of Object.entries(paths)) {
    for (const [method, { responses }] of Object.entries(item)) {
      const well = Object.entries(responses ?? {}).filter(([status]) => status.startsWith("2"));
      const schema = well.map(([, { content }]) => content?.[JSON_TYPE]?.schema).find(Boolean);
      if (schema !== undefined) found[`${method.toUpperCase()} ${path}`] = nameOf(schema);
    }
  }
  return found;
}

function nameOf({ $ref }) {
  return $ref.slice($ref.lastIndexOf("/") + 1);
}

/** Add the shape of a schema to those that are needed, and those that it names. */
function need(name) {
  if (name in needed) return;
  needed[name] = undefined;
  needed[name] = shapeOf(schemas[name]);
}

function shapeOf(schema) {
  if ("$ref" in schema) {
    const name = nameOf(schema);
    if (!isMade(schemas[name])) return shapeOf(schemas[name]);
    need(name);
    return name;
  }
  if ("oneOf" in schema) return { either: schema.oneOf.map(shapeOf) };
  if (schema.type === "array") return [shapeOf(schema.items)];
  if (schema.type !== "object") return schema.type === "integer" ? "number" : schema.type;
  const { properties = {}, required = [] } = schema;
  const shape = { needs: {}, may: {} };
  for (const [name, member] of Object.entries(properties)) {
    shape[required.includes(name) ? "needs" : "may"][name] = shapeOf(member);
  }
  return shape;
}

/** Whether a schema is made of others, and has a shape of its own. */
function isMade(schema) {
  return schema.type === "object" || "oneOf" in schema;
}

/** A value as it is written in a program, an entry a line. */
function written(value) {
  const entries = Object.entries(value).map(
    ([name, entry]) => `  ${JSON.stringify(name)}: ${JSON.stringify(entry)},\n`,
  );
  return `{\n${entries.join("")}}`;
}
