/**
 * Zooming and moving of the picture in the viewer. A zoomed picture is scrolled, by the browser or by dragging; a
 * picture that fits is swiped to go to the next one. Browsers zoom by pinching themselves.
 */

import { find } from "../progress/dom.js";

const MAX_LEVEL = 8;
const STEP = 1.5;
const DOUBLE_CLICK_LEVEL = 2.5;
const WHEEL_SPEED = 0.004; // exponent for each pixel
const SWIPE_PX = 48;

/** @typedef {{ clientX: number, clientY: number }} Point */

export class Zoom {
  #root;
  #onChange;
  #onSwipe;
  #level = 1;
  /** @type {(Point & { id: number, left: number, top: number }) | null} where the pointer is held down */
  #drag = null;

  /**
   * @param {HTMLElement} root contains the .pictures
   * @param {{ onChange: (isZoomed: boolean) => void, onSwipe: (step: number) => void }} options
   */
  constructor(root, { onChange, onSwipe }) {
    this.#root = root;
    this.#onChange = onChange;
    this.#onSwipe = onSwipe;
    root.addEventListener("wheel", (event) => this.#onWheel(event), { passive: false });
    root.addEventListener("dblclick", (event) => this.#isOnPicture(event) && this.toggle(event));
    root.addEventListener("dragstart", (event) => event.preventDefault());
    root.addEventListener("pointerdown", (event) => this.#onDown(event));
    root.addEventListener("pointermove", (event) => this.#onMove(event));
    root.addEventListener("pointerup", (event) => this.#onUp(event));
    root.addEventListener("pointercancel", () => this.#endDrag());
  }

  get isZoomed() {
    return this.#level > 1;
  }

  get #stage() {
    return find(this.#root, ".pictures");
  }

  /** Show the picture so that it fits. Another one may be shown than before. */
  reset() {
    this.#set(1);
  }

  /** Apply the level to a picture that has been inserted again. */
  refresh() {
    this.#set(this.#level);
  }

  /** @param {number} direction 1 to enlarge, or -1 */
  step(direction) {
    this.#set(this.#level * STEP ** direction);
  }

  /** @param {Point} [point] */
  toggle(point) {
    this.#set(this.isZoomed ? 1 : DOUBLE_CLICK_LEVEL, point);
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  scrollBy(x, y) {
    this.#stage.scrollBy(x, y);
  }

  /**
   * Zoom, and keep this point of the picture where it is.
   *
   * @param {number} level
   * @param {Point} [point]
   */
  #set(level, point) {
    const stage = this.#stage;
    const content = stage.querySelector(":scope > img, :scope > ol");
    this.#level = content ? Math.max(1, Math.min(level, MAX_LEVEL)) : 1;
    const { left, top, width, height } = stage.getBoundingClientRect();
    const { clientX, clientY } = point ?? { clientX: left + width / 2, clientY: top + height / 2 };
    const before = content?.getBoundingClientRect();
    stage.style.setProperty("--zoom", String(this.#level));
    stage.classList.toggle("zoomed", this.isZoomed);
    if (content && before) {
      const after = content.getBoundingClientRect();
      const x = after.left + ((clientX - before.left) / before.width) * after.width;
      const y = after.top + ((clientY - before.top) / before.height) * after.height;
      stage.scrollBy(x - clientX, y - clientY);
    }
    for (const picture of stage.querySelectorAll("img")) setSizes(picture, this.#level);
    if (this.isZoomed || content?.matches("ol")) stage.tabIndex = 0;
    else stage.removeAttribute("tabindex");
    this.#onChange(this.isZoomed);
  }

  /** @param {WheelEvent} event */
  #onWheel(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    if (this.#isOnPicture(event)) this.#set(this.#level * Math.exp(-event.deltaY * WHEEL_SPEED), event);
  }

  /** @param {Event} event */
  #isOnPicture({ target }) {
    return target instanceof Element && this.#stage.contains(target) && !target.closest("a, button");
  }

  /** @param {PointerEvent} event */
  #onDown(event) {
    const isPinched = (globalThis.visualViewport?.scale ?? 1) > 1;
    const isSwipe = event.pointerType === "touch" && !this.isZoomed && !isPinched;
    const isDrag = event.pointerType !== "touch" && this.isZoomed && event.button === 0;
    if (!(isSwipe || isDrag) || !event.isPrimary || !this.#isOnPicture(event)) return this.#endDrag();
    const { scrollLeft: left, scrollTop: top } = this.#stage;
    this.#drag = { clientX: event.clientX, clientY: event.clientY, id: event.pointerId, left, top };
    return /** @type {Element} */ (event.target).setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  #onMove(event) {
    if (event.pointerId !== this.#drag?.id) return;
    const x = event.clientX - this.#drag.clientX;
    const y = event.clientY - this.#drag.clientY;
    if (this.isZoomed) this.#stage.scrollTo(this.#drag.left - x, this.#drag.top - y);
    else this.#stage.style.translate = `${x}px`;
  }

  /** @param {PointerEvent} event */
  #onUp(event) {
    if (event.pointerId !== this.#drag?.id) return;
    const x = event.clientX - this.#drag.clientX;
    this.#endDrag();
    if (!this.isZoomed && Math.abs(x) >= SWIPE_PX) this.#onSwipe(x < 0 ? 1 : -1);
  }

  #endDrag() {
    this.#drag = null;
    this.#stage.style.translate = "";
  }
}

/**
 * Prepare a picture for the viewer: viewer.css needs its size, and shows a small version of it until it is loaded.
 *
 * @param {HTMLImageElement} picture
 * @param {string} [placeholder] the URL of the small version
 */
export function preparePicture(picture, placeholder) {
  const attributes = ["width", "height"].map((name) => Number(picture.getAttribute(name)));
  const widths = [...picture.srcset.matchAll(/ (\d+)w/g)].map((match) => Number(match[1]));
  const width = Math.max(attributes[0], ...widths); // the attributes may be those of a smaller rendition
  picture.style.setProperty("--width", String(width));
  picture.style.setProperty("--height", String((width * attributes[1]) / attributes[0]));
  if (placeholder) {
    picture.style.backgroundImage = `url("${placeholder}")`;
    picture.addEventListener("load", () => (picture.style.backgroundImage = ""), { once: true });
  }
  setSizes(picture, 1);
}

/**
 * Let the browser choose the rendition for a picture that is as large as the window allows, times the level.
 *
 * @param {HTMLImageElement} picture
 * @param {number} level
 */
function setSizes(picture, level) {
  const [width, height] = ["--width", "--height"].map((name) => Number(picture.style.getPropertyValue(name)));
  picture.sizes = `calc(${level} * min(${width}px, 100vw, ${(100 * width) / height}vh))`;
}
