// The card on the resident's own phone: put there and taken off by a tap, gone after its day, never sent anywhere.
const NAME = "xinlin-card";

// What the phone holds, if its day is not over.
const held = () => {
  try {
    const card = JSON.parse(localStorage.getItem(NAME) || "null");
    if (card && new Date(card.until) > new Date()) return card;
  } catch {
    // not a card of ours
  }
  localStorage.removeItem(NAME);
  return null;
};

const page = document.querySelector("[data-card]");
if (page) {
  const keep = document.querySelector("[data-card-keep]");
  const drop = document.querySelector("[data-card-drop]");
  const show = () => {
    keep.hidden = Boolean(held());
    drop.hidden = !held();
  };
  // A card that is already kept follows the one on the page.
  if (held()) localStorage.setItem(NAME, page.dataset.card);
  keep.querySelector("button").addEventListener("click", () => {
    localStorage.setItem(NAME, page.dataset.card);
    show();
  });
  drop.querySelector("button").addEventListener("click", () => {
    localStorage.removeItem(NAME);
    show();
  });
  show();
}

const place = document.querySelector("[data-card-place]");
const card = place && held();
if (card) {
  for (const part of place.querySelectorAll("[data-part]")) part.textContent = card[part.dataset.part] || "";
  place.hidden = false;
}
