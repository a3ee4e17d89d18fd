// Renders /openapi.json as a page to read. Everything is set as text, never as markup.

const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
};

const api = await (await fetch("/openapi.json")).json();
const resolve = (schema) =>
  schema?.$ref ? api.components.schemas[schema.$ref.split("/").at(-1)] : schema;

// An example value of a schema; what refers to itself is cut.
function sample(schema, depth = 0) {
  const known = resolve(schema) ?? {};
  if (depth > 6) return null;
  if (known.example !== undefined) return known.example;
  if (known.enum) return known.enum[0];
  if (known.allOf) return Object.assign({}, ...known.allOf.map((part) => sample(part, depth + 1)));
  const choice = (known.oneOf ?? known.anyOf)?.find((part) => part.type !== "null");
  if (choice) return sample(choice, depth + 1);
  const type = Array.isArray(known.type) ? known.type.find((name) => name !== "null") : known.type;
  switch (type) {
    case "object":
      return Object.fromEntries(Object.entries(known.properties ?? {}).map(([name, part]) => [name, sample(part, depth + 1)]));
    case "array": return [sample(known.items, depth + 1)];
    case "integer": case "number": return known.minimum ?? 0;
    case "boolean": return false;
    case "string":
      return { date: "2026-11-20", "date-time": "2026-11-20T15:00:00-05:00", uuid: "019aa0c0-0000-7000-8000-000000000000" }[known.format] ?? "…";
    default: return {};
  }
}

function kind(schema) {
  const known = resolve(schema) ?? {};
  const type = [known.type].flat().filter((name) => name && name !== "null").join(" or ") || "any";
  return known.format ? `${type} (${known.format})` : type;
}

function rows(head, body) {
  return make("table", {},
    make("thead", {}, make("tr", {}, ...head.map((cell) => make("th", { scope: "col" }, cell)))),
    make("tbody", {}, ...body.map((cells) => make("tr", {}, ...cells.map((cell) => make("td", {}, cell ?? ""))))));
}

function fields(schema) {
  const known = resolve(schema) ?? {};
  const parts = [known, ...(known.allOf ?? []).map(resolve)];
  const all = parts.flatMap((part) => Object.entries(part.properties ?? {}).map(([name, field]) => [name, field, part.required ?? []]));
  if (all.length === 0) return null;
  return rows(["Field", "Type", "Meaning"], all.map(([name, field, required]) => [
    make("span", {}, make("code", {}, name), required.includes(name) ? " required" : ""),
    kind(field.oneOf ? field.oneOf[0] : field),
    field.description ?? field.oneOf?.[0]?.description ?? "",
  ]));
}

function article(path, method, operation) {
  const box = make("article", { id: operation.operationId },
    make("h3", {}, operation.summary ?? operation.operationId),
    make("p", {}, make("span", { class: "method" }, method.toUpperCase()), " ", make("code", {}, path)),
    operation.description ? make("p", {}, operation.description) : null);
  if (operation.parameters?.length) {
    box.append(make("h4", {}, "Parameters"), rows(["Name", "In", "Type", "Meaning"], operation.parameters.map((parameter) => [
      make("span", {}, make("code", {}, parameter.name), parameter.required ? " required" : ""),
      parameter.in, kind(parameter.schema), parameter.description,
    ])));
  }
  const body = operation.requestBody?.content?.["application/json"]?.schema;
  if (body) {
    box.append(make("h4", {}, "Body"), fields(body) ?? "", make("pre", {}, JSON.stringify(sample(body), null, 2)));
  }
  box.append(make("h4", {}, "Answers"));
  const answers = Object.entries(operation.responses);
  box.append(rows(["Status", "Meaning", "Type"], answers.map(([status, answer]) => [status, answer.description, Object.keys(answer.content ?? {}).join(", ")])));
  for (const [status, answer] of answers.filter(([status]) => status.startsWith("2"))) {
    const schema = answer.content?.["application/json"]?.schema;
    if (schema) box.append(make("p", { class: "soft" }, `Example of ${status}`), make("pre", {}, JSON.stringify(sample(schema), null, 2)));
  }
  return box;
}

const byTag = new Map();
for (const [path, item] of Object.entries(api.paths)) {
  for (const [method, operation] of Object.entries(item)) {
    if (!operation?.responses) continue;
    const tag = operation.tags?.[0] ?? "other";
    if (!byTag.has(tag)) byTag.set(tag, []);
    byTag.get(tag).push([path, method, operation]);
  }
}
document.getElementById("about").textContent = `${api.info.description} Version ${api.info.version}.`;
const operations = document.getElementById("operations");
const contents = document.getElementById("contents");
operations.replaceChildren();
for (const [tag, list] of byTag) {
  operations.append(make("h2", {}, tag.charAt(0).toUpperCase() + tag.slice(1)), ...list.map((entry) => article(...entry)));
  contents.append(make("h2", {}, tag), make("ul", {}, ...list.map(([, , operation]) =>
    make("li", {}, make("a", { href: `#${operation.operationId}` }, operation.summary ?? operation.operationId)))));
}
const problem = api.components.schemas.ProblemDetails;
operations.append(make("h2", {}, "Errors"), make("p", {}, problem.description), fields(problem) ?? "");
