/** Scrolling of the page while something is dragged near the top or the bottom edge of the viewport. */

const EDGE_PX = 60;
const MAX_PX_PER_MS = 1.2; // speed at the edge itself and outside of the viewport

/**
 * Scroll in each animation frame until the signal aborts, and call `onScroll` after each step. `pointerY` returns the
 * pointer's distance from the top of the viewport in pixels, or undefined while the page must not scroll.
 *
 * @param {() => number | undefined} pointerY
 * @param {() => void} onScroll
 * @param {AbortSignal} signal
 */
export function scrollNearEdges(pointerY, onScroll, signal) {
  let before = performance.now();
  const step = (/** @type {number} */ now) => {
    if (signal.aborted) return;
    const depth = edgeDepth(pointerY());
    const [from, distance] = [scrollY, depth * MAX_PX_PER_MS * Math.max(now - before, 0)];
    before = now;
    scrollBy({ top: Math.sign(distance) * Math.ceil(Math.abs(distance)), behavior: "instant" });
    if (scrollY !== from) onScroll();
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

/** Return the height of the viewport in pixels, without a bar that covers its bottom (`scroll-padding-bottom`). */
export function uncoveredHeight() {
  return innerHeight - (parseFloat(getComputedStyle(document.documentElement).scrollPaddingBottom) || 0);
}

/**
 * Return how deep this position is in the zone along an edge: -1 at the top edge, 1 at the bottom edge, 0 in between.
 */
function edgeDepth(y = innerHeight / 2) {
  const [above, below] = [EDGE_PX - y, y - (uncoveredHeight() - EDGE_PX)].map((px) =>
    Math.min(Math.max(px / EDGE_PX, 0), 1),
  );
  return below - above;
}
