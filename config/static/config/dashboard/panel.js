/** The base class of the panels of the dashboard: a connection to the API, and lines for messages and errors. */

import { find } from "../../progress/dom.js";

/** @import { Connection } from "./connection.js" */

/** @abstract */
export class Panel extends HTMLElement {
  /** @type {Connection | undefined} */
  #connection;

  /** @param {Connection} connection */
  start(connection) {
    this.#connection = connection;
  }

  get connection() {
    if (!this.#connection) throw new Error("The panel has not been started.");
    return this.#connection;
  }

  /**
   * Load what the panel shows.
   *
   * @abstract
   */
  async load() {}

  /** Load the panel again. An error is shown in the panel, unless the connection's state explains it. */
  async refresh() {
    try {
      await this.load();
      this.setText(".not-loaded", "");
    } catch (error) {
      this.setText(".not-loaded", await this.connection.messageForFailedLoad(error));
    }
  }

  /**
   * Return the result of a change, or undefined after showing its error.
   *
   * @template T
   * @param {() => Promise<T>} change
   */
  async attempt(change) {
    this.setText(".not-saved", "");
    try {
      return await change();
    } catch (error) {
      this.setText(".not-saved", await this.connection.messageForFailedSave(error));
      return undefined;
    }
  }

  /**
   * Set only a new text, because a screen reader announces each text that is set.
   *
   * @param {string} selector
   * @param {string} text
   */
  setText(selector, text) {
    const element = find(this, selector);
    if (element.textContent !== text) element.textContent = text;
  }
}
