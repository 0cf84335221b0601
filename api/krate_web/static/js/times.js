// Relative times stay true while a page is open. The steps are those of times.py.
(() => {
  const steps = [[60, "now", 0], [3600, "m", 60], [86400, "h", 3600], [2592000, "d", 86400]];
  function ago(moment) {
    const seconds = (Date.now() - Date.parse(moment)) / 1000;
    for (const [below, unit, size] of steps) if (seconds < below) return size ? Math.floor(seconds / size) + unit : unit;
    return moment.slice(0, 10);
  }
  setInterval(() => {
    for (const time of Krate.all("time[datetime]")) {
      const text = ago(time.dateTime);
      if (time.textContent !== text) time.textContent = text;
    }
  }, 15000);
})();
