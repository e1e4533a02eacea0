// Compare JavaScript modules with their minified versions: node compare_programs.mjs [SOURCE MINIFIED]…
// Prints the sources whose version is a different program: its syntax tree differs in more than positions.

import { readFileSync } from "node:fs";
import { parse } from "acorn";

const POSITIONS = new Set(["start", "end"]);

const files = process.argv.slice(2);
for (let index = 0; index < files.length; index += 2) {
  if (treeOf(files[index]) !== treeOf(files[index + 1])) console.log(files[index]);
}

/** @param {string} path */
function treeOf(path) {
  const program = parse(readFileSync(path, "utf8"), { ecmaVersion: "latest", sourceType: "module" });
  return JSON.stringify(program, (key, value) => {
    if (POSITIONS.has(key)) return undefined;
    return typeof value === "bigint" ? String(value) : value;
  });
}
