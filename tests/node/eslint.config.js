// The rules of all JavaScript in the project. ESLint runs in the project's root: paths are relative to that.

import js from "@eslint/js";
import globals from "globals";

/** The apps, from the top layer to the bottom. Scripts import only those of lower layers, as the Python modules do. */
const LAYERS = ["config", "todos", "uploads", "progress"];

const layers = LAYERS.map((app, index) => ({
  files: [`${app}/static/**`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: LAYERS.slice(0, index).map((above) => ({
          regex: `^(\\.\\./)+${above}/`,
          message: `${app} may not import ${above}.`,
        })),
      },
    ],
  },
}));

export default [
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "no-param-reassign": "error",
      "no-shadow": "error",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-template": "error",
    },
  },
  { files: ["*/static/**"], languageOptions: { globals: globals.browser } },
  { files: ["todos/static/**", "uploads/static/**"], languageOptions: { globals: { htmx: "readonly" } } },
  { files: ["tests/node/**"], languageOptions: { globals: globals.node } },
  ...layers,
];
