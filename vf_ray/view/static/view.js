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
