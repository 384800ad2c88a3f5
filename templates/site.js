(() => {
  const box = document.getElementById("search"), field = document.getElementById("query"), found = document.getElementById("found");
  const items = [...document.querySelectorAll("[data-search]")];
  const texts = items.map((item) => item.textContent.toLowerCase());
  const show = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    items.forEach((item, at) => {
      item.hidden = !words.every((word) => texts[at].includes(word));
      count += !item.hidden;
    });
    const said = box.dataset.found.replace("{count}", count).replace("{total}", items.length);
    found.textContent = words.length ? said : "";
    for (const list of document.querySelectorAll("details[data-matches]")) {
      let open = false;
      for (const line of list.querySelectorAll("li")) {
        const text = line.textContent.toLowerCase();
        const match = words.length > 0 && words.every((word) => text.includes(word));
        line.classList.toggle("match", match);
        open = open || match;
      }
      list.open = open;
    }
  };
  field.addEventListener("input", show);
  box.hidden = false;
  const given = new URLSearchParams(location.hash.slice(1)).get("q");
  if (given) { field.value = given; show(); }
})();
