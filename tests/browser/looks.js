// What a careful look at a page finds: overflow, fields and buttons without a name, faint text, small targets. A list of sentences.
() => {
  const problems = [];
  const isShown = (element) => element.getClientRects().length > 0 && element.checkVisibility({ checkVisibilityCSS: true, checkOpacity: true });
  const where = (element) => `${element.tagName.toLowerCase()}.${element.className} “${(element.textContent || "").trim().slice(0, 40)}”`;

  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > room + 1) problems.push(`the page is ${document.documentElement.scrollWidth} px wide in ${room}`);
  if (!document.documentElement.lang) problems.push("the page names no language");
  if (!document.querySelector("h1")) problems.push("no heading of the first rank");

  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids.filter((each, place) => ids.indexOf(each) !== place))) problems.push(`two elements are called ${id}`);

  for (const field of document.querySelectorAll("input, select, textarea")) {
    if (!isShown(field) || ["hidden", "submit"].includes(field.type)) continue;
    if (!field.labels?.length && !field.getAttribute("aria-label") && !field.getAttribute("placeholder")) problems.push(`a field without a label: ${field.name}`);
  }
  for (const button of document.querySelectorAll("button, a[href]")) {
    if (isShown(button) && !(button.innerText.trim() || button.getAttribute("aria-label") || button.title)) problems.push(`a button without a name: ${button.outerHTML.slice(0, 120)}`);
  }
  for (const button of document.querySelectorAll(".tc-button, .tc summary, .tc-input, .tc-icon")) {
    const { width, height } = button.getBoundingClientRect();
    if (isShown(button) && (height < 43.5 || width < 43.5)) problems.push(`too small for a thumb: ${where(button)} ${Math.round(width)}×${Math.round(height)}`);
  }

  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = (top, under) => [0, 1, 2].map((part) => top[part] * top[3] + under[part] * (1 - top[3])).concat(1);
  const ground = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) layers.push(rgba(getComputedStyle(each).backgroundColor));
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]);
  };
  const light = (colour) => {
    const [red, green, blue] = colour.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
    if (!own || !isShown(element) || element.matches("option, script, style, noscript, template, .material-symbols-outlined")) continue;
    const style = getComputedStyle(element);
    const under = ground(element);
    const [brighter, darker] = [light(over(rgba(style.color), under)), light(under)].sort((one, other) => other - one);
    const ratio = (brighter + 0.05) / (darker + 0.05);
    const isLarge = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && parseInt(style.fontWeight, 10) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) problems.push(`faint (${ratio.toFixed(2)}): ${where(element)}`);
  }
  return [...new Set(problems)];
}
