/** Tells the server by a cookie which time zone its reader is in, so that "today" is the day that it is there. */

const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
const secure = location.protocol === "https:" ? "; Secure" : "";
if (timeZone) document.cookie = `timezone=${timeZone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
