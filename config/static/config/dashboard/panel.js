/** What the panels of the dashboard have in common: the API, and two lines that say in words what didn't work. */

export class Panel extends HTMLElement {
  connection;

  start(connection) {
    this.connection = connection;
  }

  /** Load what is shown here anew, by the panel's own `load`. What went wrong is said here, unless the page says it. */
  async renew() {
    try {
      await this.load();
      this.tell(".not-loaded", "");
    } catch (error) {
      this.tell(".not-loaded", await this.connection.notLoaded(error));
    }
  }

  /** Gives what the change gives; undefined, and a word on it, if it didn't work. */
  async attempt(change) {
    this.tell(".not-saved", "");
    try {
      return await change();
    } catch (error) {
      this.tell(".not-saved", await this.connection.notSaved(error));
      return undefined;
    }
  }

  /** Only a new text is set, because setting it is what makes a screen reader announce it. */
  tell(line, text) {
    const element = this.querySelector(line);
    if (element.textContent !== text) element.textContent = text;
  }
}
