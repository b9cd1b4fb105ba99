// SPDX-License-Identifier: GPL-2.0-only
// The contrast of every stroke, sign and text of the drawings in a player with what lies behind it,
// by the formula of WCAG 2.2: a list of [what, colour, ground, ratio, required], worst first.

(root) => {
  const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgba = (css) => {
    if (!known.has(css)) {
      pixel.clearRect(0, 0, 1, 1);
      pixel.fillStyle = css;
      pixel.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data;
      known.set(css, [r, g, b, a / 255]);
    }
    return known.get(css);
  };
  const over = ([r, g, b, a], [R, G, B]) =>
    [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const light = ([r, g, b]) => [[r, 0.2126], [g, 0.7152], [b, 0.0722]].reduce((sum, [c, part]) => {
    const x = c / 255;
    return sum + part * (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
  }, 0);
  const ratio = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };

  // The colour of the page below an element.
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      layers.unshift(colour);
      if (colour[3] === 1) break;
    }
    return layers.reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
  };
  const opacity = (element) => {
    let all = 1;
    for (let at = element; at && at !== root; at = at.parentElement) {
      all *= Number(getComputedStyle(at).opacity);
    }
    return all;
  };

  const hex = (colour) => `#${colour.slice(0, 3).map((c) =>
    Math.round(c).toString(16).padStart(2, "0")).join("")}`;
  const found = new Map();
  for (const svg of root.querySelectorAll("svg")) {
    if (!svg.checkVisibility() || !svg.clientWidth) continue;
    const page = ground(svg.parentElement);
    // In the order in which they are painted.
    const parts = [...svg.querySelectorAll("*")]
      .filter((e) => e instanceof SVGGraphicsElement && !(e instanceof SVGGElement))
      .filter((e) => e.checkVisibility())
      .map((element) => {
        const style = getComputedStyle(element);
        const matrix = element.getScreenCTM();
        return { element, style, matrix, back: matrix.inverse(), seen: opacity(element),
          area: element.getBoundingClientRect(), isText: element.tagName === "text" };
      });
    // Boxes are grounds. Lines and signs are none: where two cross, either is seen beside the other.
    const filled = parts.filter((p) => p.element.tagName === "rect" && p.style.fill !== "none");
    // What is painted at a point before a part, and by the fill of the part itself if asked for.
    const behind = (point, part, own) => {
      let below = page;
      for (const other of filled) {
        if (other === part && !own) break;
        const { left, right, top, bottom } = other.area;
        if (point.x >= left && point.x <= right && point.y >= top && point.y <= bottom &&
            other.element.isPointInFill(point.matrixTransform(other.back))) {
          const [r, g, b, a] = rgba(other.style.fill);
          below = over([r, g, b, a * other.seen], below);
        }
        if (other === part || parts.indexOf(other) > parts.indexOf(part)) break;
      }
      return below;
    };
    const report = (part, paint, below, required, what) => {
      const [r, g, b, a] = rgba(paint);
      const colour = over([r, g, b, a * part.seen], below);
      const names = part.element.getAttribute("class") ?? "";
      const key = `${what} ${part.element.tagName}.${names} ${hex(colour)} on ${hex(below)}`;
      if (!found.has(key)) {
        found.set(key, [`${what} of ${part.element.tagName} "${names}" in svg.${svg.classList}`,
          hex(colour), hex(below), Math.round(ratio(colour, below) * 100) / 100, required]);
      }
    };
    for (const part of parts) {
      const { element, style, matrix, isText } = part;
      const box = element.getBBox();
      if (isText) {
        if (!element.textContent.trim()) continue;
        const [y, fill] = [box.y + box.height / 2, style.fill];
        // A text with a rim stands on its rim.
        const rim = style.paintOrder.startsWith("stroke") && style.stroke !== "none";
        for (const place of [0.02, 0.5, 0.98]) {
          const point = new DOMPoint(box.x + box.width * place, y).matrixTransform(matrix);
          const below = behind(point, part, false);
          report(part, fill, rim ? over(rgba(style.stroke), below) : below, 4.5, "text");
        }
        continue;
      }
      if (style.stroke !== "none" && parseFloat(style.strokeWidth) > 0) {
        const length = element.getTotalLength();
        for (let i = 0; i < 8; i++) {
          const point = element.getPointAtLength(length * (i + 0.5) / 8).matrixTransform(matrix);
          report(part, style.stroke, behind(point, part, false), 3, "stroke");
        }
      }
      // What has a fill is a sign, if it is no ground for others and not a mere line.
      const flat = box.width * box.height === 0;
      if (style.fill !== "none" && element.tagName !== "rect" && !flat) {
        const point = new DOMPoint(box.x + box.width / 2, box.y + box.height / 2)
          .matrixTransform(matrix);
        report(part, style.fill, behind(point, part, false), 3, "fill");
      }
    }
  }
  return [...found.values()].sort((a, b) => a[3] / a[4] - b[3] / b[4]);
}
