// Tells the raw value of the pixel under the pointer, or of the one that the arrow keys have walked to.
(() => {
  "use strict";
  const readout = document.querySelector("[data-readout]");
  if (!readout) return;
  const fetched = new Map();

  function rowsOf(map) {
    const address = map.dataset.values;
    if (!fetched.has(address)) {
      fetched.set(address, fetch(address).then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status))).then((json) => json.rows));
    }
    return fetched.get(address);
  }

  async function tell(map, locate) {
    let rows;
    try {
      rows = await rowsOf(map);
    } catch {
      fetched.delete(map.dataset.values);
      readout.textContent = `The values of ${map.dataset.name} did not arrive. Point at it once more.`;
      return;
    }
    const [row, column] = locate(rows.length, rows[0].length);
    map.dataset.row = row;
    map.dataset.column = column;
    readout.textContent = `${map.dataset.name}, row ${row + 1}, column ${column + 1}: ${rows[row][column]}`;
    readout.hidden = false;
  }

  const within = (n, size) => Math.max(0, Math.min(size - 1, n));

  for (const map of document.querySelectorAll("[data-values]")) {
    map.addEventListener("pointermove", (event) => {
      const box = map.querySelector("img").getBoundingClientRect();
      tell(map, (height, width) => [
        within(Math.floor(((event.clientY - box.top) / box.height) * height), height),
        within(Math.floor(((event.clientX - box.left) / box.width) * width), width),
      ]);
    });
    const walk = (down, right) =>
      tell(map, (height, width) => [
        within(Number(map.dataset.row ?? height >> 1) + down, height),
        within(Number(map.dataset.column ?? width >> 1) + right, width),
      ]);
    map.addEventListener("focus", () => walk(0, 0));
    map.addEventListener("keydown", (event) => {
      const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
      if (!(event.key in steps) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      walk(...steps[event.key]);
    });
  }
})();
