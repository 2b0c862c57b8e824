// A file may be dropped anywhere on the frame around the file input; without this script the input works as ever.
for (const frame of document.querySelectorAll("[data-drop]")) {
  const input = frame.querySelector("input[type=file]");
  const mark = (on) => frame.classList.toggle("border-primary", on);
  frame.addEventListener("dragover", (event) => {
    event.preventDefault();
    mark(true);
  });
  frame.addEventListener("dragleave", () => mark(false));
  frame.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(false);
    if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
  });
}
