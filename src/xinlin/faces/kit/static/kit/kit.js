// Small comforts on top of pages that work without them.

// A form is sent once: a second press while the first is on its way does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-once]")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("button[type=submit], button:not([type])")) {
    button.setAttribute("aria-disabled", "true");
    button.classList.add("opacity-60");
  }
});

// Coming back through the browser's history, forms can be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-once]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) {
      button.removeAttribute("aria-disabled");
      button.classList.remove("opacity-60");
    }
  }
});

// Printing a receipt.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// A wording that goes with an outcome is put into the empty box, for a person to edit; what they wrote is left alone.
for (const choice of document.querySelectorAll("[data-wording]")) {
  choice.addEventListener("change", () => {
    const box = document.querySelector("[data-wording-box]");
    if (box && (!box.value.trim() || box.value === box.dataset.filled)) {
      box.value = choice.dataset.wording;
      box.dataset.filled = choice.dataset.wording;
    }
  });
}

// A kiosk is wiped when nobody touches it. The page's own Refresh header does so without this script; here typing counts too.
const kiosk = document.querySelector("[data-kiosk]");
if (kiosk) {
  const idle = Number(kiosk.dataset.kiosk) * 1000;
  let timer;
  let told = Date.now();
  const touched = (event) => {
    clearTimeout(timer);
    timer = setTimeout(() => location.replace(kiosk.dataset.end), idle);
    const ending = kiosk.contains(event?.target ?? null); // whoever presses "end" wants nothing kept open
    if (!ending && Date.now() - told > idle / 4) {
      told = Date.now();
      fetch(kiosk.dataset.here, { method: "HEAD" });
    }
  };
  addEventListener("load", () => {
    stop(); // the header's refresh; the timer takes its place
    touched();
  });
  for (const sort of ["pointerdown", "keydown", "input"]) addEventListener(sort, touched, { passive: true });
}

// Pages can be installed; the worker keeps their look and the page for no network, nothing else.
const installed = document.querySelector("[data-worker]");
if (installed && "serviceWorker" in navigator) navigator.serviceWorker.register(installed.dataset.worker, { scope: "/" });

// Nobody is signed in, or the score was left: a card on this phone is taken off.
if (document.querySelector("[data-card-forget]")) localStorage.removeItem("xinlin-card");

// A slider shows its page by itself; without this script there is a button.
for (const slider of document.querySelectorAll("[data-sends]")) slider.addEventListener("change", () => slider.form.requestSubmit());
