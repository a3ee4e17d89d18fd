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
  context ??= { goals: [], appointments: [], names: { services: {}, staff: {} }, profile: {} };
  const title = (words) => (words.charAt(0).toUpperCase() + words.slice(1)).replaceAll("_", " ");
  const when = (at) =>
    new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short", timeZone: context.time_zone }).format(new Date(at));
  // Ids are for programs; what has no name any more keeps its id. `services` is there only when there are several.
  const services = (of) => (of.services ?? [of.service]).filter(Boolean).map((id) => context.names.services[id] ?? id).join(", ");
  const staff = (id) => context.names.staff[id] ?? id;
  const visit = (id) => {
    const found = context.appointments.find((appointment) => appointment.id === id);
    return found && `${services(found)}, ${when(found.starts_at)}`;
  };
  const wanted = ({ service, services: several, staff: who, appointment, ...rest }) => [
    ["service", services({ service, services: several })],
    ["staff", staff(who)],
    ...Object.entries(rest),
    ["appointment", visit(appointment)],
  ];
  const booked = (a) => [
    ["when", when(a.starts_at)],
    ["staff", staff(a.staff)],
    ["people", a.party_size > 1 ? a.party_size : null],
    ["status", a.status.replaceAll("_", " ")],
  ];
  fill("goals", context.goals.map((goal) => fact(`${title(goal.kind)}: ${goal.state.replaceAll("_", " ")}`, wanted(goal.slots))), "Nothing yet.");
  fill("appointments", context.appointments.map((a) => fact(services(a), booked(a))), "None yet.");
  const about = Object.entries(context.profile).filter(([, value]) => value);
  fill("profile", about.length > 0 ? [fact("You", about)] : [], "Nothing yet.");
}
