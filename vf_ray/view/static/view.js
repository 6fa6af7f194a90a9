// Keys: j and right for what is next, k and left for what was before, / for the search. Pages work without.
document.addEventListener("keydown", (event) => {
  if (event.target.matches("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
  const links = { j: "next", ArrowRight: "next", k: "prev", ArrowLeft: "prev" };
  const search = document.querySelector("input[type=search]");
  if (event.key === "/" && search) {
    event.preventDefault();
    search.focus();
  } else if (links[event.key]) {
    document.querySelector(`a[rel=${links[event.key]}]`)?.click();
  }
});

// An image that is brought along goes to the server at once, which says how it is called.
for (const input of document.querySelectorAll("input[data-upload]")) {
  input.closest(".needs-script").hidden = false;
  input.addEventListener("change", async () => {
    const answer = await fetch(input.dataset.upload, { method: "POST", body: input.files[0] });
    const { image, place, trouble } = await answer.json();
    const shown = document.querySelector(".chosen");
    if (image) {
      document.querySelector("input[name=image]").value = image;
      shown.replaceChildren(Object.assign(new Image(), { src: place, alt: "" }));
    } else {
      shown.textContent = trouble;
    }
  });
}
