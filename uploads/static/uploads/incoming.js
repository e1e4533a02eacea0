/** Files that are dropped anywhere on the page, or pasted into it; of folders, the files in them. */

/**
 * `take` gets an array of files, and the element that they were given to. While files are dragged over the page, it has
 * the class "dragging".
 */
export function listen(take) {
  let depth = 0; // how many elements, one inside of the other, are being dragged over
  const dragging = (change) => {
    depth = change ? depth + change : 0;
    document.documentElement.classList.toggle("dragging", depth > 0);
  };
  const on = (type, handle) =>
    document.addEventListener(type, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      handle(event);
    });
  on("dragenter", () => dragging(1));
  on("dragleave", () => dragging(depth > 1 ? -1 : 0));
  on("dragover", (event) => (event.dataTransfer.dropEffect = "copy"));
  on("drop", async (event) => {
    dragging(0);
    take(await filesOf(event.dataTransfer), event.target);
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    take(files, event.target);
  });
}

/** The items are asked for their entries at once, since they are gone once the event is over. */
async function filesOf({ items, files }) {
  const entries = [...items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.());
  if (!entries.some((entry) => entry?.isDirectory)) return [...files];
  return (await Promise.all(entries.map(filesIn))).flat();
}

async function filesIn(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at a time
    if (!some.length) return (await Promise.all(found.map(filesIn))).flat();
    found.push(...some);
  }
}
