// Keeps ages and countdowns as they are now.

const units = [[86400, "d"], [3600, "h"], [60, "min"]];

function duration(seconds) {
  for (const [length, unit] of units) {
    if (seconds >= length) return `${Math.floor(seconds / length)} ${unit}`;
  }
  return `${Math.max(0, Math.floor(seconds))} s`;
}

// The machine with the browser may have another idea of the time than the daemon.
const ahead = Date.parse(document.body.dataset.now) - Date.now();

export function tick() {
  const now = Date.now() + ahead;
  for (const time of document.querySelectorAll("time[data-age], time[data-until]")) {
    const past = (now - Date.parse(time.dateTime)) / 1000;
    const text = duration("until" in time.dataset ? -past : past);
    if (time.textContent !== text) time.textContent = text;
  }
}

tick();
setInterval(tick, 1000);
