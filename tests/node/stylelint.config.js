// The rules of all style sheets in the project.

export default {
  extends: "stylelint-config-standard",
  rules: {
    "comment-empty-line-before": null, // Prettier keeps empty lines as they were written
    "custom-property-empty-line-before": null,
    "no-descending-specificity": null, // it compares selectors that never match the same element
    "rule-empty-line-before": null,
    "selector-class-pattern": "^[a-z][a-z0-9]*([-_][a-z0-9]+)*$", // Django names some with underscores
    "selector-id-pattern": "^[a-z][a-z0-9]*([-_][a-z0-9]+)*$",
  },
};
