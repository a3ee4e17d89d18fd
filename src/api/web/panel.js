// What the bot knows, beside the chat: goals, appointments, and what the visitor said about themselves.

function fact(title, facts) {
  const box = document.createElement("div");
  box.className = "fact";
  const strong = document.createElement("strong");
  strong.textContent = title;
  const list = document.createElement("dl");
  for (const [name, value] of facts) {
    if (value === undefined || value === null || value === "" || value.length === 0) continue;
    const [term, text] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = name.replaceAll("_", " ");
    text.textContent = Array.isArray(value) ? value.join(", ") : String(value);
    list.append(term, text);
  }
  box.append(strong, list);
  return box;
}

function fill(id, facts, empty) {
  if (facts.length === 0) {
    const none = document.createElement("p");
    none.className = "empty";
    none.textContent = empty;
    facts = [none];
  }
  document.getElementById(id).replaceChildren(...facts);
}

// Shows a context as the API gives it, or nothing at all.
export function showPanel(context) {
  context ??= { goals: [], appointments: [], profile: {} };
  const title = (words) => (words.charAt(0).toUpperCase() + words.slice(1)).replace(/[_-]/g, " ");
  const when = (at) =>
    new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short", timeZone: context.time_zone }).format(new Date(at));
  fill("goals", context.goals.map((goal) => fact(`${title(goal.kind)}: ${goal.state.replaceAll("_", " ")}`, Object.entries(goal.slots))), "Nothing yet.");
  fill("appointments", context.appointments.map((a) => fact(title((a.services?.length ? a.services : [a.service]).join(", ")), [["when", when(a.starts_at)], ["staff", a.staff], ["people", a.party_size > 1 ? a.party_size : null], ["status", a.status.replaceAll("_", " ")]])), "None yet.");
  const about = Object.entries(context.profile).filter(([, value]) => value);
  fill("profile", about.length > 0 ? [fact("You", about)] : [], "Nothing yet.");
}
