/** Tells people who listen to the page what changes: politely, and what comes at the same time in one go. */

const GATHER_MS = 400;
const MOST = 3; // to be read out one by one

export function announcer(element) {
  const news = new Map(); // who → what, since only the newest is true
  let timer = null;
  const say = () => {
    timer = null;
    const said = [...news].slice(0, MOST).map(([who, what]) => `${who}: ${what}`);
    if (news.size > MOST) said.push(`and news of ${news.size - MOST} more files`);
    news.clear();
    element.textContent = said.join("; ");
  };
  return (who, what) => {
    news.set(who, what);
    timer ??= setTimeout(say, GATHER_MS);
  };
}
