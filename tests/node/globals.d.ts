// Global names that no script of the project declares.

type Htmx = (typeof import("htmx.org"))["default"];

/** The typed `swap` requires delays that are optional. */
declare const htmx: Omit<Htmx, "swap"> & {
    swap(
        target: Element,
        content: string,
        specification: { swapStyle: string },
        options?: { afterSwapCallback?: () => void },
    ): void;
};
