/**
 * A loader of the apps' static files, for `node --import`. It treats them as modules, although no package.json says so,
 * and resolves their imports as if all were below /static/, as they are on the site.
 */

import { register } from "node:module";
import { isMainThread } from "node:worker_threads";

const STATIC_FILE = /\/(config|todos|uploads|progress)\/static\/(config|todos|uploads|progress)\//;

if (isMainThread) register(import.meta.url);

/** @type {import("node:module").ResolveHook} */
export function resolve(specifier, context, nextResolve) {
  const isFromStaticFile = context.parentURL && STATIC_FILE.test(context.parentURL);
  if (!isFromStaticFile || !specifier.startsWith(".")) return nextResolve(specifier, context);
  const { href } = new URL(specifier, context.parentURL);
  return nextResolve(href.replace(STATIC_FILE, "/$2/static/$2/"), context);
}

/** @type {import("node:module").LoadHook} */
export function load(url, context, nextLoad) {
  return nextLoad(url, STATIC_FILE.test(url) ? { ...context, format: "module" } : context);
}
