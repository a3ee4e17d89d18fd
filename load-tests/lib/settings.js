// What a run can be told from outside, with what it does when it is told nothing. Every name is an environment variable.

const number = (name, otherwise) => {
  const given = __ENV[name];
  if (given === undefined || given === "") return otherwise;
  const value = Number(given);
  if (!Number.isFinite(value)) throw new Error(`${name}=${given} is no number`);
  return value;
};

export const settings = {
  base: __ENV.BASE_URL || "http://127.0.0.1:3000",
  // Empty: the server has no keys.
  key: __ENV.API_KEY || "",
  // Where the stand-in for the providers listens; only `webhooks` needs it.
  provider: __ENV.PROVIDER_URL || "",
  // Conversations a second at the height of the load.
  rate: number("RATE", 10),
  // How long the height lasts, in seconds.
  seconds: number("SECONDS", 60),
  // Salons that the conversations are spread over; each has ten people who work there.
  salons: number("SALONS", 20),
  // How long a person thinks before each message, in seconds, on average.
  think: number("THINK", 1),
  // `stress` only: the first rate, what each step adds, and how many steps there are at most.
  first: number("FIRST", 10),
  step: number("STEP", 10),
  steps: number("STEPS", 12),
  out: __ENV.OUT || "",
};

// Sends an API key where there is one.
export function headers(more = {}) {
  const own = { "Content-Type": "application/json", ...more };
  return settings.key ? { Authorization: `Bearer ${settings.key}`, ...own } : own;
}
