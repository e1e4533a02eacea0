/**
 * The progress bar of the landing page: a recording of a real job, which is played when the bar comes into view.
 *
 * Without JavaScript, and if the visitor prefers reduced motion, the bar shows the end of the job.
 */

import "../progress/progress-bar.js";

import { find, findById } from "../progress/dom.js";

/** @import { ProgressBar } from "../progress/progress-bar.js" */

const SLOWDOWN = 3;
const LABEL = "Importing todos.csv";

/** @typedef {[number, number | null, string, number, number | null, string]} Step */

/**
 * What the API reported about the job: milliseconds since the request, percent, stage, current, total and unit.
 *
 * @type {Step[]}
 */
const RECORDING = [
  [118, null, "", 0, null, ""],
  [227, 11, "Reading the file", 65536, 304903, "bytes"],
  [390, 31, "Reading the file", 196608, 304903, "bytes"],
  [547, 47, "Checking rows", 0, 9000, "rows"],
  [822, 52, "Checking rows", 1326, 9000, "rows"],
  [1084, 60, "Checking rows", 3137, 9000, "rows"],
  [1272, 68, "Checking rows", 5173, 9000, "rows"],
  [1440, 76, "Checking rows", 6967, 9000, "rows"],
  [1685, 83, "Checking rows", 8749, 9000, "rows"],
  [2138, 85, "Writing to-dos", 0, 9000, "to-dos"],
  [2225, 100, "Writing to-dos", 9000, 9000, "to-dos"],
];

const demo = findById("demo");
const bar = /** @type {ProgressBar} */ (find(demo, "progress-bar"));
const button = find(demo, "button", HTMLButtonElement);

function play() {
  draw(RECORDING[0]);
  for (const step of RECORDING) setTimeout(() => draw(step), step[0] * SLOWDOWN);
}

/** @param {Step} step */
function draw([, percent, stage, current, total, unit]) {
  const isDone = percent === 100;
  bar.draw({
    label: LABEL,
    state: isDone ? "succeeded" : "running",
    ...{ percent, stage, current, total, unit },
    ...{ eta_seconds: null, result: null, error: null },
  });
  button.classList.toggle("waiting", !isDone);
}

function playWhenVisible() {
  const observer = new IntersectionObserver(
    ([{ isIntersecting }]) => {
      if (!isIntersecting) return;
      observer.disconnect();
      play();
    },
    { threshold: 1 },
  );
  observer.observe(bar);
}

button.addEventListener("click", play);
if (matchMedia("(prefers-reduced-motion: reduce)").matches) button.classList.remove("waiting");
else playWhenVisible();
