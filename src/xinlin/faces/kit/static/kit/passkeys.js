// Making and using a passkey: the device is asked, and the form then goes its ordinary way with what the device answered.

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  const failed = form.querySelector("[data-failed]");
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-disabled")) return;
    button.setAttribute("aria-disabled", "true");
    failed.hidden = true;
    try {
      const answer = await fetch(form.dataset.options, { method: "POST", body: new FormData(form) });
      const asked = await answer.json();
      const ask = form.dataset.passkey === "add" ? webauthnJSON.create : webauthnJSON.get;
      form.elements.credential.value = JSON.stringify(await ask(asked));
      form.submit();
    } catch {
      failed.hidden = false;
      button.focus();
    } finally {
      button.removeAttribute("aria-disabled");
    }
  });
}
