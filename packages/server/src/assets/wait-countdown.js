// Counts down the seconds after which a form may be sent again. Without script the time stands there as it was.
const format = new Intl.RelativeTimeFormat(document.documentElement.lang);
const units = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

for (const wait of document.querySelectorAll("[data-wait]")) {
  const until = performance.now() + Number(wait.dataset.wait) * 1000;
  const message = wait.closest("[data-over]");
  const tick = () => {
    const seconds = Math.ceil((until - performance.now()) / 1000);
    if (seconds <= 0) message.textContent = message.dataset.over;
    else {
      const [unit, size] = units.find(([, size]) => seconds > size) ?? ["second", 1];
      wait.textContent = format.format(Math.ceil(seconds / size), unit);
      setTimeout(tick, 250);
    }
  };
  tick();
}
