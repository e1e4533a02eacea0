/** Files that are dropped anywhere on the page or pasted into it. Directories are replaced by the files in them. */

/**
 * Call `onFiles` with the files and with the element that they were dropped on or pasted into. While files are dragged
 * over the page, the root element has the class "dragging".
 *
 * @param {(files: File[], target: EventTarget | null) => void} onFiles
 */
export function listenForFiles(onFiles) {
  let depth = 0; // the number of nested elements that are being dragged over
  /** @param {number} newDepth */
  const setDepth = (newDepth) => {
    depth = Math.max(newDepth, 0);
    document.documentElement.classList.toggle("dragging", depth > 0);
  };
  /**
   * @param {"dragenter" | "dragleave" | "dragover" | "drop"} type
   * @param {(transfer: DataTransfer, target: EventTarget | null) => void} handle
   */
  const on = (type, handle) =>
    document.addEventListener(type, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      handle(event.dataTransfer, event.target);
    });
  on("dragenter", () => setDepth(depth + 1));
  on("dragleave", () => setDepth(depth - 1));
  on("dragover", (transfer) => (transfer.dropEffect = "copy"));
  on("drop", async (transfer, target) => {
    setDepth(0);
    onFiles(await filesOf(transfer), target);
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    onFiles(files, event.target);
  });
}

/**
 * Return the files of a drop. The entries are read before the first `await`, because the items are empty after the
 * event.
 *
 * @param {DataTransfer} transfer
 */
async function filesOf({ items, files }) {
  const entries = [...items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.());
  if (!entries.some((entry) => entry?.isDirectory)) return [...files];
  return (await Promise.all(entries.map((entry) => (entry ? filesIn(entry) : [])))).flat();
}

/**
 * @param {FileSystemEntry} entry
 * @returns {Promise<File[]>}
 */
async function filesIn(entry) {
  if (entry.isFile) return [await fileOf(/** @type {FileSystemFileEntry} */ (entry))];
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const entries = [];
  for (;;) {
    const batch = await readEntries(reader); // Chromium returns at most 100 entries
    if (!batch.length) return (await Promise.all(entries.map(filesIn))).flat();
    entries.push(...batch);
  }
}

/**
 * @param {FileSystemFileEntry} entry
 * @returns {Promise<File>}
 */
function fileOf(entry) {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/**
 * @param {FileSystemDirectoryReader} reader
 * @returns {Promise<FileSystemEntry[]>}
 */
function readEntries(reader) {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}
