// Build elements without markup strings: what came from a document or a device is always text.
const SVG = "http://www.w3.org/2000/svg";

export const find = (id) => document.getElementById(id);

export function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function drawing(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, content] of Object.entries(attributes)) {
    if (name === "onclick") node.addEventListener("click", content);
    else if (content !== null && content !== undefined && content !== false) node.setAttribute(name, content === true ? "" : content);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// Change text in place only where it differs: nothing flickers and screen readers hear what is new.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setMark(node, name, content) {
  if (node.dataset[name] !== content) node.dataset[name] = content;
}
