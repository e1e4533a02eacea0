// Global names that no script of the project declares.

type Htmx = (typeof import("htmx.org"))["default"];

/** The types of htmx lack upper-case verbs and optional delays. */
declare const htmx: Omit<Htmx, "ajax" | "swap"> & {
  ajax(verb: "GET" | "POST", path: string, context: object): Promise<void>;
  swap(
    target: Element,
    content: string,
    specification: { swapStyle: string },
    options?: { afterSwapCallback?: () => void },
  ): void;
};
